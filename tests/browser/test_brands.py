"""An operator makes a brand for an API client, and its applicants see that name and that colour."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, ConsoleMessage, ViewportSize, expect

from tests.browser.axe import faults
from tests.browser.conftest import Portal, copy_of, running, sign_in

PHONE: ViewportSize = {"width": 390, "height": 844}
LONG = "The Savings and Mortgage Cooperative Bank of the Northern Counties and of All the Islands <Ltd> 🏦"
DETAILS = {
    "Name of the organisation": LONG,
    "Contact": "+1 (201) 555-0123",
    "Privacy notice": "https://second.example/privacy",
    "Legal basis": "The law against money laundering",
    "Data protection contact": "data@second.example",
    "Colour": "#c8102e",
}
BUTTONS = {"light": "rgb(200, 16, 46)", "dark": "rgb(220, 104, 123)"}


@pytest.fixture(scope="module")
def own(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    with running(copy_of(demo, tmp_path_factory.mktemp("brands"))) as portal:
        portal.key = portal.manage("create_api_client", "--name", "Second bank's system").split()[-1]
        yield portal


def logo() -> bytes:
    out = io.BytesIO()
    Image.new("RGBA", (400, 100), (200, 16, 46, 120)).save(out, "PNG")
    return out.getvalue()


def test_the_applicants_of_a_client_see_the_brand_that_an_operator_gave_it(
    browser: Browser, own: Portal
) -> None:
    page = browser.new_context().new_page()
    sign_in(page, own, "operator")
    page.goto(f"{own.url}/admin/brands/new")
    for label, text in DETAILS.items():
        page.get_by_label(label, exact=True).fill(text)
    page.get_by_label("Logo").set_input_files({"name": "logo.png", "mimeType": "image/png", "buffer": logo()})
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name=LONG)).to_be_visible()
    assert faults(page) == []
    page.get_by_label("Second bank's system").check()
    page.get_by_role("button", name="Save").last.click()
    expect(page.get_by_text("The cases of these clients show it from now on.")).to_be_visible()
    page.goto(f"{own.url}/admin/brands/")
    expect(page.get_by_text("Shown by 1 API client.")).to_be_visible()
    assert faults(page) == []
    page.context.close()
    check_pages(browser, own)


class Refused:
    """What the browser refused to do for a page, such as to load its style."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def note(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.found.append(message.text)


def check_pages(browser: Browser, own: Portal) -> None:
    link = own.invite()["link"]
    for scheme, colour in BUTTONS.items():
        context = browser.new_context(viewport=PHONE, color_scheme=scheme)  # type: ignore[arg-type]
        page, refused = context.new_page(), Refused()
        page.on("console", refused.note)
        for path in (link, f"{own.url}/verify/consent?answer=refuse"):
            page.goto(path)
            page.wait_for_load_state()
            expect(page.locator(".masthead")).to_contain_text(LONG)
            assert page.title().endswith(f" · {LONG}")
            assert page.locator(".masthead img").evaluate("image => image.naturalWidth") == 400
            assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
            assert faults(page) == []
        page.goto(link)
        button = page.locator('[data-action="primary"]')
        expect(button).to_have_css("background-color", colour)
        assert refused.found == []
        context.close()
