"""Re-encodes a video as a plain H.264 MP4: constant frame rate, upright, silent, of a size known beforehand.

Knows PyAV's filters and x264. Whether a video needs this at all is decided in `video`.
"""

import io
from collections.abc import Iterator
from fractions import Fraction
from typing import Final

import av
from av.filter import Graph

from verification.media.containers import create_mp4, open_video, translated_errors
from verification.media.display import shown_size
from verification.media.errors import UnusableMedia
from verification.media.facts import VideoFacts
from verification.media.probe import MAX_SECONDS, frames, picture_stream

RATE: Final = 25  # frames a second
MIN_SHORT_SIDE: Final = 480  # pixels
MAX_SHORT_SIDE: Final = 640
USUAL_SIDES: Final = (MIN_SHORT_SIDE, MAX_SHORT_SIDE)
SMALL_SIDES: Final = (1, MIN_SHORT_SIDE)
MAX_BIT_RATE: Final = 3_000_000  # bits a second
MIN_BIT_RATE: Final = 250_000
MAX_FRAMES: Final = int((MAX_SECONDS + 1) * RATE)
GROUP: Final = 2 * RATE  # frames from one key frame to the next
PIXEL_FORMAT: Final = "yuv420p"
# FFmpeg's numbers of the matrices that turn brightness and colour differences into colours.
BT709, BT601, BT470BG = 1, 6, 5
NO_MATRIX = (0, 2)  # RGB's, and "unspecified": neither says anything of YUV pictures
HIGH_DEFINITION: Final = 720  # pixels of height from which browsers assume BT.709, and BT.601 below
# In the order they are applied; FFmpeg's transpose 2 is a quarter turn counter-clockwise, 1 clockwise.
TURNS: Final[dict[int, tuple[tuple[str, str], ...]]] = {
    0: (),
    90: (("transpose", "2"),),
    180: (("hflip", ""), ("vflip", "")),
    270: (("transpose", "1"),),
}
MIRROR: Final = (("hflip", ""),)


def transcode(source: bytes, facts: VideoFacts, bit_rate: int, short_sides: tuple[int, int]) -> bytes:
    """The source's pictures as MP4 with at most `bit_rate` bits a second, and a short side within `short_sides`.

    Raises UnusableMedia when the source does not decode to its end or changes its dimensions on the way.
    """
    out, steps = io.BytesIO(), filters(facts, short_sides)
    with (
        open_video(source) as file,
        translated_errors(),
        create_mp4(out, pictures=MAX_FRAMES, header=0) as target,
    ):
        stream = target.add_stream("libx264", rate=RATE, options=encoder_options(bit_rate))
        stream.width, stream.height = output_size(facts, short_sides)
        stream.pix_fmt, stream.bit_rate, stream.gop_size = PIXEL_FORMAT, bit_rate, GROUP
        pictures = picture_stream(file)
        for number, frame in enumerate(_filtered(_from_zero(frames(file, pictures)), steps)):
            if number >= MAX_FRAMES:
                raise UnusableMedia("video_too_long", {"seconds_allowed": MAX_SECONDS})
            frame.pts, frame.time_base, frame.pict_type = number, Fraction(1, RATE), 0
            if number == 0:
                encoder = stream.codec_context
                encoder.color_primaries, encoder.color_trc, encoder.colorspace = colours_of(frame, facts)
            target.mux(stream.encode(frame))
        target.mux(stream.encode(None))
    return out.getvalue()


def colours_of(frame: av.VideoFrame, facts: VideoFacts) -> tuple[int, int, int]:
    """FFmpeg's numbers of the picture's primaries, transfer and matrix, so that players show the same colours.

    Where nothing is said, browsers go by a picture's height: the source's, because the result may be larger.
    """
    assumed = BT709 if facts.height >= HIGH_DEFINITION else BT601
    matrix = assumed if frame.colorspace in NO_MATRIX else frame.colorspace
    if matrix in (BT709, BT601, BT470BG):
        return (BT709,) * 3 if matrix == BT709 else (BT601,) * 3
    return frame.color_primaries, frame.color_trc, matrix


def arguments(facts: VideoFacts, bit_rate: int, short_sides: tuple[int, int]) -> dict[str, str]:
    """The options of the filters and the encoder, as on the ffmpeg command line."""
    steps = ",".join(f"{name}={value}" if value else name for name, value in filters(facts, short_sides))
    rates = {"b:v": str(bit_rate), "g": str(GROUP)}
    return {"vf": steps, "c:v": "libx264"} | rates | encoder_options(bit_rate)


def output_size(facts: VideoFacts, short_sides: tuple[int, int]) -> tuple[int, int]:
    """Upright width and height in square pixels: even, with a short side within `short_sides`."""
    width, height = shown_size(facts)
    short = min(width, height)
    least, most = short_sides
    ratio = min(max(short, least), most) / short
    return round(width * ratio / 2) * 2, round(height * ratio / 2) * 2


def encoder_options(bit_rate: int) -> dict[str, str]:
    # The bit rate is capped over half a second, so the size of the file follows from its length.
    return {
        "preset": "ultrafast",
        "threads": "1",
        "maxrate": str(bit_rate),
        "bufsize": str(bit_rate // 2),
    }


def filters(facts: VideoFacts, short_sides: tuple[int, int]) -> list[tuple[str, str]]:
    """Names and arguments of the filters that time, turn and scale the pictures."""
    width, height = output_size(facts, short_sides)
    return [
        ("fps", str(RATE)),  # before the costly steps, because it drops pictures
        *TURNS[facts.rotation],
        *(MIRROR if facts.mirrored else ()),
        ("scale", f"{width}:{height}:flags=bicubic:out_range=tv"),
        ("setsar", "1"),
        ("format", PIXEL_FORMAT),
    ]


def _from_zero(frames: Iterator[av.VideoFrame]) -> Iterator[av.VideoFrame]:
    """Every picture, timed from 0; raises UnusableMedia if the dimensions change."""
    first: av.VideoFrame | None = None
    start = 0
    for frame in frames:
        if frame.pts is None:
            continue
        if first is None:
            first, start = frame, frame.pts
        if (frame.width, frame.height) != (first.width, first.height):
            raise UnusableMedia("video_resolution_changes")
        frame.pts -= start
        yield frame


def _filtered(pictures: Iterator[av.VideoFrame], steps: list[tuple[str, str]]) -> Iterator[av.VideoFrame]:
    """The pictures at a constant rate, upright and scaled."""
    graph: Graph | None = None
    for frame in pictures:
        graph = graph or _graph(frame, steps)
        graph.vpush(frame)
        yield from _pulled(graph)
    if graph is not None:
        graph.vpush(None)
        yield from _pulled(graph)


def _graph(first: av.VideoFrame, steps: list[tuple[str, str]]) -> Graph:
    graph = Graph()
    graph.threads = 1
    source = graph.add_buffer(
        width=first.width, height=first.height, format=first.format, time_base=first.time_base
    )
    nodes = [source, *(graph.add(name, value or None) for name, value in steps), graph.add("buffersink")]
    graph.link_nodes(*nodes).configure()
    return graph


def _pulled(graph: Graph) -> Iterator[av.VideoFrame]:
    while True:
        try:
            frame = graph.vpull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return
        yield frame
