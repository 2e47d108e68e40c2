"""The staff pages on a desktop in light mode and on a phone in dark mode: no axe faults, no overflow."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.browser import axe
from tests.browser.conftest import Portal, copy_of, running, sign_in
from tests.browser.staff_pages import ROLES, links_on, new_pages

MAKE = "from tests.browser.staff_states import make; make()"
SCREEN: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
# Pages whose look depends on the query, and error pages.
EXTRA = {
    "senior": (
        "/admin/queue/?view=mine",
        "/admin/queue/?view=snoozed",
        "/admin/queue/?view=all&band=below_70",
        "/admin/codes/?q=ActionLightDark",
        "/admin/codes/?q=nothing-of-that-name",
        "/admin/case/ver_aaaaaaaaaaaaaaaaaaaaaaaa/",
        "/admin/account/no-password/",
        "/admin/account/no-page/",
        "/admin/exports/",
    ),
    "auditor": ("/admin/trail/1/", "/admin/trail/?show=all&who=nobody"),
    "operator": ("/admin/queue/",),
    "frontoffice": ("/admin/invitations/found",),
}
CASES = {
    "senior": (
        "spot check",
        "reopened",
        "held",
        "proposed by me",
        "proposed by another",
        "proposal void",
        "escalated",
        "snoozed",
        "approved",
        "erased",
        "with the applicant",
    ),
    "auditor": ("held",),
    "operator": (),
    "frontoffice": (),
}
# Cases whose trace is looked at.
TRACED = {"operator": ("held", "with the applicant")}
# Further pages of a case, from the address of its own.
FURTHER = {"auditor": ("explain", "pack")}
WIDTH = "document.documentElement.scrollWidth"


@pytest.fixture(scope="module")
def states(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Portal, dict[str, str]]]:
    """A portal with a case in each state, and the addresses of the cases."""
    with running(copy_of(demo, tmp_path_factory.mktemp("states"))) as own:
        lines = own.manage("shell", "--no-imports", "-c", MAKE).strip().splitlines()
        yield own, dict(line.split("\t") for line in lines)


def faults(page: Page) -> list[str]:
    """Faults of the open page on a desktop in light mode and on a phone in dark mode."""
    page.set_viewport_size(SCREEN)
    page.emulate_media(color_scheme="light")
    found = [f"screen, {fault}" for fault in axe.faults(page)]
    page.set_viewport_size(PHONE)
    page.emulate_media(color_scheme="dark")
    found += [f"phone, {fault}" for fault in axe.faults(page)]
    if page.evaluate(WIDTH) > PHONE["width"]:
        found.append(f"phone, {page.evaluate(WIDTH)} px wide")
    return [f"{page.url}: {fault}" for fault in found]


@pytest.mark.parametrize("role", ROLES)
def test_every_staff_page_can_be_used_by_everybody(
    states: tuple[Portal, dict[str, str]], page: Page, role: str
) -> None:
    portal, cases = states
    wrong: list[str] = []
    sign_in(page, portal, role)
    traces = [cases[state].replace("/case/", "/trace/") for state in TRACED.get(role, ())]
    further = [cases[state] + name for state in CASES[role] for name in FURTHER.get(role, ())]
    for path in (*new_pages(role), *EXTRA[role], *(cases[state] for state in CASES[role]), *traces, *further):
        page.goto(portal.url + path)
        wrong += faults(page)
        rows = [link for link in links_on(page, path) if link.endswith("/change/")]
        if rows:
            page.goto(portal.url + rows[-1])
            wrong += faults(page)
    assert wrong == []


def test_the_figures_for_a_regulator_can_be_used_by_everybody(
    states: tuple[Portal, dict[str, str]], page: Page, tmp_path: Path
) -> None:
    portal, _cases = states
    portal.manage("statistics_pack", "--output", str(tmp_path / "month.zip"), "--reason", "A test")
    sign_in(page, portal, "auditor")
    page.goto(f"{portal.url}/admin/statistics/")
    page.locator(".export-head a").first.click()
    expect(page.get_by_role("heading", name="Volumes", exact=True)).to_be_visible()
    assert faults(page) == []


def test_what_comes_of_a_form_can_be_used_by_everybody(
    states: tuple[Portal, dict[str, str]], page: Page
) -> None:
    portal, cases = states
    page.goto(f"{portal.url}/admin/")
    page.get_by_label("Username").fill("senior")
    page.get_by_label("Password").fill("no password")
    page.locator("#login-form [type=submit]").click()
    expect(page.locator(".notice[data-error]")).to_be_focused()
    wrong = faults(page)
    sign_in(page, portal, "senior")
    for looked_for, found in ((cases["twice"], "2 cases"), ("nobody", "No case was found")):
        page.goto(f"{portal.url}/admin/")
        page.locator("#find").fill(looked_for)
        page.locator("#find").press("Enter")
        expect(page.get_by_role("heading", name=found)).to_be_visible()
        wrong += faults(page)
    page.goto(portal.url + cases["held"])
    # Without the browser's own validation.
    page.evaluate("document.getElementById('decision').submit()")
    expect(page.locator("#refused")).to_contain_text("Nothing was saved")
    wrong += faults(page)
    assert wrong == []
