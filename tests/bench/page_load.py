"""How long a person with a bad line waits for a page, and how much is sent for it.

Chromium is told to be a slow phone: 400 kbit/s, 2 s of latency for each request, a processor six times slower. Each
page is opened with nothing in the browser's cache, over HTTP/1.1 as the demo speaks it. The same pages are measured
in turns with each module as a file of its own and no page compressed.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from tempfile import NamedTemporaryFile, TemporaryDirectory
from typing import Any

from django.utils.crypto import get_random_string
from playwright.sync_api import Browser, StorageState, sync_playwright

from kyc_portal.sandbox.drawing import draw_photo
from tests.browser.conftest import PROJECT, SEED, Applicant, Portal, free_port, program, wait_until_up

LINE = {"offline": False, "latency": 2000, "downloadThroughput": 50_000, "uploadThroughput": 50_000}
CPU_SLOWDOWN = 6
ROUNDS = 3
# By variant: what runs manage.py, and Gunicorn's configuration.
VARIANTS = {
    "portal": (["manage.py"], "kyc_portal.sandbox.server"),
    "modules_apart": (["-m", "tests.bench.apart"], "tests.bench.apart"),
}
FIRST_PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"
PAGES = ("consent", "document", "capture")
TARGETS = {"seconds.portal.capture": "<= 8", **{f"kilobytes.portal.{page}": "<= 40" for page in PAGES}}


def run() -> dict[str, Any]:
    with ExitStack() as stack:
        portals = {name: stack.enter_context(_portal(name)) for name in VARIANTS}
        play = stack.enter_context(sync_playwright())
        browser = play.chromium.launch(
            executable_path=program("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        stack.callback(browser.close)
        loads = {
            (name, page): [_load(browser, portal, page) for _ in range(ROUNDS)]
            for page in PAGES
            for name, portal in portals.items()
        }
    return {
        "seconds": _figures(loads, 0),
        "kilobytes": _figures(loads, 1),
        "requests": _figures(loads, 2),
    }


def _figures(
    loads: dict[tuple[str, str], list[tuple[float, ...]]], which: int
) -> dict[str, dict[str, float]]:
    return {
        name: {page: round(median(load[which] for load in loads[name, page]), 1) for page in PAGES}
        for name in VARIANTS
    }


def _load(browser: Browser, portal: Portal, step: str) -> tuple[float, ...]:
    """Seconds until the page's button can be pressed, kilobytes with headers, and requests."""
    cookies = _cookies_at(browser, portal, step)
    with browser.new_context(viewport={"width": 390, "height": 844}, storage_state=cookies) as context:
        page = context.new_page()
        cdp = context.new_cdp_session(page)
        cdp.send("Network.enable")
        cdp.send("Network.emulateNetworkConditions", LINE)
        cdp.send("Emulation.setCPUThrottlingRate", {"rate": CPU_SLOWDOWN})
        sizes: list[float] = []
        cdp.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
        began = time.monotonic()
        page.goto(f"{portal.url}/verify/{step}", wait_until="commit")
        page.locator('[data-action="primary"]:visible:enabled').wait_for()
        seconds = time.monotonic() - began
        page.wait_for_load_state()
        # A page whose button needs no script can be used once it is painted.
        seconds = max(seconds, page.evaluate(FIRST_PAINT) / 1000)
        return seconds, sum(sizes) / 1000, len(sizes)


def _cookies_at(browser: Browser, portal: Portal, step: str) -> StorageState:
    """Of a person who has come to this step, on a good line."""
    with browser.new_context() as context, NamedTemporaryFile(suffix=".jpg") as photo:
        photo.write(draw_photo(SEED))
        photo.flush()
        applicant = Applicant(context.new_page(), portal, None, Path(photo.name))
        applicant.open(portal.invite()["link"])
        if step != "consent":
            applicant.consent()
        if step == "capture":
            applicant.give_photo()
        applicant.step(step)
        return context.storage_state()


@contextmanager
def _portal(variant: str) -> Iterator[Portal]:
    """A web server with an empty database."""
    manage, configuration = VARIANTS[variant]
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with TemporaryDirectory(prefix="kyc-") as folder, (Path(folder) / "log").open("w") as log:
        environment = {
            **os.environ,
            "KYC_MODE": "demo",
            "KYC_DATA_DIR": folder,
            "KYC_PUBLIC_URL": url,
            "KYC_FACEID_ENDPOINT": f"http://127.0.0.1:{free_port()}",
        }

        def run(*arguments: str) -> str:
            command = [sys.executable, *manage, *arguments]
            return subprocess.run(
                command, cwd=PROJECT, env=environment, check=True, capture_output=True, text=True
            ).stdout

        run("migrate", "--verbosity=0")
        run("collectstatic", "--no-input", "--verbosity=0")
        key = run("create_api_client", "--name", get_random_string(8)).split()[-1]
        command = ["-m", "gunicorn", "-c", f"python:{configuration}", "-b", f"127.0.0.1:{port}"]
        with subprocess.Popen(
            [sys.executable, *command, "kyc_portal.wsgi"],
            cwd=PROJECT,
            env=environment,
            stdout=log,
            stderr=log,
        ) as process:
            try:
                wait_until_up(process, f"{url}/healthz", Path(log.name))
                yield Portal(url, "", environment, "", key)
            finally:
                process.terminate()
