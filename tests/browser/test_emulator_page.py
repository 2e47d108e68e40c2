"""The emulator's page: any answer by name, for the next calls or for all, readable by everybody."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from kyc_portal.sandbox.emulator import EmulatorServer
from tests.browser.test_front_page import look


@pytest.fixture
def emulator() -> Iterator[EmulatorServer]:
    with EmulatorServer() as server:
        yield server


def test_any_answer_can_be_picked_for_the_next_calls_or_for_all(page: Page, emulator: EmulatorServer) -> None:
    page.goto(emulator.url)
    expect(page.locator("#preset option")).not_to_have_count(0)
    page.get_by_label("Any code or fault").select_option("FailedOperation.ImageBlur")
    page.get_by_label("Number of calls").fill("3")
    page.get_by_role("button", name="Use it").click()
    expect(page.locator("#queue")).to_have_text("FailedOperation.ImageBlur × 3")
    page.get_by_label("all calls, until changed").check()
    page.get_by_role("button", name="Server error, twice").click()
    expect(page.locator("#default")).to_have_text("fault http_503")
    assert look(page) == []
    page.get_by_role("button", name="Back to Success").click()
    expect(page.locator("#default")).to_have_text("Success, similarity 92.5")


def test_it_shows_what_was_set_elsewhere(page: Page, emulator: EmulatorServer) -> None:
    page.goto(emulator.url)
    emulator.default(preset="arrears")
    expect(page.locator("#default")).to_have_text("error UnauthorizedOperation.Arrears")
