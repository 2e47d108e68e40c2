"""The upload of the recording, on networks that misbehave: it arrives, or the page says what helps and still has it."""

import json
import queue
from collections.abc import Iterator
from contextlib import suppress

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Applicant, Portal, wait_for
from tests.browser.faults import answers
from tests.browser.faults.answers import LINES, PASSING, STRANGERS, Way, ours
from tests.browser.faults.bench import recorder
from tests.browser.faults.conftest import AtStep, Recorded
from tests.browser.faults.page_time import PageTime
from tests.browser.faults.slow_proxy import Held, SlowProxy

PARTS, FORM, CHALLENGE = "**/verify/recording/parts?*", "**/verify/recording?*", "**/verify/challenge?*"


ARRIVED = 'main[data-step="status"]'


@pytest.fixture
def proxy(page: Page, portal: Portal) -> Iterator[SlowProxy]:
    """A slow proxy, through which the portal is reached."""
    direct = portal.url
    page.add_init_script(COUNT_UPLOADS)
    with SlowProxy(direct) as proxy:
        portal.url = proxy.url
        try:
            yield proxy
        finally:
            portal.url = direct


# The page's own script listens before it sends, so it knows by then.
COUNT_UPLOADS = """const send = XMLHttpRequest.prototype.send;
let handed = 0;
XMLHttpRequest.prototype.send = function (body) {
  this.upload.addEventListener("load", () => document.documentElement.dataset.handed = ++handed);
  send.call(this, body);
};"""


# Reading a large recording takes some time, in which the person may give it up.
KEPT_SLOWLY = """async () => {
  const { drop, keep } = await import("/static/kept.js");
  const read = Blob.prototype.arrayBuffer;
  Blob.prototype.arrayBuffer = async function () {
    await new Promise((resolve) => setTimeout(resolve, 50));
    return await read.call(this);
  };
  const take = { attempt: "a", blob: new Blob(["recording"]), until: performance.now() + 90_000 };
  await Promise.all([keep(document.body.dataset.case, take, 90_000), drop()]);
}"""
# Chrome before 119 looks at nothing else.
WHAT_OLD_BROWSERS_ASK_BY = """() => {
  const event = document.createEvent("BeforeUnloadEvent");
  event.initEvent("beforeunload", false, true);
  dispatchEvent(event);
  return event.returnValue;
}"""


def panel(name: str) -> str:
    return f'[data-panel="{name}"]'


class Fate:
    """Answers the requests of a route one after the other in the given ways, then lets them through."""

    def __init__(self, time: PageTime, page: Page, where: str, ways: list[Way]) -> None:
        self.calls = 0
        self._time, self._page, self._ways = time, page, ways
        page.route(where, self._meet)

    def _meet(self, route: Route) -> None:
        self.calls += 1
        if self.calls > len(self._ways):
            route.continue_()
        else:
            self._ways[self.calls - 1](route)

    def until(self, calls: int) -> None:
        """Until so many requests came. The browser says again and again that it is online, so the waits are short."""
        for _ in range(100):
            if self.calls >= calls:
                return
            self._page.evaluate("dispatchEvent(new Event('online'))")
            self._time.skip(1000)
            self._page.wait_for_timeout(5)
        raise AssertionError(f"Only {self.calls} of {calls} requests came.")


@pytest.mark.parametrize("where", [PARTS, FORM])
@pytest.mark.parametrize("ways", [STRANGERS, {**LINES, **PASSING}], ids=["strangers", "lines"])
def test_the_recording_outlives_every_answer_but_a_refusal_of_the_portal(
    time: PageTime, applicant: Applicant, recorded: Recorded, ways: dict[str, Way], where: str
) -> None:
    page = applicant.page
    recorded()
    fate = Fate(time, page, where, list(ways.values()))
    applicant.primary.click()
    for number, name in enumerate(ways, start=1):
        fate.until(number)
        assert page.url.endswith("/verify/capture"), name
        showing = page.locator("main").get_attribute("data-showing")
        assert showing in {"sending", "lost"}, name
    time.until(ARRIVED, step=5000)


def test_a_refusal_of_the_portal_ends_the_sending_and_leaves_nothing(
    time: PageTime, applicant: Applicant, recorded: Recorded
) -> None:
    page = applicant.page
    recorded()
    # With marks that mean something in a selector.
    words = json.dumps({"error": {"code": "video_too_long", "message": 'The "video" is too long.'}})
    Fate(time, page, PARTS, [ours(422, words)])
    applicant.primary.click()
    applicant.panel("stopped")
    expect(page.locator("[data-reason]")).to_have_text('The "video" is too long.')
    is_deleted(page)


