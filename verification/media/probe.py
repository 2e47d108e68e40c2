"""Finds out what a video really is, by walking its packets and decoding its pictures.

Headers are not believed: browsers leave durations out and attackers write what they like. Knows PyAV; knows
nothing of how the video will be rewritten.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import av
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition
from av.video.stream import VideoStream

from verification.media.containers import MAX_PIXELS, open_video, sniff
from verification.media.errors import UnusableMedia
from verification.media.facts import MAX_VIDEO_UPLOAD, VideoFacts

MIN_SECONDS: Final = 2.0
MAX_SECONDS: Final = 20.0
ROUNDING: Final = 0.05  # seconds; containers round times, and two seconds recorded must be two seconds
MIN_SIDE: Final = 120  # pixels
MAX_ASPECT: Final = 3
MIN_RATE: Final = 4.0  # frames a second, on average
MAX_RATE: Final = 120.0
MAX_PACKETS: Final = int(MAX_SECONDS * MAX_RATE)
MAX_TRACKS: Final = 8
CODECS: Final = frozenset({"h264", "hevc", "vp8", "vp9", "av1", "mpeg4"})

See = Callable[[av.VideoFrame], None]


def probe_video(data: bytes, see: See | None = None) -> VideoFacts:
    """Facts of a recording that is fit to be normalised; raises UnusableMedia for any other."""
    facts = measure(data, see)
    check_limits(facts)
    return facts


def measure(data: bytes, see: See | None = None) -> VideoFacts:
    """Facts of a video, whatever its length; raises UnusableMedia when there is no sound one in the file.

    With `see` every picture is decoded and shown to it in order, without it only the key frames are.
    """
    container = sniff(data)
    if len(data) > MAX_VIDEO_UPLOAD:
        raise UnusableMedia("video_too_large", {"bytes_allowed": MAX_VIDEO_UPLOAD})
    with open_video(data) as file:
        stream = picture_stream(file)
        clock, look = _Clock(float(stream.time_base or 0)), _Look(see)
        held = list(clock.timed(packets(file, stream)))  # all of them, before any costly decoding
        for packet in held:
            if see is not None or packet.is_keyframe:
                look.at(stream.codec_context.decode(packet))
        look.at(stream.codec_context.decode(None))
    if not clock.frames or not look.pixel_format:
        raise UnusableMedia("video_too_short", {"seconds_needed": MIN_SECONDS})
    return VideoFacts(
        container=container,
        codec=codec_name(stream),
        width=look.size[0],
        height=look.size[1],
        duration=round(clock.duration, 3),
        frames=clock.frames,
        rotation=look.rotation,
        pixel_format=look.pixel_format,
        size=len(data),
    )


def check_limits(facts: VideoFacts) -> None:
    """Raise UnusableMedia unless length, frame rate and dimensions are those of a usable selfie video."""
    check_dimensions(facts.width, facts.height)
    if facts.duration < MIN_SECONDS - ROUNDING or facts.frames < 2:
        raise UnusableMedia("video_too_short", {"seconds_needed": MIN_SECONDS, "seconds": facts.duration})
    if facts.duration > MAX_SECONDS + ROUNDING:
        raise UnusableMedia("video_too_long", {"seconds_allowed": MAX_SECONDS})
    if not MIN_RATE <= facts.frames / facts.duration <= MAX_RATE:
        raise UnusableMedia("video_frame_rate", {"rate": round(facts.frames / facts.duration, 2)})


def check_dimensions(width: int, height: int) -> None:
    """Raise UnusableMedia unless pictures of so many pixels are worth decoding, and safe."""
    short, long = sorted((width, height))
    if width * height > MAX_PIXELS or short < MIN_SIDE or long > MAX_ASPECT * short:
        raise UnusableMedia("video_resolution", {"width": width, "height": height})


def picture_stream(file: InputContainer) -> VideoStream:
    """The one video stream, set to decode safely on one thread; UnusableMedia if there is not just one."""
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
    check_dimensions(stream.width, stream.height)
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
        yield packet


def frames(file: InputContainer, stream: VideoStream) -> Iterator[av.VideoFrame]:
    """Every picture of the stream, decoded; raises UnusableMedia for one that the decoder had to patch up."""
    for packet in packets(file, stream):
        yield from map(whole, stream.decode(packet))
    yield from map(whole, stream.decode(None))


def whole(frame: av.VideoFrame) -> av.VideoFrame:
    """The picture itself; raises UnusableMedia when the decoder made parts of it up, as it does for damaged H.264."""
    if frame.is_corrupt:
        raise UnusableMedia("video_corrupt")
    return frame


@dataclass
class _Clock:
    """Measures a stream from its packets' times; `tick` is the time base in seconds."""

    tick: float
    frames: int = 0
    first: int | None = None
    last: int = 0
    last_duration: int = 0

    def timed(self, packets: "Iterator[Packet[VideoStream]]") -> "Iterator[Packet[VideoStream]]":
        for packet in packets:
            self.see(packet)
            yield packet

    def see(self, packet: "Packet[VideoStream]") -> None:
        time = packet.pts if packet.pts is not None else packet.dts
        if time is None:
            return
        self.frames += 1
        if self.first is None or time < self.first:
            self.first = time
        if self.frames == 1 or time > self.last:
            self.last, self.last_duration = time, packet.duration or 0
        if self.duration > MAX_SECONDS + 1:
            raise UnusableMedia("video_too_long", {"seconds_allowed": MAX_SECONDS})

    @property
    def duration(self) -> float:
        """Seconds from the first picture's start to the last one's end."""
        span = self.last - (self.first or 0)
        last = self.last_duration or (span / (self.frames - 1) if self.frames > 1 else 0)
        return (span + last) * self.tick


@dataclass
class _Look:
    """What the decoded pictures have in common; each is shown to `see`."""

    see: See | None
    size: tuple[int, int] = (0, 0)
    rotation: int = 0
    pixel_format: str = ""

    def at(self, frames: list[av.VideoFrame]) -> None:
        for frame in map(whole, frames):
            size = (frame.width, frame.height)
            if self.pixel_format and size != self.size:
                raise UnusableMedia("video_resolution_changes")
            self.size, self.pixel_format = size, frame.format.name
            self.rotation = round(frame.rotation / 90) * 90 % 360
            if self.see is not None:
                self.see(frame)
