"""Finds out what a video really is, by walking its packets and decoding its pictures.

Headers are not trusted: browsers leave durations out, and attackers write any value. This module knows PyAV, and
nothing of how the video will be rewritten.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from typing import Final, Self

import av
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition
from av.video.stream import VideoStream

from verification.media.containers import MAX_PIXELS, open_video, sniff
from verification.media.display import Turn, pixel_aspect, stretched, turn_of
from verification.media.errors import UnusableMedia
from verification.media.facts import MAX_PICTURES, MAX_VIDEO_UPLOAD, VideoFacts

MIN_SECONDS: Final = 2.0
MAX_SECONDS: Final = 20.0
ROUNDING: Final = 0.05  # seconds: containers round times, and a recording of two seconds must pass
MIN_SIDE: Final = 120  # pixels
MAX_ASPECT: Final = 3
MIN_RATE: Final = 4.0  # frames a second, on average
MAX_RATE: Final = 120.0
MAX_PACKETS: Final = MAX_PICTURES
# Pixels decoded of one recording: 21 seconds of 1920x1088 at 30 a second, one more than a telephone may record.
MAX_PIXELS_IN_ALL: Final = 1920 * 1088 * 30 * 21
MAX_PICTURES_A_PACKET: Final = 8  # VP9 packs up to 8; over the whole recording there is one for each packet
MAX_UNITS: Final = 256  # of an AV1 packet
MAX_FRAME_UNITS: Final = 16  # units that are pictures: the one that is shown and those it refers to
MAX_TRACKS: Final = 8
_FRAME_UNITS: Final = (3, 6, 7)  # frame header, frame, frame header again
CODECS: Final = frozenset({"h264", "hevc", "vp8", "vp9", "av1", "mpeg4"})

See = Callable[[av.VideoFrame], None]


def probe_video(data: bytes, see: See | None = None) -> VideoFacts:
    """Facts of a recording; raises UnusableMedia if it is unfit to be normalised."""
    facts = measure(data, see)
    check_limits(facts)
    return facts


def measure(data: bytes, see: See | None = None) -> VideoFacts:
    """Facts of a video of any length; raises UnusableMedia if the file holds no sound one.

    With `see` every picture is decoded and passed to it in order; without it none behind the first one.
    """
    with opened(data) as recording:
        return recording.facts(see)


@contextmanager
def opened(data: bytes) -> "Iterator[Recording]":
    """The recording with all of its packets, before any costly decoding.

    FFmpeg's errors inside the block become UnusableMedia, as does what `packets` finds.
    """
    container = sniff(data)
    if len(data) > MAX_VIDEO_UPLOAD:
        raise UnusableMedia("video_too_large", {"bytes_allowed": MAX_VIDEO_UPLOAD})
    with open_video(data) as file:
        stream = picture_stream(file)
        setup, clock = Setup.of(stream), _Clock(float(stream.time_base or 0))
        held = list(clock.timed(packets(file, stream)))
        check_work(stream, len(held))
        yield Recording(container, len(data), stream, setup, held, clock)


def check_limits(facts: VideoFacts) -> None:
    """Raise UnusableMedia unless length, frame rate and dimensions are those of a usable selfie video."""
    check_dimensions(facts.width, facts.height, facts.pixel_aspect)
    if facts.duration < MIN_SECONDS - ROUNDING or facts.frames < 2:
        raise UnusableMedia("video_too_short", {"seconds_needed": MIN_SECONDS, "seconds": facts.duration})
    if facts.duration > MAX_SECONDS + ROUNDING:
        raise UnusableMedia("video_too_long", {"seconds_allowed": MAX_SECONDS})
    if not MIN_RATE <= facts.frames / facts.duration <= MAX_RATE:
        raise UnusableMedia("video_frame_rate", {"rate": round(facts.frames / facts.duration, 2)})


def check_dimensions(width: int, height: int, aspect: float) -> None:
    """Raise UnusableMedia if such pictures, with pixels of this aspect, are too small, too large or too long."""
    short, long = sorted(stretched(width, height, aspect))
    if width * height > MAX_PIXELS or min(width, height) < MIN_SIDE or long > MAX_ASPECT * short:
        raise UnusableMedia("video_resolution", {"width": width, "height": height})


def check_work(stream: VideoStream, pictures: int) -> None:
    """Raise UnusableMedia if so many pictures of this size are more than MAX_PIXELS_IN_ALL."""
    if stream.width * stream.height * pictures > MAX_PIXELS_IN_ALL:
        raise UnusableMedia("video_resolution", {"width": stream.width, "height": stream.height})


def picture_stream(file: InputContainer) -> VideoStream:
    """The one video stream, set to decode safely on one thread; UnusableMedia unless there is exactly one."""
    if not len(file.streams):
        raise UnusableMedia("video_corrupt")
    if len(file.streams) > MAX_TRACKS:
        raise UnusableMedia("video_too_many_tracks", {"tracks_allowed": MAX_TRACKS})
    streams = [s for s in file.streams.video if not s.disposition & Disposition.attached_pic]
    if not streams:
        raise UnusableMedia("video_no_picture")
    if len(streams) > 1:
        raise UnusableMedia("video_too_many_tracks", {"tracks": len(streams)})
    stream = streams[0]
    codec = codec_name(stream)
    if codec not in CODECS:
        raise UnusableMedia("unsupported_video_codec", {"codec": codec})
    check_dimensions(stream.width, stream.height, pixel_aspect(stream))
    stream.thread_count = 1  # the child may start no thread
    # The pictures inside may be larger than the container says.
    stream.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
    return stream


def codec_name(stream: VideoStream) -> str:
    """FFmpeg's name of the format, whichever decoder reads it (libdav1d reads av1), or 'unknown'."""
    return stream.codec.canonical_name if stream.codec_context is not None else "unknown"


