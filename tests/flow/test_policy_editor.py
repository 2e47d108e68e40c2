"""The policy page: one senior reviewer drafts, another activates, and nothing bypasses that."""

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.test import Client

from kyc_portal.sandbox.emulator import EmulatorServer
from tests.conftest import Road
from tests.flow import reviewing
from tests.flow.conftest import LATER, PASSWORD, take_second_step
from tests.flow.test_staff_site import AUDITOR, OPERATOR, REVIEWER, SENIOR
from verification.actions import policy as action
from verification.actions import review
from verification.models import AuditEvent, Policy, StaffUser, Verdict

pytestmark = pytest.mark.usefixtures("an_hour_later")
PAGE, NEW, EDIT = "/admin/policy/", "/admin/policy/new", "/admin/policy/draft"
DISCARD, ACTIVATE = "/admin/policy/discard", "/admin/policy/activate"
CONFIRM = "/admin/account/confirm/"
SECOND = "senior2"
WHY = "People approved nearly all between 78 and 80."
Staff = Callable[..., StaffUser]


@pytest.fixture
def desk(staff: Staff) -> Callable[..., Client]:
    """Returns the browser of a member of staff, one for each, who has just re-authenticated."""

    def sit_down(group: str = SENIOR, username: str = "") -> Client:
        client = Client()
        client.force_login(staff(group, username))
        take_second_step(client, staff(group, username))
        return client

    return sit_down


def fields(**changes: Any) -> dict[str, Any]:
    """The fields that the draft's form sends: the draft's values with changes."""
    draft = action.current_draft()
    assert draft is not None
    values: dict[str, Any] = {
        name: "" if value is None else value
        for name, value in action.terms_of(draft).items()
        if value is not False
    }
    return {**values, "change_reason": WHY, "seen": action.fingerprint(draft), **changes}


def draft_of(client: Client, **changes: Any) -> Policy:
    assert client.post(NEW).status_code == 302
    assert client.post(EDIT, fields(**changes)).status_code == 302
    draft = action.current_draft()
    assert draft is not None
    return draft


def seen(draft: Policy | None = None) -> str:
    found = draft or action.current_draft()
    assert found is not None
    return action.fingerprint(found)


def token_of(response: Any) -> str:
    """The CSRF token of a form on this page."""
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', response.content.decode())
    assert found
    return found[1]


def page_of(client: Client) -> str:
    return " ".join(client.get(PAGE).content.decode().split())


# Who


@pytest.mark.parametrize("group", [SENIOR, AUDITOR, OPERATOR])
def test_seniors_auditors_and_operators_read_the_policy(desk: Any, group: str) -> None:
    page = page_of(desk(group))
    assert "Version 1, in force" in page
    assert ("Draft a new version" in page) is (group == SENIOR)


def test_reviewers_do_not(desk: Any) -> None:
    assert desk(REVIEWER).get(PAGE).status_code == 403


@pytest.mark.parametrize("group", [REVIEWER, AUDITOR, OPERATOR])
@pytest.mark.parametrize("address", [NEW, EDIT, DISCARD, ACTIVATE])
def test_only_seniors_change_it(desk: Any, group: str, address: str) -> None:
    draft = draft_of(desk(), approve_at="78")
    response = desk(group).post(address, {**fields(), "version": draft.version})
    assert response.status_code == 403
    assert seen(draft) == seen()
    assert Policy.current().version == 1


@pytest.mark.parametrize("address", [NEW, DISCARD, ACTIVATE])
def test_changing_it_asks_once_more_who_it_is(desk: Any, address: str) -> None:
    draft_of(desk(), approve_at="78")
    form, two = fields(approve_at="70", version=2), desk(username=SECOND)
    with time_machine.travel(LATER + timedelta(minutes=6), tick=False):
        response = two.post(address, form)
        assert two.get(PAGE).status_code == 200
    assert response.status_code == 302
    assert response.url not in {PAGE, EDIT}
    assert action.fingerprint(Policy.objects.get(version=2)) == form["seen"]
    assert Policy.current().version == 1


def test_saving_asks_on_the_page_and_keeps_what_was_typed(desk: Any) -> None:
    one = desk()
    before = draft_of(one, approve_at="85")
    form = fields(approve_at="77", review_hours="7", change_reason="Typed for a quarter of an hour")
    with time_machine.travel(LATER + timedelta(minutes=6), tick=False):
        assert one.get(EDIT).status_code == 200
        response = one.post(EDIT, form)
    page = " ".join(response.content.decode().split())
    assert response.status_code == 403
    assert seen(before) == seen()
    assert 'name="approve_at" value="77"' in page
    assert 'name="review_hours" value="7"' in page
    assert "Typed for a quarter of an hour</textarea>" in page
    assert 'data-error>Please <a href="/admin/account/confirm/" target="_blank"' in page
    assert "then press Save again. What you typed is still here." in page


