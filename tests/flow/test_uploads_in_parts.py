"""A recording uploaded in parts: in order, complete, under its own challenge; the parts are deleted afterwards."""

import base64
import hashlib
import json
from datetime import timedelta
from functools import lru_cache
from typing import Any

import pytest
import time_machine
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.conftest import NOW, Road, clip, photo
from tests.flow.test_applicant_pages import agree, give_photo, opened
from verification import media, storage
from verification.actions import challenge, receive_parts, sweep
from verification.evidence import upload_parts
from verification.models import RecordingPart, RecordingUpload, Verification, VerificationAttempt
from verification.pages import media_faults
from verification.states import AttemptStatus, Status

pytestmark = pytest.mark.usefixtures("clock")

PART = 9_000


@pytest.fixture
def client(road: Road) -> Client:
    client = opened(road.invitation())
    agree(client)
    give_photo(client)
    return client


@lru_cache
def recording() -> bytes:
    data = clip(take=77)
    assert len(data) > 2 * PART
    return data


def draw(client: Client) -> dict[str, Any]:
    answer: dict[str, Any] = client.post("/verify/challenge").json()
    return answer


def digest(data: bytes) -> str:
    return f"sha-256=:{base64.b64encode(hashlib.sha256(data).digest()).decode()}:"


def put(
    client: Client,
    drawn: dict[str, Any],
    offset: int,
    data: bytes | None = None,
    *,
    whole: bytes | None = None,
    **headers: Any,
) -> Any:
    whole = recording() if whole is None else whole
    data = whole[offset : offset + PART] if data is None else data
    fields = {
        "Upload-Attempt": drawn["attempt"],
        "Upload-Nonce": drawn["nonce"],
        "Upload-Offset": offset,
        "Upload-Length": len(whole),
        "Repr-Digest": digest(whole),
        "Content-Digest": digest(data),
        **headers,
    }
    texts = {name: str(value) for name, value in fields.items() if value is not None}
    return client.put("/verify/recording/parts", data, "application/octet-stream", headers=texts)


def put_all(client: Client, drawn: dict[str, Any], *, whole: bytes | None = None, start: int = 0) -> None:
    size = len(recording() if whole is None else whole)
    for offset in range(start, size, PART):
        answer = put(client, drawn, offset, whole=whole)
        assert (answer.status_code, answer["Upload-Offset"]) == (204, str(min(offset + PART, size)))


def finish(client: Client, drawn: dict[str, Any], **fields: Any) -> Any:
    return client.post(
        "/verify/recording", {"attempt": drawn["attempt"], "nonce": drawn["nonce"], "signals": "{}", **fields}
    )


def error_of(response: Any) -> tuple[int, str, int | None]:
    error = response.json()["error"]
    return response.status_code, error["code"], error.get("expected_offset")


def objects() -> int:
    return sum(name.rpartition("/")[2].startswith("part-") for name in stored())


def stored() -> list[str]:
    return storage.copies(storage.key_of(Verification.objects.get().applicant))


def test_parts_make_the_recording_that_was_announced(client: Client) -> None:
    drawn = draw(client)
    put_all(client, drawn)
    answer = finish(client, drawn, signals=json.dumps({"chunks": 3}))
    assert (answer.status_code, answer.json()) == (200, {"next": "/verify/status"})
    attempt = VerificationAttempt.objects.get()
    assert storage.read(attempt.original_name, sha256=attempt.original_sha256) == recording()
    assert (attempt.status, attempt.signals) == (AttemptStatus.SUBMITTED, {"chunks": 3})


def test_nothing_but_the_recording_is_left_of_its_parts(client: Client) -> None:
    drawn = draw(client)
    put_all(client, drawn)
    assert objects() == RecordingPart.objects.count() > 1
    finish(client, drawn)
    assert (objects(), RecordingPart.objects.count(), RecordingUpload.objects.count()) == (0, 0, 0)


def test_a_part_is_not_stored_as_it_came(client: Client) -> None:
    put(client, draw(client), 0)
    name = RecordingPart.objects.get().name
    evidence: Any = storages["evidence"]
    with evidence._objects.open(name, "rb") as file:
        assert recording()[1000:1100] not in file.read()


@pytest.mark.parametrize("offset", [PART, 2 * PART, 1])
def test_a_part_before_its_turn_is_told_where_to_go_on(client: Client, offset: int) -> None:
    drawn = draw(client)
    assert error_of(put(client, drawn, offset)) == (409, "chunk_mismatch", 0)