def packets(file: InputContainer, stream: VideoStream) -> "Iterator[Packet[VideoStream]]":
    """The packets that hold pictures; raises UnusableMedia for too many, encrypted or damaged ones."""
    for number, packet in enumerate(packet for packet in file.demux(stream) if packet.size):
        if number >= MAX_PACKETS:
            raise UnusableMedia("video_frame_rate", {"frames_allowed": MAX_PACKETS})
        if packet.has_sidedata("encryption_info") or packet.has_sidedata("encryption_init_info"):
            raise UnusableMedia("video_encrypted")
        if packet.is_corrupt:
            raise UnusableMedia("video_corrupt")
        if codec_name(stream) == "av1":
            check_units(bytes(packet))
        yield packet


def check_units(packet: bytes) -> None:
    """Raise UnusableMedia if a packet of AV1 holds too many pictures: its decoder would make them all at once.

    Three bytes are enough to show a picture again.
    """
    at, units, pictures = 0, 0, 0
    while at < len(packet):
        head = packet[at]
        units, pictures = units + 1, pictures + (head >> 3 & 15 in _FRAME_UNITS)
        if units > MAX_UNITS or pictures > MAX_FRAME_UNITS:
            raise UnusableMedia("video_frame_rate", {"frames_allowed": MAX_PACKETS})
        if not head & 2:  # a unit without a size is the last one
            return
        at += 1 + (head >> 2 & 1)
        size = 0
        for place, byte in enumerate(packet[at : at + 8]):
            size, at = size | (byte & 127) << 7 * place, at + 1
            if byte < 128:
                break
        at += size


def check_yield(pictures: int, packets: int) -> None:
    """Raise UnusableMedia if the packets give more pictures than one each and MAX_PICTURES_A_PACKET."""
    if pictures > packets + MAX_PICTURES_A_PACKET:
        raise UnusableMedia("video_frame_rate", {"frames_allowed": MAX_PACKETS})


def frames(file: InputContainer, stream: VideoStream) -> Iterator[av.VideoFrame]:
    """Every picture of the stream, decoded; raises UnusableMedia for a damaged one."""
    held = pictures = 0
    for packet in chain(packets(file, stream), [None]):
        decoded = stream.decode(packet)
        held, pictures = held + (packet is not None), pictures + len(decoded)
        check_yield(pictures, held)
        yield from map(whole, decoded)


def whole(frame: av.VideoFrame) -> av.VideoFrame:
    """The picture; raises UnusableMedia if the decoder had to conceal errors in it, as it does for damaged H.264."""
    if frame.is_corrupt:
        raise UnusableMedia("video_corrupt")
    return frame


