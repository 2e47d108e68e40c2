"""Staff who use Firefox: every page of a reviewer opens, without a script error or a report of the content policy."""

from typing import Any

import pytest
from playwright.sync_api import Page, ViewportSize

from tests.browser.conftest import Portal
from tests.browser.staff_pages import links_on, pages

pytestmark = pytest.mark.only_browser("firefox")
NARROWEST: ViewportSize = {"width": 390, "height": 844}


def test_every_page_of_a_reviewer_opens(senior: Page, portal: Portal) -> None:
    faults: list[str] = []

    def note(message: Any) -> None:
        if message.type == "error":
            faults.append(f"{senior.url}: {message.text}")

    senior.on("console", note)
    senior.on("pageerror", lambda error: faults.append(f"{senior.url}: {error}"))
    senior.set_viewport_size(NARROWEST)
    senior.goto(f"{portal.url}/admin/queue/")
    cases = links_on(senior, "/admin/case/")
    assert cases
    for path in (*pages("senior"), cases[0]):
        answer = senior.goto(portal.url + path)
        assert answer
        # A few are there only while there is a draft of the policy or an app; without one they say so.
        assert answer.status in (200, 404, 409), path
        if senior.evaluate("document.documentElement.scrollWidth") > NARROWEST["width"]:
            faults.append(f"{path} is wider than the screen")
    assert faults == []
