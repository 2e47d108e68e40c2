"""The page of the trail: deeds apart from looks, days that are included, and the case behind each event."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from tests.conftest import NOW
from verification import audit
from verification.models import AuditEvent, Verification

PAGE = "/admin/trail/"


@pytest.fixture
def auditor(signed_in: Callable[[str], Client]) -> Client:
    return signed_in("Auditor")


@pytest.fixture
def case(road: Any, emulator: Any) -> Verification:
    judged: Verification = road.judged(emulator, {"sim": 93.5}, reference="CUST-77")
    return judged


def kinds(client: Client, **asked: Any) -> list[str]:
    return [row["kind"] for row in client.get(PAGE, asked).context["rows"]]


def test_deeds_come_first_and_looks_are_apart(auditor: Client, case: Verification) -> None:
    auditor.get(f"/admin/case/{case.public_id}/")
    deeds = kinds(auditor)
    assert "decision.approved_by_policy" in deeds
    assert not {"case.viewed", "records.listed"} & set(deeds)
    looks = kinds(auditor, show="looks")
    assert {"case.viewed", "records.listed"} == set(looks)
    assert set(kinds(auditor, show="all")) >= {"case.viewed", "decision.approved_by_policy"}


def test_the_newest_event_is_the_first(auditor: Client, case: Verification) -> None:
    found = kinds(auditor)
    assert found.index("decision.approved_by_policy") < found.index("verification.invited")


def test_each_event_leads_to_its_case_and_says_what_it_was(auditor: Client, case: Verification) -> None:
    page = auditor.get(PAGE).content.decode()
    link = f'<a href="/admin/case/{case.public_id}/">CUST-77</a>'
    of_case = ("verification", "verificationattempt", "document", "providercall")
    assert page.count(link) == AuditEvent.objects.filter(subject_kind__in=of_case).count()
    assert '<p class="trail-what">Approved by policy</p>' in page
    assert "decision.approved_by_policy" in page, "the exact kind is among the details"


def test_an_event_about_a_member_of_staff_names_them(auditor: Client, staff: Any) -> None:
    member = staff("Reviewer", "rosa")
    audit.record("staff.unlocked", by=audit.By("operator", "olga"), subject=member, at=NOW)
    assert '<p class="trail-about">\n            rosa\n' in auditor.get(PAGE).content.decode()


def test_both_days_are_included(auditor: Client, road: Any) -> None:
    midnight = NOW.replace(hour=0, minute=0, second=0, microsecond=0)
    for days in (0, 1, 2):
        for at in (midnight + timedelta(days=days), midnight + timedelta(days=days + 1, microseconds=-1)):
            road.invited(now=at)
    first = (midnight + timedelta(days=1)).date().isoformat()
    assert len(kinds(auditor, kind="verification.invited", first=first, last=first)) == 2
    assert len(kinds(auditor, kind="verification.invited", last=first)) == 4
    assert len(kinds(auditor, kind="verification.invited", first=first)) == 4


def test_the_trail_can_be_narrowed_to_a_person_and_to_a_record(auditor: Client, case: Verification) -> None:
    assert set(kinds(auditor, who=case.applicant.public_id)) >= {"consent.given", "document.uploaded"}
    attempt = case.attempts.get()
    assert set(kinds(auditor, about=attempt.public_id)) >= {"attempt.prepared", "attempt.finished"}
    assert kinds(auditor, who="somebody-else") == []


def test_pages_hold_every_event_once(auditor: Client, road: Any) -> None:
    cases = [road.invited(now=NOW).public_id for _ in range(120)]
    asked: dict[str, str] = {"kind": "verification.invited"}
    seen: list[str] = []
    page = auditor.get(PAGE, asked).context
    while True:
        seen += [row["subject_id"] for row in page["rows"]]
        if not page["page"].next:
            break
        page = auditor.get(PAGE, {**asked, "after": page["page"].next}).context
    assert seen == cases[::-1]
    back = auditor.get(PAGE, {**asked, "before": page["page"].previous}).context
    assert [row["subject_id"] for row in back["rows"]] == cases[::-1][50:100]


@pytest.mark.parametrize(
    "asked",
    [
        {"first": "2026-02-30"},
        {"last": "9999-12-31"},
        {"show": "x"},
        {"after": "x"},
        {"kind": "x' OR 1=1"},
        {"about": "☃" * 400},
    ],
)
def test_what_cannot_be_read_breaks_nothing(auditor: Client, asked: dict[str, str]) -> None:
    assert auditor.get(PAGE, asked).status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("group", ["Reviewer", "Operator"])
def test_only_auditors_and_seniors_see_it(signed_in: Callable[[str], Client], group: str) -> None:
    assert signed_in(group).get(PAGE).status_code == 403
