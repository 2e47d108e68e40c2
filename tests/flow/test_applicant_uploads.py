"""Uploads to the applicant's pages: photos and recordings under a challenge, forged and broken ones included."""

import io
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import structlog
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, RequestFactory
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from tests.conftest import Road, clip, photo
from tests.flow.test_applicant_pages import agree, agreed, give_photo, opened
from tests.flow.test_uploads_in_parts import PART, error_of, finish, put, put_all, recording
from verification import media, storage
from verification.actions import document as documents
from verification.media.errors import CODES
from verification.models import Document, Verification, VerificationAttempt
from verification.pages import capture_signals, media_faults, uploads
from verification.pages.uploads import file_signatures
from verification.pages.uploads.handlers import LimitedUploadHandler
from verification.states import AttemptStatus, Mode, Status

pytestmark = pytest.mark.usefixtures("clock")

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def client(road: Road) -> Client:
    return agreed(road.invitation())


@pytest.fixture
def ready(client: Client) -> Client:
    give_photo(client)
    return client


def draw(client: Client) -> dict[str, Any]:
    answer: dict[str, Any] = client.post("/verify/challenge").json()
    return answer


def send(client: Client, drawn: dict[str, Any], data: bytes | None = None, **fields: Any) -> Any:
    video = SimpleUploadedFile("clip.mp4", clip() if data is None else data, "video/mp4")
    return client.post(
        "/verify/recording", {"attempt": drawn["attempt"], "nonce": drawn["nonce"], "video": video, **fields}
    )