def test_the_same_page_saves_once_they_have_confirmed(staff: Staff, quick_passwords: None) -> None:
    user, one = staff(SENIOR), Client(enforce_csrf_checks=True)
    user.set_password(PASSWORD)
    user.save()
    draft = action.draft(by=user, now=LATER)
    one.force_login(user)
    form = fields(approve_at="77", csrfmiddlewaretoken=token_of(one.get(EDIT)))
    refused = one.post(EDIT, form)
    assert refused.status_code == 403
    # The other tab.
    confirm = {"password": PASSWORD, "csrfmiddlewaretoken": token_of(one.get(CONFIRM))}
    assert one.post(CONFIRM, confirm)["Location"] == "/admin/"
    assert one.post(EDIT, {**form, "csrfmiddlewaretoken": "x" * 64}).status_code == 403
    assert seen(draft) == seen()
    assert one.post(EDIT, {**form, "csrfmiddlewaretoken": token_of(refused)})["Location"] == PAGE
    assert action.current_draft().approve_at == Decimal(77)


def test_what_is_wrong_is_marked_before_they_confirm(desk: Any) -> None:
    one = desk()
    draft_of(one)
    with time_machine.travel(LATER + timedelta(minutes=6), tick=False):
        response = one.post(EDIT, fields(approve_at="60"))
    assert response.status_code == 403
    assert "At least 70." in response.content.decode()


# Draft, activation and their events


def test_two_people_change_the_policy(desk: Any, road: Road) -> None:
    before = road.invited()
    one, two = desk(), desk(username=SECOND)
    draft = draft_of(one, approve_at="85", qa_share="5")
    page = page_of(two)
    for wanted in (
        "Draft of version 2",
        "Last written by senior,",
        WHY,
        "<del>80</del>",
        "<ins>85</ins>",
        "<ins>5 %</ins>",
    ):
        assert wanted in page
    response = two.post(ACTIVATE, {"seen": seen(draft), "version": "2"}, follow=True)
    assert "Version 2 is in force" in response.content.decode()
    after = road.invited(now=LATER + timedelta(minutes=1))
    before.refresh_from_db()
    assert (before.policy.version, after.policy.version) == (1, 2)
    assert after.policy.approve_at == Decimal(85)
    page = page_of(one)
    assert "Version 2, in force" in page
    assert "Written by senior, activated by senior2" in page


def test_every_step_is_in_the_trail(desk: Any) -> None:
    draft = draft_of(desk(), approve_at="85")
    desk(username=SECOND).post(ACTIVATE, {"seen": seen(draft), "version": "2"})
    draft_of(desk(), approve_at="90")
    desk().post(DISCARD, {"seen": seen()})
    events = AuditEvent.objects.filter(kind__startswith="policy.").order_by("pk")
    assert [(event.kind, event.actor_id) for event in events] == [
        ("policy.drafted", "senior"),
        ("policy.changed", "senior"),
        ("policy.activated", "senior2"),
        ("policy.drafted", "senior"),
        ("policy.changed", "senior"),
        ("policy.discarded", "senior"),
    ]
    assert events[2].data["terms"]["approve_at"] == "85.00"


def test_the_trail_says_which_version_came_after_which_and_when(desk: Any) -> None:
    with time_machine.travel(LATER - timedelta(minutes=4), tick=False):
        draft = draft_of(desk(), approve_at="85")
    desk(username=SECOND).post(ACTIVATE, {"seen": seen(draft), "version": "2"})
    event = AuditEvent.objects.get(kind="policy.activated")
    assert (event.data["version"], event.data["replaces"], event.at) == (2, 1, LATER)
    assert Policy.current().activated_at == LATER


# Two people


def test_its_writer_reads_why_they_cannot_activate_it(desk: Any) -> None:
    one = desk()
    draft_of(one, approve_at="78")
    page = page_of(one)
    assert "You wrote this draft. A colleague has to activate it." in page
    assert ACTIVATE not in page
    assert ACTIVATE in page_of(desk(username=SECOND))


