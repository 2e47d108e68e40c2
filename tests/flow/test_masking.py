"""Personal details are masked until a reviewer states a purpose; unusually frequent viewing is reported."""

from datetime import timedelta

import pytest
from django.urls import reverse

from tests.flow.conftest import LATER
from verification import audit
from verification.audit import viewing
from verification.audit.kinds import KINDS
from verification.models import AuditEvent

pytestmark = pytest.mark.usefixtures("an_hour_later")
NAME, EMAIL = "Alice Example", "alice@example.org"


@pytest.fixture
def case(road, emulator):
    return road.in_review(emulator, name=NAME, email=EMAIL)


def reveal(client, case, purpose="contact", **headers):
    address = reverse("admin:reveal", args=[case.public_id])
    return client.post(address, {"purpose": purpose}, headers=headers)


@pytest.mark.parametrize("group", ["Reviewer", "Senior reviewer", "Auditor"])
def test_no_page_shows_a_person_in_clear(case, signed_in, group):
    client = signed_in(group)
    consent = case.consents.get()
    assert case.address_range
    addresses = [
        reverse("admin:case", args=[case.public_id]),
        reverse("admin:verification_applicant_changelist"),
        reverse("admin:verification_applicant_change", args=[case.applicant.pk]),
        reverse("admin:verification_verification_change", args=[case.pk]),
        reverse("admin:verification_consent_change", args=[consent.pk]),
    ]
    for address in addresses:
        page = client.get(address).content.decode()
        assert NAME not in page, address
        assert EMAIL not in page, address
        assert consent.ip_address not in page, address
        assert case.address_range not in page, address


def test_the_details_are_shown_for_a_purpose_that_is_kept(case, signed_in):
    page = reveal(signed_in(), case).content.decode()
    assert NAME in page
    assert EMAIL in page
    event = AuditEvent.objects.get(kind=viewing.REVEAL)
    assert (event.actor_id, event.subject_id) == ("reviewer", case.public_id)
    assert event.data == {"purpose": "contact"}


def test_the_purpose_in_the_trail_is_the_one_that_was_given(case, signed_in):
    reveal(signed_in(), case, "data_request")
    assert AuditEvent.objects.get(kind=viewing.REVEAL).data == {"purpose": "data_request"}


def test_a_script_gets_the_details_alone(case, signed_in):
    details = reveal(signed_in(), case, Accept="application/json").json()
    assert (details["name"], details["email"], details["ip_addresses"]) == (NAME, EMAIL, "127.0.0.1")


@pytest.mark.parametrize("purpose", ["", "curiosity"])
def test_nothing_is_shown_without_a_purpose(case, signed_in, purpose):
    answer = reveal(signed_in(), case, purpose)
    assert answer.status_code == 422
    assert NAME not in answer.content.decode()
    assert not AuditEvent.objects.filter(kind=viewing.REVEAL).exists()


def test_an_operator_sees_no_details(case, signed_in):
    assert reveal(signed_in("Operator"), case).status_code == 403


# Unusual viewing


def look(case, kind, count, at=LATER, who="reviewer"):
    for number in range(count):
        by = audit.By("reviewer", who)
        viewing.record(kind, by=by, subject=case, now=at + timedelta(milliseconds=number))


def alerts():
    return AuditEvent.objects.filter(kind=viewing.ALERT)


def test_looking_at_a_lot_of_evidence_raises_one_alert(case, signed_in):
    look(case, viewing.EVIDENCE, 60)
    assert not alerts().exists()
    look(case, viewing.EVIDENCE, 10, LATER + timedelta(seconds=1))
    assert alerts().get().data == {"looks": viewing.EVIDENCE, "count": 61, "minutes": 10}


def test_the_same_looks_over_a_longer_time_raise_none(case):
    for part in range(4):
        look(case, viewing.EVIDENCE, 30, LATER + timedelta(minutes=11 * part))
    assert not alerts().exists()


def test_each_kind_of_look_is_watched_by_itself(case):
    look(case, viewing.EVIDENCE, 61)
    look(case, viewing.REVEAL, 31)
    assert sorted(alert.data["looks"] for alert in alerts()) == [viewing.REVEAL, viewing.EVIDENCE]


@pytest.mark.parametrize(
    ("kind", "most"),
    [
        (viewing.EVIDENCE, 60),
        (viewing.CASE, 120),
        (viewing.RECORD, 60),
        (viewing.LIST, 120),
        (viewing.REVEAL, 30),
        (viewing.SEARCH, 120),
    ],
)
def test_one_look_too_many_of_any_kind_raises_the_alert(case, staff, kind, most):
    subject = staff("Auditor", "ada") if "staffuser" in KINDS[kind].subjects else case
    look(subject, kind, most)
    assert not alerts().exists()
    look(subject, kind, 1, LATER + timedelta(seconds=1))
    assert alerts().get().data["looks"] == kind


def test_each_person_is_watched_by_themselves(case):
    for who in ("one", "two"):
        look(case, viewing.REVEAL, 30, who=who)
    assert not alerts().exists()
    for who in ("one", "two"):
        look(case, viewing.REVEAL, 1, LATER + timedelta(seconds=1), who=who)
    assert sorted(alert.actor_id for alert in alerts()) == ["one", "two"]


def test_who_goes_on_looking_raises_another_alert_when_the_first_is_old(case):
    for minutes in (0, 61):
        look(case, viewing.REVEAL, 40, LATER + timedelta(minutes=minutes))
    assert alerts().count() == 2


@pytest.mark.parametrize("act", ["decide", "reveal", "judge_blind"])
def test_the_page_is_never_shown_without_an_event(case, signed_in, act):
    answer = signed_in().post(reverse(f"admin:{act}", args=[case.public_id]), {})
    assert answer.status_code == 422
    assert AuditEvent.objects.filter(kind=viewing.CASE, subject_id=case.public_id).count() == 1


def test_listing_records_is_an_event(case, signed_in):
    signed_in().get(reverse("admin:verification_verificationattempt_changelist"))
    assert AuditEvent.objects.get(kind=viewing.LIST).data == {"records": "verificationattempt"}


def test_a_reviewer_who_pages_through_the_archive_raises_the_alert(case, signed_in):
    client = signed_in("Auditor")
    for _ in range(121):
        client.get(reverse("admin:case", args=[case.public_id]))
    assert alerts().get().actor_id == "auditor"
