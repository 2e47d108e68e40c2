"""A real portal for a real browser: `manage.py demo` in a process of its own, Chromium with a synthetic camera.

With `--browser firefox` the tests with the mark `firefox` run in Firefox. All run in Chromium but the few with the mark
`only_browser("firefox")`; those with `only_browser("chromium")` are left out of a file that has the mark `firefox`.
"""

import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from kyc_portal.sandbox.drawing import draw_camera, draw_photo
from kyc_portal.sandbox.emulator import SANDBOX_SECRET_ID, SANDBOX_SECRET_KEY

PROJECT = Path(__file__).resolve().parents[2]
# The programs of each browser; the first is also the name of Debian's package. Chromium's shell is the same browser
# without windows of its own, and takes half of the processor's time.
PROGRAMS = {
    "chromium": ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"),
    "firefox": ("firefox-esr", "firefox"),
}
PUT_INTO_FORCE = """
from django.utils import timezone
from tests.policies import put_into_force
put_into_force(now=timezone.now(), **{terms!r})
"""
SEED = 3  # whose face the camera and the ID photo show

# A recording takes about 10 s, and its check some more on a busy machine.
expect.set_options(timeout=45_000)


def program(browser: str) -> str | None:
    return next(filter(None, map(shutil.which, PROGRAMS[browser])), None)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    elsewhere = [item for item in items if not runs_there(item)]
    config.hook.pytest_deselected(items=elsewhere)
    items[:] = [item for item in items if item not in elsewhere]
    if os.environ.get("CI") != "true":
        skip_without_browser(items)


def runs_there(item: pytest.Item) -> bool:
    """Whether a test is meant for the browser that it got."""
    if only := item.get_closest_marker("only_browser"):
        return browser_of(item) == only.args[0]
    return browser_of(item) != "firefox" or item.get_closest_marker("firefox") is not None


def skip_without_browser(items: list[pytest.Item]) -> None:
    for browser, (package, *_) in PROGRAMS.items():
        if not program(browser):
            reason = f"{browser.capitalize()} is missing: install the package {package}"
            for item in items:
                if browser_of(item) == browser:
                    item.add_marker(pytest.mark.skip(reason=reason))


def browser_of(item: pytest.Item) -> str:
    """The browser that a test runs in, or nothing."""
    call = getattr(item, "callspec", None)
    return call.params.get("browser_name", "") if call else ""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Portal:
    """A running demo, used over HTTP only."""

    url: str
    emulator: str
    environment: dict[str, str]
    output: str
    key: str = ""
    invited: int = 0
    # Session cookies of the users that a test has signed in, by username.
    sessions: dict[str, Any] = field(default_factory=dict)

    @property
    def logins(self) -> dict[str, str]:
        return dict(re.findall(r"^  (\w+) +password (\S+)$", self.output, re.MULTILINE))

    def manage(self, *arguments: str) -> str:
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(
            command, cwd=PROJECT, env=self.environment, capture_output=True, text=True, check=True, timeout=60
        )
        return done.stdout

    def put_into_force(self, **terms: Any) -> None:
        """A policy with these terms, for the cases that are invited from here on."""
        self.manage("shell", "-c", PUT_INTO_FORCE.format(terms=terms))

    def invite(self, mode: str = "ACTION") -> dict[str, Any]:
        """Creates a case through the API; returns the API's answer, with id and link."""
        self.invited += 1
        person = {"reference": f"browser-{self.invited}", "name": "Alice Example", "mode": mode}
        return self.api("POST", "/api/v1/verifications", person)

    def case(self, verification_id: str) -> dict[str, Any]:
        return self.api("GET", f"/api/v1/verifications/{verification_id}")

    def api(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.key}"}
        return ask(method, self.url + path, body, headers)

    def script(self, **step: Any) -> None:
        ask("POST", f"{self.emulator}/_emulator/script", step)

    def release(self) -> None:
        """The emulator answers the calls that it holds."""
        ask("POST", f"{self.emulator}/_emulator/release")

    def calls(self) -> list[dict[str, Any]]:
        return list(ask("GET", f"{self.emulator}/_emulator/ledger")["calls"])