def test_a_post_by_hand_of_its_writer_is_refused(desk: Any) -> None:
    one = desk()
    draft = draft_of(one, approve_at="78")
    assert one.post(ACTIVATE, {"seen": seen(draft), "version": "2"}).status_code == 403
    assert Policy.current().version == 1


def test_whoever_changed_a_colleagues_draft_last_cannot_activate_it(desk: Any) -> None:
    one, two = desk(), desk(username=SECOND)
    draft_of(one, approve_at="78")
    two.post(EDIT, fields(approve_at="79"))
    assert two.post(ACTIVATE, {"seen": seen(), "version": "2"}).status_code == 403
    assert one.post(ACTIVATE, {"seen": seen(), "version": "2"}).status_code == 302


def test_the_database_refuses_a_policy_that_its_writer_activates(desk: Any, staff: Staff) -> None:
    draft = draft_of(desk(), approve_at="78")
    writer = staff(SENIOR)
    with pytest.raises(IntegrityError, match="policy_nobody_activates_their_own"), transaction.atomic():
        Policy.objects.filter(pk=draft.pk).update(activated_by=writer, activated_at=LATER)


def test_the_database_refuses_a_policy_that_nobody_activates(desk: Any) -> None:
    draft = draft_of(desk(), approve_at="78")
    with pytest.raises(IntegrityError, match="a person puts a policy into force"), transaction.atomic():
        Policy.objects.filter(pk=draft.pk).update(activated_at=LATER)


# Confirmation


@pytest.mark.parametrize("typed", ["", "1", "3", "two"])
def test_the_number_of_the_version_has_to_be_typed(desk: Any, typed: str) -> None:
    draft = draft_of(desk(), approve_at="78")
    response = desk(username=SECOND).post(ACTIVATE, {"seen": seen(draft), "version": typed})
    assert response.status_code == 400
    assert "field-error" in response.content.decode()
    assert Policy.current().version == 1


def test_a_draft_that_changes_nothing_cannot_come_into_force(desk: Any) -> None:
    two = desk(username=SECOND)
    two.post(ACTIVATE, {"seen": seen(draft_of(desk(), approve_at="78")), "version": "2"})
    draft = draft_of(desk())
    assert ACTIVATE not in page_of(two)
    response = two.post(ACTIVATE, {"seen": seen(draft), "version": "3"})
    assert response.status_code == 400
    assert "This draft changes nothing." in response.content.decode()


def test_a_draft_without_a_reason_cannot_come_into_force(desk: Any, staff: Staff) -> None:
    desk().post(NEW)
    draft = action.current_draft()
    terms = {**action.terms_of(draft), "approve_at": Decimal(85)}
    action.change(draft, terms=terms, reason=" ", seen=seen(draft), by=staff(SENIOR), now=LATER)
    response = desk(username=SECOND).post(ACTIVATE, {"seen": seen(), "version": "2"})
    assert response.status_code == 400
    assert Policy.current().version == 1


# Concurrent changes


def test_a_stale_page_activates_nothing(desk: Any) -> None:
    one, two = desk(), desk(username=SECOND)
    read = seen(draft_of(one, approve_at="85"))
    one.post(EDIT, fields(approve_at="70"))
    response = two.post(ACTIVATE, {"seen": read, "version": "2"})
    assert response.status_code == 409
    assert "The draft was changed since you opened it. Read it again." in response.content.decode()
    assert Policy.current().version == 1


def test_another_reason_is_another_draft(desk: Any) -> None:
    one, two = desk(), desk(username=SECOND)
    read = seen(draft_of(one, approve_at="85"))
    one.post(EDIT, fields(change_reason="Because I say so."))
    assert two.post(ACTIVATE, {"seen": read, "version": "2"}).status_code == 409
    assert Policy.current().version == 1


def test_a_stale_form_overwrites_nothing_and_shows_what_was_typed(desk: Any) -> None:
    one, two = desk(), desk(username=SECOND)
    draft_of(one, approve_at="85")
    stale = fields(approve_at="90", change_reason="Mine")
    two.post(EDIT, fields(approve_at="82", change_reason="Theirs"))
    response = one.post(EDIT, stale)
    assert response.status_code == 409
    page = response.content.decode()
    assert "What you had typed" in page
    assert "Mine" in page
    draft = action.current_draft()
    assert (draft.approve_at, draft.change_reason) == (Decimal(82), "Theirs")


def test_a_stale_discard_keeps_the_draft(desk: Any) -> None:
    one, two = desk(), desk(username=SECOND)
    read = seen(draft_of(one, approve_at="85"))
    two.post(EDIT, fields(approve_at="82"))
    assert one.post(DISCARD, {"seen": read}).status_code == 409
    assert action.current_draft() is not None


