"""The dossier of a case: what a reader finds in it, and what is left out for whom."""

import random
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from kyc_portal.sandbox.emulator import EmulatorServer
from tests import objects, pdf
from tests.conftest import NOW, VENDOR_CLOCK, Road
from tests.flow.conftest import LATER
from tests.flow.reviewing import approve, decide, policy, seen
from tests.flow.test_reruns import ask, work
from verification import audit
from verification.actions import check_document, erase
from verification.audit import log, sealing, viewing
from verification.exports import dossier
from verification.exports.contents import Contents
from verification.exports.dossier import trail
from verification.models import Checkpoint, Review, StaffUser, Verdict, Verification
from verification.rules.document_check import Found

pytestmark = pytest.mark.django_db
ALL, NOTHING = Contents(media=True, names=True, notes=True), Contents()
AS_OF = LATER + timedelta(hours=3)


def sealed() -> Checkpoint:
    while sealing.seal(now=AS_OF):
        pass
    newest = log.newest()
    assert newest is not None
    return newest


def made(case: Verification, contents: Contents = ALL) -> str:
    case.refresh_from_db()
    return pdf.text_of(dossier.make(case, contents, sealed()))


@pytest.fixture(scope="module")
def cases(once: Any) -> SimpleNamespace:
    def make(road: Road, emulator: EmulatorServer, staff: Callable[..., StaffUser]) -> SimpleNamespace:
        senior, second = staff("Senior reviewer"), staff("Senior reviewer", "second")
        passed = road.judged(emulator, {"sim": 93.5}, name="Zoë Quintana", email="zoe@example.org")
        waiting = road.in_review(emulator, reference="ACME-17")
        declined = road.in_review(emulator)
        decide(declined, Verdict.DECLINE, "different_person", by=senior)
        policy((senior, second), document_check="always")
        by_two = road.in_review(emulator)
        answers = Found("passport", {"name_matches": "yes", "not_expired": "yes", "nothing_covered": "yes"})
        for by in (senior, second):
            words: dict[str, Any] = {"note": "", "by": by, "now": LATER, "shown": seen(by_two)}
            check_document.check_document(by_two, document=answers, **words)
            approve(by_two, by=by)
        sealed()
        return SimpleNamespace(
            passed=passed, waiting=waiting, declined=declined, by_two=by_two, senior=senior
        )

    return once(make)


def test_it_says_that_policy_approved_and_on_what(cases: SimpleNamespace) -> None:
    text = made(cases.passed)
    assert "Approved By policy version 1, at 2026-11-23 09:00:05 UTC" in text
    assert "93.50 of 100" in text
    assert "80.00, by policy version 1" in text
    assert "the similarity reaches what it asks" in text


def test_it_names_both_people_of_a_decision_by_two(cases: SimpleNamespace) -> None:
    text = made(cases.by_two)
    assert f"proposed by {cases.senior.username}, confirmed by second, at 2026-11-23 10:00:00 UTC" in text
    assert "Passport The name is the invited one: Yes" in text
    assert "Why a person judged The vendor scored the faces below 70" in text


def test_it_says_that_a_case_was_declined_by_whom_and_why(cases: SimpleNamespace) -> None:
    text = made(cases.declined)
    assert f"Declined By {cases.senior.username}, at" in text
    assert "Different person Same ears, same scar over the brow." in text


def test_a_case_without_a_decision_says_so(cases: SimpleNamespace) -> None:
    assert "Not decided It waits for a person's decision." in made(cases.waiting)


def test_a_case_that_nobody_decided_says_how_it_ended(road: Road) -> None:
    case = road.invited()
    Verification.objects.filter(pk=case.pk).update(status="expired")
    text = made(case)
    assert "Expired" in text
    assert "What the decision rests on" not in text


def test_name_notes_and_pictures_are_left_out_for_whom_they_are_not_meant(cases: SimpleNamespace) -> None:
    assert "Zoë Quintana" in made(cases.passed)
    text = made(cases.passed, NOTHING)
    assert "Zoë" not in text
    assert "zoe@" not in text
    assert "The pictures are not included in this copy." in text
    assert cases.passed.documents.get().normalised_sha256 in text
    assert "same scar" not in made(cases.declined, NOTHING)