def ask(
    method: str, url: str, body: dict[str, Any] | None = None, headers: dict[str, str] | None = None
) -> dict[str, Any]:
    data = json.dumps(body).encode() if body is not None else None
    all_headers = {"Content-Type": "application/json", **(headers or {})}
    request = urllib.request.Request(url, data, all_headers, method=method)
    with urllib.request.urlopen(request, timeout=10) as response:
        content = response.read()
    return dict(json.loads(content)) if content else {}


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The initial data of a demo. It takes long to make, so every portal of the tests copies it.

    `make test` has made it already, once for all of its parts.
    """
    if made := os.environ.get("TESTS_DEMO"):
        return Path(made)
    folder = tmp_path_factory.mktemp("demo")
    with running(folder):
        return folder


def copy_of(demo: Path, folder: Path) -> Path:
    there = folder / "data"
    shutil.copytree(demo, there, ignore=shutil.ignore_patterns("*.sqlite3*", "*.log"))
    old, new = (sqlite3.connect(data / "portal.sqlite3") for data in (demo, there))
    with closing(old), closing(new):
        old.backup(new)
        _only_show_shared_evidence(new)
    return there


def _only_show_shared_evidence(database: sqlite3.Connection) -> None:
    """All applicants of these tests have one face, one camera and one photo, which would go to a person. The cases that
    the demo made stay as they are."""
    held = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'verification_policy'"
    triggers = database.execute(held).fetchall()
    for name, _sql in triggers:
        database.execute(f"DROP TRIGGER {name}")
    database.execute("UPDATE verification_policy SET shared_evidence = 'tell'")
    for _name, sql in triggers:
        database.execute(sql)
    database.commit()


@pytest.fixture(scope="session")
def portal(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    # Tests reuse a session for longer than a person would.
    with running(copy_of(demo, tmp_path_factory.mktemp("portal")), KYC_STAFF_IDLE_MINUTES="60") as portal:
        portal.key = portal.manage("create_api_client", "--name", "Browser tests").split()[-1]
        yield portal


@contextmanager
def running(folder: Path, host: str = "127.0.0.1", **settings: str) -> Iterator[Portal]:
    """A demo with its data in `folder` and these settings, reached under the given name of this machine."""
    port, emulator_port = free_port(), free_port()
    environment = {
        **os.environ,
        "KYC_MODE": "demo",
        "KYC_DATA_DIR": str(folder),
        "KYC_PUBLIC_URL": f"http://{host}:{port}",
        "ALLOWED_HOSTS": "127.0.0.1,localhost",
        "KYC_FACEID_ENDPOINT": f"http://127.0.0.1:{emulator_port}",
        "TENCENTCLOUD_SECRET_ID": SANDBOX_SECRET_ID,
        "TENCENTCLOUD_SECRET_KEY": SANDBOX_SECRET_KEY,
        "PYTHONUNBUFFERED": "1",
        **settings,
    }
    log = folder / "demo.log"
    command = [sys.executable, "manage.py", "demo", "--settled", "--port", str(port)]
    with log.open("w") as output:
        process = subprocess.Popen(
            command,
            cwd=PROJECT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        wait_until_up(process, f"http://127.0.0.1:{port}/healthz", log)
        yield Portal(
            f"http://{host}:{port}", f"http://127.0.0.1:{emulator_port}", environment, log.read_text()
        )
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=30)


def wait_until_up(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    until = time.monotonic() + 180
    while time.monotonic() < until:
        assert process.poll() is None, f"The demo ended by itself:\n{log.read_text()}"
        try:
            ask("GET", url)
        except OSError:
            # Refused, or no answer within ask's time: a busy machine is slow with a demo's first page.
            time.sleep(0.2)
        else:
            return
    raise AssertionError(f"The demo did not come up:\n{log.read_text()}")


class Camera:
    """The synthetic camera: a video file that Chromium opens whenever a page asks for the camera."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "camera.y4m"
        self._take = 0
        self.turn_on()

    def turn_on(self) -> None:
        """Each recording gets its own noise; otherwise two recordings could be copies of each other."""
        self._take += 1
        fresh = self.file.with_suffix(".fresh")
        draw_camera(fresh, seed=SEED, take=self._take)
        fresh.replace(self.file)


@pytest.fixture(scope="session")
def camera(tmp_path_factory: pytest.TempPathFactory) -> Camera:
    return Camera(tmp_path_factory.mktemp("camera"))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_name: str, camera: Camera) -> dict[str, Any]:
    return firefox() if browser_name == "firefox" else chromium(camera)


def chromium(camera: Camera) -> dict[str, Any]:
    return {
        "executable_path": program("chromium"),
        "args": [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--use-fake-ui-for-media-stream",
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-video-capture={camera.file}",
        ],
    }


def firefox() -> dict[str, Any]:
    """The Firefox that people have, not Playwright's own build of it. Its camera shows a plain colour that changes."""
    return {
        "executable_path": program("firefox"),
        "channel": "moz-firefox",
        "firefox_user_prefs": {
            "media.navigator.streams.fake": True,
            "media.navigator.permission.disabled": True,
        },
    }