@pytest.mark.parametrize("address", [EDIT, DISCARD, ACTIVATE])
def test_a_draft_that_is_gone_is_a_conflict(desk: Any, address: str) -> None:
    one = desk()
    draft_of(one, approve_at="85")
    form = fields(version="2")
    one.post(DISCARD, {"seen": seen()})
    assert desk(username=SECOND).post(address, form).status_code == 409
    assert Policy.current().version == 1


def test_there_is_one_draft_at_a_time(desk: Any) -> None:
    draft_of(desk(), approve_at="85")
    response = desk(username=SECOND).post(NEW)
    assert response.status_code == 409
    assert Policy.objects.count() == 2


@pytest.mark.parametrize("address", [NEW, DISCARD, ACTIVATE])
def test_nothing_happens_by_opening_an_address(desk: Any, address: str) -> None:
    draft_of(desk(), approve_at="85")
    desk(username=SECOND).get(address)
    assert Policy.objects.count() == 2
    assert Policy.current().version == 1


# Values


@pytest.mark.parametrize(
    ("term", "value"),
    [
        ("approve_at", "69.99"),
        ("approve_at", "100.01"),
        ("approve_at", "101"),
        ("approve_at", "80.001"),
        ("approve_at", ""),
        ("approve_at", "high"),
        ("approve_at", "NaN"),
        ("qa_share", "-1"),
        ("qa_share", "100.01"),
        ("second_share", "101"),
        ("second_below", "69"),
        ("second_below", "101"),
        ("liveness_mode", "NONE"),
        ("action_count", "0"),
        ("action_count", "3"),
        ("max_attempts", "0"),
        ("max_attempts", "11"),
        ("link_days", "0"),
        ("review_hours", "0"),
        ("retention_days", "0"),
        ("change_reason", " "),
        ("change_reason", "x" * 301),
    ],
)
def test_a_value_out_of_range_is_marked_and_nothing_saved(desk: Any, term: str, value: str) -> None:
    one = desk()
    draft = draft_of(one, approve_at="85")
    response = one.post(EDIT, fields(**{term: value}))
    assert response.status_code == 400
    assert list(response.context["form"].errors) == [term]
    assert seen(draft) == seen()


@pytest.mark.parametrize(
    ("term", "value", "sentence"),
    [
        ("approve_at", "69.99", "At least 70."),
        ("second_below", "100.01", "At most 100."),
        ("qa_share", "-1", "At least 0."),
        ("link_days", "0", "At least 1."),
        ("link_days", "366", "At most 365."),
        ("approve_at", "80.001", "At most 2 decimal places."),
        ("change_reason", " ", "Say why the policy is changed."),
    ],
)
def test_an_error_is_tied_to_its_field(desk: Any, term: str, value: str, sentence: str) -> None:
    one = desk()
    draft_of(one)
    page = one.post(EDIT, fields(**{term: value})).content.decode()
    assert f'id="id_{term}_error">{sentence}</p>' in page
    assert f'aria-describedby="id_{term}_helptext id_{term}_error"' in page


def test_every_field_is_described_by_what_is_on_the_page(desk: Any) -> None:
    one = desk()
    draft_of(one)
    page = one.post(EDIT, fields(approve_at="1", change_reason="")).content.decode()
    described = " ".join(re.findall(r'aria-describedby="([^"]+)"', page)).split()
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(described) == len(action.TERMS) + 1 + 2
    assert {name: ids.count(name) for name in described} == dict.fromkeys(described, 1)


@pytest.mark.parametrize("value", ["70", "70.00", "100"])
def test_the_ends_of_the_range_are_values(desk: Any, value: str) -> None:
    assert draft_of(desk(), approve_at=value).approve_at == Decimal(value)


def test_the_form_shows_the_draft_and_what_is_in_force(desk: Any) -> None:
    one = desk()
    draft_of(one, max_attempts="5", second_below="75")
    page = one.get(EDIT).content.decode()
    assert 'name="max_attempts" value="5"' in page
    assert "in force: 3" in page
    assert 'name="second_below" value="75.00"' in page


def test_switches_can_be_set_off(desk: Any) -> None:
    one = desk()
    one.post(NEW)
    form = fields()
    del form["second_for_override"]
    one.post(EDIT, form)
    assert action.current_draft().second_for_override is False
    assert "One person alone could approve what the vendor did not pass, unless" in page_of(one)


