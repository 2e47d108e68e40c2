"""Opens the photo and the video, as the vendor does before it compares them.

So a WebM, a broken file or a clip of one second fails here as it does at the vendor. It judges no
faces, and does not know who called or what was scripted. It decodes in the emulator's own process,
which is safe only because a sandbox gets no files from strangers; the portal must never do this.
"""

# PyAV's Packet is generic only for the type checker.
from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from PIL import Image

from kyc_portal.sandbox.emulator.answers import Unfit

MAX_PHOTO_PIXELS = 25_000_000
MIN_PHOTO_SIDE = 32
MAX_VIDEO_PIXELS = 1920 * 1920
MAX_PACKETS = 5_000
MIN_SECONDS, MAX_SECONDS = 2, 20
FRAME_SIDE = 640
# The only demuxer for each container: FFmpeg would otherwise try all 400.
DEMUXERS = {"mp4": "mov", "avi": "avi", "flv": "flv"}


@dataclass(frozen=True)
class Clip:
    container: str
    codec: str
    width: int
    height: int
    seconds: float
    best_frame: bytes


def check_photo(data: bytes) -> None:
    """Raise Unfit unless it is a JPEG or PNG that decodes to its last byte."""
    try:
        photo = Image.open(io.BytesIO(data), formats=("JPEG", "PNG"))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as err:
        raise _photo_size() from err
    except Exception as err:
        raise Unfit("FailedOperation.ImageDecodeFailed", "The image is not a JPG or PNG.") from err
    # Checked before any pixel is decoded. The header is used to refuse only.
    if photo.width * photo.height > MAX_PHOTO_PIXELS or min(photo.size) < MIN_PHOTO_SIDE:
        raise _photo_size()
    try:
        # A JPEG is still read to its last byte, but decoded at an eighth of its size, which is cheaper.
        photo.draft(photo.mode, (photo.width // 8, photo.height // 8))
        photo.load()
    except Exception as err:
        raise Unfit("FailedOperation.ImageDecodeFailed", "The image could not be decoded.") from err


def read_clip(data: bytes) -> Clip:
    """Raise Unfit unless it is an MP4, AVI or FLV of 2 to 20 seconds with a picture in it."""
    container = container_of(data)
    try:
        with av.open(io.BytesIO(data), "r", format=DEMUXERS[container]) as source:
            return _read(source, container)
    except Unfit:
        raise
    except Exception as err:
        # Broken files come out of FFmpeg's bindings as UnicodeDecodeError and AttributeError too.
        raise _undecodable("The video could not be decoded.") from err


def container_of(data: bytes) -> str:
    """The container by its magic bytes: the sender's label is not trusted."""
    if data[4:8] == b"ftyp":
        return "mp4"
    if data[:4] == b"RIFF" and data[8:12] == b"AVI ":
        return "avi"
    if data[:3] == b"FLV":
        return "flv"
    raise _undecodable("The video is not an MP4, AVI or FLV file.")


def _read(source: InputContainer, container: str) -> Clip:
    if not source.streams.video:
        raise _undecodable("The file holds no video.")
    stream = source.streams.video[0]
    if stream.width * stream.height > MAX_VIDEO_PIXELS:
        raise _undecodable("The video has too many pixels.")
    # The bitstream may claim another size than the container: FFmpeg checks that one.
    stream.codec_context.options = {"max_pixels": str(MAX_VIDEO_PIXELS)}
    stream.codec_context.thread_count = 1
    packets = list(_packets(source, stream))
    seconds = _duration(packets, stream)
    return Clip(
        container=container,
        codec=stream.codec_context.name,
        width=stream.width,
        height=stream.height,
        seconds=round(float(seconds), 3),
        best_frame=_jpeg(_middle_frame(stream, packets)),
    )


def _packets(source: InputContainer, stream: VideoStream) -> Iterator[Packet[VideoStream]]:
    number = 0
    for packet in source.demux(stream):
        if packet.size == 0:
            continue
        number += 1
        if number > MAX_PACKETS:
            raise _undecodable("The video has too many frames.")
        yield packet


def _duration(packets: list[Packet[VideoStream]], stream: VideoStream) -> Fraction:
    """The duration from the packets: headers may be wrong or empty."""
    times = sorted(_time(packet) for packet in packets)
    if not times or stream.time_base is None:
        raise _undecodable("The video holds no picture.")
    last = max(packets, key=_time).duration or _usual_gap(times)
    seconds = (times[-1] - times[0] + last) * stream.time_base
    if seconds < MIN_SECONDS:
        raise Unfit("FailedOperation.SilentTooShort", f"The video is shorter than {MIN_SECONDS} seconds.")
    if seconds > MAX_SECONDS:
        raise Unfit(
            "FailedOperation.VideoDurationExceeded", f"The video is longer than {MAX_SECONDS} seconds."
        )
    return seconds


def _usual_gap(times: list[int]) -> int:
    return (times[-1] - times[0]) // max(1, len(times) - 1)


def _time(packet: Packet[VideoStream]) -> int:
    # AVI keeps no presentation times.
    return next((time for time in (packet.pts, packet.dts) if time is not None), 0)


def _middle_frame(stream: VideoStream, packets: list[Packet[VideoStream]]) -> VideoFrame:
    """Decode from the last key frame before the middle, and no further than the middle."""
    times = [_time(packet) for packet in packets]
    middle = (min(times) + max(times)) // 2
    keys = [at for at, packet in enumerate(packets) if packet.is_keyframe and times[at] <= middle]
    found: VideoFrame | None = None
    for found in _frames(stream, packets[keys[-1] if keys else 0 :]):
        if found.pts is not None and found.pts >= middle:
            break
    if found is None:
        raise _undecodable("The video holds no picture.")
    return found


def _frames(stream: VideoStream, packets: list[Packet[VideoStream]]) -> Iterator[VideoFrame]:
    for packet in packets:
        yield from stream.codec_context.decode(packet)
    yield from stream.codec_context.decode(None)


def _jpeg(frame: VideoFrame) -> bytes:
    picture = frame.to_image()  # type: ignore[no-untyped-call]
    picture.thumbnail((FRAME_SIDE, FRAME_SIDE))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=85)
    return out.getvalue()


def _photo_size() -> Unfit:
    return Unfit("FailedOperation.LifePhotoSizeError", "The image is too large or too small.")


def _undecodable(why: str) -> Unfit:
    return Unfit("FailedOperation.VideoDecodeFailed", why)
