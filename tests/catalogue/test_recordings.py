"""Rows V1 to V27 of the catalogue: recordings sent through the page, and the one answer that each gets.

Besides status and code, each row checks: the page never echoes the input, the portal stores nothing of a refused
recording, and the challenge stays open for another one.
"""

import base64
import hashlib
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.catalogue import recordings
from tests.conftest import Road
from tests.flow.test_applicant_pages import agree, give_photo, opened
from tests.unit.media import hostile, recorded
from verification import media, storage
from verification.models import RiskFlag, Verification, VerificationAttempt
from verification.states import AttemptStatus, Flag

Answer = tuple[int, str]
ACCEPTED: Answer = (200, "")


@pytest.fixture
def applicant(road: Road) -> Callable[[], Client]:
    """Returns a new applicant's browser at the recording step with each call."""

    def come() -> Client:
        client = opened(road.invitation())
        agree(client)
        give_photo(client)
        return client

    return come


@pytest.fixture
def client(applicant: Callable[[], Client]) -> Client:
    return applicant()


def draw(client: Client) -> dict[str, Any]:
    drawn: dict[str, Any] = client.post("/verify/challenge").json()
    return drawn


def send(client: Client, drawn: dict[str, Any], data: bytes, name: str = "clip.webm") -> Any:
    video = SimpleUploadedFile(name, data, "video/webm")
    return client.post(
        "/verify/recording", {"attempt": drawn["attempt"], "nonce": drawn["nonce"], "video": video}
    )


def put(client: Client, drawn: dict[str, Any], offset: int, data: bytes, whole: bytes, **more: str) -> Any:
    headers = {
        "Upload-Attempt": drawn["attempt"],
        "Upload-Nonce": drawn["nonce"],
        "Upload-Offset": str(offset),
        "Upload-Length": str(len(whole)),
        "Repr-Digest": digest(whole),
        "Content-Digest": digest(data),
        **more,
    }
    return client.put("/verify/recording/parts", data, "application/octet-stream", headers=headers)


def digest(data: bytes) -> str:
    return f"sha-256=:{base64.b64encode(hashlib.sha256(data).digest()).decode()}:"


def answer_of(response: Any) -> Answer:
    return response.status_code, response.json().get("error", {}).get("code", "")