def code_of(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["code"]


# The photo


@pytest.mark.parametrize(
    ("data", "status_code", "words"),
    [
        (b"", 400, "This file is empty"),
        (b"GIF89a" + bytes(50), 415, "best as JPEG"),
        (b"<svg onload='alert(1)'/>", 415, "best as JPEG"),
        (b"\xff\xd8\xff", 422, "can&#x27;t be opened"),
        (PNG + bytes(40), 422, "can&#x27;t be opened"),
    ],
)
def test_a_photo_that_can_not_be_used_is_told_on_its_own_page(
    client: Client, data: bytes, status_code: int, words: str
) -> None:
    response = give_photo(client, data)
    assert (response.status_code, Document.objects.count()) == (status_code, 0)
    assert words in response.content.decode()
    assert b'data-step="document"' in response.content


def test_a_bad_photo_leaves_the_good_one_in_place(ready: Client) -> None:
    assert give_photo(ready, b"GIF89a" + bytes(50)).status_code == 415
    assert Document.objects.get().superseded_at is None


@pytest.mark.parametrize("size", [11_000_000, 50_000_000])
def test_a_photo_that_is_too_large_is_refused_by_its_length(client: Client, size: int) -> None:
    response = give_photo(client, bytes(size))
    assert response.status_code == 413
    assert "larger than 10 MB" in response.content.decode()


def test_the_largest_photo_is_told_before_one_is_chosen(client: Client) -> None:
    page = client.get("/verify/document").content.decode()
    assert f"up to {media.MAX_PHOTO_UPLOAD // 2**20} MB" in page
    assert f"larger than {media.MAX_PHOTO_UPLOAD // 2**20} MB" in page


def test_an_upload_stops_at_the_first_byte_too_many() -> None:
    kind = uploads.Kind(10, "image_too_large", file_signatures.could_be_photo, "unsupported_image_type")
    handler = LimitedUploadHandler(RequestFactory().post("/"), kind)
    handler.receive_data_chunk(bytes(10), 0)
    with pytest.raises(uploads.UnusableUpload, match="image_too_large"):
        handler.receive_data_chunk(b"x", 10)


@pytest.mark.parametrize(
    ("body", "content_type", "words"),
    [
        (b"", MULTIPART_CONTENT, "did not arrive whole"),
        (encode_multipart(BOUNDARY, {"photo": "text"}), MULTIPART_CONTENT, "Choose a photo first"),
        (b"--" + BOUNDARY.encode() + b"\r\nContent-Dispo", MULTIPART_CONTENT, "did not arrive whole"),
        (b"x", "multipart/form-data", "did not arrive whole"),
        (b"a=1&" * 300, "application/x-www-form-urlencoded", "did not arrive whole"),
        (encode_multipart(BOUNDARY, {"a": "1" * 1_100_000}), MULTIPART_CONTENT, "larger than 10 MB"),
    ],
)
def test_a_broken_form_is_told_and_never_an_error(
    client: Client, body: bytes, content_type: str, words: str
) -> None:
    response = client.generic("POST", "/verify/document", body, content_type)
    assert response.status_code in {400, 413}
    assert words in response.content.decode()


def test_one_photo_at_a_time(client: Client) -> None:
    two = [SimpleUploadedFile("a.jpg", photo()), SimpleUploadedFile("b.jpg", photo())]
    assert "not several" in client.post("/verify/document", {"photo": two}).content.decode()
    five = {f"photo{number}": SimpleUploadedFile("a.jpg", b"x") for number in range(5)}
    assert "not several" in client.post("/verify/document", five).content.decode()


def test_a_portal_that_can_not_look_at_media_says_so(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media, "check_photo", broken)
    response = give_photo(client)
    assert response.status_code == 503
    assert "not your fault" in response.content.decode()


def broken(*args: Any, **options: Any) -> None:
    raise media.MediaUnavailable("test")


# The challenge


def test_a_challenge_names_its_movements_and_its_time(ready: Client) -> None:
    drawn = draw(ready)
    attempt = VerificationAttempt.objects.get()
    assert (drawn["attempt"], drawn["mode"], drawn["expires_in"]) == (attempt.public_id, "ACTION", 90)
    assert ",".join(action["code"] for action in drawn["actions"]) == attempt.actions
    assert {action["name"] for action in drawn["actions"]} < {"open_mouth", "blink", "nod", "shake_head"}


def test_holding_still_asks_for_no_movement(road: Road) -> None:
    client = opened(road.invitation(mode=Mode.SILENT))
    agree(client)
    give_photo(client)
    assert draw(client)["actions"] == []
    assert b"hold still for a few seconds" in client.get("/verify/capture").content


def test_no_challenge_without_a_photo(client: Client) -> None:
    response = client.post("/verify/challenge")
    assert code_of(response) == (409, "photo_missing")
    assert response.json()["next"] == "/verify/"


def test_drawing_until_it_suits_comes_to_an_end(ready: Client) -> None:
    answers = [ready.post("/verify/challenge") for _ in range(21)]
    assert code_of(answers[-1]) == (429, "too_many_recordings")


# The recording


def test_a_recording_answers_its_challenge_and_leads_on(ready: Client) -> None:
    signals = {
        "mime": "video/mp4",
        "prompts": [{"action": "nod", "at": 500}],
        "camera": "Front\u202e\n",
        "x": 1,
    }
    response = send(ready, draw(ready), signals=json.dumps(signals))
    assert (response.status_code, response.json()) == (200, {"next": "/verify/status"})
    attempt = VerificationAttempt.objects.get()
    assert (attempt.status, Verification.objects.get().status) == (AttemptStatus.SUBMITTED, Status.CHECKING)
    assert attempt.signals == {"mime": "video/mp4", "prompts": signals["prompts"], "camera": "Front"}


def test_a_second_recording_is_told_that_the_first_arrived(ready: Client) -> None:
    drawn = draw(ready)
    send(ready, drawn)
    response = send(ready, drawn)
    assert code_of(response) == (409, "already_submitted")
    assert response.json()["next"] == "/verify/"
    assert code_of(ready.post("/verify/challenge")) == (409, "stale")


def test_a_recording_of_another_challenge_is_unknown(ready: Client) -> None:
    drawn = draw(ready)
    assert code_of(send(ready, {**drawn, "nonce": "other"})) == (404, "unknown_challenge")
    assert code_of(send(ready, {**drawn, "attempt": "att_other"})) == (404, "unknown_challenge")
    draw(ready)
    assert code_of(send(ready, drawn)) == (410, "challenge_expired")


def test_a_late_recording_is_told_so(ready: Client, clock: time_machine.Traveller) -> None:
    drawn = draw(ready)
    clock.shift(timedelta(seconds=91))
    assert code_of(send(ready, drawn)) == (410, "challenge_expired")


class SlowBody(io.BytesIO):
    """A body that takes `seconds` to arrive."""

    def __init__(self, data: bytes, clock: time_machine.Traveller, seconds: float) -> None:
        super().__init__(data)
        self._clock = clock
        self._seconds = seconds

    def read(self, size: int | None = -1, /) -> bytes:
        self._clock.shift(timedelta(seconds=self._seconds))
        self._seconds = 0
        return super().read(size)


def send_slowly(client: Client, clock: time_machine.Traveller, *, after: float, seconds: float) -> Any:
    drawn = draw(client)
    clock.shift(timedelta(seconds=after))
    fields = {"attempt": drawn["attempt"], "nonce": drawn["nonce"], "video": SimpleUploadedFile("c", clip())}
    body = encode_multipart(BOUNDARY, fields)
    slow: dict[str, Any] = {"wsgi.input": SlowBody(body, clock, seconds)}
    return client.generic("POST", "/verify/recording", body, MULTIPART_CONTENT, **slow)


@pytest.mark.parametrize(
    ("after", "seconds", "answered"),
    [
        (89, 30, (200, "")),
        (20, 85, (200, "")),
        (89, 32, (410, "challenge_expired")),
        (80, 60, (410, "challenge_expired")),
        (91, 0, (410, "challenge_expired")),
    ],
)
def test_a_recording_that_began_in_time_may_end_half_a_minute_late(
    ready: Client, clock: time_machine.Traveller, after: float, seconds: float, answered: tuple[int, str]
) -> None:
    answer = send_slowly(ready, clock, after=after, seconds=seconds)
    assert (answer.status_code, answer.json().get("error", {}).get("code", "")) == answered


def test_a_late_copy_of_what_has_arrived_is_told_so(ready: Client, clock: time_machine.Traveller) -> None:
    drawn = draw(ready)
    send(ready, drawn)
    clock.shift(timedelta(minutes=5))
    assert code_of(send(ready, drawn)) == (409, "already_submitted")


def test_an_upload_kept_open_comes_to_an_end(ready: Client, clock: time_machine.Traveller) -> None:
    answer = send_slowly(ready, clock, after=5, seconds=95)
    assert (answer.status_code, answer.json()["error"]["code"]) == (408, "upload_too_slow")
    assert Verification.objects.get().status == Status.COLLECTING


class BodyMeanwhile(io.BytesIO):
    """A body that calls `meanwhile` in its middle."""

    def __init__(self, data: bytes, meanwhile: Callable[[], object]) -> None:
        super().__init__(data)
        self._meanwhile: Callable[[], object] | None = meanwhile

    def read(self, size: int | None = -1, /) -> bytes:
        meanwhile, self._meanwhile = self._meanwhile, None
        if meanwhile is not None:
            meanwhile()
        return super().read(size)


def give_photo_meanwhile(client: Client, meanwhile: Callable[[], object]) -> Any:
    body = encode_multipart(BOUNDARY, {"photo": SimpleUploadedFile("a.jpg", photo())})
    stream: dict[str, Any] = {"wsgi.input": BodyMeanwhile(body, meanwhile)}
    return client.generic("POST", "/verify/document", body, MULTIPART_CONTENT, **stream)


def test_of_three_bodies_at_once_the_third_is_asked_to_wait(client: Client, road: Road) -> None:
    answers: list[Any] = []

    def third() -> None:
        unread: dict[str, Any] = {"wsgi.input": Unread(b"x" * 1000)}
        answers.append(client.generic("POST", "/verify/document", b"x" * 1000, MULTIPART_CONTENT, **unread))
        other = opened(road.invitation())
        agree(other)
        answers.append(give_photo(other))

    def second() -> None:
        answers.append(give_photo_meanwhile(client, third))

    answers.append(give_photo_meanwhile(client, second))
    assert [answer.status_code for answer in answers] == [429, 302, 302, 302]
    assert "still on their way" in answers[0].content.decode()
    assert give_photo(client).status_code == 302, "their places are free again"


class Unread(io.BytesIO):
    def read(self, size: int | None = -1, /) -> bytes:
        raise AssertionError("The body was read.")


def test_nothing_is_read_from_a_stranger(db: None) -> None:
    body = encode_multipart(BOUNDARY, {"video": SimpleUploadedFile("c", b"x")})
    unread: dict[str, Any] = {"wsgi.input": Unread(body)}
    answer = Client().generic("POST", "/verify/recording", body, MULTIPART_CONTENT, **unread)
    assert answer.status_code == 404


def test_photos_without_end_are_told_to_take_a_break(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "MAX_PER_HOUR", 1)
    give_photo(client)
    answer = client.post("/verify/document", {"photo": SimpleUploadedFile("a.jpg", photo())})
    assert answer.status_code == 429
    assert "come back in an hour" in answer.content.decode()


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", (400, "empty_file")),
        (b"PK\x03\x04" + bytes(99), (415, "unsupported_video_type")),
        (clip()[:900], (422, "video_corrupt")),
        (clip() + bytes(media.MAX_VIDEO_UPLOAD), (413, "video_too_large")),
        (bytes(media.MAX_VIDEO_UPLOAD + 200_000), (413, "video_too_large")),
    ],
)
def test_an_unusable_recording_leaves_the_attempt_open(
    ready: Client, data: bytes, expected: tuple[int, str]
) -> None:
    drawn = draw(ready)
    assert code_of(send(ready, drawn, data)) == expected
    assert send(ready, drawn).status_code == 200


