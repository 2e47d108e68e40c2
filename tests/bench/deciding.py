"""Where a case's evidence and its form lie in five windows, and what deciding ten cases by keyboard takes in one.

A scripted reviewer takes the next case until ten are decided. Before each act they look at what it rests on, and press
a key to scroll if it is not in view: the pictures, the score, the flags, the reasons of the verdict, the pictures once
more, and the button. A key takes 0.28 s, as the keystroke-level model has it for an average typist; the reviewer does
not think, so that the seconds are those of the page and of the keys alone.
"""

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Browser, Locator, Page, ViewportSize, sync_playwright

from tests.browser.conftest import Portal, copy_of, program, running, sign_in
from tests.browser.visitor import Visitor

WINDOWS = ((1280, 720), (1366, 768), (1440, 900), (1920, 1080), (2560, 1440))
DECIDES_IN: ViewportSize = {"width": 1366, "height": 768}
CASES = 10
A_KEY = 0.28  # s
A_PAGE_DOWN = 0.875  # of the window's height
NOTE = "Ears and chin differ."
LOW = {"result": "FailedOperation.CompareLowSimilarity", "sim": 42}
FLAGGED = "CUST-1011"
# What is looked for, by its name in the figures.
PARTS = {
    "pictures": '[data-pane="photo"] [data-stage]',
    "score": ".answer h2",
    "flags": ".flags",
    "verdicts": "#decision .verdicts",
    "form": "#decision",
}
EVERY_PICTURE = "[data-stage]"
BUTTON = "#decision button.act"
TARGETS = {"keys_without_pictures": "<= 0"}
# The visible share of a part, with what its surroundings cut off.
SEEN = """(part) => new Promise((tell) => {
  const watch = new IntersectionObserver(([entry]) => { watch.disconnect(); tell(entry.intersectionRatio); });
  watch.observe(part);
})"""
# How far its nearer edge is outside of the window, after which it is scrolled there.
BRING = """(part) => {
  const { top, bottom } = part.getBoundingClientRect();
  part.scrollIntoView({ block: "nearest", behavior: "instant" });
  return Math.max(-top, bottom - innerHeight, 1);
}"""


@dataclass
class Reviewer:
    """Presses keys, and counts them."""

    page: Page
    keys: int = 0
    keys_to_scroll: int = 0
    keys_without_pictures: int = 0
    notes: int = 0
    seconds: list[float] = field(default_factory=list)

    def decide(self) -> None:
        began, keys = time.perf_counter(), self.keys
        self.look(EVERY_PICTURE)
        self.look(PARTS["score"])
        self.look(PARTS["flags"])
        declines = self.page.locator("#decision [name=verdict][value=decline]").count()
        self.press("d" if declines else "g")
        self.look("fieldset[data-verdict]:not([hidden]) .reason")
        self.look(EVERY_PICTURE)
        self.press("1")
        if declines:
            self.press("n")
            self.page.keyboard.type(NOTE)
            self.keys += len(NOTE)
        self.look(BUTTON)
        with self.page.expect_navigation():
            self.press("Control+Enter")
        self.page.locator("ul.messagelist .success").wait_for()
        self.seconds.append(time.perf_counter() - began + A_KEY * (self.keys - keys))

    def press(self, key: str) -> None:
        self.keys += 1
        self.keys_without_pictures += not all(map(seen, self.page.locator(EVERY_PICTURE).all()))
        self.page.keyboard.press(key)

    def look(self, parts: str) -> None:
        """Scrolls, by as many keys as it takes, until each of the parts is in view."""
        # The last first: it mostly brings the others along.
        for part in reversed(self.page.locator(parts).all()):
            if part.is_visible() and not seen(part):
                pressed = ceil(part.evaluate(BRING) / (A_PAGE_DOWN * DECIDES_IN["height"]))
                self.keys += pressed
                self.keys_to_scroll += pressed


def run() -> dict[str, Any]:
    with ExitStack() as stack:
        portal = stack.enter_context(_portal())
        play = stack.enter_context(sync_playwright())
        browser = play.chromium.launch(
            executable_path=program("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        stack.callback(browser.close)
        page = stack.enter_context(_signed_in(browser, portal))
        places = _places(page, portal)
        for _ in range(CASES):
            with Visitor(portal) as visitor:
                visitor.send_everything(**LOW)
        reviewer = _decides(page, portal)
    return {
        "keys": reviewer.keys,
        "keys_to_scroll": reviewer.keys_to_scroll,
        "keys_without_pictures": reviewer.keys_without_pictures,
        "seconds": round(sum(reviewer.seconds), 1),
        "top_and_height": places,
    }


def _decides(page: Page, portal: Portal) -> Reviewer:
    page.set_viewport_size(DECIDES_IN)
    page.goto(f"{portal.url}/admin/")
    page.get_by_role("button", name="Take next case").click()
    reviewer = Reviewer(page)
    for number in count(1):
        page.locator("form.decision").first.wait_for()
        page.wait_for_load_state()
        reviewer.decide()
        if number == CASES:
            return reviewer
    raise AssertionError


def _places(page: Page, portal: Portal) -> dict[str, dict[str, str]]:
    """By window and part: its top and its height, in pixels, before anything is scrolled."""
    page.goto(f"{portal.url}/admin/queue/")
    page.get_by_role("link", name=FLAGGED).click()
    page.get_by_role("button", name="Claim to decide").click()
    page.locator("form.decision").first.wait_for()
    found = {}
    for width, height in WINDOWS:
        page.set_viewport_size({"width": width, "height": height})
        page.reload()
        found[f"{width}x{height}"] = {name: _place(page.locator(part).first) for name, part in PARTS.items()}
    page.get_by_role("button", name="Give back").click()
    return found


def _place(part: Locator) -> str:
    box = part.bounding_box()
    assert box, part
    return f"{box['y']:.0f}+{box['height']:.0f}"


def seen(part: Locator) -> bool:
    return float(part.evaluate(SEEN)) > 0.97  # half a pixel is lost by rounding


@contextmanager
def _portal() -> Iterator[Portal]:
    with TemporaryDirectory(prefix="kyc-") as folder, ExitStack() as stack:
        made = os.environ.get("TESTS_DEMO")
        there = copy_of(Path(made), Path(folder)) if made else Path(folder)
        portal = stack.enter_context(running(there))
        portal.key = portal.manage("create_api_client", "--name", "Bench").split()[-1]
        yield portal


@contextmanager
def _signed_in(browser: Browser, portal: Portal) -> Iterator[Page]:
    with browser.new_context() as context:
        page = context.new_page()
        sign_in(page, portal, "reviewer")
        yield page
