"""Turns any accepted recording into the form that is sent to the vendor: a silent, upright H.264 MP4.

It copies H.264 pictures that fit, which is fifty times cheaper, and re-encodes others.
Runs in the limited child process; knows nothing of Django, attempts or where videos are kept.
"""

import io
import math
from contextlib import suppress
from typing import Final

import av
import PIL
from av.error import FFmpegError
from av.packet import Packet
from av.video.stream import VideoStream

from verification.media import transcode
from verification.media.containers import check_order, create_mp4, open_video
from verification.media.display import pixel_aspect, shown, turn_of
from verification.media.errors import UnusableMedia
from verification.media.facts import CheckedVideo, NormalisedVideo, VideoFacts
from verification.media.looks import Looks
from verification.media.probe import frames, measure, packets, picture_stream, probe_video

MAX_VIDEO_BYTES: Final = 6_000_000  # 8,000,000 characters of Base64
MAX_REMUX_PIXELS: Final = 1920 * 1088
MAX_REMUX_RATE: Final = 60.5  # frames a second; a phone's 60 is never exact
CONTAINER_ROOM: Final = 100_000  # bytes kept free for the MP4's own tables
TRIES: Final = 3  # each with fewer bits than the one before
LENGTH_SLACK: Final = 0.5  # seconds by which the constant frame rate may change the length
FRAME_QUALITY: Final = 88

__all__ = ["check_video", "cut_frame", "normalise_video", "probe_video", "shrink_video"]


def check_video(data: bytes) -> CheckedVideo:
    """Facts and picture hashes of the recording; raises UnusableMedia if it is unfit to be normalised."""
    looks = Looks()
    facts = probe_video(data, looks.see)
    looks.check()
    return CheckedVideo(facts, tuple(looks.hashes))


def normalise_video(data: bytes) -> NormalisedVideo:
    """The recording as MP4: H.264, yuv420p, upright, silent, at most 6,000,000 bytes, its tables in front.

    Raises UnusableMedia if the recording is unfit.
    """
    facts = probe_video(data)
    if _is_plain(facts) and (mp4 := _remuxed(data)) is not None:
        # If the copy fails its check, the pictures may still decode: re-encode them.
        with suppress(UnusableMedia):
            copy = _verified(mp4, facts, pictures=facts.frames)
            return NormalisedVideo(mp4, copy, facts, "remux", tool_versions(), {"c:v": "copy"})
    mp4, bit_rate = _transcoded(data, facts)
    return _reencoded(mp4, facts, bit_rate, transcode.USUAL_SIDES)


def shrink_video(data: bytes, most_bytes: int) -> NormalisedVideo:
    """The recording as an MP4 of about `most_bytes`: always re-encoded, a short side of 480 pixels at most, no larger.

    Never below MIN_BIT_RATE, because a face has to stay recognisable. Raises UnusableMedia if the recording is unfit.
    """
    facts = probe_video(data)
    budget = int(most_bytes * 8 * 0.95 / facts.duration)
    bit_rate = min(transcode.MAX_BIT_RATE, max(transcode.MIN_BIT_RATE, budget))
    mp4 = transcode.transcode(data, facts, bit_rate, transcode.SMALL_SIDES)
    if len(mp4) > MAX_VIDEO_BYTES:
        raise UnusableMedia("video_cannot_fit", {"bytes_allowed": MAX_VIDEO_BYTES})
    return _reencoded(mp4, facts, bit_rate, transcode.SMALL_SIDES)


def cut_frame(data: bytes, at: float) -> bytes:
    """The upright picture shown `at` seconds into the video, or the last one before it ends, as JPEG."""
    wanted = at if math.isfinite(at) else 0.0
    first = frame = None
    with open_video(data) as file:
        stream = picture_stream(file)
        for frame in frames(file, stream):
            first = first or frame
            if frame.time is not None and frame.time - (first.time or 0) >= wanted:
                break
        if first is None or frame is None:
            raise UnusableMedia("video_no_picture")
        picture = shown(frame, turn_of(first), pixel_aspect(stream))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=FRAME_QUALITY)
    return out.getvalue()


def tool_versions() -> dict[str, str]:
    """Names and versions of the libraries that read and write media, for the evidence."""
    ours = {"pyav": av.__version__, "pillow": PIL.__version__}
    return ours | {name: ".".join(map(str, version)) for name, version in av.library_versions.items()}