ROWS: dict[str, tuple[Callable[[], bytes], Answer]] = {
    "V1 text": (recordings.text, (415, "unsupported_video_type")),
    "V1 a ZIP archive": (recordings.archive, (415, "unsupported_video_type")),
    "V1 a Windows program": (recordings.program, (415, "unsupported_video_type")),
    "V2 an HLS play list that names a file": (recordings.play_list, (415, "unsupported_video_type")),
    "V3 an ffconcat script": (recordings.concat_script, (415, "unsupported_video_type")),
    "V3 a DASH manifest": (recordings.dash_manifest, (415, "unsupported_video_type")),
    "V3 a session description": (recordings.session_description, (415, "unsupported_video_type")),
    "V3 an AviSynth script": (recordings.frame_server_script, (415, "unsupported_video_type")),
    "V4 an MP4 whose pictures are elsewhere": (
        hostile.clip_that_points_elsewhere,
        (422, "video_external_reference"),
    ),
    "V5 WebM without a duration": (recordings.without_duration, ACCEPTED),
    "V6 fragmented MP4": (partial(recordings.plain, fragmented=True), ACCEPTED),
    "V7 ten hours of a picture a second": (recordings.ten_hours, (422, "video_too_long")),
    "V8 says 5 s and lasts 10 min": (recordings.says_short_is_long, (422, "video_too_long")),
    "V8 says 10 h and lasts 3 s": (recordings.says_long_is_short, ACCEPTED),
    "V9 0.2 s": (partial(recordings.frames, 2), (422, "video_too_short")),
    "V9 one picture": (partial(recordings.frames, 1), (422, "video_too_short")),
    "V9 no picture": (recordings.no_picture, (422, "video_too_short")),
    "V10 8K": (recordings.eight_k, (422, "video_resolution")),
    "V10 16x16 pixels": (recordings.tiny_pictures, (422, "video_resolution")),
    "V10 641x479 pixels": (recordings.odd_size, ACCEPTED),
    "V10 thousands of pictures a second": (hostile.clip_of_many_frames, (422, "video_frame_rate")),
    "V10 an uneven rate": (hostile.clip_of_uneven_rate, ACCEPTED),
    "V10 times below zero": (recordings.negative_times, ACCEPTED),
    "V10 a late beginning": (recordings.late_start, ACCEPTED),
    "V11 another resolution midway": (hostile.clip_that_changes_size, (422, "video_resolution_changes")),
    "V12 sound alone": (hostile.audio_only, (422, "video_no_picture")),
    "V12 too many tracks": (hostile.many_tracks, (422, "video_too_many_tracks")),
    "V12 sound, subtitles and an attachment": (recordings.with_sound_and_more, ACCEPTED),
    "V14 encrypted": (hostile.encrypted_clip, (422, "video_encrypted")),
    "V14 encrypted WebM": (recordings.encrypted_webm, (422, "video_encrypted")),
    "V15 50 MB": (partial(bytes, 50_000_000), (413, "video_too_large")),
    # The worker finds out whether it can be made to fit; the page answers at once.
    "V16 too large for the vendor": (recordings.snow, ACCEPTED),
    "V17 a picture that stands still": (recordings.frozen, (422, "video_no_motion")),
    "V17 black": (recordings.black, (422, "video_too_dark")),
    "V25 turned by 90 degrees": (partial(recordings.plain, rotation=90), ACCEPTED),
    "V25 mirrored, with stretched pixels": (
        partial(recorded.clip, turn=(90, True), pixels=(3, 4)),
        ACCEPTED,
    ),
    "V25 cut between two key frames": (lambda: recorded.copied(recorded.clip(), begin=0.2), ACCEPTED),
    "V26 H.264": (recordings.plain, ACCEPTED),
    "V26 HEVC": (partial(recordings.plain, codec="libx265"), ACCEPTED),
    "V26 VP9": (partial(recordings.plain, codec="libvpx-vp9", container="webm"), ACCEPTED),
    "V26 AV1": (partial(recordings.plain, codec="libsvtav1"), ACCEPTED),
    "V26 MPEG-4 part 2": (partial(recordings.plain, codec="mpeg4"), ACCEPTED),
    "V26 MJPEG": (
        partial(recordings.plain, codec="mjpeg", container="matroska"),
        (415, "unsupported_video_codec"),
    ),
    "V27 a box of 4 GB": (recordings.huge_box, (422, "video_corrupt")),
    "V27 10,000 boxes in each other": (recordings.deep_boxes, (422, "video_corrupt")),
    "V27 EBML of unknown sizes": (recordings.unknown_sizes, (422, "video_corrupt")),
}
for _percent in (10, 50, 90):
    for _name, _options in {
        "MP4": {},
        "WebM": {"container": "webm", "codec": "libvpx"},
    }.items():

        def _cut(percent: int = _percent, options: dict[str, Any] = _options) -> bytes:
            return recordings.cut(recordings.plain(**options), percent)

        ROWS[f"V13 {_name} cut off at {_percent} %"] = (_cut, (422, "video_corrupt"))


@pytest.mark.parametrize(("make", "expected"), ROWS.values(), ids=ROWS.keys())
def test_a_recording_gets_its_answer(client: Client, make: Callable[[], bytes], expected: Answer) -> None:
    drawn, data = draw(client), make()
    response = send(client, drawn, data)
    assert answer_of(response) == expected
    attempt = VerificationAttempt.objects.get()
    if expected == ACCEPTED:
        assert attempt.status == AttemptStatus.SUBMITTED
        assert storage.read(attempt.original_name, sha256=attempt.original_sha256) == data
        return
    assert response.json()["error"]["message"].endswith(".")
    assert data[:16].decode("latin-1").strip() not in response.content.decode("latin-1")
    assert (attempt.status, attempt.original_name) == (AttemptStatus.ISSUED, "")
    assert not [name for name in kept() if "/video" in name]


