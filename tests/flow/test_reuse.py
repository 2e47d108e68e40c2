"""A recording that was sent before: refused if identical, flagged if re-encoded or remuxed, never passed."""

import io
from datetime import timedelta
from typing import Any

import av
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from kyc_portal.sandbox.emulator import EmulatorServer
from tests.conftest import NOW, Road, clip
from tests.flow.reviewing import approve, decide, policy
from verification import casework, media
from verification.actions import assess, challenge, prepare, submit
from verification.models import AuditEvent, FrameHash, RiskFlag, Verdict, Verification, VerificationAttempt
from verification.states import Flag, Status

LATER = NOW + timedelta(seconds=5)


def rewritten(video: bytes, container: str, *, start: float = 0.0, **options: str) -> bytes:
    """The same pictures in another container, without those before `start` (a key frame)."""
    out = io.BytesIO()
    with (
        av.open(io.BytesIO(video), "r") as source,
        av.open(out, "w", format=container, options=options) as target,
    ):
        pictures = source.streams.video[0]
        stream = target.add_stream_from_template(pictures)
        begun = False
        for packet in source.demux(pictures):
            begun = begun or (packet.is_keyframe and float(packet.pts * packet.time_base) >= start)
            if packet.dts is not None and begun:
                packet.stream = stream
                target.mux(packet)
    return out.getvalue()


def encoded_anew(video: bytes, bit_rate: int = 1_000_000) -> bytes:
    out = io.BytesIO()
    with av.open(io.BytesIO(video), "r") as source, av.open(out, "w", format="webm") as target:
        stream = target.add_stream("libvpx", rate=15, options={"deadline": "realtime", "cpu-used": "8"})
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = 320, 240, "yuv420p", bit_rate
        for frame in source.decode(video=0):
            frame.pict_type = 0
            target.mux(stream.encode(frame))
        target.mux(stream.encode(None))
    return out.getvalue()


def judged(road: Road, verification: Verification, recording: bytes) -> VerificationAttempt:
    attempt = road.submit(verification, recording=recording)
    prepare.prepare(attempt.public_id, now=NOW)
    assess.assess(attempt.public_id, clock=lambda: LATER)
    verification.refresh_from_db()
    return attempt


def send(case: Verification, drawn: challenge.Challenge, recording: bytes) -> VerificationAttempt:
    return submit.submit(
        case,
        attempt_id=drawn.attempt.public_id,
        nonce=drawn.nonce,
        recording=recording,
        signals={},
        now=NOW,
    )


def flags(verification: Verification) -> list[str]:
    return [flag.code for flag in verification.flags.all()]


@pytest.fixture
def earlier(road: Road, emulator: EmulatorServer) -> VerificationAttempt:
    """An approved recording."""
    return judged(road, road.with_photo(), clip(seconds=6.0, take=50))


def test_the_same_bytes_are_refused_and_the_reviewer_knows(road: Road, earlier: VerificationAttempt) -> None:
    other = road.with_photo(seed=2)
    drawn = challenge.issue(other, now=NOW)
    for _ in range(3):
        with pytest.raises(submit.VideoReused):
            send(other, drawn, clip(seconds=6.0, take=50))
    flag = other.flags.get()
    assert (flag.code, flag.facts) == (Flag.REUSED_VIDEO, {"earlier": earlier.public_id, "same_case": False})
    event = AuditEvent.objects.get(kind="attempt.flagged")
    assert (event.subject_id, event.data["flag"]) == (flag.attempt.public_id, "reused_video")


def test_after_an_old_recording_a_live_one_is_taken_but_a_person_looks(
    road: Road, earlier: VerificationAttempt, emulator: EmulatorServer
) -> None:
    other = road.with_photo(seed=2)
    drawn = challenge.issue(other, now=NOW)

    with pytest.raises(submit.VideoReused):
        send(other, drawn, clip(seconds=6.0, take=50))
    attempt = send(other, drawn, clip(seed=2))
    prepare.prepare(attempt.public_id, now=NOW)
    assess.assess(attempt.public_id, clock=lambda: LATER)
    other.refresh_from_db()
    assert (other.status, other.reasons) == (Status.IN_REVIEW, ["reused_video"])


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(lambda video: rewritten(video, "matroska"), id="in another container"),
        pytest.param(
            lambda video: rewritten(video, "mp4", movflags="frag_keyframe+empty_moov"),
            id="in the same container, remuxed",
        ),
        pytest.param(lambda video: rewritten(video, "mp4", start=1.0), id="cut at its beginning"),
    ],
)
@pytest.mark.parametrize("same_case", [True, False])
def test_a_copy_in_other_clothes_passes_only_before_a_persons_eyes(
    road: Road, emulator: EmulatorServer, changed: Any, same_case: bool
) -> None:
    video = clip(seconds=6.0, take=51, seed=3)
    first = road.with_photo(seed=3)
    emulator.script(result="FailedOperation.ActionOpenMouth")
    judged(road, first, video)
    assert first.status == Status.COLLECTING
    case = first if same_case else road.with_photo(seed=4)
    judged(road, case, changed(video))
    assert flags(case) == ["similar_video"]
    assert (case.status, case.reasons) == (Status.IN_REVIEW, ["similar_video"])
    assert case.flags.get().facts["share"] >= 0.8


