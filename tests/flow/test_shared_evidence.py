"""What another applicant sent too: the same ID photo, one that looks the same, and recordings."""

import io
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from PIL import Image

from kyc_portal.sandbox.emulator import EmulatorServer
from tests.conftest import NOW, VENDOR_CLOCK, Road, clip, photo
from tests.flow.conftest import LATER
from tests.flow.reviewing import approve, decide, policy
from tests.flow.test_reuse import encoded_anew, judged
from verification import audit, casework
from verification.actions import document, erase
from verification.evidence import photos
from verification.media.photo_advice import TOOLS
from verification.models import (
    AlikePhoto,
    AuditEvent,
    LinkBinding,
    PhotoHash,
    Policy,
    Stage,
    Verdict,
    Verification,
)
from verification.review.case import shared
from verification.review.policy import effect
from verification.rules import four_eyes
from verification.states import Band, SharedEvidence, Status


def other_clothes(jpeg: bytes, *, scale: float = 1.0, quality: int = 70, form: str = "JPEG") -> bytes:
    """The same picture in another file."""
    with Image.open(io.BytesIO(jpeg)) as picture:
        size = (round(picture.width * scale), round(picture.height * scale))
        again = picture.resize(size, Image.Resampling.LANCZOS) if scale != 1 else picture
        out = io.BytesIO()
        again.save(out, form, **({"quality": quality} if form == "JPEG" else {}))
    return out.getvalue()


def cut(jpeg: bytes, left: float, top: float, right: float, bottom: float) -> bytes:
    """The picture without these shares of its edges, encoded anew."""
    with Image.open(io.BytesIO(jpeg)) as picture:
        wide, high = picture.size
        box = round(wide * left), round(high * top), round(wide * (1 - right)), round(high * (1 - bottom))
        out = io.BytesIO()
        picture.crop(box).save(out, "JPEG", quality=85)
    return out.getvalue()


def with_this_photo(road: Road, data: bytes) -> Verification:
    case = road.consented()
    document.upload(case, data, now=NOW)
    return case


def recorded(road: Road, case: Verification, seed: int) -> Verification:
    judged(road, case, clip(seed=seed, take=70 + seed))
    return case


def codes(case: Verification) -> list[str]:
    return [flag.code for flag in case.flags.all()]


@pytest.fixture
def first(road: Road, emulator: EmulatorServer) -> Verification:
    """A case that ended by itself."""
    case = recorded(road, with_this_photo(road, photo(1)), 1)
    assert case.status == Status.APPROVED
    return case


@pytest.mark.parametrize(
    ("again", "code", "facts"),
    [
        pytest.param(lambda data: data, "shared_photo", {"same": "bytes"}, id="the same file"),
        pytest.param(
            lambda data: other_clothes(data, form="PNG"), "shared_photo", {"same": "pixels"}, id="as PNG"
        ),
        pytest.param(other_clothes, "alike_photo", {"of_bits": 1024}, id="encoded anew"),
        pytest.param(
            lambda data: other_clothes(data, scale=0.6), "alike_photo", {"of_bits": 1024}, id="smaller"
        ),
        pytest.param(
            lambda data: other_clothes(data, scale=1.7), "alike_photo", {"of_bits": 1024}, id="larger"
        ),
    ],
)
def test_the_second_use_of_an_id_photo_stops_at_a_person(
    road: Road, first: Verification, again: Any, code: str, facts: dict[str, Any]
) -> None:
    second = recorded(road, with_this_photo(road, again(photo(1))), 2)

    assert (second.status, second.reasons, second.band) == (Status.IN_REVIEW, [code], Band.FLAGGED)
    flag = second.flags.get()
    assert flag.other == first
    assert flag.facts == flag.facts | facts | {"document": first.documents.get().public_id}


@pytest.mark.skipif(not TOOLS, reason="This machine has no face detector.")
@pytest.mark.parametrize("edges", [(0.02, 0.02, 0.02, 0.02), (0, 0.05, 0, 0), (0.08, 0.02, 0, 0.06)])
def test_a_photo_with_its_edges_cut_stops_too(
    road: Road, first: Verification, edges: tuple[float, float, float, float]
) -> None:
    second = recorded(road, with_this_photo(road, cut(photo(1), *edges)), 2)
    assert (second.status, codes(second)) == (Status.IN_REVIEW, ["alike_photo"])
    assert second.flags.get().facts["face_only"] is True


def test_another_person_on_the_same_layout_is_like_nobody(road: Road, first: Verification) -> None:
    for seed in range(2, 12):
        with_this_photo(road, photo(seed))
    assert not AlikePhoto.objects.exists()


def test_an_applicant_may_send_their_own_photo_again(road: Road, first: Verification) -> None:
    again = road.consented(reference=first.applicant.reference)
    assert again.applicant == first.applicant
    document.upload(again, photo(1), now=NOW)
    document.upload(again, other_clothes(photo(1)), now=NOW + timedelta(minutes=1))
    assert recorded(road, again, 3).status == Status.APPROVED
    assert not AlikePhoto.objects.exists()


