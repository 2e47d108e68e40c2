"""Every act on one case, in every situation, by every role: the third table of docs/permissions.md."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from tests.conftest import NOW, Road, undone_later
from tests.flow.matrix import STAFF_ROLES, addresses, browser, browser_of, for_a_module, member, undone
from tests.flow.reviewing import NOTE, shown
from tests.flow.situations import LEADS_TO, Cases
from verification import audit
from verification.actions.api_client import create_client
from verification.actions.review import WITHDRAWN
from verification.audit import viewing
from verification.evidence.judged import evidence_hash
from verification.models import AuditEvent, StaffUser, Verification
from verification.permissions import Group
from verification.permissions.situations import (
    ACTS,
    DIFFERS,
    DONE,
    NOTHING,
    PROPOSED,
    SITUATIONS,
    TOGETHER,
    VERDICTS,
    VOID,
    Situation,
)
from verification.review.case.evidence import KINDS
from verification.rules.reasons import reasons_for
from verification.states import Status

ENDS = {
    "approve": Status.APPROVED,
    "decline": Status.DECLINED,
    "ask_again": Status.COLLECTING,
    "cancel": Status.CANCELLED,
}
# The viewing events that a successful act writes.
LOOKS = {
    "open": [viewing.CASE],
    "evidence": [viewing.EVIDENCE],
    "reveal": [viewing.REVEAL, viewing.CASE],
    "pack": [viewing.PACK],
}
# Acts that answer with a redirect, whether they changed something or not.
LED_ON = {"claim", "release", "reopen", "check_document", "judge_blind", *VERDICTS, *TOGETHER}
WITHOUT_A_REVIEW = {"claim", "renew", "release", "check_document", "assign", "take_back", "note", "rerun"}
# Acts whose form sends the version of its page.
OF_A_PAGE = {*VERDICTS, "check_document", "judge_blind", "reopen"}
REVIEWERS = {Group.REVIEWER, Group.SENIOR}
# A superuser without a group represents everybody without a group.
ROLES = {role: group for role, group in STAFF_ROLES.items() if role != "no group"}
# Here the tests try every kind of evidence, and every verdict by roles that may not decide; elsewhere only one.
THOROUGHLY = {"free", "erased"}
OUT_OF_DATE = {"page out of date", "declined, page out of date"}
SENT_TO_THE_API: tuple[dict[str, str], ...] = (
    {},
    {"status": "approved", "outcome": "approved"},
    {"verdict": "approve", "reason_code": "same_person", "note": NOTE},
    {"verdict": "decline", "reason_code": "different_person", "note": NOTE},
    {"reason": "no_longer_needed"},
)


@dataclass
class Made:
    """The objects that all tests share; `key` belongs to the API client of the plain case."""

    cases: Cases
    key: str
    browsers: dict[str, Client]


@pytest.fixture(scope="module")
def made(django_db_setup, django_db_blocker, emulator_server) -> Iterator[Made]:
    with for_a_module(django_db_blocker, emulator_server):
        caller = create_client(name="CRM", by=audit.By.shell(), now=NOW)
        seniors = member(Group.SENIOR, "other"), member(Group.SENIOR, "third")
        cases = Cases(Road(), emulator_server, seniors, caller.record.client)
        yield Made(cases, caller.key, {role: browser_of(member(role)) for role in ROLES})


@pytest.fixture
def cases(made, db) -> Cases:
    return made.cases


def test_every_situation_of_the_table_is_made_here():
    assert [situation.name for situation in SITUATIONS] == list(LEADS_TO)
    assert all(set(situation.reviewer) | set(situation.senior) <= set(ACTS) for situation in SITUATIONS)


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda situation: situation.name)
def test_an_act_comes_to_what_the_table_says(made, cases, situation):
    other, third = member(Group.SENIOR, "other"), member(Group.SENIOR, "third")
    case = cases[situation.name]
    wrong = []
    for role, group in ROLES.items():
        with undone_later():
            me = member(role)
            # Auditors and operators can't do these acts, so a colleague does them.
            LEADS_TO[situation.name](case, me if group in REVIEWERS else third, other)
            pages = pages_of(case, cases.unrelated, situation)
            client = made.browsers[role]
            wrong += [f"{role}: {fault}" for fault in faults(situation, case, me, group, client, pages)]
            transaction.set_rollback(True)
        case.refresh_from_db()
    assert not wrong, "\n".join(wrong)


def pages_of(case: Verification, unrelated: Verification, situation: Situation) -> list[dict[str, Any]]:
    """The form fields that the page sends; in a situation with an outdated page, outdated ones."""
    page = shown(case)
    if situation.name not in OUT_OF_DATE:
        return [page]
    return [{**page, "version": page["version"] - 1}] + (
        [{**page, "evidence_sha256": evidence_hash(unrelated)}] if case.status == Status.IN_REVIEW else []
    )


def faults(
    situation: Situation,
    case: Verification,
    me: StaffUser,
    group: Group | None,
    client: Client,
    pages: list[dict[str, Any]],
) -> list[str]:
    before, seen = state(case), len(looks_at(case))
    forms = {act: form_of(act, case, me) for act in ACTS}
    found = []
    for act in acts_of(group, situation):
        wanted = situation.answer(group, act)
        sent = pages if act in OF_A_PAGE else pages[:1]
        tries = [(way, page) for way in ways(act, situation, case) for page in sent]
        for way, page in tries:
            with undone(client):
                status = send(client, act, way, {**page, **forms[act]})
                came_to, looked = outcome(case, me, act, status, before), looks_at(case)[seen:]
            if came_to != wanted:
                found.append(f"{act} {way}: {came_to} ({status}) instead of {wanted}")
            if looked != [(kind, me.username) for kind in looks_of(act, status)]:
                found.append(f"{act} {way}: {status} with {looked} in the trail")
    case.refresh_from_db()
    return found


def acts_of(group: Group | None, situation: Situation) -> list[str]:
    every = group in REVIEWERS or situation.name in THOROUGHLY
    return [act for act in ACTS if every or act not in VERDICTS[1:]]


def ways(act: str, situation: Situation, case: Verification) -> list[str]:
    """The URLs at which the test tries the act."""
    base = f"/admin/case/{case.public_id}/"
    if act == "evidence":
        attempt, photo = case.attempts.last(), case.documents.last()
        ids = dict.fromkeys(KINDS, attempt.public_id) | {"photo": photo.public_id}
        kinds = KINDS if situation.name in THOROUGHLY else ["video"]
        return [f"/admin/evidence/{kind}/{ids[kind]}" for kind in kinds]
    ends = {"open": "", "judge_blind": "blind", "check_document": "document", "take_back": "take-back"}
    ends |= dict.fromkeys(VERDICTS, "decide")
    return [base + ends.get(act, act)]


def form_of(act: str, case: Verification, me: StaffUser) -> dict[str, Any]:
    """The fields that a reviewer fills in for this act."""
    own: dict[str, dict[str, Any]] = {
        "reveal": {"purpose": "contact"},
        "pack": {"purpose": "audit", "reason": "A test."},
        "check_document": {"document_kind": "passport", "document_name_matches": "yes", "note": NOTE},
        "judge_blind": {"verdict": "approve", "note": NOTE},
        "assign": {"to": member(Group.SENIOR, "third").pk},
        "note": {"text": NOTE},
        "cancel": {"cancel_reason": "not_needed", "cancel_note": NOTE},
        "rerun": {
            "rerun_attempt": case.attempts.last().public_id,
            "rerun_number": 1,
            "rerun_reason": NOTE,
            "rerun_sure": "on",
        },
    }
    if act in own:
        return own[act]
    reasons = [reason.code for reason in reasons_for(act)]
    if act == "hand_back" and case.proposal is not None and case.proposal.by == me:
        reasons = [WITHDRAWN]
    return {"verdict": act, "reason_code": reasons[0], "hours": 4, "note": NOTE} if reasons else {}


def send(client: Client, act: str, url: str, fields: dict[str, Any]) -> int:
    response = client.get(url) if act in {"open", "evidence"} else client.post(url, fields)
    response.close()
    return int(response.status_code)


def state(case: Verification) -> dict[str, Any]:
    """Everything that an act could change: the case's fields, its reviews, and its events without viewing events."""
    case.refresh_from_db()
    row = {field.attname: getattr(case, field.attname) for field in case._meta.concrete_fields}
    about = AuditEvent.objects.filter(subject_id=case.public_id).exclude(kind__in=viewing.LOOKS)
    return {**row, "reviews": case.reviews.count(), "events": about.count()}


