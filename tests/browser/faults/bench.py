"""Browsers with faults: scripts that run before the page's own and replace what a browser offers."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page

from tests.browser.conftest import Applicant, wait_for

HERE = Path(__file__).parent
FRONT = {"id": "front", "label": "Front camera"}
SECOND = {"id": "second", "label": "USB camera"}
INFRARED = {"id": "infrared", "label": "Integrated Camera (Infrared)"}
VIRTUAL = {"id": "virtual", "label": "OBS Virtual Camera"}
CHROMIUM = [
    "video/mp4;codecs=avc1.42E01E",
    "video/x-matroska;codecs=avc1",
    "video/webm;codecs=vp8",
    "video/mp4",
    "video/webm",
]


def _install(page: Page, script: str, told: dict[str, Any]) -> None:
    page.add_init_script(f"{(HERE / script).read_text()}({json.dumps(told)})")


def devices(page: Page, *cameras: dict[str, Any], **told: Any) -> None:
    """Cameras; a camera with a "fault" never opens.

    `opens` and `plays` hold what the first, second … call meets, and all later ones meet the last; `list` is what the
    list of devices does, `picture` what the camera shows, `settings` whether tracks have `getSettings`.
    """
    usual = {"opens": ["works"], "list": "works", "plays": ["works"], "picture": "moves", "settings": True}
    _install(page, "devices.js", {"cameras": list(cameras), **usual, **told})


def recorder(page: Page, types: list[str] | None = None, asks: bool = True, **faults: str) -> None:
    """A recorder of these types; a fault is named by a word of the type that it happens with, `any` for all types."""
    by_word = {"" if word == "any" else word: fault for word, fault in faults.items()}
    _install(page, "recorders.js", {"faults": by_word, "types": types or CHROMIUM, "asks": asks})


def allow(applicant: Applicant) -> None:
    applicant.page.get_by_role("button", name="Allow the camera").click()


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name)


def go_live(applicant: Applicant, at_step: Callable[..., Any], mode: str = "SILENT") -> Page:
    """The page with the camera's live picture, whose time the test lets pass."""
    page = applicant.page
    page.clock.install()
    at_step("capture", mode)
    allow(applicant)
    applicant.panel("live")
    return page


def asked(page: Page) -> list[str]:
    return list(page.evaluate("bench.asked"))


def live_cameras(page: Page) -> int:
    return int(page.evaluate("bench.live().length"))


def shows(page: Page, label: str) -> None:
    """Waits until the page shows the picture of the camera with this label."""
    wait_for(page, f"document.querySelector('[data-preview]').srcObject?.getTracks()[0].label === '{label}'")


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.textContent"))


def picker(page: Page) -> Locator:
    return page.locator("select[data-cameras]")


def hint(page: Page) -> Locator:
    return page.locator("[data-hint]")