def test_of_two_under_way_both_are_flagged(road: Road, emulator: EmulatorServer) -> None:
    """Neither is known to be the one whose photo it is."""
    one, two = with_this_photo(road, photo(1)), with_this_photo(road, other_clothes(photo(1)))
    assert [recorded(road, case, seed).status for case, seed in ((one, 1), (two, 2))] == [
        Status.IN_REVIEW
    ] * 2


def test_who_is_being_checked_when_another_sends_the_same_photo_stops_too(
    road: Road, emulator: EmulatorServer
) -> None:
    one = with_this_photo(road, photo(1))
    attempt = road.submit(one, recording=clip(seed=1, take=71))
    two = recorded(road, with_this_photo(road, photo(1)), 2)
    road.judge(attempt)
    one.refresh_from_db()
    assert [case.status for case in (one, two)] == [Status.IN_REVIEW] * 2
    assert (one.reasons, one.band, one.marked_shared) == (["shared_photo"], Band.FLAGGED, True)


def test_who_waits_for_a_reviewer_when_another_sends_the_same_photo_takes_two_too(
    road: Road, emulator: EmulatorServer, seniors: Any, staff: Any
) -> None:
    policy(seniors, shared_evidence=SharedEvidence.REVIEW_BY_TWO, second_for_flags=False)
    emulator.script(sim=74.2)
    one = recorded(road, with_this_photo(road, photo(1)), 1)
    assert four_eyes.why_second(one, "approve") == ()
    recorded(road, with_this_photo(road, photo(1)), 2)
    with pytest.raises(casework.NoteRequired):
        approve(one, by=staff("Reviewer"), note="")
    assert approve(one, by=staff("Reviewer")).stage == Stage.PROPOSAL


def test_many_recordings_with_one_photo_are_one_flag(road: Road, first: Verification, emulator: Any) -> None:
    second = with_this_photo(road, photo(1))
    for take in (71, 72):
        emulator.script(result="FailedOperation.ActionOpenMouth")
        judged(road, second, clip(seed=2, take=take))
    assert codes(second).count("shared_photo") == 1


def test_the_same_shared_photo_sent_again_instead_of_another_stops_again(
    road: Road, first: Verification, seniors: Any, staff: Any
) -> None:
    policy(seniors, shared_evidence=SharedEvidence.REVIEW, second_for_flags=False)
    second = recorded(road, with_this_photo(road, photo(1)), 2)
    decide(second, Verdict.ASK_AGAIN, "photo_wrong", by=staff("Reviewer"))
    second.refresh_from_db()
    VENDOR_CLOCK.at = later = LATER + timedelta(minutes=1)
    document.upload(second, photo(1), now=later)
    road.record(second, now=later)
    assert (second.status, second.reasons) == (Status.IN_REVIEW, ["shared_photo"])


def test_under_tell_the_case_ends_by_itself_with_the_flag(
    road: Road, first: Verification, seniors: Any
) -> None:
    policy(seniors, shared_evidence=SharedEvidence.TELL)
    second = recorded(road, with_this_photo(road, photo(1)), 2)
    assert (second.status, codes(second)) == (Status.APPROVED, ["shared_photo"])


def test_under_review_one_person_approves_with_a_note(road: Road, first: Verification, staff: Any) -> None:
    second = recorded(road, with_this_photo(road, photo(1)), 2)
    with pytest.raises(casework.NoteRequired):
        approve(second, by=staff("Reviewer"), note="")
    assert approve(second, by=staff("Reviewer", "other")).stage == Stage.DECISION


def test_under_review_by_two_one_person_only_proposes(
    road: Road, first: Verification, seniors: Any, staff: Any
) -> None:
    policy(seniors, shared_evidence=SharedEvidence.REVIEW_BY_TWO, second_for_flags=False)
    second = recorded(road, with_this_photo(road, photo(1)), 2)
    assert four_eyes.why_second(second, "approve") == (four_eyes.SHARED,)
    assert approve(second, by=staff("Reviewer")).stage == Stage.PROPOSAL


@pytest.mark.parametrize(
    ("setting", "status"),
    [(SharedEvidence.REVIEW, Status.IN_REVIEW), (SharedEvidence.TELL, Status.APPROVED)],
)
def test_an_alike_recording_of_another_applicant_counts_to_the_same_switch(
    road: Road, emulator: EmulatorServer, seniors: Any, setting: str, status: str
) -> None:
    policy(seniors, shared_evidence=setting)
    earlier = judged(road, road.with_photo(seed=1), clip(seconds=6.0, take=50))
    second = road.with_photo(seed=2)
    judged(road, second, encoded_anew(clip(seconds=6.0, take=50)))
    assert (second.status, codes(second)) == (status, ["alike_video"])
    assert second.flags.get().other == earlier.verification