def kept(page: Page) -> list[str]:
    """The names of what this browser keeps of a recording."""
    return list(page.evaluate(KEPT))


def is_deleted(page: Page) -> None:
    """Deleting takes the browser a moment, which the page does not wait for."""
    for _ in range(100):
        if not kept(page):
            return
        page.wait_for_timeout(50)
    raise AssertionError(kept(page))


KEPT = """() => new Promise((resolve) => {
  const opening = indexedDB.open("kyc-unsent");
  opening.onupgradeneeded = () => opening.result.createObjectStore("recording");
  opening.onsuccess = () => {
    const asked = opening.result.transaction("recording").objectStore("recording").getAllKeys();
    asked.onsuccess = () => { opening.result.close(); resolve(asked.result); };
  };
})"""


@pytest.mark.parametrize(
    ("code", "says"),
    [(403, "Something on the way answered in our place"), (0, "we keep trying. If it takes long")],
)
def test_a_network_that_lets_nothing_through_is_told_and_tried_again_at_once_on_demand(
    time: PageTime, applicant: Applicant, recorded: Recorded, code: int, says: str
) -> None:
    page = applicant.page
    recorded()
    way = answers.page(code) if code else answers.broken("connectionreset")
    fate = Fate(time, page, PARTS, [way] * 4)
    applicant.primary.click()
    time.until(panel("lost"))
    expect(page.locator("[data-lost-words]")).to_contain_text(says)
    before = fate.calls
    page.get_by_role("button", name="Send again").click()
    fate.until(before + 1)
    applicant.panel("lost")
    # It goes on by itself, and the page shows that again.
    time.until(ARRIVED)
    is_deleted(page)


@pytest.mark.parametrize("rate", [12.5, 4, 2.5], ids=lambda rate: f"{rate} kB/s")
def test_a_line_that_takes_each_part_at_once_and_passes_it_on_slowly_brings_all_of_them(
    time: PageTime, proxy: SlowProxy, applicant: Applicant, recorded: Recorded, rate: float
) -> None:
    page = applicant.page
    size = len(recorded())
    applicant.primary.click()
    passed, confirmed = 0.0, 0
    while confirmed < size:
        part = handed_over(page, proxy)
        # The meter counts what the portal has, not what the proxy took.
        expect(page.locator("[data-bytes]")).to_contain_text(f"{confirmed / 1e6:.1f} / ")
        needs = part.size / rate
        assert needs < 90_000, "The portal waits no longer for one request."
        time.skip(needs, held=1)
        passed += needs
        part.pass_on()
        confirmed += part.size
    assert passed < 600_000, "The portal waits no longer for all parts."
    applicant.step("status")


def handed_over(page: Page, proxy: SlowProxy) -> Held:
    """The next part, when the browser believes that it is sent."""
    part = proxy.held.get(timeout=20)
    expect(page.locator("html")).to_have_attribute("data-handed", str(part.number))
    return part


def test_a_part_that_a_slow_line_brings_after_all_counts(
    time: PageTime, proxy: SlowProxy, applicant: Applicant, recorded: Recorded
) -> None:
    page = applicant.page
    recorded()
    applicant.primary.click()
    late = handed_over(page, proxy)
    time.until('[data-sending-words]:has-text("trying again")', held=1)
    late.pass_on()
    time.skip(1000)
    again = handed_over(page, proxy)
    assert again.size == late.size // 2
    # Both come to the portal; whichever is the second is told where to go on.
    again.pass_on()
    while not page.locator(ARRIVED).is_visible():
        with suppress(queue.Empty):
            proxy.held.get_nowait().pass_on()
        page.wait_for_timeout(5)


@pytest.mark.parametrize("where", [PARTS, FORM])
def test_an_answer_that_never_comes_is_asked_for_again(
    time: PageTime, applicant: Applicant, recorded: Recorded, where: str
) -> None:
    page = applicant.page
    recorded()

    def unanswered(route: Route) -> None:
        """The portal has it, but nobody says so."""
        time.hold_back(route)
        route.fetch()

    fate = Fate(time, page, where, [unanswered])
    applicant.primary.click()
    fate.until(1)
    time.until('[data-sending-words]:has-text("trying again")', step=5000)
    time.until(ARRIVED)
    assert fate.calls > 1