def test_a_part_whose_answer_was_lost_is_told_that_it_arrived(client: Client) -> None:
    drawn = draw(client)
    put(client, drawn, 0)
    assert error_of(put(client, drawn, 0)) == (409, "chunk_mismatch", PART)
    put_all(client, drawn, start=PART)
    assert finish(client, drawn).status_code == 200


def test_a_recording_with_parts_missing_is_told_which_is_next(client: Client) -> None:
    drawn = draw(client)
    put(client, drawn, 0)
    assert error_of(finish(client, drawn)) == (409, "chunk_mismatch", PART)
    assert Verification.objects.get().status == Status.COLLECTING


def test_a_part_beyond_the_end_is_refused(client: Client) -> None:
    drawn = draw(client)
    assert error_of(put(client, drawn, 0, recording() + b"x"))[:2] == (409, "chunk_mismatch")


def test_a_damaged_part_is_refused_and_may_come_again(client: Client) -> None:
    drawn = draw(client)
    damaged: dict[str, Any] = {"Content-Digest": digest(b"other")}
    assert error_of(put(client, drawn, 0, **damaged)) == (422, "checksum_mismatch", None)
    assert (objects(), RecordingPart.objects.count()) == (0, 0)
    put_all(client, drawn)


def test_parts_that_make_another_whole_start_anew(client: Client) -> None:
    drawn = draw(client)
    announced: dict[str, Any] = {"Repr-Digest": digest(b"another whole")}
    for offset in range(0, len(recording()), PART):
        assert put(client, drawn, offset, **announced).status_code == 204
    assert error_of(finish(client, drawn)) == (422, "checksum_mismatch", None)
    assert objects() == 0
    assert put(client, drawn, 0, **announced).status_code == 204


def test_a_part_that_was_tampered_with_in_the_store_starts_anew(client: Client) -> None:
    drawn = draw(client)
    put_all(client, drawn)
    RecordingPart.objects.filter(offset=0).update(sha256="0" * 64)
    assert error_of(finish(client, drawn)) == (422, "checksum_mismatch", None)
    put_all(client, drawn)
    assert finish(client, drawn).status_code == 200


@pytest.mark.parametrize("change", [{"Repr-Digest": digest(b"other")}, {"Upload-Length": 200_000}])
def test_an_upload_that_has_begun_takes_no_other_recording(client: Client, change: dict[str, Any]) -> None:
    drawn = draw(client)
    put(client, drawn, 0)
    # No offset, because no part of the other recording can be continued.
    assert error_of(put(client, drawn, PART, **change)) == (409, "chunk_mismatch", None)


NUMBERS = ["-1", "1e3", "9" * 11, "\xb2"]
NAMES = ["a b", "../x", "x" * 65]
DIGESTS = ["sha-256=:AAAA:", "sha-512=:AAAA:", "sha-256=" + "A" * 43 + "="]


@pytest.mark.parametrize(
    ("header", "values"),
    [
        ("Upload-Attempt", NAMES),
        ("Upload-Nonce", NAMES),
        ("Upload-Offset", NUMBERS),
        ("Upload-Length", NUMBERS),
        ("Repr-Digest", DIGESTS),
        ("Content-Digest", DIGESTS),
    ],
)
def test_a_part_says_what_it_is(client: Client, header: str, values: list[str]) -> None:
    drawn = draw(client)
    for value in (None, "", "\x00", *values):
        fields: dict[str, Any] = {header: value}
        answer = put(client, drawn, 0, **fields)
        assert error_of(answer) == (400, "invalid_field", None)
        assert answer.json()["error"]["field"] == header


def test_other_algorithms_may_stand_beside(client: Client) -> None:
    drawn = draw(client)
    both: dict[str, Any] = {"Repr-Digest": f"sha-512=:{'A' * 86}==:, {digest(recording())}"}
    assert put(client, drawn, 0, **both).status_code == 204


def test_what_is_no_video_is_seen_in_its_first_part(client: Client) -> None:
    drawn, text = draw(client), b"no video " * 10_000
    assert error_of(put(client, drawn, 0, whole=text)) == (415, "unsupported_video_type", None)
    assert RecordingUpload.objects.count() == 0


