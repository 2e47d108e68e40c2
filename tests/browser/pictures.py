"""The compare tools of the case page, driven by keys and pointer, and the resulting look of the pictures."""

import re
from typing import Any

from playwright.sync_api import ConsoleMessage, Locator, Page, expect

from tests.browser.conftest import Portal, wait_for


class Pictures:
    """A case's pictures and their tools, in a signed-in page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.faults: list[str] = []
        page.on("console", self._note_errors)
        page.on("pageerror", lambda error: self.faults.append(str(error)))

    def _note_errors(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.faults.append(message.text)

    def open(self, portal: Portal, reference: str) -> None:
        self.page.goto(f"{portal.url}/admin/queue/")
        self.page.get_by_role("link", name=reference).click()
        expect(self.does("zoom-in").first).to_be_visible()
        self.until("document.querySelector('video').readyState >= 2")

    def until(self, condition: str) -> None:
        wait_for(self.page, condition)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def does(self, deed: str) -> Locator:
        return self.page.locator(f'[data-compare] [data-do="{deed}"]')

    def stage(self, pane: str) -> Locator:
        return self.page.locator(f'[data-pane="{pane}"] [data-stage]')

    def point_at(self, pane: str) -> None:
        self.stage(pane).hover()

    def drag(self, pane: str, across: float, down: float) -> None:
        self.point_at(pane)
        self.page.mouse.down()
        box = self.stage(pane).bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self.page.mouse.move(x + across, y + down)
        self.page.mouse.up()

    def matrix(self, pane: str) -> list[float]:
        """a, b, c, d, x, y of the picture's transform."""
        picture = self.stage(pane).locator("img, video").first
        transform = picture.evaluate("picture => getComputedStyle(picture).transform")
        return [round(float(number), 2) for number in re.findall(r"-?[\d.e-]+", transform.partition("(")[2])]

    def filter(self, pane: str) -> str:
        return str(self.stage(pane).locator("img").evaluate("image => getComputedStyle(image).filter"))

    def video(self, what: str) -> Any:
        return self.page.locator("video").evaluate(f"video => video.{what}")

    def blinking(self) -> str | None:
        return self.page.locator("[data-compare]").get_attribute("data-blink")
