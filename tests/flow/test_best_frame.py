"""A best frame that is no picture: one from the recording takes its place, and the reviewer and the trail read why."""

import base64
import io
import struct
from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse
from PIL import Image

from tests.conftest import Road, photo
from tests.flow.vendor_says import Say
from verification import media, storage
from verification.media import child
from verification.models import AuditEvent, Verification
from verification.states import Status


def jpeg() -> bytes:
    picture = Image.open(io.BytesIO(photo())).convert("RGB")
    out = io.BytesIO()
    picture.resize((480, 640)).save(out, "JPEG")
    return out.getvalue()


def bomb() -> bytes:
    """A JPEG whose header promises 65,000 by 65,000 pixels: 12 GB once it is decoded."""
    whole = jpeg()
    at = whole.index(b"\xff\xc0") + 5
    return whole[:at] + struct.pack(">HH", 65_000, 65_000) + whole[at + 4 :]


def in_format(name: str) -> bytes:
    out = io.BytesIO()
    Image.open(io.BytesIO(jpeg())).save(out, name)
    return out.getvalue()


RUBBISH: dict[str, Callable[[], bytes]] = {
    "rubbish behind a signature": lambda: b"\xff\xd8\xff\xe0" + bytes(range(256)) * 40,
    "a signature alone": lambda: b"\xff\xd8\xff",
    "half a JPEG": lambda: jpeg()[: len(jpeg()) // 2],
    "a picture bomb": bomb,
    "a picture of nothing": lambda: jpeg().replace(b"\xff\xc0\x00\x11\x08" + struct.pack(">HH", 640, 480),
                                                   b"\xff\xc0\x00\x11\x08" + struct.pack(">HH", 0, 480)),
    "a strip": lambda: in_strip(),
    "PNG": lambda: in_format("PNG"),
    "WebP": lambda: in_format("WEBP"),
    "HTML behind a JPEG": lambda: jpeg() + b"<script>alert(1)</script>" * 100,
    "too many bytes": lambda: jpeg() + bytes(3_000_000),
}  # fmt: skip


def in_strip() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (2000, 40)).save(out, "JPEG")
    return out.getvalue()


def judged(road: Road, say: Say, frame: bytes) -> Verification:
    say(Result="Success", Sim=75, BestFrameBase64=base64.b64encode(frame).decode())
    verification = road.with_photo()
    road.record(verification)
    return verification


@pytest.mark.parametrize("frame", RUBBISH.values(), ids=RUBBISH)
def test_a_frame_that_is_no_picture_is_replaced_by_one_from_the_recording(
    road: Road, say: Say, frame: Callable[[], bytes]
) -> None:
    verification = judged(road, say, frame())
    attempt = verification.attempts.get()
    assert (verification.status, verification.reasons) == (Status.IN_REVIEW, ["similarity_band"])
    assert attempt.best_frame_source == "video"
    kept = storage.read(attempt.best_frame_name, sha256=attempt.best_frame_sha256)
    assert Image.open(io.BytesIO(kept)).format == "JPEG"


def test_the_reviewer_and_the_trail_read_why_the_vendors_frame_is_not_shown(
    road: Road, say: Say, signed_in: Any
) -> None:
    verification = judged(road, say, jpeg()[:2000])
    page = signed_in().get(reverse("admin:case", args=[verification.public_id])).content.decode()
    assert "cut from the video by us: the vendor&#x27;s frame is not a picture that can be opened" in page
    finished = AuditEvent.objects.get(kind="attempt.finished")
    assert (finished.data["best_frame"], finished.data["best_frame_note"]) == ("video", "image_incomplete")


def test_a_frame_that_is_a_picture_is_shown_without_a_remark(road: Road, say: Say, signed_in: Any) -> None:
    verification = judged(road, say, jpeg())
    attempt = verification.attempts.get()
    assert (attempt.best_frame_source, attempt.best_frame_note) == ("vendor", "")
    page = signed_in().get(reverse("admin:case", args=[verification.public_id])).content.decode()
    assert "<span>chosen by the vendor</span>" in page
    finished = AuditEvent.objects.get(kind="attempt.finished")
    assert finished.data["best_frame"] == "vendor"
    assert "best_frame_note" not in finished.data


@pytest.mark.parametrize("error", [media.UnusableMedia("media_crashed"), media.MediaUnavailable("busy")])
def test_a_frame_over_which_the_child_dies_is_replaced_too(
    road: Road, say: Say, monkeypatch: Any, error: Exception
) -> None:
    real = child.run

    def run(work: str, data: bytes, *more: Any, **options: Any) -> Any:
        if work.endswith("normalise_photo") and data == jpeg():
            raise error
        return real(work, data, *more, **options)

    monkeypatch.setattr(media, "run", run)
    verification = judged(road, say, jpeg())
    assert verification.attempts.get().best_frame_source == "video"


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (b"\xff\xd8\xff rubbish", "the vendor&#x27;s frame is not a picture that can be opened"),
        (b"", "none could be cut from the recording or stored"),
    ],
)
def test_without_any_picture_the_page_says_why(
    road: Road, say: Say, signed_in: Any, monkeypatch: Any, frame: bytes, words: str
) -> None:
    def refuse(*args: Any) -> bytes:
        raise media.MediaUnavailable("busy")

    monkeypatch.setattr(media, "frame_at", refuse)
    verification = judged(road, say, frame)
    assert verification.status == Status.IN_REVIEW
    page = signed_in().get(reverse("admin:case", args=[verification.public_id])).content.decode()
    assert f"No frame: {words}" in page
