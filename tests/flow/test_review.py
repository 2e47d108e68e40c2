"""A reviewer at a case: the content of the page, the effect of a decision, and acts that work only once."""

from collections.abc import Callable
from datetime import datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
import time_machine
from django.urls import reverse

from tests.conftest import NOW
from tests.flow.conftest import LATER
from tests.flow.reviewing import change, policy
from verification import audit
from verification.actions import assess, claim, erase
from verification.evidence.judged import evidence_hash
from verification.models import AuditEvent, Review, Verification
from verification.states import Status

pytestmark = pytest.mark.usefixtures("an_hour_later")
BAND = {"sim": 74.2}
MISSED = {"result": "FailedOperation.ActionFirstAction"}
QUEUE = "/admin/queue/"
WHY = "The ears and the nose differ."


def page_of(case) -> str:
    return reverse("admin:case", args=[case.public_id])


def decision(case, verdict="decline", reason="different_person", **changes: Any) -> dict[str, Any]:
    fields = {
        "verdict": verdict,
        "reason_code": reason,
        "note": WHY,
        "version": case.version,
        "evidence_sha256": evidence_hash(case),
    }
    return fields | changes


def decide(client, case, *args, **changes):
    return client.post(reverse("admin:decide", args=[case.public_id]), decision(case, *args, **changes))


class Inline(HTMLParser):
    """Collects markup that a strict content security policy refuses."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        names = {name for name, _ in attrs}
        if tag == "style" or (tag == "script" and "src" not in names):
            self.found.append(tag)
        self.found += [name for name in names if name == "style" or name.startswith("on")]


def test_the_case_page_tells_what_a_reviewer_needs(road, emulator, signed_in):
    case = road.judged(emulator, BAND)
    page = signed_in().get(page_of(case)).content.decode()
    call = case.attempts.get().calls.get()
    for wanted in (
        "A••• E•••",
        "74.2: between 70 and 80",
        "about 1 in 10,000",
        call.request_id,
        call.region,
        "version 1, approves from 80",
        "similarity_band",
        case.documents.get().normalised_sha256,
        "Consent given",
    ):
        assert wanted in page


def test_a_case_with_all_attempts_used_has_a_page(road, emulator, signed_in):
    page = signed_in().get(page_of(road.judged(emulator, MISSED, MISSED, MISSED))).content.decode()
    assert "No score" in page
    assert "3 of 3" in page


def after(minutes: int) -> Callable[[], datetime]:
    return lambda: NOW + timedelta(minutes=minutes)


def test_a_case_that_the_vendor_failed_has_a_page(road, emulator, signed_in):
    emulator.script(error="InternalError", times=3)
    case = road.with_photo()
    attempt = road.record(case)
    for minutes in (1, 2, 3):
        assess.assess(attempt.public_id, clock=after(minutes))
    page = signed_in().get(page_of(case)).content.decode()
    assert "The vendor&#x27;s service kept failing" in page
    assert "The vendor sent no frame" in page


def test_an_earlier_attempt_can_be_shown(road, emulator, signed_in):
    case = road.judged(emulator, MISSED, BAND)
    page = signed_in().get(f"{page_of(case)}?attempt=1")
    assert page.context["shown"].number == 1
    assert signed_in().get(page_of(case)).context["shown"].number == 2


def test_a_case_that_has_just_begun_has_a_page(road, signed_in):
    page = signed_in().get(page_of(road.invited())).content.decode()
    assert "No attempt yet" in page
    assert 'id="decision"' not in page


def test_opening_a_case_is_an_event(road, emulator, signed_in):
    case = road.in_review(emulator)
    signed_in().get(page_of(case))
    event = AuditEvent.objects.get(kind="case.viewed")
    assert (event.subject_id, event.actor_kind, event.actor_id) == (case.public_id, "reviewer", "reviewer")


def test_looks_are_kept_apart_from_the_timeline(road, emulator, signed_in):
    case = road.in_review(emulator)
    signed_in().get(page_of(case))
    page = signed_in().get(page_of(case)).context
    assert [row["what"] for row in page["looks"]] == ["Case opened", "Case opened"]
    assert "Case opened" not in {row["what"] for row in page["timeline"]}


def test_the_timeline_tells_of_the_photo_the_recording_and_the_answer_too(road, emulator, signed_in):
    page = signed_in().get(page_of(road.in_review(emulator))).context
    shown_events = {row["what"] for row in page["timeline"]}
    assert {"Invited", "ID photo uploaded", "Recording normalised", "Attempt finished"} <= shown_events


def test_the_event_of_an_opened_case_says_in_which_version(road, emulator, signed_in):
    case = road.in_review(emulator)
    signed_in().get(page_of(case))
    assert AuditEvent.objects.get(kind="case.viewed").data == {"version": case.version}


def test_a_case_leads_to_others_of_the_applicant_and_to_what_is_shared(road, emulator, signed_in):
    case, same = road.in_review(emulator), road.in_review(emulator)
    change(same, applicant=case.applicant)
    road.in_review(emulator)
    page = signed_in().get(page_of(case))
    assert [row["case"] for row in page.context["others"]] == [same]
    assert reverse("admin:shared", args=[case.public_id]) in page.content.decode()


def test_an_unknown_case_is_not_found(signed_in):
    assert signed_in().get("/admin/case/ver_none/").status_code == 404


def test_a_hostile_name_is_inert(road, emulator, signed_in):
    case = road.in_review(emulator, name="<script>alert(1)</script>")
    client = signed_in("Senior reviewer")
    for address in (QUEUE, page_of(case), "/admin/verification/applicant/"):
        assert "<script>alert" not in client.get(address).content.decode()


# Decisions


@pytest.mark.parametrize(
    ("verdict", "reason", "note", "status"),
    [
        ("approve", "same_person", "", Status.APPROVED),
        ("decline", "different_person", WHY, Status.DECLINED),
        ("ask_again", "video_unclear", "", Status.COLLECTING),
        ("ask_again", "photo_unclear", "", Status.COLLECTING),
    ],
)
def test_a_verdict_takes_effect(road, emulator, signed_in, staff, verdict, reason, note, status):
    case = road.judged(emulator, BAND)
    response = decide(signed_in(), case, verdict, reason, note=note)
    case.refresh_from_db()
    assert response.url == QUEUE
    assert case.status == status
    made = Review.objects.get()
    assert (made.verdict, made.reason_code, made.note, made.by) == (verdict, reason, note, staff("Reviewer"))


@pytest.mark.parametrize("note", ["", "No.", " " * 20])
def test_declining_needs_a_note_and_the_form_says_so(road, emulator, signed_in, note):
    case, client = road.judged(emulator, BAND), signed_in()
    client.post(reverse("admin:claim", args=[case.public_id]))
    assert "a refusal must be explained" in client.get(page_of(case)).content.decode()
    refused = decide(client, case, note=note)
    case.refresh_from_db()
    assert (refused.status_code, case.status) == (422, Status.IN_REVIEW)
    assert "needs a note" in refused.content.decode()


def test_an_applicant_who_is_asked_again_can_go_on(road, emulator, signed_in):
    """Attempts, the link's validity and the upload quota are all renewed."""
    case = road.judged(emulator, MISSED, MISSED, MISSED)
    Verification.objects.filter(pk=case.pk).update(link_expires_at=LATER, received_bytes=10**9)
    decide(signed_in(), case, "ask_again", "photo_unclear")
    case.refresh_from_db()
    assert (case.attempts_left, case.received_bytes) == (1, 0)
    assert case.link_expires_at == LATER + timedelta(days=case.policy.link_days)
    assert case.documents.get().superseded_at == LATER
    assert AuditEvent.objects.filter(kind="document.retired").count() == 1