def test_without_the_right_no_picture_is_in_the_file(cases: SimpleNamespace) -> None:
    checkpoint = sealed()
    assert b"/DCTDecode" in dossier.make(cases.passed, ALL, checkpoint)
    assert b"/DCTDecode" not in dossier.make(cases.passed, NOTHING, checkpoint)


def test_the_same_case_at_the_same_checkpoint_gives_the_same_bytes(cases: SimpleNamespace) -> None:
    checkpoint = sealed()
    first = dossier.make(cases.passed, ALL, checkpoint)
    viewing.record(viewing.CASE, by=audit.By.staff(cases.senior), subject=cases.passed, now=AS_OF)
    assert dossier.make(cases.passed, ALL, checkpoint) == first
    assert dossier.make(cases.passed, ALL, sealed()) != first


def test_it_says_who_looked_and_how_often(cases: SimpleNamespace) -> None:
    for hour in range(3):
        at = LATER + timedelta(hours=hour)
        viewing.record(viewing.CASE, by=audit.By.staff(cases.senior), subject=cases.waiting, now=at)
    looks = "Case opened 3 2026-11-23 10:00:00 2026-11-23 12:00:00"
    assert f"{cases.senior.username} {looks}" in made(cases.waiting)


def test_both_answers_of_a_comparison_that_was_made_again_stand_beside_each_other(
    road: Road, emulator: EmulatorServer, staff: Callable[..., StaffUser], an_hour_later: None
) -> None:
    case = road.in_review(emulator)
    VENDOR_CLOCK.at = LATER
    emulator.script(sim=91.5)
    work(ask(case, staff("Senior reviewer")))
    text = made(case)
    # A column is narrower than the code.
    assert "FailedOperation.CompareLowSimilarity,42.00Success,91.50" in text.replace(" ", "")
    assert "names a medical note" in text
    assert "names a medical note" not in made(case, NOTHING)


def test_it_shows_the_checkpoint_that_it_is_made_as_of(cases: SimpleNamespace) -> None:
    text, newest = made(cases.passed), log.newest()
    assert newest.root in text
    assert newest.note.splitlines()[-1].split()[-1] in text.replace(" ", "")


def test_an_erased_case_says_when_by_whom_and_on_what_basis(cases: SimpleNamespace) -> None:
    erase.erase(cases.declined.applicant, by=audit.By.shell(), reason="Request under Article 17", now=LATER)
    text = made(cases.declined)
    assert "Erased at 2026-11-23 10:00:00 UTC By Command line Basis Request under Article 17" in text
    assert "Declined" in text
    assert "Erased." in text  # in place of each picture


def test_a_damaged_photo_is_named_and_not_printed(cases: SimpleNamespace) -> None:
    objects.damage(cases.passed.documents.get().normalised_name)
    assert "The stored file is missing, or is not what was stored." in made(cases.passed)


def test_of_a_long_timeline_the_middle_is_counted_and_not_printed(cases: SimpleNamespace) -> None:
    before = len(trail.events_of(cases.waiting, sealed()))
    many = trail.MAX_FIRST + trail.MAX_LAST + 7
    for number in range(many - before):
        at = LATER + timedelta(seconds=number)
        audit.record("case.released", by=audit.By.staff(cases.senior), subject=cases.waiting, at=at)
    assert "7 events between these are not printed here." in made(cases.waiting)


def test_many_long_notes_of_letters_that_are_all_different_keep_no_dossier_from_being_made(
    cases: SimpleNamespace,
) -> None:
    chance, letters = random.Random(17), [chr(first) for first in range(0x4E00, 0x9FFF)]
    words: dict[str, Any] = {"stage": "decision", "verdict": Verdict.SNOOZE, "reason_code": "fresh_eyes"}
    words |= {"list_version": 1, "evidence_sha256": "a" * 64, "by": cases.senior, "at": LATER}
    notes = ("".join(chance.choices(letters, k=2_000)) for _ in range(80))
    Review.objects.bulk_create(Review(verification=cases.waiting, note=note, **words) for note in notes)
    assert "20 more are not printed here." in made(cases.waiting)


def test_an_event_that_is_not_sealed_yet_is_not_in_it(cases: SimpleNamespace) -> None:
    checkpoint = sealed()
    audit.record("case.claimed", by=audit.By.staff(cases.senior), subject=cases.waiting, at=NOW)
    kinds = [row.event.kind for row in trail.events_of(cases.waiting, checkpoint)]
    assert "case.claimed" not in kinds
    assert kinds[0] == "verification.invited"