def looks_at(case: Verification) -> list[tuple[str, str]]:
    """Kind and user of each viewing event of the case."""
    looks = AuditEvent.objects.filter(subject_id=case.public_id, kind__in=viewing.LOOKS)
    return list(looks.order_by("pk").values_list("kind", "actor_id"))


def looks_of(act: str, status: int) -> list[str]:
    if status == 200:
        return LOOKS.get(act, [])
    # A refused act shows the case's page with the reason, which is a view; a script sends "renew" and gets JSON.
    return [viewing.CASE] if status in {409, 422} and act != "renew" else []


def outcome(case: Verification, me: StaffUser, act: str, status: int, before: dict[str, Any]) -> str:
    """The outcome of an act, from the state after it; "?" if the status does not fit that state."""
    after = state(case)
    if act in LOOKS and status == 200:
        return DONE if after == before else "?"
    if after == before:
        return NOTHING if status == 302 and act in LED_ON else str(status) if status >= 400 else "?"
    if status == 409 and before["proposal_id"] and after["proposal_id"] is None:
        changed = {name for name in after if after[name] != before[name]}
        return VOID if changed == {"proposal_id", "version", "events"} else "?"
    if status != (302 if act in LED_ON else 200):
        return "?"
    if act in WITHOUT_A_REVIEW:
        return _done_without_a_review(case, me, act, before)
    return _done(case, me, act, before)


