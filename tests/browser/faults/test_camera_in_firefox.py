"""What Firefox itself answers about a camera that is blocked or not there; no script pretends it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Applicant
from tests.browser.faults.conftest import AtStep

pytestmark = pytest.mark.only_browser("firefox")

BLOCKED = 2
# Preferences by the panel that they lead to. The name keeps Firefox from finding a camera that the machine has.
PREFERENCES: dict[str, dict[str, Any]] = {
    "denied": {"media.navigator.streams.fake": True, "permissions.default.camera": BLOCKED},
    "no_camera": {
        "media.navigator.permission.disabled": True,
        "media.video_loopback_dev": "a camera that is not there",
    },
}


@pytest.fixture
def page(launch_browser: Callable[..., Browser], panel: str) -> Iterator[Page]:
    """A page of a Firefox with its own preferences."""
    browser = launch_browser(firefox_user_prefs=PREFERENCES[panel])
    yield browser.new_page()
    browser.close()


@pytest.mark.parametrize("panel", PREFERENCES)
def test_a_camera_that_firefox_does_not_open_is_explained(
    applicant: Applicant, at_step: AtStep, panel: str
) -> None:
    at_step("capture")
    applicant.primary.click()
    applicant.panel(panel)
    expect(applicant.page.get_by_role("button", name="Try again")).to_be_enabled()
    assert applicant.faults == []
