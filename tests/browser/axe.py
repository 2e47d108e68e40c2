"""Whether everybody can use a page, as far as axe can tell."""

from axe_core_python.sync_playwright import Axe
from playwright.sync_api import Page


def faults(page: Page, within: str = "") -> list[tuple[str, str]]:
    """The rules that are broken, on the page or `within` a selector, each with the first element that breaks it."""
    # No colour is on its way to another one.
    page.emulate_media(reduced_motion="reduce")
    found = Axe().run(page, within or None)["violations"]
    return [(fault["id"], fault["nodes"][0]["html"]) for fault in found]