def test_a_part_may_not_be_too_large_nor_empty(client: Client) -> None:
    drawn = draw(client)
    large = clip() + bytes(receive_parts.MAX_PART)
    assert error_of(put(client, drawn, 0, large, whole=large)) == (413, "video_too_large", None)
    too_long: dict[str, Any] = {"Upload-Length": media.MAX_VIDEO_UPLOAD + 1}
    assert error_of(put(client, drawn, 0, **too_long)) == (413, "video_too_large", None)
    assert error_of(put(client, drawn, 0, b"")) == (400, "empty_file", None)


def test_crumbs_come_to_an_end(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receive_parts, "MAX_PARTS", 2)
    drawn = draw(client)
    for offset in (0, 20):
        assert put(client, drawn, offset, recording()[offset : offset + 20]).status_code == 204
    assert error_of(put(client, drawn, 40, recording()[40:60]))[:2] == (409, "chunk_mismatch")


def test_the_first_part_must_come_in_time(client: Client, clock: time_machine.Traveller) -> None:
    drawn = draw(client)
    clock.shift(timedelta(seconds=91))
    assert error_of(put(client, drawn, 0)) == (410, "challenge_expired", None)


def test_the_other_parts_may_take_their_time(client: Client, clock: time_machine.Traveller) -> None:
    drawn = draw(client)
    clock.shift(timedelta(seconds=80))
    put(client, drawn, 0)
    clock.shift(timedelta(minutes=9))
    put_all(client, drawn, start=PART)
    assert finish(client, drawn).status_code == 200
    submitted = VerificationAttempt.objects.get().submitted_at
    assert submitted is not None
    assert timedelta(seconds=80) <= submitted - NOW < timedelta(seconds=90), "when its upload began"


def test_ten_minutes_after_the_first_part_it_is_over(client: Client, clock: time_machine.Traveller) -> None:
    drawn = draw(client)
    put(client, drawn, 0)
    clock.shift(timedelta(minutes=10))
    assert error_of(put(client, drawn, PART)) == (410, "challenge_expired", None)
    assert error_of(finish(client, drawn)) == (410, "challenge_expired", None)


def test_a_challenge_of_another_case_takes_no_part(client: Client, road: Road) -> None:
    other = challenge.issue(road.with_photo(), now=NOW)
    drawn = {"attempt": other.attempt.public_id, "nonce": other.nonce}
    assert error_of(put(client, drawn, 0)) == (404, "unknown_challenge", None)
    assert error_of(put(client, {**draw(client), "nonce": "x"}, 0)) == (404, "unknown_challenge", None)


def test_a_part_after_the_recording_is_told_that_it_arrived(client: Client) -> None:
    drawn = draw(client)
    put_all(client, drawn)
    finish(client, drawn)
    answer = put(client, drawn, 0)
    assert error_of(answer) == (409, "already_submitted", None)
    assert answer.json()["next"] == "/verify/"
    assert error_of(finish(client, drawn)) == (409, "already_submitted", None)
    assert objects() == 0


def test_a_new_challenge_ends_the_upload_for_the_old_one(client: Client) -> None:
    drawn = draw(client)
    put(client, drawn, 0)
    draw(client)
    assert (objects(), RecordingUpload.objects.count()) == (0, 0)
    assert error_of(put(client, drawn, PART)) == (410, "challenge_expired", None)


def test_a_closed_case_takes_no_part(client: Client) -> None:
    drawn = draw(client)
    Verification.objects.update(status=Status.CANCELLED)
    assert error_of(put(client, drawn, 0)) == (409, "stale", None)


def test_parts_of_a_recording_of_no_use_are_gone(client: Client) -> None:
    drawn, broken = draw(client), recording()[: 2 * PART + 1]
    put_all(client, drawn, whole=broken)
    assert error_of(finish(client, drawn))[:2] == (422, "video_corrupt")
    assert (objects(), RecordingUpload.objects.count()) == (0, 0)
    put_all(client, drawn)
    assert finish(client, drawn).status_code == 200


