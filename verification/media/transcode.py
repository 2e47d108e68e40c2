"""Re-encodes a video as the plainest H.264 MP4: constant rate, upright, silent, of a size known beforehand.

Knows PyAV's filters and x264. Whether a video needs this at all is decided in `video`.
"""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
from av.filter import Graph

from verification.media.containers import open_video, translated_errors
from verification.media.errors import UnusableMedia
from verification.media.facts import VideoFacts
from verification.media.probe import MAX_SECONDS, frames, picture_stream

RATE: Final = 25  # frames a second
MIN_SHORT_SIDE: Final = 480  # pixels
MAX_SHORT_SIDE: Final = 640
MAX_BIT_RATE: Final = 3_000_000  # bits a second
MAX_FRAMES: Final = int((MAX_SECONDS + 1) * RATE)
# In the order they are applied; FFmpeg's transpose 2 is a quarter turn counter-clockwise, 1 clockwise.
TURNS: Final[dict[int, list[tuple[str, str | None]]]] = {
    0: [],
    90: [("transpose", "2")],
    180: [("hflip", None), ("vflip", None)],
    270: [("transpose", "1")],
}


def transcode(source: Path, target: Path, facts: VideoFacts, bit_rate: int) -> None:
    """Write the source's pictures to `target` as MP4 with at most `bit_rate` bits a second.

    Raises UnusableMedia when the source does not decode to its end or changes its dimensions on the way.
    """
    size = output_size(facts)
    with (
        open_video(source) as file,
        translated_errors(),
        av.open(str(target), "w", format="mp4", options={"movflags": "+faststart"}) as out,
    ):
        stream = out.add_stream("libx264", rate=RATE, options=_encoder_options(bit_rate))
        stream.width, stream.height = size
        stream.pix_fmt, stream.bit_rate, stream.gop_size = "yuv420p", bit_rate, 2 * RATE
        pictures = picture_stream(file)
        for number, frame in enumerate(_filtered(_from_zero(frames(file, pictures)), facts, size)):
            if number >= MAX_FRAMES:
                raise UnusableMedia("video_too_long", {"seconds_allowed": MAX_SECONDS})
            frame.pts, frame.time_base, frame.pict_type = number, Fraction(1, RATE), 0
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


def output_size(facts: VideoFacts) -> tuple[int, int]:
    """Upright width and height in pixels: even, with a short side from 480 to 640."""
    width, height = (facts.width, facts.height) if facts.rotation % 180 == 0 else (facts.height, facts.width)
    short = min(width, height)
    ratio = min(max(short, MIN_SHORT_SIDE), MAX_SHORT_SIDE) / short
    return round(width * ratio / 2) * 2, round(height * ratio / 2) * 2


def _encoder_options(bit_rate: int) -> dict[str, str]:
    # The cap over half a second is what makes the size of the file a matter of arithmetic.
    return {
        "preset": "ultrafast",
        "threads": "1",
        "maxrate": str(bit_rate),
        "bufsize": str(bit_rate // 2),
    }


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


def _filtered(
    pictures: Iterator[av.VideoFrame], facts: VideoFacts, size: tuple[int, int]
) -> Iterator[av.VideoFrame]:
    """The pictures at a constant rate, upright and scaled."""
    graph: Graph | None = None
    for frame in pictures:
        graph = graph or _graph(frame, facts.rotation, size)
        graph.vpush(frame)
        yield from _pulled(graph)
    if graph is not None:
        graph.vpush(None)
        yield from _pulled(graph)


def _graph(first: av.VideoFrame, rotation: int, size: tuple[int, int]) -> Graph:
    graph = Graph()
    graph.threads = 1
    steps: list[tuple[str, str | None]] = [
        ("fps", str(RATE)),  # before the costly steps: it drops what will not be needed
        *TURNS[rotation],
        ("scale", f"{size[0]}:{size[1]}:flags=bicubic:out_range=tv"),
        ("setsar", "1"),
        ("format", "yuv420p"),
        ("buffersink", None),
    ]
    source = graph.add_buffer(
        width=first.width, height=first.height, format=first.format, time_base=first.time_base
    )
    nodes = [source, *(graph.add(name, args) for name, args in steps)]
    graph.link_nodes(*nodes).configure()
    return graph


def _pulled(graph: Graph) -> Iterator[av.VideoFrame]:
    while True:
        try:
            frame = graph.vpull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return
        yield frame