@dataclass
class _Clock:
    """Measures a stream from its packets' times; `tick` is the time base in seconds, `times` hold starts and lengths.

    Pictures that an edit list cuts off are decoded, because others need them, but never shown: they take no time.
    """

    tick: float
    times: list[tuple[int, int]] = field(default_factory=list)
    first: int = 0
    last: int = 0

    def timed(self, packets: "Iterator[Packet[VideoStream]]") -> "Iterator[Packet[VideoStream]]":
        for packet in packets:
            self.see(packet)
            yield packet

    def see(self, packet: "Packet[VideoStream]") -> None:
        time = packet.pts if packet.pts is not None else packet.dts
        if time is None or packet.is_discard:
            return
        self.first = min(self.first, time) if self.times else time
        self.last = max(self.last, time) if self.times else time
        self.times.append((time, packet.duration or 0))
        if (self.last - self.first) * self.tick > MAX_SECONDS + 1:
            raise UnusableMedia("video_too_long", {"seconds_allowed": MAX_SECONDS})

    def start(self, picture: int | None) -> None:
        """Leave out what stands before the first picture that could be decoded: a recording may begin in mid-stream."""
        if picture is not None and picture <= self.last:
            self.times = [each for each in self.times if each[0] >= picture]
            self.first = picture

    @property
    def duration(self) -> float:
        """Seconds from the first picture's start to the last one's end."""
        span = self.last - self.first
        last = max(length for time, length in self.times if time == self.last)
        return (span + (last or span / max(1, len(self.times) - 1))) * self.tick


@dataclass
class _Look:
    """What the decoded pictures have in common; each one is passed to `see`."""

    see: See | None
    size: tuple[int, int] = (0, 0)
    turn: Turn = (0, False)
    first: int | None = None  # time of the first one
    pixel_format: str = ""
    held: int = 0  # packets so far
    pictures: int = 0

    def at(self, frames: list[av.VideoFrame]) -> None:
        self.pictures += len(frames)
        check_yield(self.pictures, self.held)
        for frame in map(whole, frames):
            size = (frame.width, frame.height)
            if not self.pixel_format:
                self.first, self.turn, self.size = frame.pts, turn_of(frame), size
            if size != self.size:
                raise UnusableMedia("video_resolution_changes")
            self.pixel_format = frame.format.name
            if self.see is not None:
                self.see(frame)


@dataclass(frozen=True)
class Setup:
    """What a decoder is told before the first packet.

    `header` holds the parameter sets; `reordered` is by how many pictures their order may change, as far as FFmpeg has
    guessed; the container's `width` and `height` may crop the pictures.
    """

    header: bytes
    reordered: int
    width: int
    height: int

    @classmethod
    def of(cls, stream: VideoStream) -> Self:
        """That of a stream of which nothing was decoded yet: a decoder changes its own numbers."""
        context = stream.codec_context
        return cls(context.extradata or b"", context.reorder_depth, context.width, context.height)


@dataclass(frozen=True)
class Recording:
    """An open video file, and all packets of its pictures."""

    container: str
    size: int  # bytes
    stream: VideoStream
    setup: Setup
    packets: "list[Packet[VideoStream]]"
    _clock: _Clock

    def facts(self, see: See | None = None) -> VideoFacts:
        """What it really holds, once; `see` as in `measure`."""
        codec, aspect = codec_name(self.stream), pixel_aspect(self.stream)
        look = self._decoded(see)
        if not self._clock.times or not look.pixel_format:
            raise UnusableMedia("video_too_short", {"seconds_needed": MIN_SECONDS})
        self._clock.start(look.first)
        return VideoFacts(
            container=self.container,
            codec=codec,
            width=look.size[0],
            height=look.size[1],
            duration=round(self._clock.duration, 3),
            frames=len(self._clock.times),
            rotation=look.turn[0],
            mirrored=look.turn[1],
            pixel_aspect=aspect,
            pixel_format=look.pixel_format,
            size=self.size,
        )

    def _decoded(self, see: See | None) -> _Look:
        look = _Look(see)
        for packet in self.packets:
            look.held += 1
            look.at(self.stream.codec_context.decode(packet))
            if see is None and look.pictures:
                return look
        look.at(self.stream.codec_context.decode(None))
        return look