def _transcoded(data: bytes, facts: VideoFacts) -> tuple[bytes, int]:
    """The recording re-encoded, and the bits a second that made it fit."""
    budget = int((MAX_VIDEO_BYTES - CONTAINER_ROOM) * 8 * 0.95 / facts.duration)
    bit_rate = min(transcode.MAX_BIT_RATE, budget)
    for _ in range(TRIES):
        mp4 = transcode.transcode(data, facts, bit_rate, transcode.USUAL_SIDES)
        if len(mp4) <= MAX_VIDEO_BYTES:
            return mp4, bit_rate
        bit_rate = bit_rate * 6 // 10
    raise UnusableMedia("video_cannot_fit", {"bytes_allowed": MAX_VIDEO_BYTES})


def _reencoded(mp4: bytes, facts: VideoFacts, bit_rate: int, sides: tuple[int, int]) -> NormalisedVideo:
    arguments = transcode.arguments(facts, bit_rate, sides)
    return NormalisedVideo(mp4, _verified(mp4, facts), facts, "transcode", tool_versions(), arguments)


def _is_plain(facts: VideoFacts) -> bool:
    """Whether the pictures can be copied as they are."""
    return (
        facts.codec == "h264"
        and facts.pixel_format == "yuv420p"
        and _is_upright(facts)
        and facts.width % 2 == facts.height % 2 == 0
        and facts.width * facts.height <= MAX_REMUX_PIXELS
        and facts.frames / facts.duration <= MAX_REMUX_RATE
    )


def _is_upright(facts: VideoFacts) -> bool:
    return (facts.rotation, facts.mirrored, facts.pixel_aspect) == (0, False, 1.0)


def _remuxed(data: bytes) -> bytes | None:
    """The pictures copied into a fresh MP4 timed from 0; None if their times or size do not allow it."""
    out = io.BytesIO()
    with open_video(data) as file:
        pictures = picture_stream(file)
        copied = list(packets(file, pictures))
        if not _begins_with_its_first_picture(copied):
            return None
        try:
            _copy(pictures, copied, out)
        except FFmpegError:
            return None
    return out.getvalue() if out.tell() <= MAX_VIDEO_BYTES else None


def _begins_with_its_first_picture(copied: "list[Packet[VideoStream]]") -> bool:
    """Whether all packets are timed and shown, and none needs or precedes anything before the first.

    Otherwise players would show other pictures than those that were checked, or none until the next key frame.
    """
    if any(packet.pts is None or packet.dts is None or packet.is_discard for packet in copied):
        return False
    return copied[0].is_keyframe and copied[0].pts == min(packet.pts or 0 for packet in copied)


def _copy(pictures: VideoStream, copied: "list[Packet[VideoStream]]", out: io.BytesIO) -> None:
    header, start = len(pictures.codec_context.extradata or b""), copied[0].pts or 0
    # Matroska may not say how long the last picture stays; without a length, players would cut it off.
    usual = (max(packet.pts or 0 for packet in copied) - start) // max(1, len(copied) - 1)
    with create_mp4(out, pictures=len(copied), header=header) as target:
        stream = target.add_stream_from_template(pictures)
        for packet in copied:
            packet.pts, packet.dts = (packet.pts or 0) - start, (packet.dts or 0) - start
            packet.duration, packet.stream = packet.duration or usual, stream
            target.mux(packet)


def _verified(mp4: bytes, source: VideoFacts, *, pictures: int = 0) -> VideoFacts:
    """Facts of the result, with every picture decoded; raises UnusableMedia if it is not as it should be.

    `pictures` is how many it has to show, if that is known.
    """
    check_order(mp4)
    seen: list[None] = []
    facts = measure(mp4, lambda _: seen.append(None))
    form = (facts.container, facts.codec, facts.pixel_format, _is_upright(facts))
    counts = {len(seen), facts.frames, pictures or facts.frames}
    if form != ("mov", "h264", transcode.PIXEL_FORMAT, True) or len(counts) > 1:
        raise UnusableMedia("video_corrupt")
    if abs(facts.duration - source.duration) > LENGTH_SLACK:
        raise UnusableMedia("video_corrupt")
    return facts
