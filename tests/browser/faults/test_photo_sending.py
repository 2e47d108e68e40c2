"""What happens to the photo on its way: nobody answers, somebody else does, the portal refuses. It is never lost."""

import io
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.conftest import Applicant
from tests.browser.faults.answers import Way, broken
from tests.browser.faults.answers import page as page_of
from tests.browser.faults.conftest import AtStep
from tests.browser.faults.test_photo_file import PHOTO, choose, encoded, picked, shown, told, uploaded

STRANGERS = {
    "a filter": page_of(403),
    "a captive portal": page_of(200),
    "a limit": page_of(429),
    "a gateway": page_of(502),
    "no page": page_of(404),
    "an empty yes": lambda route: route.fulfill(status=204),
}
LINES = {
    "reset": broken("connectionreset"),
    "no network": broken("internetdisconnected"),
    "no name": broken("namenotresolved"),
    "a captive portal elsewhere": page_of(302, Location="http://127.0.0.2:9/sign-in"),
}


def sends(page: Page, *ways: Way) -> None:
    """The first photos that are sent meet these ways, all others the portal."""
    left = list(ways)

    def meet(route: Route) -> None:
        if route.request.method == "POST" and left:
            left.pop(0)(route)
        else:
            route.continue_()

    page.route("**/verify/document?*", meet)


def sent_with(applicant: Applicant, *ways: Way) -> Page:
    page = applicant.page
    sends(page, *ways)
    choose(page, applicant.photo)
    shown(page)
    applicant.primary.click()
    return page


def sends_again(applicant: Applicant) -> None:
    expect(applicant.page.get_by_alt_text("The photo you chose")).to_be_visible()
    expect(applicant.primary).not_to_have_attribute("aria-busy", "true")
    applicant.primary.click()
    applicant.step("capture")


def test_who_answers_in_the_portals_place_is_told_and_the_photo_stays(
    applicant: Applicant, at_step: AtStep
) -> None:
    at_step("document")
    ways = {**STRANGERS, **LINES}
    page = sent_with(applicant, *ways.values())
    for number, way in enumerate(ways, start=1):
        told(page, "no_connection" if way in LINES else "not_ours")
        page.locator("[data-fault]").evaluate("fault => { fault.dataset.code = 'read'; }")
        if number < len(ways):
            applicant.primary.click()
    sends_again(applicant)


def test_a_photo_that_could_not_be_sent_offline_goes_by_itself_when_the_line_is_back(
    applicant: Applicant, at_step: AtStep
) -> None:
    at_step("document")
    page = applicant.page
    choose(page, applicant.photo)
    shown(page)
    page.context.set_offline(True)
    applicant.primary.click()
    told(page, "no_connection")
    page.context.set_offline(False)
    applicant.step("capture")


def test_a_photo_that_is_chosen_while_another_one_is_sent_takes_its_place(
    applicant: Applicant, at_step: AtStep
) -> None:
    at_step("document")
    page = applicant.page
    sends(page, lambda route: None)
    sent = uploaded(page)
    for name in ("first.jpg", "second.jpg"):
        choose(page, picked(PHOTO, name=name))
        shown(page)
        # Sooner than the 30 s after which the first one is given up by itself.
        expect(applicant.primary).not_to_have_attribute("aria-busy", "true", timeout=10_000)
        expect(page.locator("[data-note]")).to_be_empty()
        with page.expect_request("**/verify/document?*"):
            applicant.primary.click()
    applicant.step("capture")
    assert [one["name"] for one in sent] == ["first.jpg", "second.jpg"]


def test_a_photo_that_is_chosen_offline_waits_for_the_button(applicant: Applicant, at_step: AtStep) -> None:
    at_step("document")
    page = sent_with(applicant, broken("internetdisconnected"))
    told(page, "no_connection")
    sent = uploaded(page)
    choose(page, picked(PHOTO, name="second.jpg"))
    shown(page)
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(applicant.primary).not_to_have_attribute("aria-busy", "true")
    assert sent == []


def test_a_photo_that_nobody_answers_is_told_and_can_be_sent_again(
    applicant: Applicant, at_step: AtStep
) -> None:
    page = applicant.page
    page.clock.install()
    at_step("document")
    sent_with(applicant, lambda route: None)
    expect(page.locator("[data-note]")).to_have_text("Sending the photo…")
    page.clock.fast_forward(120_000)
    told(page, "too_slow")
    sends_again(applicant)


