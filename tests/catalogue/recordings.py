"""The recordings of the catalogue, made by code: files that no camera makes, and unusual ones that cameras do make."""

import io
import random
import struct
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from typing import Any

import av
from av.packet import Packet
from av.video.stream import VideoStream
from PIL import Image

from kyc_portal.sandbox.drawing import draw_clip, draw_frame
from tests.unit.media import hostile, recorded

SIZE = (160, 120)
_SEGMENT = b"\x18\x53\x80\x67"
_TRACKS = b"\x16\x54\xae\x6b"
_CLUSTER = b"\x1f\x43\xb6\x75"


def plain(**options: Any) -> bytes:
    """A valid clip, by default of 3 s."""
    usual: dict[str, Any] = {"seconds": 3.0, "size": SIZE, "fps": 10}
    return draw_clip(**(usual | options))


def text() -> bytes:
    return b"This is no video, whatever its name says.\n" * 20


def archive() -> bytes:
    return b"PK\x03\x04" + bytes(200)


def program() -> bytes:
    return b"MZ\x90\0" + bytes(200)


def play_list() -> bytes:
    return b"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"


def concat_script() -> bytes:
    return b"ffconcat version 1.0\nfile /etc/passwd\nduration 5\n"


def dash_manifest() -> bytes:
    return b'<?xml version="1.0"?><MPD><Period><BaseURL>file:///etc/passwd</BaseURL></Period></MPD>'


def session_description() -> bytes:
    return b"v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n"


def frame_server_script() -> bytes:
    return b'AviSource("C:\\Windows\\win.ini")\nreturn last\n'


class OneWay(io.RawIOBase):
    """A write-only file without seek, as a browser's recorder writes."""

    def __init__(self) -> None:
        self.written = bytearray()

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def write(self, data: Any) -> int:
        self.written += data
        return len(data)


def remuxed(data: bytes, container: str, *, shift: float = 0, seconds: float = 1e9, **options: str) -> bytes:
    """The first `seconds` of the pictures in another container, `shift` seconds later."""
    out = io.BytesIO()
    with (
        av.open(io.BytesIO(data), "r") as given,
        av.open(out, "w", format=container, options=options) as file,
    ):
        source = given.streams.video[0]
        stream = file.add_stream_from_template(source)
        for packet in given.demux(source):
            if packet.dts is None or packet.pts * packet.time_base >= seconds:
                continue
            later = round(shift / packet.time_base)
            packet.pts, packet.dts, packet.stream = packet.pts + later, packet.dts + later, stream
            file.mux(packet)
    return out.getvalue()


def without_duration() -> bytes:
    """WebM as MediaRecorder makes it: neither a duration nor the sizes of its clusters."""
    out, data = OneWay(), plain(container="webm", codec="libvpx")
    with (
        av.open(io.BytesIO(data), "r") as given,
        av.open(out, "w", format="webm", options={"live": "1"}) as file,
    ):
        stream = file.add_stream_from_template(given.streams.video[0])
        for packet in given.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                file.mux(packet)
    return bytes(out.written)


@lru_cache
def _tiny() -> "Packet[VideoStream]":
    return min(hostile.vp8_packets(SIZE, 10), key=lambda packet: packet.size)


def ten_hours() -> bytes:
    """One picture a second for ten hours, in less than 2 MB."""
    first, *_ = hostile.vp8_packets(SIZE, 1)
    return hostile.webm_of([first] + [_tiny()] * 35_999, [1000 * number for number in range(36_000)], SIZE)


def _with_duration(webm: bytes, seconds: float) -> bytes:
    at = webm.index(b"\x44\x89\x88") + 3
    return webm[:at] + struct.pack("!d", seconds * 1000) + webm[at + 8 :]


def says_short_is_long() -> bytes:
    first, *_ = hostile.vp8_packets(SIZE, 1)
    return _with_duration(hostile.webm_of([first] + [_tiny()] * 600, list(range(0, 601_000, 1000)), SIZE), 5)


def says_long_is_short() -> bytes:
    return _with_duration(plain(container="webm", codec="libvpx"), 36_000)


def frames(count: int) -> bytes:
    packets = hostile.vp8_packets(SIZE, max(1, count))[:count]
    return hostile.webm_of(packets, [100 * number for number in range(count)], SIZE)


def no_picture() -> bytes:
    """A valid file of a recording that was stopped before its first picture."""
    data = plain(container="webm", codec="libvpx")
    start = data.index(_SEGMENT) + 12
    content = data[start : data.index(_CLUSTER)] + _CLUSTER + b"\x83\xe7\x81\x00"
    return data[: start - 8] + (1 << 56 | len(content)).to_bytes(8) + content