@pytest.mark.parametrize("switch", ["second_for_override", "second_for_flags"])
def test_a_switch_that_is_off_stays_off_in_the_next_draft(desk: Any, switch: str) -> None:
    one, two = desk(), desk(username=SECOND)
    one.post(NEW)
    form = fields()
    form.pop(switch, None)
    one.post(EDIT, form)
    two.post(ACTIVATE, {"seen": seen(), "version": "2"})
    assert getattr(Policy.current(), switch) is False
    one.post(NEW)
    assert getattr(action.current_draft(), switch) is False


def test_a_share_of_documents_needs_a_number(desk: Any) -> None:
    one = desk()
    draft_of(one)
    page = one.post(EDIT, fields(document_check="share")).content.decode()
    assert 'id="id_document_share_error">Say which share: more than 0.</p>' in page
    assert draft_of_share(one).document_share == Decimal(20)


def draft_of_share(one: Client) -> Policy:
    assert one.post(EDIT, fields(document_check="share", document_share="20")).status_code == 302
    draft = action.current_draft()
    assert draft is not None
    return draft


def test_the_checklist_keeps_the_order_of_its_list(desk: Any) -> None:
    draft = draft_of(desk(), document_checklist=["not_expired", "accepted_kind"], document_kinds=["passport"])
    assert draft.document_checklist == ["accepted_kind", "not_expired"]
    assert draft.document_kinds == ["passport"]


@pytest.mark.parametrize("term", ["document_kinds", "document_checklist"])
@pytest.mark.parametrize("chosen", [[], ["library_card"]])
def test_a_list_takes_only_what_is_on_it_and_at_least_one(desk: Any, term: str, chosen: list[str]) -> None:
    one = desk()
    before = draft_of(one)
    assert one.post(EDIT, fields(**{term: chosen})).status_code == 400
    assert getattr(action.current_draft(), term) == getattr(before, term)


# Simulation


def effect(client: Client) -> list[str]:
    return [line.sentence for line in client.get(PAGE).context["effect"]]


@pytest.mark.parametrize(
    ("terms", "sentence"),
    [
        ({"document_check": "always"}, "about 2 would wait for a person who checks the document."),
        ({"document_check": "share", "document_share": "50"}, "about 1 would wait for a person"),
    ],
)
def test_the_draft_says_how_many_would_wait_for_a_document_check(
    desk: Any, road: Road, emulator: EmulatorServer, terms: dict[str, str], sentence: str
) -> None:
    for similarity in (92.0, 83.0):
        road.judged(emulator, {"sim": similarity})
    one = desk()
    draft_of(one, **terms)
    (line,) = effect(one)
    assert line.startswith("Of the 2 that would pass by themselves")
    assert sentence in line


def test_the_draft_says_what_it_would_have_done(
    desk: Any, road: Road, emulator: EmulatorServer, staff: Staff
) -> None:
    for similarity in (92.0, 83.0, 76.0):
        case = road.judged(emulator, {"sim": similarity})
    review.decide(
        case,
        verdict=Verdict.APPROVE,
        reason_code="same_person",
        note="",
        shown=reviewing.seen(case),
        by=staff(REVIEWER),
        now=LATER,
    )
    one = desk()
    draft_of(one, approve_at="85")
    assert effect(one) == ["At 85, 1 more would go to review: nobody looked at 1."]
    one.post(
        EDIT, fields(approve_at="75", qa_share="50", second_below="77", max_attempts="2", review_hours="1")
    )
    found = effect(one)
    assert found[0] == "At 75, 1 more would pass by themselves: people approved 1."
    assert found[1].startswith("Below 80 (75): NIST SP 800-63A-4")
    assert found[2:] == [
        "Of the 3 that would pass by themselves, about 2 would be spot checks, not 0.",
        "Of 2 automatic passes, 0 needed more than 2 attempts: they would be in review.",
        "Of 1 approvals by people, 1 would take a second person by rule; now it is 0.",
        "0 decisions by people took longer than 1 hour; 0 took longer than 24 hours.",
    ]


def test_the_record_page_of_a_policy_can_only_be_read(desk: Any) -> None:
    draft = draft_of(desk(), approve_at="85")
    address = f"/admin/verification/policy/{draft.pk}/"
    assert desk().get(f"{address}change/").status_code == 200
    assert desk().post(f"{address}change/", {"approve_at": "70"}).status_code == 403
    assert desk().post(f"{address}delete/", {"post": "yes"}).status_code == 403
    assert desk().get("/admin/verification/policy/add/").status_code == 403
