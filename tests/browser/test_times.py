"""Times on applicants' pages: in the zone of the browser that shows them, and in UTC without scripts."""

import re
from datetime import datetime, timedelta

from playwright.sync_api import Browser, expect

from tests.browser.conftest import Portal

TOKYO = timedelta(hours=9)


def test_a_time_is_told_in_the_persons_own_zone(portal: Portal, browser: Browser) -> None:
    link = portal.invite()["link"]
    with browser.new_context(timezone_id="Asia/Tokyo", locale="en-GB") as context:
        page = context.new_page()
        page.goto(link)
        time = page.locator("time[datetime]").first
        there = datetime.fromisoformat(str(time.get_attribute("datetime"))) + TOKYO
        expect(time).to_have_text(re.compile(rf"\b{there.day} {there:%B %Y}\b.* {there:%H:%M} GMT\+9$"))
        expect(time).to_have_attribute("title", re.compile("UTC$"))


def test_without_scripts_a_time_is_in_utc_and_says_so(portal: Portal, browser: Browser) -> None:
    link = portal.invite()["link"]
    with browser.new_context(timezone_id="Asia/Tokyo", java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(link)
        time = page.locator("time[datetime]").first
        here = datetime.fromisoformat(str(time.get_attribute("datetime")))
        expect(time).to_have_text(f"{here.day} {here:%B %Y, %H:%M} UTC")