def _done_without_a_review(case: Verification, me: StaffUser, act: str, before: dict[str, Any]) -> str:
    holds = {
        "claim": case.claimed_by == me and case.claimed_until != before["claimed_until"],
        "renew": case.claimed_by == me and case.claimed_until != before["claimed_until"],
        "release": case.claimed_by is None,
        "check_document": case.document_checks.filter(by=me).count() == 1,
        "assign": case.assigned_to == member(Group.SENIOR, "third"),
        "take_back": case.assigned_to is None,
        "note": case.notes.filter(by=me).count() == 1,
        "rerun": case.reruns.filter(requested_by=me).count() == 1,
    }
    return DONE if holds[act] else "?"


def _done(case: Verification, me: StaffUser, act: str, before: dict[str, Any]) -> str:
    written = case.reviews.last()
    if written is None or written.by != me or case.reviews.count() != before["reviews"] + 1:
        return "?"
    if act == "reopen":
        return DONE if case.status == Status.IN_REVIEW else "?"
    if act == "step_aside" and case.proposal is not None and case.proposal.by == me:
        return "?"
    if act in ENDS and case.status == Status.IN_REVIEW and case.dissent == written:
        return DIFFERS
    if act in ENDS and case.status == Status.IN_REVIEW:
        return PROPOSED if case.proposal == written else "?"
    return DONE if case.status == ENDS.get(act, Status.IN_REVIEW) else "?"


def api_urls(case: Verification) -> list[str]:
    """Every address of the API, and some plausible ones that do not exist."""
    served = [path for path in addresses() if path.startswith("api/")]
    one = f"api/v1/verifications/{case.public_id}"
    tried = [f"{one}/{act}" for act in ("decide", "approve", "reopen", "claim", "blind", "reviews")]
    return [
        f"/{path.replace('<verification_id:verification_id>', case.public_id)}" for path in served + tried
    ]


def test_the_api_knows_no_member_of_staff(made, cases):
    answers = call_the_api(made.browsers[Group.SENIOR], cases["free"])
    assert set(answers.values()) == {NOTHING}
    cases_of_the_api = {status for path, status in answers if path.startswith("/api/v1/verifications")}
    assert cases_of_the_api == {401, 404}


def test_a_caller_cancels_its_case_at_most_and_decides_nothing(made, cases):
    case = cases["free"]
    answers = call_the_api(browser(Authorization=f"Bearer {made.key}"), case)
    done = {(path, status): came_to for (path, status), came_to in answers.items() if came_to != NOTHING}
    assert done == {(f"/api/v1/verifications/{case.public_id}/cancel", 200): Status.CANCELLED}


def call_the_api(client: Client, case: Verification) -> dict[tuple[str, int], str]:
    """By address and response status: the case's status afterwards, or NOTHING if the case did not change."""
    before, answers = state(case), {}
    for path in api_urls(case):
        for method in ("GET", "DELETE", "POST", "PUT", "PATCH"):
            for body in SENT_TO_THE_API if method.startswith("P") else ({},):
                with undone(client):
                    response = client.generic(method, path, json.dumps(body), "application/json")
                    after = state(case)
                    assert after["reviews"] == before["reviews"], path
                answers[path, response.status_code] = NOTHING if after == before else after["status"]
    case.refresh_from_db()
    return answers