def test_sending_resumes_by_itself_when_the_browser_is_online_again(
    time: PageTime, applicant: Applicant, recorded: Recorded
) -> None:
    page = applicant.page
    recorded()
    page.context.set_offline(True)
    applicant.primary.click()
    time.until(panel("lost"))
    time.skip(20_000)
    page.evaluate("addEventListener('online', () => { window.back = true; })")
    page.clock.pause_at(page.evaluate("Date.now()") / 1000 + 1)
    page.context.set_offline(False)
    wait_for(page, "window.back")
    # The clock stands, so nothing else can start it.
    with page.expect_request(PARTS):
        page.clock.run_for(1000)
    page.clock.resume()
    time.until(ARRIVED)


def test_a_browser_that_says_online_again_and_again_does_not_hurry(
    time: PageTime, applicant: Applicant, recorded: Recorded
) -> None:
    page = applicant.page
    recorded()
    fate = Fate(time, page, PARTS, [answers.broken("internetdisconnected")] * 100)
    applicant.primary.click()
    fate.until(1)
    page.clock.pause_at(page.evaluate("Date.now()") / 1000 + 1)
    before = fate.calls
    for _ in range(30):
        page.evaluate(
            "dispatchEvent(new Event('online')); document.dispatchEvent(new Event('visibilitychange'))"
        )
        time.skip(100)
    assert fate.calls - before <= 3


@pytest.mark.firefox
def test_a_reload_in_the_middle_goes_on_where_the_portal_is(
    time: PageTime, applicant: Applicant, recorded: Recorded
) -> None:
    page = applicant.page
    recorded()
    sent: list[str] = []
    page.on("request", lambda asked: sent.append(asked.headers.get("upload-offset", "")))
    fate = Fate(time, page, PARTS, [lambda route: route.continue_(), time.hold_back])
    applicant.primary.click()
    fate.until(2)
    page.reload()
    applicant.step("status")
    offsets = [int(offset) for offset in sent if offset]
    assert offsets[0] == 0
    assert offsets.count(0) == 1
    assert offsets[1] == offsets[2] > 0, "The part that was under way is sent again."
    is_deleted(page)


@pytest.mark.firefox
def test_what_was_not_sent_yet_can_be_sent_after_a_reload_or_recorded_anew(
    time: PageTime, applicant: Applicant, recorded: Recorded
) -> None:
    page = applicant.page
    recorded()
    page.reload()
    applicant.panel("playback")
    assert kept(page) == ["take"]
    page.get_by_role("button", name="Record again").click()
    applicant.panel("live")
    is_deleted(page)
    page.reload()
    applicant.panel("primer")


@pytest.mark.firefox
def test_a_recording_that_is_given_up_while_it_is_being_kept_is_not_kept(
    time: PageTime, applicant: Applicant, recorded: Recorded
) -> None:
    page = applicant.page
    recorded()
    page.evaluate(KEPT_SLOWLY)
    is_deleted(page)


def test_a_browser_asks_before_it_leaves_a_recording_that_is_not_sent(
    time: PageTime, applicant: Applicant, recorded: Recorded
) -> None:
    recorded()
    assert applicant.page.evaluate(WHAT_OLD_BROWSERS_ASK_BY) == "true"


@pytest.mark.firefox
@pytest.mark.parametrize(
    ("hours", "left"), [(0, ["take"]), (1, []), (-1, [])], ids=["in time", "too late", "a clock set back"]
)
def test_a_recording_is_kept_until_its_challenge_ends(
    time: PageTime, applicant: Applicant, recorded: Recorded, hours: int, left: list[str]
) -> None:
    page = applicant.page
    recorded()
    page.clock.set_system_time(page.evaluate("Date.now()") / 1000 + hours * 3600)
    page.reload()
    applicant.panel("playback" if left else "primer")
    expect(page.locator("html.ready")).to_be_attached()
    assert kept(page) == left


@pytest.mark.firefox
def test_a_recording_whose_time_ends_while_it_is_shown_is_not_sent(
    time: PageTime, applicant: Applicant, recorded: Recorded
) -> None:
    page = applicant.page
    recorded()
    time.skip(91_000)
    applicant.panel("stopped")
    expect(page.locator("[data-reason]")).to_contain_text("has run out")
    is_deleted(page)