def test_parts_wait_for_a_portal_that_can_look_at_them(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = draw(client)
    put_all(client, drawn)

    def unavailable(data: bytes) -> None:
        raise media.MediaUnavailable("test")

    with monkeypatch.context() as patch:
        patch.setattr(media, "check_video", unavailable)
        assert error_of(finish(client, drawn)) == (503, "unavailable", None)
    assert finish(client, drawn).status_code == 200


def test_what_nobody_came_back_for_is_swept_away(client: Client) -> None:
    put(client, draw(client), 0)
    sweep.sweep(now=NOW + timedelta(minutes=59))
    assert objects() == 1
    sweep.sweep(now=NOW + timedelta(minutes=61))
    assert (objects(), RecordingPart.objects.count(), RecordingUpload.objects.count()) == (0, 0, 0)


def test_what_could_not_be_deleted_is_deleted_later(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = draw(client)
    put_all(client, drawn)

    def unreachable(name: str) -> None:
        raise storage.Unavailable("test")

    with monkeypatch.context() as patch:
        patch.setattr(storage, "delete", unreachable)
        assert finish(client, drawn).status_code == 200
    assert objects() == RecordingPart.objects.count() > 1
    sweep.sweep(now=NOW + timedelta(minutes=61))
    assert (objects(), RecordingUpload.objects.count()) == (0, 0)


def test_a_store_that_is_silent_for_one_upload_is_not_asked_for_the_next(
    client: Client, road: Road, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(client, draw(client), 0)
    other = opened(road.invitation())
    agree(other)
    give_photo(other)
    put(other, draw(other), 0)
    asked = []

    def silent(name: str) -> None:
        asked.append(name)
        raise storage.Unavailable("test")

    with monkeypatch.context() as patch:
        patch.setattr(storage, "delete", silent)
        sweep.sweep(now=NOW + timedelta(minutes=61))
    assert len(asked) == 1
    assert RecordingPart.objects.count() == 2
    sweep.sweep(now=NOW + timedelta(minutes=61))
    assert RecordingUpload.objects.count() == 0


def test_of_two_parts_at_once_one_is_kept(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = draw(client)
    keep = upload_parts.arrived
    answers = []

    def overtaken(*args: Any) -> int:
        """Another request stores its part after this one has checked the offset and before it stores its own."""
        monkeypatch.undo()
        arrived = keep(*args)
        answers.append(put(client, drawn, 0).status_code)
        return arrived

    monkeypatch.setattr(upload_parts, "arrived", overtaken)
    assert error_of(put(client, drawn, 0)) == (409, "chunk_mismatch", PART)
    assert (answers, objects(), RecordingPart.objects.count()) == ([204], 1, 1)


# Quotas


def received() -> int:
    return Verification.objects.get().received_bytes


def test_every_byte_that_comes_through_a_link_is_counted(client: Client) -> None:
    drawn, before = draw(client), received()
    assert before > len(photo())
    put(client, drawn, 0)
    assert received() == before + PART
    put(client, drawn, 0)
    assert received() == before + 2 * PART, "of no use, and counted all the same"
    client.post("/verify/document", {"photo": SimpleUploadedFile("a.gif", b"GIF89a" + bytes(5000))})
    assert received() > before + 2 * PART + 5000


def test_a_link_that_took_too_much_takes_no_more(client: Client) -> None:
    drawn = draw(client)
    Verification.objects.update(received_bytes=receive_parts.QUOTA)
    words = str(media_faults.of_video("upload_quota_reached").words)
    assert "ask the organisation" in words
    for answer in (put(client, drawn, 0), finish(client, drawn, video=SimpleUploadedFile("c", recording()))):
        assert error_of(answer) == (429, "upload_quota_reached", None)
        assert answer.json()["error"]["message"] == words
    page = give_photo(client)
    assert (page.status_code, b'data-code="upload_quota_reached"' in page.content) == (429, True)


# An unavailable store


def test_a_store_out_of_reach_is_no_fault_of_the_recording(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn, before = draw(client), stored()

    def unreachable(*args: Any) -> None:
        raise storage.Unavailable("test")

    with monkeypatch.context() as patch:
        patch.setattr(storage, "store", unreachable)
        assert error_of(put(client, drawn, 0)) == (503, "unavailable", None)
        whole = finish(client, drawn, video=SimpleUploadedFile("c", recording()))
        assert error_of(whole) == (503, "unavailable", None)
        assert give_photo(client, photo(2)).status_code == 503
    assert stored() == before
    assert Verification.objects.get().documents.count() == 1
    assert finish(client, drawn, video=SimpleUploadedFile("c", recording())).status_code == 200


def test_an_erased_person_meets_a_link_that_does_not_work(client: Client) -> None:
    drawn = draw(client)
    storage.erase(storage.key_of(Verification.objects.get().applicant), now=NOW)
    assert error_of(put(client, drawn, 0)) == (404, "unknown_link", None)
    whole = finish(client, drawn, video=SimpleUploadedFile("c", recording()))
    assert error_of(whole) == (404, "unknown_link", None)
    assert give_photo(client).status_code == 404