def eight_k() -> bytes:
    """A clip whose header claims 8K: the portal must refuse it without decoding."""
    small = hostile.webm_of(hostile.vp8_packets((2048, 2048), 1, plain=True), [0], (2048, 2048))
    return small.replace(b"\xb0\x82\x08\x00", b"\xb0\x82\x1e\x00").replace(
        b"\xba\x82\x08\x00", b"\xba\x82\x10\xe0"
    )


def tiny_pictures() -> bytes:
    return plain(size=(16, 16), container="webm", codec="libvpx")


def odd_size() -> bytes:
    return plain(size=(641, 479), container="webm", codec="libvpx")


def negative_times() -> bytes:
    return remuxed(plain(), "matroska", shift=-0.5, avoid_negative_ts="disabled")


def late_start() -> bytes:
    return remuxed(plain(), "matroska", shift=5)


def with_sound_and_more() -> bytes:
    """A recording with sound, a subtitle and an attached file."""
    out, data = io.BytesIO(), plain()
    with av.open(io.BytesIO(data), "r") as given, av.open(out, "w", format="matroska") as file:
        stream = file.add_stream_from_template(given.streams.video[0])
        sound = file.add_stream("aac", rate=8000, layout="mono")
        words = file.add_mux_stream("subrip", rate=10)
        file.add_attachment("run.sh", "text/plain", b"#!/bin/sh\n")
        for number in range(18):
            frame = av.AudioFrame(format="fltp", layout="mono", samples=1024)
            frame.rate, frame.pts = 8000, number * 1024
            frame.planes[0].update(bytes(4096))
            file.mux(sound.encode(frame))
        file.mux(sound.encode(None))
        line = Packet(b"<script>")
        line.stream, line.time_base, line.pts, line.dts, line.duration = words, Fraction(1, 1000), 0, 0, 1000
        file.mux(line)
        for packet in given.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                file.mux(packet)
    return out.getvalue()


def encrypted_webm() -> bytes:
    """WebM whose track says that its content is encrypted, as for a film with rights management."""
    encryption = hostile.element(0x5035, hostile.element(0x47E1, b"\x05"))
    encoding = hostile.element(0x6D80, hostile.element(0x6240, encryption))
    return recorded.with_element_inside(
        plain(container="webm", codec="libvpx"), (0x18538067, 0x1654AE6B, 0xAE), encoding
    )


def cut(data: bytes, percent: int) -> bytes:
    return data[: len(data) * percent // 100]


def _encoded(picture: Callable[[int], Image.Image], count: int, **options: str) -> bytes:
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as file:
        stream = file.add_stream(
            "libx264", rate=10, options={"preset": "ultrafast", "threads": "1", **options}
        )
        stream.width, stream.height = picture(0).size
        stream.pix_fmt = "yuv420p"
        for number in range(count):
            frame = av.VideoFrame.from_image(picture(number))
            frame.pts = number
            file.mux(stream.encode(frame.reformat(format="yuv420p")))
        file.mux(stream.encode(None))
    return out.getvalue()


def snow() -> bytes:
    """Incompressible pictures: larger than the vendor's limit, within our own."""
    rng = random.Random(1)
    size = (640, 480)
    pictures = [Image.frombytes("RGB", size, rng.randbytes(3 * size[0] * size[1])) for _ in range(8)]
    data = _encoded(lambda number: pictures[number % 8], 30, qp="10")
    assert 6_000_000 < len(data) < 30_000_000
    return data


def frozen() -> bytes:
    picture = draw_frame(1, SIZE, 0)
    return _encoded(lambda number: picture, 30)


def black() -> bytes:
    picture = Image.new("RGB", SIZE)
    return _encoded(lambda number: picture, 30)


def huge_box() -> bytes:
    data = plain()
    at = data.index(b"mdat") - 4
    return data[:at] + b"\xff\xff\xff\xff" + data[at + 4 :]


def deep_boxes(depth: int = 10_000) -> bytes:
    """Nested MP4 boxes, each of a kind that holds others."""
    head = struct.pack("!I4s4sI4s", 20, b"ftyp", b"isom", 512, b"isom")
    nested = b"".join(struct.pack("!I4s", 8 * (depth - level), b"moov") for level in range(depth))
    return head + nested


def unknown_sizes() -> bytes:
    """Nested Matroska track lists, all of unknown size."""
    data = without_duration()
    return data[: data.index(_SEGMENT) + 12] + (_TRACKS + b"\x01" + b"\xff" * 7) * 5_000