@pytest.mark.firefox
def test_a_recording_of_another_case_is_deleted(
    time: PageTime, applicant: Applicant, recorded: Recorded
) -> None:
    page = applicant.page
    recorded()
    other = applicant.portal.invite("SILENT")
    page.goto(other["link"])
    page.get_by_role("button", name="Continue with the new link").click()
    applicant.step("consent")
    is_deleted(page)


# Private windows, blocked storage, full disks, and browsers that never answer.
WITHOUT_STORAGE = {
    "none": "delete Object.getPrototypeOf(window).indexedDB; delete window.indexedDB",
    "refused": "IDBFactory.prototype.open = () => { throw new DOMException('No', 'SecurityError'); }",
    "silent": "IDBFactory.prototype.open = () => new EventTarget()",
    "full": "IDBObjectStore.prototype.put = () => { throw new DOMException('Full', 'QuotaExceededError'); }",
    "unreadable": "IDBObjectStore.prototype.get = () => { throw new DOMException('Broken', 'UnknownError'); }",
    "no blobs": "Blob.prototype.arrayBuffer = () => Promise.reject(new DOMException('', 'NotReadableError'))",
}


@pytest.mark.parametrize("name", WITHOUT_STORAGE)
def test_a_browser_that_keeps_nothing_goes_on_without(
    time: PageTime, applicant: Applicant, at_step: AtStep, name: str
) -> None:
    page = applicant.page
    page.add_init_script(WITHOUT_STORAGE[name])
    recorder(page)
    at_step("capture", "SILENT")
    time.skip(5000)
    applicant.primary.click()
    applicant.panel("live")
    applicant.primary.click()
    time.until(panel("playback"))
    page.route(PARTS, ours(503, '{"error": {"code": "busy", "message": "Busy."}}'))
    applicant.primary.click()
    time.until(f"{panel('lost')}, {panel('stopped')}")
    # A recording that can't be read can't be sent either.
    applicant.panel("stopped" if name == "no blobs" else "lost")
    expect(page.get_by_role("button", name="Record again").locator("visible=true")).to_be_enabled()


@pytest.mark.firefox
@pytest.mark.parametrize(
    "fault",
    {
        "silent": "XMLHttpRequest.prototype.send = () => {}",
        "thrown": "XMLHttpRequest.prototype.send = () => { throw new DOMException('No', 'NetworkError'); }",
        "twice": """const send = XMLHttpRequest.prototype.send;
            XMLHttpRequest.prototype.send = function (body) {
              for (const kind of ["error", "loadend", "error", "loadend"]) this.dispatchEvent(new Event(kind));
            }""",
    }.values(),
    ids=["silent", "thrown", "twice"],
)
def test_requests_that_misbehave_end_and_leave_the_recording(
    time: PageTime, applicant: Applicant, recorded: Recorded, fault: str
) -> None:
    page = applicant.page
    recorded()
    page.evaluate(f"() => {{ {fault} }}")
    applicant.primary.click()
    time.until(panel("lost"), step=5000)
    assert "take" in kept(page)


def test_a_challenge_that_does_not_come_ends_in_a_way_on(
    time: PageTime, applicant: Applicant, at_step: AtStep
) -> None:
    page = applicant.page
    at_step("capture", "SILENT")
    ways = {**STRANGERS, **LINES, "silent": time.hold_back}
    fate = Fate(time, page, CHALLENGE, list(ways.values()))
    for number, name in enumerate(ways, start=1):
        applicant.primary.click()
        applicant.panel("live")
        applicant.primary.click()
        fate.until(number)
        time.until(panel("stopped"))
        words = "reach the server" if name in LINES or name == "silent" else "Something on the way"
        if name not in {"garbled", "a captive portal elsewhere"}:
            expect(page.locator("[data-reason]")).to_contain_text(words)


@pytest.mark.parametrize(
    "fault",
    ["fetch = () => new Promise(() => {})", "Response.prototype.text = () => new Promise(() => {})"],
    ids=["fetch", "body"],
)
def test_a_challenge_whose_request_never_settles_ends_in_a_way_on(
    time: PageTime, applicant: Applicant, at_step: AtStep, fault: str
) -> None:
    page = applicant.page
    at_step("capture", "SILENT")
    page.evaluate(f"() => {{ {fault} }}")
    applicant.primary.click()
    applicant.panel("live")
    applicant.primary.click()
    time.until(panel("stopped"), held=1)
    expect(page.locator("[data-reason]")).to_contain_text("reach the server")