def test_ones_own_alike_recording_stays_a_hint(road: Road, emulator: EmulatorServer) -> None:
    emulator.script(result="FailedOperation.ActionOpenMouth")
    case = road.with_photo()
    judged(road, case, clip(seconds=6.0, take=50))
    judged(road, case, encoded_anew(clip(seconds=6.0, take=50)))
    assert (case.status, codes(case)) == (Status.APPROVED, ["alike_video"])
    assert case.flags.get().other is None


def test_both_sides_know_although_the_first_is_approved(
    road: Road, first: Verification, signed_in: Any
) -> None:
    second = recorded(road, with_this_photo(road, photo(1)), 2)
    event = AuditEvent.objects.get(kind="evidence.shared")
    assert (event.subject_id, event.data["other"]) == (first.public_id, second.public_id)
    page = signed_in().get(reverse("admin:case", args=[first.public_id])).content.decode()
    assert "Its ID photo was also sent by another applicant" in page
    assert reverse("admin:case", args=[second.public_id]) in page


def test_erasing_deletes_what_the_photo_looks_like(road: Road, first: Verification) -> None:
    with_this_photo(road, other_clothes(photo(1)))
    assert (PhotoHash.objects.count(), AlikePhoto.objects.count()) == (2, 1)
    erase.erase(first.applicant, by=audit.By.shell(), reason="Asked for by letter 7", now=NOW)
    assert (PhotoHash.objects.get().document.verification != first, AlikePhoto.objects.count()) == (True, 0)


def test_looking_for_a_photo_asks_as_often_among_many_as_among_few(road: Road) -> None:
    def asked(data: bytes) -> int:
        case = road.consented()
        with CaptureQueriesContext(connection) as queries:
            document.upload(case, data, now=NOW)
        return len(queries)

    asked(photo(1))
    few = asked(other_clothes(photo(1), quality=60))
    for quality in range(61, 66):
        asked(other_clothes(photo(1), quality=quality))
    assert asked(other_clothes(photo(1), quality=90)) == few


def test_the_policy_editor_counts_what_the_switch_would_have_changed(
    road: Road, first: Verification, seniors: Any, staff: Any
) -> None:
    tell, review = (
        Policy(shared_evidence=setting) for setting in (SharedEvidence.TELL, SharedEvidence.REVIEW)
    )
    second = recorded(road, with_this_photo(road, photo(1)), 2)
    approve(second, by=staff("Reviewer"))
    lines = effect.of(tell, review, NOW + timedelta(hours=1))
    assert [line.sentence[:22] for line in lines if line.tone == "warn"] == ["1 cases were in review"]

    policy(seniors, shared_evidence=SharedEvidence.TELL)
    recorded(road, with_this_photo(road, photo(1)), 3)
    sentences = [line.sentence for line in effect.of(review, tell, NOW + timedelta(hours=1))]
    assert any(sentence.startswith("1 cases were approved by themselves") for sentence in sentences)


# The page of who shares what


def the_page(client: Any, case: Verification) -> str:
    text: str = client.get(reverse("admin:shared", args=[case.public_id])).content.decode()
    return text


def test_the_page_joins_by_photo_recording_browser_and_address(
    road: Road, first: Verification, signed_in: Any
) -> None:
    same = with_this_photo(road, photo(1))
    alike = with_this_photo(road, other_clothes(photo(1)))
    copied = road.with_photo(seed=5)
    judged(road, copied, encoded_anew(clip(seed=1, take=71)))
    device, near = road.consented(), road.consented()
    for case in (first, device):
        LinkBinding.objects.create(
            verification=case,
            link="x" * 16,
            number=0,
            browser_hash=case.public_id,
            device_hash="d" * 64,
            device="phone",
            at=NOW,
        )
    Verification.objects.update(address_range="")
    Verification.objects.filter(pk__in=[first.pk, near.pk]).update(address_range="203.0.113.0/24")

    page = the_page(signed_in(), first)
    for case in (same, alike, copied, device, near):
        assert reverse("admin:case", args=[case.public_id]) in page
    assert "The same bytes" in page
    assert "of 1024 bits" in page
    assert "203.0.113" not in page
    assert "same person" in page
    assert "Alice" not in page


def test_each_list_of_the_page_has_a_limit_and_says_so(
    road: Road, first: Verification, signed_in: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(shared, "MAX_SHOWN", 2)
    cases = [with_this_photo(road, photo(1)) for _ in range(3)]
    page = the_page(signed_in(), first)
    assert sum(reverse("admin:case", args=[case.public_id]) in page for case in cases) == 2
    assert "The first 2 are shown." in page


def test_each_look_at_the_page_is_in_the_trail(road: Road, first: Verification, signed_in: Any) -> None:
    the_page(signed_in(), first)
    assert AuditEvent.objects.get(kind="case.shared_viewed").subject_id == first.public_id


def test_only_what_is_surely_there_in_one_and_surely_not_in_the_other_counts() -> None:
    assert photos.differing(b"\xff\xff", b"\xff\xff") == 0
    assert photos.differing(b"\x0f\xff", b"\x00\x0f") == 0
    assert photos.differing(b"\xff\xff", b"\x00\x0f") == 4
