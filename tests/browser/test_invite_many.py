"""The front office invites one person, and ten thousand of a file with 37 lines that do not fit."""

import csv
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Portal, just_signed_in

PEOPLE, WRONG = 10_000, 37
# Generous, because other tests run at the same time: alone it reads the file in a second and invites in five.
SECONDS = 90
MEBIBYTES = 64  # that the web process may grow by


@pytest.fixture
def front_office(browser: Browser, portal: Portal) -> Iterator[Page]:
    for page in just_signed_in(browser, portal, "frontoffice"):
        page.set_default_timeout(SECONDS * 1000)
        yield page


@pytest.fixture
def people(tmp_path: Path) -> Path:
    path = tmp_path / "people.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        rows = csv.writer(file, delimiter=";")
        rows.writerow(["Reference", "Name", "E-Mail"])
        for number in range(PEOPLE):
            is_wrong = number % 270 == 5 and number // 270 < WRONG
            rows.writerow([f"BULK-{number}", f"Ünal Person {number}", "nobody" if is_wrong else ""])
    return path


def peak(portal: Portal) -> int:
    """The most memory that a process of the portal ever had, in MiB."""
    mark = f"KYC_DATA_DIR={portal.environment['KYC_DATA_DIR']}".encode()
    found = [0]
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (process / "environ").read_bytes():
                status = (process / "status").read_text()
                found += [int(kibibytes) // 1024 for kibibytes in re.findall(r"VmHWM:\s+(\d+)", status)]
        except OSError:
            continue
    return max(found)


def timed(act: Callable[[], Any]) -> float:
    began = time.monotonic()
    act()
    return time.monotonic() - began


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))


def downloaded(page: Page, press: Callable[[], None], to: Path) -> list[dict[str, str]]:
    with page.expect_download() as download:
        press()
    download.value.save_as(to)
    return rows_of(to)


def test_ten_thousand_people_of_a_file_are_invited_at_once(
    front_office: Page, portal: Portal, people: Path, tmp_path: Path, browser: Browser
) -> None:
    page = front_office
    page.goto(f"{portal.url}/admin/invitation-files/new")
    page.get_by_label("CSV file").set_input_files(people)
    before = peak(portal)

    read = timed(page.get_by_role("button", name="Read the file").click)
    expect(page.get_by_text("not an e-mail address").first).to_be_visible()
    assert page.get_by_text("not an e-mail address").count() == WRONG
    problems = downloaded(
        page, page.get_by_role("link", name="These lines as a file").click, tmp_path / "problems.csv"
    )
    assert [int(row["line"]) for row in problems] == [270 * number + 7 for number in range(WRONG)]

    confirm = page.get_by_role("button", name=f"Invite {PEOPLE - WRONG} people, leave out {WRONG} lines")
    confirmed = timed(confirm.click)
    expect(page.get_by_text("All of them are invited.")).to_be_visible()
    links = downloaded(
        page, page.get_by_role("button", name="Make the file of").click, tmp_path / "links.csv"
    )
    assert len({row["link"] for row in links}) == PEOPLE - WRONG
    assert {row["reference"] for row in links}.isdisjoint(row["reference"] for row in problems)

    grown = peak(portal) - before
    figures = f"read {read:.1f} s, invited {confirmed:.1f} s, {grown} MiB"
    print(figures)
    assert read + confirmed < SECONDS
    assert grown < MEBIBYTES
    with browser.new_context() as applicant:
        theirs = applicant.new_page()
        theirs.goto(links[0]["link"])
        expect(theirs.locator('main[data-step="consent"]')).to_be_visible()


def test_a_link_is_shown_once_and_copied(front_office: Page, portal: Portal) -> None:
    page = front_office
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=portal.url)
    page.goto(f"{portal.url}/admin/invitations/new")
    page.get_by_label("Reference").fill("ONE-1")
    page.get_by_label("Name", exact=True).fill("Mara Lindqvist")
    page.get_by_role("button", name="Invite", exact=True).click()
    link = page.locator("output.secret").inner_text()
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_text("Copied.")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == link
    page.get_by_role("link", name="Done").click()
    expect(page.get_by_text("waiting for the applicant").first).to_be_visible()
    assert link not in page.content()
