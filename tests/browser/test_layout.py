"""Small windows: phones held across, 200 and 400 % zoom of a desktop's window, larger and wider spaced text."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Applicant
from tests.browser.faults.conftest import AtStep, at_step  # noqa: F401

# 640 by 400 and 320 by 225 are windows of 1280 by 800 at 200 % and of 1280 by 900 at 400 %.
WINDOWS = ((844, 390), (667, 375), (640, 400), (320, 225), (320, 568), (390, 844), (1280, 720))
# As WCAG's success criterion 1.4.12 has it.
SPACED = (
    "* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important }"
)
SPACE_OUT = f"""() => {{
  const sheet = new CSSStyleSheet();
  sheet.replaceSync("{SPACED}");
  document.adoptedStyleSheets = [sheet];
}}"""
ENLARGED_TEXT = "style.fontSize = '200%'"
ENLARGE = f"document.documentElement.{ENLARGED_TEXT}"
# What is changed, and in which windows everything can be used then. Text is enlarged or the page is zoomed, not both.
CHANGES = {
    "0": ((320, 225), (844, 390)),
    SPACE_OUT: ((320, 225), (390, 844)),
    ENLARGE: ((390, 844), (844, 390)),
}
A_LINE = 32  # of a heading, in pixels
PANELS = "[...document.querySelectorAll('[data-panel]')].map((panel) => panel.dataset.panel)"
SHOW = """(name) => {
  for (const panel of document.querySelectorAll("[data-panel]")) panel.hidden = panel.dataset.panel !== name;
  document.querySelector("main").dataset.showing = name;
}"""
# What everybody looks for first, with the recording or the words above or beside it.
AT_ONCE = ((844, 390), (667, 375), (1280, 900))
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)

Box = tuple[float, float, float, float]


def box(part: Locator) -> Box:
    """Left, top, right, bottom."""
    found = part.bounding_box()
    assert found, part
    return found["x"], found["y"], found["x"] + found["width"], found["y"] + found["height"]


def in_view(page: Page, *parts: Locator) -> bool:
    window = page.viewport_size
    assert window
    boxes = [box(part) for part in parts]
    # A pixel for rounding.
    return all(
        left >= -1 and top >= -1 and right <= window["width"] + 1 and bottom <= window["height"] + 1
        for left, top, right, bottom in boxes
    )


def apart(one: Locator, other: Locator) -> bool:
    a, b = box(one), box(other)
    return min(a[2], b[2]) - max(a[0], b[0]) <= 1 or min(a[3], b[3]) - max(a[1], b[1]) <= 1


def fits_across(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def in_each_window(page: Page) -> Iterator[tuple[str, int, int]]:
    """Also with text of a language that runs from right to left, and with text that is twice as large."""
    for change in ("dir = 'ltr'", "dir = 'rtl'", ENLARGED_TEXT):
        page.evaluate(f"document.documentElement.{change}")
        for width, height in CHANGES[ENLARGE] if change == ENLARGED_TEXT else WINDOWS:
            page.set_viewport_size({"width": width, "height": height})
            yield change, width, height
    page.evaluate("document.documentElement.style.fontSize = ''")


def test_words_face_and_button_are_in_view_at_once(applicant: Applicant, at_step: AtStep) -> None:  # noqa: F811
    page = applicant.page
    page.clock.install(time=NOW)
    at_step("capture", "SILENT")
    page.clock.pause_at(NOW + timedelta(minutes=1))
    applicant.primary.click()
    applicant.panel("live")
    oval, hint = page.locator(".oval-line"), page.locator("[data-hint]")
    for window in in_each_window(page):
        assert in_view(page, oval, hint, applicant.primary), window
        assert apart(oval, applicant.primary), window
        assert apart(oval, hint), window
        assert fits_across(page), window
    with page.expect_response("**/verify/challenge?*"):
        applicant.primary.click()
    prompt = page.locator(".prompt:visible")
    # The count-down and the wait before the first movement; the clock stands still after each step.
    expect(page.locator("[data-countdown]")).to_be_visible()
    for _ in range(80):
        page.clock.run_for(100)
        if prompt.count():
            break
    expect(prompt).to_be_visible()
    for window in in_each_window(page):
        assert in_view(page, oval, prompt, page.locator("[data-recording-light]")), window
        assert apart(oval, prompt), window
        assert fits_across(page), window


def test_each_panel_can_be_used_in_small_windows_with_larger_text(
    applicant: Applicant,
    at_step: AtStep,  # noqa: F811
) -> None:
    page = applicant.page
    at_step("capture")
    expect(applicant.primary).to_be_enabled()
    for change, windows in CHANGES.items():
        page.evaluate(change)
        for name in page.evaluate(PANELS):
            page.evaluate(SHOW, name)
            for width, height in windows:
                page.set_viewport_size({"width": width, "height": height})
                assert fits_across(page), (name, change, width)
                page.evaluate("scrollTo(0, 0)")
                heading = page.locator(f'[data-panel="{name}"] h1')
                assert change != "0" or box(heading)[1] < height - A_LINE, (name, change, width)
                for button in applicant.primary.all():
                    button.scroll_into_view_if_needed()
                    assert in_view(page, button), (name, change, width)


def test_the_other_steps_fit_small_windows_with_larger_text(applicant: Applicant, at_step: AtStep) -> None:  # noqa: F811
    page = applicant.page
    for step in ("consent", "document"):
        at_step(step)
        for change, windows in CHANGES.items():
            page.evaluate(change)
            for width, height in windows:
                page.set_viewport_size({"width": width, "height": height})
                assert fits_across(page), (step, change, width)
                applicant.primary.scroll_into_view_if_needed()
                assert in_view(page, applicant.primary), (step, change, width)


def test_each_panels_button_is_in_view_on_a_phone_held_across(
    applicant: Applicant,
    at_step: AtStep,  # noqa: F811
) -> None:
    page = applicant.page
    at_step("capture")
    expect(applicant.primary).to_be_enabled()
    for name in page.evaluate(PANELS):
        page.evaluate(SHOW, name)
        for width, height in AT_ONCE:
            page.set_viewport_size({"width": width, "height": height})
            first = page.locator(f'[data-panel="{name}"] .actions button:visible')
            assert in_view(page, *first.all()[:1]), (name, width, height)
