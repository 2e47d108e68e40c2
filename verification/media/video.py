"""Turns any accepted recording into the form that is sent to the vendor: a silent, upright H.264 MP4.

It copies H.264 pictures that fit, which is fifty times cheaper, and re-encodes others.
Runs in the limited child process; knows nothing of Django, attempts or where videos are kept.
"""

import io
import math
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Final

import av
import PIL
from PIL import Image

from verification.media import transcode
from verification.media.containers import check_order, open_video
from verification.media.copying import Feed, copied
from verification.media.display import pixel_aspect, shown, turn_of
from verification.media.errors import UnusableMedia
from verification.media.facts import CheckedVideo, NormalisedVideo, VideoFacts
from verification.media.looks import Looks
from verification.media.probe import check_limits, frames, measure, opened, picture_stream, probe_video

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


def normalise_video(data: bytes, pictures: int = 0, pixel_format: str = "") -> NormalisedVideo:
    """The recording as MP4: H.264, yuv420p, upright, silent, at most 6,000,000 bytes, its tables in front.

    `pictures` and `pixel_format` are what `check_video` found in these very bytes: how many pictures it decoded, and
    the last one's format. Then pictures that are copied as they are need not be decoded again. Raises UnusableMedia if
    the recording is unfit.
    """
    with opened(data) as recording:
        facts = recording.facts()
        check_limits(facts)
        # Only if one format holds from the first picture to the last is it known for the copy.
        feed = Feed.of(recording) if pictures and pixel_format == facts.pixel_format else None
        mp4 = copied(recording) if _is_plain(facts) else None
    if mp4 is not None and len(mp4) <= MAX_VIDEO_BYTES:
        # If the copy fails its check, the pictures may still decode: re-encode them.
        with suppress(UnusableMedia):
            copy = _verified_copy(mp4, facts, feed, pictures)
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
    [picture] = pictures_at(data, [at])
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=FRAME_QUALITY)
    return out.getvalue()


def pictures_at(data: bytes, moments: Iterable[float]) -> Iterator[Image.Image]:
    """The upright pictures shown at these seconds, which rise; after the end, the last one.

    Raises UnusableMedia if there is none.
    """
    waiting = [moment if math.isfinite(moment) else 0.0 for moment in moments]
    first = frame = None
    with open_video(data) as file:
        stream = picture_stream(file)
        for frame in frames(file, stream):
            first = first or frame
            while waiting and frame.time is not None and frame.time - (first.time or 0) >= waiting[0]:
                del waiting[0]
                yield shown(frame, turn_of(first), pixel_aspect(stream))
            if not waiting:
                return
        if first is None or frame is None:
            raise UnusableMedia("video_no_picture")
        yield from [shown(frame, turn_of(first), pixel_aspect(stream))] * len(waiting)


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


def _verified_copy(mp4: bytes, source: VideoFacts, feed: Feed | None, pictures: int) -> VideoFacts:
    """Facts of the copy; raises UnusableMedia if it is not as it should be, or does not show every picture.

    A decoder that was given `feed` made so many pictures. It makes the same ones of the copy if it is given the same.
    """
    if feed is not None:
        with opened(mp4) as copy:
            found = Feed.of(copy)
            if found is not None and feed.is_like(found):
                return _fit(mp4, copy.facts(), source, {pictures, source.frames})
    return _verified(mp4, source, pictures=source.frames)


def _verified(mp4: bytes, source: VideoFacts, *, pictures: int = 0) -> VideoFacts:
    """Facts of the result, with every picture decoded; raises UnusableMedia if it is not as it should be.

    `pictures` is how many it has to show, if that is known.
    """
    seen: list[None] = []
    facts = measure(mp4, lambda _: seen.append(None))
    return _fit(mp4, facts, source, {len(seen), pictures or facts.frames})


def _fit(mp4: bytes, facts: VideoFacts, source: VideoFacts, counts: set[int]) -> VideoFacts:
    """The facts of the result; raises UnusableMedia if it is not as it should be, or `counts` other pictures."""
    check_order(mp4)
    form = (facts.container, facts.codec, facts.pixel_format, _is_upright(facts))
    if form != ("mov", "h264", transcode.PIXEL_FORMAT, True) or counts != {facts.frames}:
        raise UnusableMedia("video_corrupt")
    if abs(facts.duration - source.duration) > LENGTH_SLACK:
        raise UnusableMedia("video_corrupt")
    return facts
