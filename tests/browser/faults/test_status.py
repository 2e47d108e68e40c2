"""The status page on networks that fail: it waits without a storm of requests, and goes on when the portal says."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Applicant, Portal
from tests.browser.faults import answers
from tests.browser.faults.answers import LINES, PASSING, STRANGERS, Way, ours
from tests.browser.faults.conftest import AtStep, drawn_recording
from tests.browser.faults.page_time import PageTime

POLL, STATUS = "**/verify/status.json?*", "**/verify/status"
CHECKING = '{"outcome": "checking", "delayed": false, "next": "/verify/status"}'
MOVED = '{"outcome": "approved", "delayed": false, "next": "/verify/status"}'


@pytest.fixture(scope="module")
def held(portal: Portal) -> Iterator[list[Any]]:
    """The cookies of a case that the vendor is judging; its answer is kept back."""
    cookies: list[Any] = []
    yield cookies
    portal.release()


@pytest.fixture
def checking(time: PageTime, applicant: Applicant, at_step: AtStep, held: list[Any]) -> Page:
    """The status page of that case."""
    page = applicant.page
    if held:
        page.context.add_cookies(held)
        page.goto(f"{applicant.portal.url}/verify/status")
    if page.locator('main[data-outcome="checking"]').count() == 0:
        applicant.portal.script(preset="hold")
        at_step("capture", "SILENT")
        send(applicant, drawn_recording(200_000))
        page.goto(f"{applicant.portal.url}/verify/status")
        held[:] = page.context.cookies()
    applicant.outcome("checking")
    return page


def send(applicant: Applicant, recording: bytes) -> None:
    """Send a recording by a plain request."""
    main, ask = applicant.page.locator("main"), applicant.page.context.request
    cookies = applicant.page.context.cookies()
    token = next(cookie["value"] for cookie in cookies if "csrftoken" in cookie["name"])
    headers = {"X-CSRFToken": token, "Referer": applicant.page.url}
    challenge, whole = (
        applicant.portal.url + str(main.get_attribute(f"data-{name}")) for name in ("challenge", "recording")
    )
    drawn = ask.post(challenge, headers=headers).json()
    video = {"name": "clip.mp4", "mimeType": "video/mp4", "buffer": recording}
    form = {"attempt": drawn["attempt"], "nonce": drawn["nonce"], "signals": "{}", "video": video}
    answer = ask.post(whole, headers=headers, multipart=form)
    assert answer.ok, answer.text()


class Seen:
    """How often the page was loaded and the status asked for; the status is answered in the given way."""

    def __init__(self, page: Page, way: Way) -> None:
        self.polls, self.loads, self.way = 0, 0, way
        page.route(POLL, self._poll)
        page.on("framenavigated", lambda frame: self._load())

    def _poll(self, route: Route) -> None:
        self.polls += 1
        self.way(route)

    def _load(self) -> None:
        self.loads += 1

    def until(self, page: Page, polls: int) -> None:
        """Wait until the status was asked for so often."""
        for _ in range(1000):
            if self.polls >= polls:
                return
            page.wait_for_timeout(5)
        raise AssertionError(f"It was asked for {self.polls} times.")


def pass_seconds(time: PageTime, page: Page, seconds: int, *, held: int = 0) -> None:
    for _ in range(seconds):
        time.skip(1000, held=held)
        page.wait_for_timeout(2)


def test_whoever_answers_in_the_portals_place_the_page_stays_and_asks_ever_more_slowly(
    time: PageTime, checking: Page
) -> None:
    ways = iter({**STRANGERS, **LINES}.values())
    seen = Seen(checking, lambda route: next(ways, answers.page(403))(route))
    while seen.polls < len({**STRANGERS, **LINES}) + 3:
        time.skip(20_000)
        checking.wait_for_timeout(2)
    assert seen.loads == 0
    expect(checking.locator("[data-no-connection]")).to_be_visible()
    # The portal is back.
    seen.way = ours(200, CHECKING)
    time.until("main:not(:has([data-no-connection]:not([hidden])))", step=20_000)
    seen.way = ours(200, MOVED)
    with checking.expect_navigation():
        time.skip(60_000)


# Eight by its waits; without them, one a second.
@pytest.mark.parametrize(
    ("way", "most"),
    [
        (answers.page(429), 15),
        (answers.page(429, **{"Retry-After": "60"}), 1),
        (answers.page(503, **{"Retry-After": "Fri, 01 Jan 2100 00:00:00 GMT"}), 1),
        (answers.page(429, **{"Retry-After": "soon"}), 15),
        (ours(429, "{}", **{"Retry-After": "60"}), 1),
        (PASSING["failed"], 15),
        (answers.page(200), 15),
    ],
)
def test_a_gateway_that_asks_for_patience_gets_it(
    time: PageTime, checking: Page, way: Way, most: int
) -> None:
    seen = Seen(checking, way)
    pass_seconds(time, checking, 30)
    assert seen.loads == 0
    assert 1 <= seen.polls <= most


@pytest.mark.parametrize("way", [ours(200, MOVED), ours(404, "{}"), ours(401, ""), ours(410, '{"next": ""}')])
def test_a_page_that_moves_on_to_itself_does_so_ever_more_slowly(
    time: PageTime, checking: Page, way: Way
) -> None:
    seen = Seen(checking, way)
    pass_seconds(time, checking, 60)
    # Five by its waits of 1 to 16 s, and a reload that takes long is asked for again. Without waits, one a second.
    assert 2 <= seen.loads <= 12


@pytest.mark.parametrize("fault", ["fetch", "text"])
def test_a_question_that_never_settles_is_asked_again(time: PageTime, checking: Page, fault: str) -> None:
    where = "window" if fault == "fetch" else "Response.prototype"
    checking.evaluate(
        f"() => {{ {where}.{fault} = () => new Promise(() => window.asked = (window.asked || 0) + 1) }}"
    )
    pass_seconds(time, checking, 60, held=1)
    assert 2 <= checking.evaluate("window.asked") <= 6
    expect(checking.locator("[data-no-connection]")).to_be_visible()


def test_the_page_asks_at_once_when_it_is_online_or_seen_again(time: PageTime, checking: Page) -> None:
    seen = Seen(checking, answers.page(429, **{"Retry-After": "300"}))
    pass_seconds(time, checking, 10)
    assert seen.polls == 1
    checking.evaluate("dispatchEvent(new Event('online'))")
    pass_seconds(time, checking, 2)
    seen.until(checking, 2)
    for _ in range(30):
        checking.evaluate("dispatchEvent(new Event('online'))")
        time.skip(100)
    assert seen.polls <= 6


def test_a_clock_that_jumps_leaves_the_words(time: PageTime, checking: Page) -> None:
    Seen(checking, ours(200, CHECKING))
    checking.clock.set_system_time(checking.evaluate("Date.now()") / 1000 - 7200)
    pass_seconds(time, checking, 9)
    expect(checking.locator("[data-after]:visible")).to_have_count(1)