def test_asking_again_never_shortens_a_link(road, emulator, signed_in):
    case = road.in_review(emulator)
    later = LATER + timedelta(days=90)
    Verification.objects.filter(pk=case.pk).update(link_expires_at=later)
    decide(signed_in(), case, "ask_again", "video_unclear")
    case.refresh_from_db()
    assert case.link_expires_at == later


def test_a_case_is_due_by_the_review_hours_of_its_policy(road, emulator, seniors):
    policy(seniors, review_hours=2)
    case = road.in_review(emulator)
    assert case.due_at - case.queued_at == timedelta(hours=2)


def test_a_reviewer_is_told_that_their_verdict_waits_for_another(road, emulator, signed_in):
    case = road.in_review(emulator)
    client = signed_in()
    decide(client, case, "approve", "same_person", note="Same ears, same scar.")
    page = client.get(QUEUE).content.decode()
    assert "waits for a second person" in page
    assert "is approved" not in page


def test_approving_against_the_vendor_needs_a_note(road, emulator, signed_in):
    case = road.in_review(emulator)
    response = decide(signed_in(), case, "approve", "same_person", note="ok")
    case.refresh_from_db()
    assert response.status_code == 422
    assert "needs a note" in response.content.decode()
    assert case.status == Status.IN_REVIEW


def test_approving_what_the_vendor_passed_needs_none(road, emulator, signed_in):
    case = road.judged(emulator, BAND)
    decide(signed_in(), case, "approve", "same_person")
    case.refresh_from_db()
    assert case.status == Status.APPROVED


@pytest.mark.parametrize(
    "changes",
    [
        {"verdict": ""},
        {"reason_code": ""},
        {"reason_code": "same_person"},
        {"version": "x"},
        {"evidence_sha256": "short"},
        {"note": "x" * 10_001},
    ],
)
def test_an_incomplete_decision_changes_nothing(road, emulator, signed_in, changes):
    case = road.in_review(emulator)
    response = decide(signed_in(), case, **changes)
    assert response.status_code == 422
    assert "Nothing was saved" in response.content.decode()
    assert not Review.objects.exists()


