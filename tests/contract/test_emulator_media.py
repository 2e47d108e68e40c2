"""The emulator opens the photo and the video, and refuses what the vendor could not open."""

import io
import struct
import zlib
from collections.abc import Callable

import pytest
from PIL import Image

from kyc_portal.sandbox.emulator import EmulatorServer
from tests.contract.tc3 import body_of, call, code_of, sha256

Clips = Callable[..., bytes]


def picture(size: tuple[int, int], kind: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "teal").save(out, kind)
    return out.getvalue()


def png_header(width: int, height: int) -> bytes:
    """A PNG whose header claims a size, with almost no pixel data."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0"))
        + chunk(b"IEND", b"")
    )


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def ask(emulator: EmulatorServer, photo: bytes, video: bytes) -> str:
    answer = call(emulator.url, body_of(photo, video))
    if answer["Result"] != "Success":
        assert (answer["Sim"], answer["BestFrameBase64"]) == (0, None)
        assert "no face was judged" in answer["Description"]
    return code_of(answer)


@pytest.mark.parametrize(
    ("container", "codec", "found"),
    [
        ("mp4", "libx264", "h264"),
        ("avi", "mpeg4", "mpeg4"),
        ("avi", "mjpeg", "mjpeg"),
        ("flv", "flv", "flv"),
        ("flv", "libx264", "h264"),
    ],
)
def test_it_opens_mp4_avi_and_flv(
    emulator: EmulatorServer, photo: bytes, make_clip: Clips, container: str, codec: str, found: str
) -> None:
    assert ask(emulator, photo, make_clip(container, codec)) == "Success"
    row = emulator.calls()[-1]
    assert row["video_container"] == container
    assert row["video"] == {"codec": found, "width": 160, "height": 120, "duration": 3.0}


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (1.9, "FailedOperation.SilentTooShort"),
        (2.0, "Success"),
        (20.0, "Success"),
        (20.1, "FailedOperation.VideoDurationExceeded"),
    ],
)
def test_it_wants_two_to_twenty_seconds(
    emulator: EmulatorServer, photo: bytes, make_clip: Clips, seconds: float, code: str
) -> None:
    assert ask(emulator, photo, make_clip(seconds=seconds)) == code


@pytest.mark.parametrize(("container", "codec"), [("webm", "libvpx"), ("matroska", "libx264")])
def test_it_refuses_other_containers(
    emulator: EmulatorServer, photo: bytes, make_clip: Clips, container: str, codec: str
) -> None:
    assert ask(emulator, photo, make_clip(container, codec)) == "FailedOperation.VideoDecodeFailed"
    assert emulator.calls()[-1]["video_container"] is None


@pytest.mark.parametrize(
    "spoil",
    [
        lambda clip: b"garbage" * 100,
        lambda clip: clip[: len(clip) // 3],
        lambda clip: clip[:32] + b"\0" * (len(clip) - 32),
        lambda clip: b"FLV" + clip,
        lambda clip: b"RIFF\0\0\0\0AVI " + clip,
        lambda clip: b"\0\0\0\x18ftypisom" + b"#EXTM3U\nfile:///etc/passwd\n",
    ],
    ids=["garbage", "cut", "blanked", "not flv", "not avi", "playlist"],
)
def test_it_refuses_a_broken_video(
    emulator: EmulatorServer, photo: bytes, clip: bytes, spoil: Callable[[bytes], bytes]
) -> None:
    assert ask(emulator, photo, spoil(clip)) == "FailedOperation.VideoDecodeFailed"


def test_it_opens_png_photos(emulator: EmulatorServer, clip: bytes) -> None:
    assert ask(emulator, picture((64, 64), "PNG"), clip) == "Success"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda photo: b"garbage",
        lambda photo: photo[: len(photo) // 2],
        lambda photo: picture((64, 64), "GIF"),
        lambda photo: picture((64, 64), "WEBP"),
        lambda photo: b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        lambda photo: png_header(64, 64),
    ],
    ids=["garbage", "cut", "gif", "webp", "svg", "no pixels"],
)
def test_it_refuses_a_photo_that_it_cannot_decode(
    emulator: EmulatorServer, photo: bytes, clip: bytes, spoil: Callable[[bytes], bytes]
) -> None:
    assert ask(emulator, spoil(photo), clip) == "FailedOperation.ImageDecodeFailed"


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("size", [(20, 20), (5_001, 5_000), (12_000, 12_000), (60_000, 60_000)])
def test_it_refuses_photos_of_a_wrong_size_by_their_header(
    emulator: EmulatorServer, clip: bytes, size: tuple[int, int]
) -> None:
    assert ask(emulator, png_header(*size), clip) == "FailedOperation.LifePhotoSizeError"


def test_the_photo_is_checked_before_the_video(emulator: EmulatorServer) -> None:
    assert ask(emulator, b"bad", b"bad") == "FailedOperation.ImageDecodeFailed"


def test_the_ledger_holds_the_hashes_of_the_decoded_bytes(
    emulator: EmulatorServer, photo: bytes, clip: bytes
) -> None:
    ask(emulator, photo, clip)
    row = emulator.calls()[-1]
    assert (row["image_sha256"], row["video_sha256"]) == (sha256(photo), sha256(clip))
    assert row["body_sha256"] == sha256(body_of(photo, clip))