@pytest.fixture(scope="session")
def id_photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("photo") / "id.jpg"
    path.write_bytes(draw_photo(SEED))
    return path


class Applicant:
    """An applicant in a browser, who does what the pages ask for."""

    def __init__(self, page: Page, portal: Portal, camera: Camera | None, photo: Path) -> None:
        self.page, self.portal, self.camera, self.photo = page, portal, camera, photo
        self.challenges: list[dict[str, Any]] = []
        self.faults: list[str] = []
        page.on("response", self._note_challenge)
        page.on("console", self._note_fault)
        page.on("pageerror", lambda error: self.faults.append(str(error)))

    def _note_fault(self, message: Any) -> None:
        # A refused upload is an answer, not a fault; a script error or a CSP report is one.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.faults.append(message.text)

    def _note_challenge(self, response: Any) -> None:
        if "/verify/challenge?" in response.url and response.ok and "kyc-portal" in response.headers:
            self.challenges.append(response.json())

    @property
    def primary(self) -> Any:
        return self.page.locator('[data-action="primary"]:visible')

    def step(self, name: str) -> None:
        expect(self.page.locator("main")).to_have_attribute("data-step", name)
        # The page's scripts have run by then, so nothing that a test does comes before what listens to it.
        self.page.wait_for_load_state()

    def outcome(self, name: str) -> None:
        expect(self.page.locator(f'main[data-step="status"][data-outcome="{name}"]')).to_be_visible()

    def open(self, link: str) -> None:
        self.page.goto(link)

    def consent(self) -> None:
        self.step("consent")
        self.page.get_by_role("checkbox").check()
        self.primary.click()

    def give_photo(self, photo: Path | None = None) -> None:
        self.step("document")
        self.page.locator('input[type="file"]').first.set_input_files(photo or self.photo)
        self.primary.click()

    def record(self) -> None:
        """Allows the camera, starts, performs the movements and sends."""
        self.step("capture")
        assert self.camera
        self.camera.turn_on()
        self.primary.click()
        self.panel("live")
        self.primary.click()
        self.panel("playback")
        self.primary.click()

    def panel(self, name: str) -> None:
        expect(self.page.locator(f'[data-panel="{name}"]')).to_be_visible()

    def up_to_capture(self, mode: str = "ACTION") -> dict[str, Any]:
        case = self.portal.invite(mode)
        self.open(case["link"])
        self.consent()
        self.give_photo()
        return case


@pytest.fixture
def applicant(page: Page, portal: Portal, camera: Camera, id_photo: Path) -> Applicant:
    return Applicant(page, portal, camera, id_photo)


@pytest.fixture
def reviewer(browser: Browser, portal: Portal) -> Iterator[Page]:
    """A signed-in reviewer in a separate browser context."""
    yield from _signed_in(browser, portal, "reviewer")


@pytest.fixture
def colleague(browser: Browser, portal: Portal) -> Iterator[Page]:
    """A second reviewer, in another browser context."""
    yield from _signed_in(browser, portal, "reviewer2")


@pytest.fixture
def auditor(browser: Browser, portal: Portal) -> Iterator[Page]:
    yield from just_signed_in(browser, portal, "auditor")


@pytest.fixture
def senior(browser: Browser, portal: Portal) -> Iterator[Page]:
    yield from just_signed_in(browser, portal, "senior")


def _signed_in(browser: Browser, portal: Portal, username: str) -> Iterator[Page]:
    """Reuses the session of an earlier test, so that it signs in only once."""
    if username not in portal.sessions:
        for page in just_signed_in(browser, portal, username):
            portal.sessions[username] = page.context.storage_state()
    with browser.new_context(storage_state=portal.sessions[username]) as context:
        yield context.new_page()


def just_signed_in(browser: Browser, portal: Portal, username: str) -> Iterator[Page]:
    with browser.new_context() as context:
        page = context.new_page()
        sign_in(page, portal, username)
        yield page


def wait_for(page: Page, condition: str) -> None:
    """Waits for up to 45 s, by polling: the page's CSP forbids the eval that Playwright's own wait uses."""
    for _ in range(900):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(50)
    raise AssertionError(condition)


def sign_in(page: Page, portal: Portal, username: str) -> None:
    page.goto(f"{portal.url}/admin/")
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(portal.logins[username])
    page.locator("#login-form [type=submit]").click()
    page.wait_for_url("**/admin/")
