"""Brings any accepted recording into the one form the vendor is sent: a silent, upright H.264 MP4.

Copies the pictures when they are already right, which is fifty times cheaper, and re-encodes them when not.
Runs in the limited child process; knows nothing of Django, attempts or where videos are kept.
"""

import io
import math
from pathlib import Path
from typing import Final

import av
import PIL
from av.error import FFmpegError
from PIL import Image

from verification.media.containers import file_size, open_video, translated_errors
from verification.media.errors import UnusableMedia
from verification.media.facts import CheckedVideo, NormalisedVideo, VideoFacts
from verification.media.probe import frames, measure, packets, picture_stream, probe_video
from verification.media.transcode import MAX_BIT_RATE, transcode

MAX_VIDEO_BYTES: Final = 6_000_000  # raw: 8,000,000 characters of Base64
MAX_REMUX_PIXELS: Final = 1920 * 1088
MAX_REMUX_RATE: Final = 60.5  # frames a second; a phone's 60 is never exact
CONTAINER_ROOM: Final = 100_000  # bytes kept free for the MP4's own tables
LENGTH_SLACK: Final = 0.5  # seconds by which a constant rate may round the length
FRAME_QUALITY: Final = 88

__all__ = ["cut_frame", "normalise_video", "probe_video"]


def check_video(data: bytes) -> CheckedVideo:
    path = Path("recording")
    path.write_bytes(data)
    return CheckedVideo(probe_video(path), ())


def normalise_video(data: bytes) -> NormalisedVideo:
    """Write `target_path`: MP4, H.264, yuv420p, upright, silent, at most 6,000,000 bytes.

    Raises UnusableMedia when the source is not fit; nothing is left at `target_path` then.
    """
    source, target = Path("recording"), Path("prepared.mp4")
    source.write_bytes(data)
    facts = probe_video(source)
    try:
        method = _write(source, target, facts)
        result = _verified(target, facts)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return NormalisedVideo(target.read_bytes(), result, facts, method, tool_versions(), {})


def cut_frame(data: bytes, at: float) -> bytes:
    """The upright picture shown `at` seconds into the video, or the last one before it ends, as JPEG."""
    path = Path("recording")
    path.write_bytes(data)
    wanted = at if math.isfinite(at) else 0.0
    shown, start = None, None
    with open_video(Path(path)) as file:
        for shown in frames(file, picture_stream(file)):
            start = shown.time if start is None else start
            if shown.time is not None and start is not None and shown.time - start >= wanted:
                break
        if shown is None:
            raise UnusableMedia("video_no_picture")
        picture: Image.Image = shown.to_image()  # type: ignore[no-untyped-call]
    out = io.BytesIO()
    picture.rotate(shown.rotation, expand=True).save(out, "JPEG", quality=FRAME_QUALITY)
    return out.getvalue()


def tool_versions() -> dict[str, str]:
    """Names and versions of the libraries that read and write media, for the evidence."""
    ours = {"pyav": av.__version__, "pillow": PIL.__version__}
    return ours | {name: ".".join(map(str, version)) for name, version in av.library_versions.items()}


def _write(source: Path, target: Path, facts: VideoFacts) -> str:
    if _is_plain(facts) and _remux(source, target):
        return "remux"
    budget = int((MAX_VIDEO_BYTES - CONTAINER_ROOM) * 8 * 0.95 / facts.duration)
    bit_rate = min(MAX_BIT_RATE, budget)
    for _ in range(3):
        transcode(source, target, facts, bit_rate)
        if file_size(target) <= MAX_VIDEO_BYTES:
            return "transcode"
        bit_rate = bit_rate * 6 // 10
    raise UnusableMedia("video_cannot_fit", {"bytes_allowed": MAX_VIDEO_BYTES})


def _is_plain(facts: VideoFacts) -> bool:
    """Whether the pictures can be copied as they are."""
    return (
        facts.codec == "h264"
        and facts.pixel_format == "yuv420p"
        and facts.rotation == 0
        and facts.width % 2 == facts.height % 2 == 0
        and facts.width * facts.height <= MAX_REMUX_PIXELS
        and facts.frames / facts.duration <= MAX_REMUX_RATE
    )


def _remux(source: Path, target: Path) -> bool:
    """Copy the pictures into a fresh MP4 timed from 0; False when their times or size do not allow it."""
    with open_video(source) as file:
        pictures = picture_stream(file)
        copied = list(packets(file, pictures))
        if any(packet.dts is None or packet.pts is None for packet in copied):
            return False
        start = copied[0].pts or 0
        try:
            with av.open(str(target), "w", format="mp4", options={"movflags": "+faststart"}) as out:
                stream = out.add_stream_from_template(pictures)
                for packet in copied:
                    packet.pts, packet.dts = (packet.pts or 0) - start, (packet.dts or 0) - start
                    packet.stream = stream
                    out.mux(packet)
        except FFmpegError:
            return False
    return file_size(target) <= MAX_VIDEO_BYTES


def _verified(target: Path, source: VideoFacts) -> VideoFacts:
    """Facts of what was written; raises UnusableMedia unless it is what it should be."""
    with translated_errors():
        facts = measure(target)
    right = (facts.container, facts.codec, facts.pixel_format, facts.rotation) == (
        "mov",
        "h264",
        "yuv420p",
        0,
    )
    if not right or abs(facts.duration - source.duration) > LENGTH_SLACK:
        raise UnusableMedia("video_corrupt")
    return facts
