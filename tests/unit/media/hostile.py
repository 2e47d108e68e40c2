"""Malformed and unusual files, for the tests in this folder."""

import io
import random
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Any

import av
from av.packet import Packet
from av.video.stream import VideoStream
from PIL import Image, ImageChops

from kyc_portal.sandbox.drawing import ENCODER_OPTIONS, _sensor_noise, draw_clip, draw_frame

MP4_START = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom"
PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
SMALL = (160, 120)  # pixels: the least that makes a valid clip


def png_chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack("!I", len(content)) + kind + content + struct.pack("!I", zlib.crc32(kind + content))


def png_header_only(width: int, height: int) -> bytes:
    """A PNG whose header claims a size, with almost no data."""
    header = png_chunk(b"IHDR", struct.pack("!IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return PNG_MAGIC + header + png_chunk(b"IDAT", zlib.compress(b"")) + png_chunk(b"IEND", b"")


def png_of(size: tuple[int, int], form: bytes, rows: bytes) -> bytes:
    """A PNG of these bytes, which begin each row with its filter; `form` is the header behind the size."""
    header = png_chunk(b"IHDR", struct.pack("!II", *size) + form)
    return PNG_MAGIC + header + png_chunk(b"IDAT", zlib.compress(rows)) + png_chunk(b"IEND", b"")


def with_png_chunk(png: bytes, kind: bytes, content: bytes) -> bytes:
    """The PNG with one extra chunk right after its header."""
    return png[:33] + png_chunk(kind, content) + png[33:]


def sixteen_bit_png(width: int, height: int, value: int) -> bytes:
    """A PNG of one grey with 16 bits a pixel."""
    row = b"\0" + struct.pack("!H", value) * width
    return png_of((width, height), b"\x10\0\0\0\0", row * height)


def plain_png(width: int, height: int, pixel: bytes) -> bytes:
    """A whole PNG of one colour with alpha, whose rows are packed one by one."""
    header = png_chunk(b"IHDR", struct.pack("!IIBBBBB", width, height, 8, 6, 0, 0, 0))
    packer, row = zlib.compressobj(1), b"\0" + pixel * width
    packed = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    return PNG_MAGIC + header + png_chunk(b"IDAT", packed) + png_chunk(b"IEND", b"")


def with_jpeg_segments(jpeg: bytes, segment: bytes, count: int) -> bytes:
    """The JPEG with `count` of these segments after its first two bytes."""
    return jpeg[:2] + segment * count + jpeg[2:]


def jpeg_of_many_scans(jpeg: bytes, scans: int) -> bytes:
    """The JPEG with its first scan header repeated."""
    start = jpeg.index(b"\xff\xda")
    length = int.from_bytes(jpeg[start + 2 : start + 4])
    return jpeg[:start] + jpeg[start : start + 2 + length] * scans + jpeg[start:]


def flipped(data: bytes, seed: int, count: int = 20) -> bytes:
    """The same bytes with a few of them changed."""
    rng, broken = random.Random(seed), bytearray(data)
    for _ in range(count):
        broken[rng.randrange(len(broken))] = rng.randrange(256)
    return bytes(broken)


def small_clip(**options: Any) -> bytes:
    """A valid clip of 2.4 s and 160x120 pixels, by default."""
    usual: dict[str, Any] = {"seconds": 2.4, "size": SMALL, "fps": 10}
    return draw_clip(**(usual | options))


def vp8_packets(size: tuple[int, int], count: int, *, plain: bool = False) -> "list[Packet[VideoStream]]":
    """Encoded pictures, the first of them a key frame; `plain` ones are grey and fast to make."""
    encoder = av.CodecContext.create("libvpx", "w")
    encoder.width, encoder.height, encoder.pix_fmt = *size, "yuv420p"
    encoder.time_base, encoder.options = Fraction(1, 10), {"deadline": "realtime", "cpu-used": "8"}
    packets: list[Packet[VideoStream]] = []
    for number in range(count):
        picture = Image.new("RGB", size, "grey") if plain else draw_frame(1, size, number / 10)
        frame = av.VideoFrame.from_bytes(picture.convert("RGBA").tobytes(), *size)
        frame.pts = number
        packets += encoder.encode(frame.reformat(format="yuv420p"))
    return packets + encoder.encode(None)


def webm_of(packets: "list[Packet[VideoStream]]", times: list[int], size: tuple[int, int] = SMALL) -> bytes:
    """VP8 pictures at the given times in milliseconds, as WebM."""
    out = io.BytesIO()
    with av.open(out, "w", format="webm") as file:
        stream = file.add_mux_stream("vp8", rate=10, width=size[0], height=size[1])
        for packet, time in zip(packets, times, strict=True):
            copy = Packet(bytes(packet))
            copy.stream, copy.time_base, copy.is_keyframe = stream, Fraction(1, 1000), packet.is_keyframe
            copy.pts = copy.dts = time
            file.mux(copy)
    return out.getvalue()


def clip_of_many_frames(count: int = 20_000, seconds: int = 10) -> bytes:
    """A clip that repeats one picture thousands of times a second."""
    first, *others = vp8_packets(SMALL, 30)
    tiny = min(others, key=lambda packet: packet.size)
    return webm_of(
        [first, *[tiny] * (count - 1)], [number * seconds * 1000 // count for number in range(count)]
    )


def clip_with_gap(seconds: int) -> bytes:
    """A clip of some pictures, a gap of that length, and one more picture."""
    packets = vp8_packets(SMALL, 12)
    return webm_of(packets, [*range(0, 1100, 100), seconds * 1000])


def clip_of_uneven_rate() -> bytes:
    """Three seconds whose pictures come in bursts, as from a phone under load."""
    packets = vp8_packets(SMALL, 30)
    return webm_of(packets, [number * 40 + (number // 10) * 600 for number in range(30)])


def clip_of_size(size: tuple[int, int], count: int = 24) -> bytes:
    return webm_of(vp8_packets(size, count, plain=True), [number * 100 for number in range(count)], size)


def clip_that_changes_size() -> bytes:
    packets = vp8_packets(SMALL, 12) + vp8_packets((200, 160), 12)
    return webm_of(packets, [number * 100 for number in range(24)])


def clip_larger_than_declared() -> bytes:
    """The container says 640x480, the pictures are 2048x2048."""
    data = webm_of(vp8_packets((2048, 2048), 1, plain=True), [0], (2048, 2048))
    return data.replace(b"\xb0\x82\x08\x00", b"\xb0\x82\x02\x80").replace(
        b"\xba\x82\x08\x00", b"\xba\x82\x01\xe0"
    )


def audio_only() -> bytes:
    return _tracks(pictures=0, sounds=1)


def two_pictures() -> bytes:
    return _tracks(pictures=2, sounds=0)


def many_tracks() -> bytes:
    return _tracks(pictures=1, sounds=12)


def clip_with_sound() -> bytes:
    return _tracks(pictures=1, sounds=1)


def _tracks(*, pictures: int, sounds: int) -> bytes:
    """An MP4 of 2.4 s with so many tracks of each kind."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as file:
        videos = [
            file.add_stream("libx264", rate=10, options={"preset": "ultrafast"}) for _ in range(pictures)
        ]
        audios = [file.add_stream("aac", rate=8000, layout="mono") for _ in range(sounds)]
        for video in videos:
            video.width, video.height, video.pix_fmt = *SMALL, "yuv420p"
        for video in videos:
            for number in range(24):
                frame = av.VideoFrame(*SMALL, "yuv420p")
                frame.pts = number
                file.mux(video.encode(frame))
            file.mux(video.encode(None))
        for audio in audios:
            for number in range(18):
                sound = av.AudioFrame(format="fltp", layout="mono", samples=1024)
                sound.rate, sound.pts = 8000, number * 1024
                sound.planes[0].update(bytes(4096))
                file.mux(audio.encode(sound))
            file.mux(audio.encode(None))
    return out.getvalue()


def encrypted_clip() -> bytes:
    """An MP4 under common encryption, whose pictures cannot be seen without a key."""
    out, source = io.BytesIO(), io.BytesIO(small_clip())
    options = {
        "encryption_scheme": "cenc-aes-ctr",
        "encryption_key": "00112233445566778899aabbccddeeff",
        "encryption_kid": "0123456789abcdef0123456789abcdef",
    }
    with av.open(source, "r") as given, av.open(out, "w", format="mp4", options=options) as file:
        stream = file.add_stream_from_template(given.streams.video[0])
        for packet in given.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                file.mux(packet)
    return out.getvalue()


def clip_that_points_elsewhere() -> bytes:
    """An MP4 whose data reference points to another file."""
    return small_clip().replace(b"url \0\0\0\1", b"url \0\0\0\0")


def clip_that_starts_late() -> bytes:
    """A clip whose first picture comes an hour after its start."""
    return webm_of(vp8_packets(SMALL, 24), [3_600_000 + number * 100 for number in range(24)])


def clip_with_b_frames(container: str = "mp4", seconds: float = 2.4) -> bytes:
    """H.264 whose pictures are decoded in another order than shown: its first decoding times are negative."""
    frames = [_frame(draw_frame(1, SMALL, number / 10), number) for number in range(round(seconds * 10))]
    return encoded(frames, container=container, options={"preset": "veryfast", "threads": "1", "bf": "2"})


def encoded(
    frames: Sequence[av.VideoFrame],
    *,
    container: str = "mp4",
    codec: str = "libx264",
    options: dict[str, str] | None = None,
    bit_rate: int = 1_000_000,
) -> bytes:
    """The pictures as a clip of 10 pictures a second."""
    out = io.BytesIO()
    with av.open(out, "w", format=container) as file:
        stream = file.add_stream(codec, rate=10, options=options or ENCODER_OPTIONS[codec])
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = frames[0].width, frames[0].height, "yuv420p"
        stream.bit_rate = bit_rate
        for frame in frames:
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return out.getvalue()


def still_clip(
    *, grain: bool = False, sway: int = 0, count: int = 30, codec: str = "libx264", light: float = 1.0
) -> bytes:
    """A clip of a person who stands still or sways by so many pixels, at a brightness of 0 to 1.

    With `grain` there is camera noise; without, all pictures are the same.
    """
    size, container = (320, 240), "mp4" if codec == "libx264" else "webm"
    person = Image.eval(draw_frame(1, size, 0.0), lambda value: int(value * light))
    pictures = []
    for number in range(count):
        seen = ImageChops.offset(person, round(sway * number / count), 0)
        pictures.append(_sensor_noise(seen, 1, number) if grain else seen)
    frames = [_frame(picture, number) for number, picture in enumerate(pictures)]
    return encoded(frames, container=container, codec=codec)


def noise_clip(size: tuple[int, int] = (640, 480), count: int = 24) -> bytes:
    """A clip of random noise, which compresses worst."""
    rng = random.Random(1)
    pictures = [Image.frombytes("RGB", size, rng.randbytes(3 * size[0] * size[1])) for _ in range(count)]
    frames = [_frame(picture, number) for number, picture in enumerate(pictures)]
    return encoded(frames, container="webm", codec="libvpx", bit_rate=20_000_000)


def _frame(picture: Image.Image, number: int) -> av.VideoFrame:
    frame = av.VideoFrame.from_bytes(picture.convert("RGBA").tobytes(), *picture.size)
    frame.pts, frame.time_base = number, Fraction(1, 10)
    return frame


def with_unknown_sizes(webm: bytes) -> bytes:
    """The WebM as browsers write it, with unknown sizes of segment and clusters."""
    live = bytearray(webm)
    for kind in (b"\x18\x53\x80\x67", b"\x1f\x43\xb6\x75"):
        at = live.find(kind)
        while at >= 0:
            width = 9 - live[at + 4].bit_length()
            live[at + 4 : at + 4 + width] = ((1 << 7 * width + 1) - 1).to_bytes(width)
            at = live.find(kind, at + 4)
    return bytes(live)


def with_header_duration(mp4: bytes, seconds: int) -> bytes:
    """The MP4 with another duration in its headers."""
    lying = bytearray(mp4)
    for kind, scale_at, duration_at in ((b"mvhd", 16, 20), (b"mdhd", 16, 20), (b"tkhd", None, 24)):
        at = lying.index(kind)
        scale = 1000 if scale_at is None else int.from_bytes(lying[at + scale_at : at + scale_at + 4])
        lying[at + duration_at : at + duration_at + 4] = (seconds * scale).to_bytes(4)
    return bytes(lying)


def clip_with_extras() -> bytes:
    """Matroska with subtitles and an attached file beside the pictures."""
    out = io.BytesIO()
    with av.open(io.BytesIO(small_clip()), "r") as given, av.open(out, "w", format="matroska") as file:
        pictures = file.add_stream_from_template(given.streams.video[0])
        file.add_attachment("notes.txt", "text/plain", b"<script>alert(1)</script>")
        words = file.add_mux_stream("subrip")
        line = Packet(b"hidden words")
        line.stream, line.time_base, line.pts, line.dts, line.duration = words, Fraction(1, 1000), 0, 0, 1000
        for packet in given.demux(video=0):
            if packet.dts is not None:
                packet.stream = pictures
                file.mux(packet)
        file.mux(line)
    return out.getvalue()


def damaged_pictures(mp4: bytes) -> bytes:
    """The clip with some bytes of its pictures inverted: the boxes are valid, and the decoder conceals the errors."""
    damaged, start = bytearray(mp4), mp4.rindex(b"mdat") + 4
    for at in range(start + (len(mp4) - start) // 2, len(mp4) - 400, 997):
        damaged[at] ^= 0xFF
    return bytes(damaged)


def keyed_clip() -> bytes:
    """Four seconds with a key frame every half second."""
    frames = [_frame(draw_frame(1, SMALL, number / 10), number) for number in range(40)]
    return encoded(frames, options={"preset": "ultrafast", "threads": "1", "g": "5"})


def trimmed(clip: bytes, *, container: str, start: float) -> bytes:
    """The part of the clip from a key frame on, its pictures copied as they are."""
    out = io.BytesIO()
    with av.open(io.BytesIO(clip), "r") as given, av.open(out, "w", format=container) as file:
        stream = file.add_stream_from_template(given.streams.video[0])
        begun = False
        for packet in given.demux(video=0):
            begun = begun or bool(packet.is_keyframe and packet.pts * packet.time_base >= start)
            if begun and packet.dts is not None:
                packet.stream = stream
                file.mux(packet)
    return out.getvalue()


def deep_boxes(depth: int = 10_000) -> bytes:
    """An MP4 of deeply nested boxes."""
    boxes = b"".join((8 * (depth - level)).to_bytes(4) + b"moov" for level in range(depth))
    return MP4_START + boxes


def endless_elements(count: int = 10_000) -> bytes:
    """A WebM of deeply nested clusters, all of unknown size."""
    unknown = b"\x01" + b"\xff" * 7
    header = b"\x1a\x45\xdf\xa3\x87\x42\x82\x84webm"
    return header + b"\x18\x53\x80\x67" + unknown + (b"\x1f\x43\xb6\x75" + unknown) * count


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack("!I", len(content) + 8) + kind + content


def with_box_contents(mp4: bytes, kind: bytes, content: bytes) -> bytes:
    """The MP4 with other content in each of its boxes of this kind; offsets into the file stay unchanged."""
    return b"".join(_rebuilt(mp4, kind, content))


def _rebuilt(data: bytes, kind: bytes, content: bytes) -> Iterator[bytes]:
    at = 0
    while at + 8 <= len(data):
        size, found = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8]
        inside = data[at + 8 : at + size]
        if found == kind:
            inside = content
        elif found in (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts", b"moof", b"traf"):
            inside = b"".join(_rebuilt(inside, kind, content))
        yield box(found, inside)
        at += size


def with_moov_box(mp4: bytes, path: Sequence[bytes], kind: bytes, content: bytes) -> bytes:
    """The MP4 with an extra movie box before its own, which contains only this at the end of a path."""
    inside = box(kind, content)
    for outer in reversed(path):
        inside = box(outer, inside)
    start = int.from_bytes(mp4[:4])
    return mp4[:start] + inside + mp4[start:]


def named_values(count: int) -> bytes:
    """MP4 metadata with so many different names."""
    keys = b"".join(box(b"mdta", b"%08d" % number) for number in range(count))
    value = box(b"data", struct.pack("!II", 1, 0) + b"x")
    values = b"".join(
        struct.pack("!I", len(value) + 8) + struct.pack("!I", number + 1) + value for number in range(count)
    )
    handler = box(b"hdlr", bytes(8) + b"mdta" + bytes(13))
    return bytes(4) + handler + box(b"keys", struct.pack("!II", 0, count) + keys) + box(b"ilst", values)


def element(kind: int, content: bytes) -> bytes:
    """A Matroska element."""
    return kind.to_bytes((kind.bit_length() + 7) // 8) + (1 << 56 | len(content)).to_bytes(8) + content


def with_element(webm: bytes, kind: int, content: bytes) -> bytes:
    """The WebM with one extra element before its tracks, in a segment of unknown size."""
    segment, tracks = webm.index(b"\x18\x53\x80\x67"), webm.rindex(b"\x16\x54\xae\x6b")
    return webm[:segment] + b"\x18\x53\x80\x67\x01" + b"\xff" * 7 + element(kind, content) + webm[tracks:]


def with_packets(clip: bytes, codec: str, change: Callable[[int, bytes], bytes]) -> bytes:
    """The clip as Matroska; `change` maps each packet's number and bytes to new bytes."""
    out = io.BytesIO()
    with av.open(io.BytesIO(clip), "r") as given, av.open(out, "w", format="matroska") as file:
        pictures = given.streams.video[0]
        stream = file.add_stream(codec, rate=10)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = pictures.width, pictures.height, "yuv420p"
        for number, packet in enumerate(packet for packet in given.demux(pictures) if packet.size):
            copy = Packet(change(number, bytes(packet)))
            copy.stream, copy.time_base, copy.is_keyframe = stream, packet.time_base, packet.is_keyframe
            copy.pts, copy.dts, copy.duration = packet.pts, packet.dts, packet.duration
            file.mux(copy)
    return out.getvalue()


def clip_that_shows_again(count: int) -> bytes:
    """AV1 whose twelfth packet repeats a picture so many times; a repeat takes 3 bytes."""
    again = b"\x1a\x01\x80" * count
    return with_packets(
        small_clip(container="webm", codec="libsvtav1"),
        "libsvtav1",
        lambda number, packet: packet + again * (number == 12),
    )


def clip_of_full_packets() -> bytes:
    """VP9 with seven more repeats of a picture in each packet, as many as fit."""

    def filled(_: int, packet: bytes) -> bytes:
        parts = [packet] + [b"\x88"] * 7
        marker = bytes([0xC0 | 1 << 3 | 7])
        sizes = b"".join(len(part).to_bytes(2, "little") for part in parts)
        return b"".join(parts) + marker + sizes + marker

    return with_packets(small_clip(container="webm", codec="libvpx-vp9"), "libvpx-vp9", filled)