@pytest.mark.parametrize("stale", [{"version": 1}, {"evidence_sha256": "0" * 64}])
def test_a_stale_page_is_refused_and_nothing_is_overwritten(road, emulator, signed_in, stale):
    case = road.in_review(emulator)
    response = decide(signed_in(), case, note="My long note", **stale)
    page = response.content.decode()
    assert response.status_code == 409
    assert "Nothing was saved" in page
    assert "My long note" in page
    assert not Review.objects.exists()


def test_a_colleague_who_was_quicker_wins(road, emulator, signed_in):
    case = road.in_review(emulator)
    decide(signed_in("Senior reviewer"), case)
    response = decide(signed_in(), case, "ask_again", "video_unclear")
    assert response.status_code == 409
    assert Review.objects.get().verdict == "decline"


def test_a_case_in_other_hands_can_not_be_decided(road, emulator, signed_in, staff):
    case = road.in_review(emulator)
    claim.claim(case, by=staff("Senior reviewer"), now=LATER)
    assert decide(signed_in(), case).status_code == 409


def test_pressing_twice_does_it_once(road, emulator, signed_in):
    case = road.in_review(emulator)
    client, fields = signed_in(), decision(case)
    address = reverse("admin:decide", args=[case.public_id])
    answers = [client.post(address, fields) for _ in range(2)]
    assert [answer.url for answer in answers] == [QUEUE, QUEUE]
    assert Review.objects.count() == 1


def test_the_same_verdict_of_a_colleague_is_no_second_press(road, emulator, signed_in):
    case = road.in_review(emulator)
    form = decision(case)
    address = reverse("admin:decide", args=[case.public_id])
    assert signed_in("Senior reviewer").post(address, form).status_code == 302
    assert signed_in().post(address, form).status_code == 409


def test_the_same_form_a_minute_later_is_no_second_press(road, emulator, signed_in):
    case = road.in_review(emulator)
    client, form = signed_in(), decision(case)
    address = reverse("admin:decide", args=[case.public_id])
    assert client.post(address, form).status_code == 302
    with time_machine.travel(LATER + timedelta(minutes=1), tick=False):
        assert client.post(address, form).status_code == 409


def test_the_next_case_follows_if_asked_for(road, emulator, signed_in):
    first, second = road.in_review(emulator), road.in_review(emulator)
    assert decide(signed_in(), first, next="1").url == page_of(second)
    assert decide(signed_in(), second, next="1").url == QUEUE


def test_a_senior_reviewer_reopens_with_a_reason(road, emulator, signed_in):
    case = road.in_review(emulator)
    client = signed_in("Senior reviewer")
    decide(client, case)
    address = reverse("admin:reopen", args=[case.public_id])
    case.refresh_from_db()
    form = {"reason_code": "appeal", "note": "no", "version": case.version}
    refused = client.post(address, form).content.decode()
    assert "needs a note" in refused
    form["note"] = "The applicant appealed."
    page = client.post(address, form, follow=True).content.decode()
    assert "in review again" in page


def test_an_erased_case_says_so_and_has_nothing_to_open_or_judge(road, emulator, signed_in):
    case, client = road.in_review(emulator), signed_in("Senior reviewer")
    decide(client, case)
    erase.erase(case.applicant, by=audit.By.shell(), reason="Asked for by letter", now=LATER)
    page = client.get(page_of(case)).content.decode()
    assert "were erased on" in page
    assert "/admin/evidence/" not in page
    assert reverse("admin:reopen", args=[case.public_id]) not in page


@pytest.mark.parametrize("group", ["Reviewer", "Auditor", "Operator"])
def test_nobody_else_reopens(road, emulator, signed_in, group):
    case = road.in_review(emulator)
    decide(signed_in(), case)
    response = signed_in(group).post(
        reverse("admin:reopen", args=[case.public_id]),
        {"reason_code": "appeal", "note": "The applicant appealed.", "version": case.version + 1},
    )
    assert response.status_code == 403


@pytest.mark.parametrize("group", ["Auditor", "Operator"])
def test_nobody_else_decides(road, emulator, signed_in, group):
    case = road.in_review(emulator)
    assert decide(signed_in(group), case).status_code == 403
    assert not Review.objects.exists()


# All pages


def test_no_page_has_an_inline_script_or_style(road, emulator, signed_in):
    case = road.judged(emulator, BAND)
    client = signed_in("Senior reviewer")
    decided = road.in_review(emulator)
    decide(client, decided)
    addresses = [
        QUEUE,
        page_of(case),
        page_of(decided),
        "/admin/",
        "/admin/case/none/",
        "/admin/account/password/",
    ]
    addresses += [f"/admin/verification/{name}/" for name in ("verification", "auditevent", "vendoraccount")]
    for address in addresses:
        response = client.get(address)
        assert Inline(response.content.decode()).found == [], address
        assert "script-src 'self'" in response["Content-Security-Policy"]


def test_the_sign_in_page_has_no_inline_script_or_style(client, db):
    page = client.post("/admin/login/", {"login": "nobody", "password": "wrong"}).content.decode()
    assert Inline(page).found == []
    assert "What you open here is recorded." in page