def kept() -> list[str]:
    return storage.copies(storage.key_of(Verification.objects.get().applicant))


def video_flag() -> RiskFlag:
    """The one flag about a recording; that both applicants give the same photo is another."""
    return RiskFlag.objects.get(code__in=[Flag.REUSED_VIDEO, Flag.SIMILAR_VIDEO, Flag.ALIKE_VIDEO])


def test_v18_the_same_bytes_as_an_earlier_recording(applicant: Callable[[], Client]) -> None:
    data, first, second = recordings.plain(), applicant(), applicant()
    assert answer_of(send(first, draw(first), data)) == ACCEPTED
    assert answer_of(send(second, draw(second), data)) == (409, "video_reused")
    assert video_flag().code == Flag.REUSED_VIDEO


@pytest.mark.parametrize(
    "copy",
    [
        partial(recordings.remuxed, container="matroska"),
        partial(recordings.remuxed, container="mp4", seconds=2.5),
    ],
    ids=["V19 remuxed", "V19 trimmed"],
)
def test_v19_a_copy_of_an_earlier_recording(
    applicant: Callable[[], Client], copy: Callable[[bytes], bytes]
) -> None:
    """The answer is the same as for any accepted recording; the attempt is flagged for review.

    Another status would tell an attacker that the copy was noticed.
    """
    data, first, second = recordings.plain(), applicant(), applicant()
    honest = send(first, draw(first), data)
    copied = send(second, draw(second), copy(data))
    assert answer_of(copied) == ACCEPTED
    assert copied.content == honest.content
    flag = video_flag()
    assert (flag.code, flag.facts["same_case"]) == (Flag.SIMILAR_VIDEO, False)


PART = 5_000


@pytest.mark.parametrize(
    "offsets", [[0, 2], [0, 0], [1, 0]], ids=["V20 missing", "V20 twice", "V20 out of order"]
)
def test_v20_a_part_out_of_step(client: Client, offsets: list[int]) -> None:
    drawn, whole = draw(client), recordings.plain()
    assert len(whole) > 3 * PART
    expected = 0
    for number in offsets:
        offset = number * PART
        response = put(client, drawn, offset, whole[offset : offset + PART], whole)
        if offset == expected:
            assert (response.status_code, response["Upload-Offset"]) == (204, str(offset + PART))
            expected += PART
        else:
            assert answer_of(response) == (409, "chunk_mismatch")
            assert response.json()["error"]["expected_offset"] == expected


def test_v21_a_part_with_another_checksum(client: Client) -> None:
    drawn, whole = draw(client), recordings.plain()
    response = put(client, drawn, 0, whole[:PART], whole, **{"Content-Digest": digest(b"other")})
    assert answer_of(response) == (422, "checksum_mismatch")


def test_v22_a_recording_after_its_challenge_ran_out(client: Client, clock: time_machine.Traveller) -> None:
    drawn = draw(client)
    clock.shift(timedelta(seconds=91))
    assert answer_of(send(client, drawn, recordings.plain())) == (410, "challenge_expired")


def test_v23_a_recording_for_the_challenge_of_another(applicant: Callable[[], Client]) -> None:
    theirs, mine = applicant(), applicant()
    drawn, data = draw(theirs), recordings.plain()
    assert answer_of(send(mine, drawn, data)) == (404, "unknown_challenge")
    assert answer_of(put(mine, drawn, 0, data, data)) == (404, "unknown_challenge")


def test_v24_a_second_recording(client: Client) -> None:
    drawn = draw(client)
    send(client, drawn, recordings.plain())
    assert answer_of(send(client, drawn, recordings.plain(take=2))) == (409, "already_submitted")


def test_v25_a_turned_recording_becomes_upright() -> None:
    video = media.prepare_video(recordings.plain(rotation=90, size=(120, 160)))
    assert video.source.rotation == 90
    assert video.facts.rotation in {0, 90}