def test_a_copy_that_was_encoded_anew_is_noted(road: Road, earlier: VerificationAttempt) -> None:
    other = road.with_photo(seed=2)
    judged(road, other, encoded_anew(clip(seconds=6.0, take=50)))
    assert flags(other) == ["alike_video"]
    assert other.flags.get().facts["earlier"] == earlier.public_id


def test_the_same_person_on_the_next_day_is_approved_without_a_word_of_copies(
    road: Road, earlier: VerificationAttempt, emulator: EmulatorServer
) -> None:
    again = road.with_photo()
    judged(road, again, clip(seconds=6.0, take=52))
    assert again.status == Status.APPROVED
    assert not set(flags(again)) & {"similar_video", "reused_video"}


def test_another_person_is_like_nobody(road: Road, earlier: VerificationAttempt) -> None:
    other = road.with_photo(seed=5)
    judged(road, other, clip(seed=5))
    assert other.status == Status.APPROVED
    assert not RiskFlag.objects.exists()


def test_only_some_of_the_pictures_are_kept_as_numbers(earlier: VerificationAttempt) -> None:
    assert FrameHash.objects.filter(attempt=earlier).count() == 15


def test_looking_for_a_copy_asks_the_database_as_often_for_many_attempts_as_for_few(road: Road) -> None:
    def asked(take: int) -> int:
        case = road.with_photo()
        with CaptureQueriesContext(connection) as queries:
            road.submit(case, recording=clip(take=take))
        return len(queries)

    asked(60)
    few = asked(61)
    for take in range(62, 68):
        asked(take)
    assert asked(68) == few


def test_the_case_page_says_what_is_odd_and_what_it_does_not_prove(
    road: Road, earlier: VerificationAttempt, signed_in: Any
) -> None:
    other = road.with_photo(seed=2)
    judged(road, other, rewritten(clip(seconds=6.0, take=50), "matroska"))
    client: Client = signed_in()
    page = client.get(reverse("admin:case", args=[other.public_id])).content.decode()
    assert "Copied from an earlier recording" in page
    assert "A camera never makes the same picture twice" in page
    assert reverse("admin:case", args=[earlier.verification.public_id]) in page


def test_the_applicant_is_told_nothing_of_a_flag(road: Road, earlier: VerificationAttempt) -> None:
    other = road.with_photo(seed=2)
    judged(road, other, rewritten(clip(seconds=6.0, take=50), "matroska"))
    assert other.hint == ""


def test_of_two_copies_sent_at_one_moment_only_one_is_taken(
    road: Road, emulator: EmulatorServer, monkeypatch: Any
) -> None:
    """The other link's recording arrives while the portal checks ours."""
    ours, theirs = road.with_photo(), road.with_photo(seed=2)
    look, video = media.check_video, clip(take=80)

    def meanwhile(data: bytes) -> media.CheckedVideo:
        monkeypatch.setattr(media, "check_video", look)
        road.submit(theirs, recording=video)
        return look(data)

    monkeypatch.setattr(media, "check_video", meanwhile)
    with pytest.raises(submit.VideoReused):
        road.submit(ours, recording=video)
    assert flags(ours) == ["reused_video"]
    assert flags(theirs) == []


@pytest.mark.parametrize(("two", "status"), [(False, Status.APPROVED), (True, Status.IN_REVIEW)])
def test_what_a_reviewer_has_seen_holds_up_the_next_recording_only_where_it_takes_two(
    road: Road,
    earlier: VerificationAttempt,
    emulator: EmulatorServer,
    staff: Any,
    seniors: Any,
    two: bool,
    status: Status,
) -> None:
    policy(seniors, second_for_flags=two)
    other = road.with_photo(seed=2)
    judged(road, other, rewritten(clip(seconds=6.0, take=50), "matroska"))
    decide(other, Verdict.ASK_AGAIN, "video_unclear", by=staff("Reviewer"), now=LATER)
    other.refresh_from_db()
    attempt = road.submit(other, recording=clip(seed=2), now=LATER + timedelta(minutes=1))
    prepare.prepare(attempt.public_id, now=LATER + timedelta(minutes=1))
    assess.assess(attempt.public_id, clock=lambda: LATER + timedelta(minutes=2))
    other.refresh_from_db()
    assert other.status == status


def test_approving_a_copied_recording_needs_a_note(
    road: Road, earlier: VerificationAttempt, staff: Any
) -> None:
    other = road.with_photo(seed=2)
    judged(road, other, rewritten(clip(seconds=6.0, take=50), "matroska"))
    with pytest.raises(casework.NoteRequired):
        approve(other, by=staff("Reviewer"), note="")


def test_low_similarity_of_a_copied_recording_names_both(
    road: Road, earlier: VerificationAttempt, emulator: EmulatorServer
) -> None:
    other = road.with_photo(seed=2)
    emulator.script(result="FailedOperation.CompareLowSimilarity", sim=42.0)
    judged(road, other, rewritten(clip(seconds=6.0, take=50), "matroska"))
    assert other.reasons == ["low_similarity", "similar_video"]