def test_a_proxy_with_a_small_limit_gets_a_smaller_photo_by_itself(
    applicant: Applicant, at_step: AtStep
) -> None:
    at_step("document")
    page = applicant.page
    sends(page, page_of(413))
    sent = uploaded(page)
    choose(page, picked(encoded("JPEG", (2600, 1900), quality=95)))
    shown(page)
    applicant.primary.click()
    applicant.step("capture")
    first, second = (Image.open(io.BytesIO(one["content"])) for one in sent)
    assert (first.size, second.size) == ((2600, 1900), (2000, 1462))
    assert [one["change"] for one in sent] == ["", "scaled"]


def test_a_proxy_with_a_limit_below_the_smallest_is_told(applicant: Applicant, at_step: AtStep) -> None:
    at_step("document")
    page = sent_with(applicant, page_of(413))
    told(page, "too_large_for_network")
    sends_again(applicant)


def test_a_portal_that_is_busy_says_so_and_the_photo_stays(applicant: Applicant, at_step: AtStep) -> None:
    def busy(route: Route) -> None:
        answer = route.fetch(method="GET", post_data="")
        words = '<div data-fault data-code="busy" class="notice"><p>Many files are on their way.</p></div>'
        body = answer.text().replace('<div class="notice notice-bad" data-fault', f"{words}<div data-x")
        route.fulfill(response=answer, status=503, body=body)

    at_step("document")
    page = sent_with(applicant, busy)
    told(page, "busy")
    expect(page.locator("[data-fault]")).to_contain_text("Many files are on their way.")
    sends_again(applicant)


def test_trouble_of_the_portal_is_told_and_the_photo_stays(applicant: Applicant, at_step: AtStep) -> None:
    case = at_step("document")

    def trouble(route: Route) -> None:
        # The page that a store which is down gives too.
        answer = route.fetch(url=case["link"], method="GET", headers={"Sec-Fetch-Dest": "iframe"})
        route.fulfill(response=answer)

    page = sent_with(applicant, trouble)
    told(page, "unavailable")
    expect(page.locator("[data-fault]")).to_contain_text("We can't take this right now. It is not your fault")
    sends_again(applicant)


def test_a_refused_photo_is_told_in_the_servers_words_and_another_goes_through(
    applicant: Applicant, at_step: AtStep
) -> None:
    at_step("document")
    page = applicant.page
    choose(page, picked(small()))
    shown(page)
    applicant.primary.click()
    told(page, "image_too_small")
    expect(page.get_by_alt_text("The photo you chose")).to_be_hidden()
    assert page.evaluate("document.activeElement.id") == "photo"
    choose(page, applicant.photo)
    shown(page)
    applicant.primary.click()
    applicant.step("capture")


def small() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (90, 60), "teal").save(buffer, "JPEG")
    return buffer.getvalue()


def test_another_page_of_the_portal_is_shown_in_its_place(
    applicant: Applicant, at_step: AtStep, browser: Browser
) -> None:
    case = at_step("document")
    page = applicant.page
    choose(page, applicant.photo)
    shown(page)
    with browser.new_context() as elsewhere:
        other = elsewhere.new_page()
        other.goto(case["link"])
        other.locator('[data-action="primary"]').click()
        applicant.primary.click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Continued somewhere else")
        expect(page.get_by_role("heading", level=1)).to_be_focused()
        page.locator('[data-action="primary"]').click()
        applicant.step("document")


def test_a_cookie_that_went_away_meanwhile_is_told(applicant: Applicant, at_step: AtStep) -> None:
    case = at_step("document")
    page = applicant.page
    choose(page, applicant.photo)
    shown(page)
    page.context.clear_cookies()
    applicant.primary.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Open your link again")
    page.goto(case["link"])
    expect(page.get_by_role("heading", level=1)).to_have_text("Started in another browser")


def test_without_scripts_the_form_does_it_all(
    applicant: Applicant, at_step: AtStep, browser: Browser, tmp_path: Path
) -> None:
    at_step("document")
    wrong = tmp_path / "small.jpg"
    wrong.write_bytes(small())
    with browser.new_context(
        java_script_enabled=False, storage_state=applicant.page.context.storage_state()
    ) as plain:
        page = plain.new_page()
        for file, told_code in ((wrong, True), (applicant.photo, False)):
            page.goto(f"{applicant.portal.url}/verify/document")
            page.locator("#photo").set_input_files(file)
            page.locator('[data-action="primary"]').click()
            if told_code:
                expect(page.locator("[data-fault]")).to_have_attribute("data-code", "image_too_small")
        expect(page.locator("main")).to_have_attribute("data-step", "capture")