@pytest.mark.parametrize("signals", ["{", "[]", '{"bytes": NaN}', "[" * 19_000, "x" * 20_001])
def test_signals_that_can_not_be_read_are_refused(ready: Client, signals: str) -> None:
    response = send(ready, draw(ready), signals=signals)
    assert code_of(response) == (400, "invalid_field")
    assert response.json()["error"]["field"] == "signals"


def test_a_form_without_video_or_nonce_is_refused(ready: Client) -> None:
    drawn = draw(ready)
    assert code_of(ready.post("/verify/recording", {"attempt": drawn["attempt"]})) == (400, "missing_file")
    assert code_of(send(ready, {**drawn, "nonce": ""})) == (400, "invalid_field")


def test_a_recording_waits_for_a_portal_that_can_look_at_it(
    ready: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = draw(ready)
    monkeypatch.setattr(media, "check_video", broken)
    assert code_of(send(ready, drawn)) == (503, "unavailable")


@pytest.mark.parametrize(
    "trouble", [storage.Unavailable("test"), storage.IntegrityError("test"), OSError(28, "no space")]
)
def test_a_store_in_trouble_is_told_logged_and_not_counted(
    ready: Client, monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    drawn, before = draw(ready), Verification.objects.get().received_bytes

    def fail(*args: Any) -> None:
        raise trouble

    monkeypatch.setattr(storage, "store", fail)
    with structlog.testing.capture_logs() as logs:
        assert code_of(send(ready, drawn)) == (503, "unavailable")
        assert code_of(put(ready, drawn, 0)) == (503, "unavailable")
        page = give_photo(ready, photo(2))
    assert page.status_code == 503
    assert "not your fault" in page.content.decode()
    assert Verification.objects.get().received_bytes == before
    errors = [(line["log_level"], line["event"], line["error"]) for line in logs if "error" in line]
    assert errors == [("error", "request.unavailable", type(trouble).__name__)] * 3


# Unusable uploads, and log events


def test_who_never_heard_that_the_video_was_of_no_use_hears_it_the_second_time(ready: Client) -> None:
    drawn, broken = draw(ready), recording()[: 2 * PART + 1]
    put_all(ready, drawn, whole=broken)
    assert error_of(finish(ready, drawn))[:2] == (422, "video_corrupt")
    for _ in range(2):
        assert error_of(finish(ready, drawn)) == (409, "chunk_mismatch", 0)
    put_all(ready, drawn, whole=broken)
    assert error_of(finish(ready, drawn))[:2] == (422, "video_corrupt")
    put_all(ready, drawn)
    assert finish(ready, drawn).status_code == 200
    assert VerificationAttempt.objects.get().facts.keys() == {"recorded", "pictures"}


def test_what_was_of_no_use_is_asked_for_while_its_challenge_is_open(
    ready: Client, clock: time_machine.Traveller
) -> None:
    drawn = draw(ready)
    put_all(ready, drawn, whole=recording()[: 2 * PART + 1])
    finish(ready, drawn)
    clock.shift(timedelta(seconds=91))
    assert error_of(finish(ready, drawn))[:2] == (410, "challenge_expired")
    assert error_of(finish(ready, draw(ready)))[:2] == (400, "missing_file"), "nothing came for the new one"


def test_signals_keep_only_what_is_known() -> None:
    signals = {
        "track": {"width": 640, "height": True, "evil": 1},
        "screen": 3,
        "webdriver": False,
        "bytes": 1e99,
    }
    assert capture_signals.read(json.dumps(signals)) == {"track": {"width": 640}, "webdriver": False}
    assert capture_signals.read("") == {}


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_media_code_was_thought_of_on_its_pages(code: str) -> None:
    pages = [media_faults.of_photo, media_faults.of_video]
    if "image_" in code:
        pages.remove(media_faults.of_video)
    if "video_" in code:
        pages.remove(media_faults.of_photo)
    for words_of in pages:
        assert words_of(code) is not words_of("a code nobody thought of")
