"""Recordings as cameras, browsers and editors write them: turned, mirrored, with odd pixels, cut, and with notes."""

import io
import struct
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache

import av
from av.packet import Packet
from av.video.stream import VideoStream
from PIL import Image, ImageOps

from kyc_portal.sandbox.drawing import ENCODER_OPTIONS, draw_frame
from tests.unit.media.hostile import SMALL, box, element, with_box_contents

# Degrees counter-clockwise, then whether it is flipped left to right: what a player does with the stored picture.
TURNS = [(rotation, mirrored) for mirrored in (False, True) for rotation in (0, 90, 180, 270)]
RATE = 10
_MATRIX_IN_TRACK, _MATRIX_IN_MOVIE = 40, 36  # bytes behind the names of tkhd and mvhd


@lru_cache
def clip(
    *,
    codec: str = "libx264",
    container: str = "mp4",
    turn: tuple[int, bool] = (0, False),
    pixels: tuple[int, int] = (1, 1),
    between: int = 0,
    keys: int = 15,
    fragmented: bool = False,
    seconds: float = 2.4,
) -> bytes:
    """A person who nods and speaks, stored so that a player which honours `turn` shows it upright.

    `pixels` is the aspect of a pixel, `between` the number of B-frames, `keys` the pictures from one key frame to the
    next.
    """
    out = io.BytesIO()
    options = {"movflags": "frag_keyframe+empty_moov+default_base_moof"} if fragmented else {}
    with av.open(out, "w", format=container, options=options) as file:
        stream = file.add_stream(
            codec, rate=RATE, options=ENCODER_OPTIONS.get(codec, {}) | {"bf": str(between)}
        )
        assert isinstance(stream, VideoStream)
        stream.width, stream.height = SMALL if turn[0] % 180 == 0 else SMALL[::-1]
        stream.pix_fmt, stream.gop_size, stream.bit_rate = "yuv420p", keys, 2 * SMALL[0] * SMALL[1]
        stream.codec_context.sample_aspect_ratio = Fraction(*pixels)
        stream.set_display_rotation(turn[0], hflip=turn[1])
        for number in range(round(seconds * RATE)):
            file.mux(stream.encode(_stored(number, turn)))
        file.mux(stream.encode(None))
    return out.getvalue()


def _stored(number: int, turn: tuple[int, bool]) -> av.VideoFrame:
    picture = drawn(number / RATE)
    picture = (ImageOps.mirror(picture) if turn[1] else picture).rotate(-turn[0], expand=True)
    frame = av.VideoFrame.from_image(picture).reformat(format="yuv420p")
    frame.pts, frame.time_base = number, Fraction(1, RATE)
    return frame


def drawn(at: float) -> Image.Image:
    """What the camera saw at that time, with a mark in one corner that tells all eight orientations apart."""
    picture = draw_frame(1, SMALL, at).convert("RGB")
    picture.paste("red", (0, 0, 48, 24))
    return picture


def with_matrix_of_movie(mp4: bytes) -> bytes:
    """The MP4 with the track's matrix in the movie's header instead."""
    moved = bytearray(mp4)
    track, movie = mp4.index(b"tkhd") + 4 + _MATRIX_IN_TRACK, mp4.index(b"mvhd") + 4 + _MATRIX_IN_MOVIE
    moved[movie : movie + 36], moved[track : track + 36] = mp4[track : track + 36], mp4[movie : movie + 36]
    return bytes(moved)


def with_matrix(mp4: bytes, *numbers: int) -> bytes:
    """The MP4 with these nine numbers as its track's matrix."""
    at = mp4.index(b"tkhd") + 4 + _MATRIX_IN_TRACK
    return mp4[:at] + struct.pack("!9i", *numbers) + mp4[at + 36 :]


def with_orientation_message(mp4: bytes, turn: tuple[int, bool]) -> bytes:
    """The MP4 whose first picture itself says how to turn it, in H.264's own message (SEI 47)."""
    rotation, mirrored = turn
    quarter = (-rotation if mirrored else rotation) % 360 // 90 << 14  # here the flip comes first
    bits = (
        f"0{mirrored:b}0{quarter:016b}010" + "0" + "1"
    )  # cancel, flips, angle, repetition period of 1, extension
    payload = int(bits.ljust(24, "0"), 2).to_bytes(3)
    return with_message(mp4, 47, payload)


def with_message(mp4: bytes, kind: int, payload: bytes) -> bytes:
    """The MP4 with a message of that kind (SEI) in front of its first picture of H.264."""
    unit = bytes((6, kind, len(payload))) + payload + b"\x80"
    packet = len(unit).to_bytes(4) + unit
    return copied(mp4, change=lambda number, data: packet + data if number == 0 else data)


def copied(
    clip: bytes,
    *,
    container: str = "mp4",
    begin: float = 0,
    later: float = 0,
    first: int = 0,
    change: Callable[[int, bytes], bytes] = lambda _, data: data,
    options: dict[str, str] | None = None,
) -> bytes:
    """The pictures copied as `ffmpeg -ss BEGIN -c copy` does, `later` seconds later, and from the `first` packet on.

    What stands before BEGIN gets times below zero. An MP4 cuts it off by an edit list: players decode it, and do not
    show it.
    """
    out = io.BytesIO()
    with (
        av.open(io.BytesIO(clip), "r") as given,
        av.open(out, "w", format=container, options=options or {}) as file,
    ):
        source = given.streams.video[0]
        stream = file.add_stream_from_template(source)
        packets = [packet for packet in given.demux(source) if packet.size]
        keys = [at for at, each in enumerate(packets) if each.is_keyframe and _seconds(each) <= begin]
        for number, packet in enumerate(packets[max([first, *keys]) :]):
            copy = Packet(change(number, bytes(packet)))
            shift = round((later - begin) / packet.time_base)
            copy.pts, copy.dts, copy.duration = (
                packet.pts + shift,
                packet.dts + shift,
                packet.duration,
            )
            copy.time_base, copy.is_keyframe, copy.stream = packet.time_base, packet.is_keyframe, stream
            file.mux(copy)
    return out.getvalue()


def _seconds(packet: "Packet[VideoStream]") -> float:
    assert packet.pts is not None
    return float(packet.pts * packet.time_base)


def without_lengths(matroska: bytes) -> bytes:
    """The file without its DefaultDuration, as Chromium writes it: no packet says how long its picture stays."""
    return matroska.replace(b"\x23\xe3\x83\x84", b"\xec\x86\0\0")


def with_edits(mp4: bytes, *edits: tuple[float, float]) -> bytes:
    """The MP4 with this edit list: for each entry its length and its start in seconds; a start of -1 is a pause."""
    movie, track = (_number(mp4, mp4.index(kind) + 16) for kind in (b"mvhd", b"mdhd"))
    rows = [
        struct.pack("!IiI", round(length * movie), round(start * track) if start >= 0 else -1, 1 << 16)
        for length, start in edits
    ]
    table = struct.pack("!II", 0, len(rows)) + b"".join(rows)
    return with_box_contents(mp4, b"edts", box(b"elst", table))


def with_last_duration(mp4: bytes, seconds: float) -> bytes:
    """The MP4 whose last picture stays for so long."""
    scale, at = _number(mp4, mp4.index(b"mdhd") + 16), mp4.index(b"stts") + 12
    count, each = _number(mp4, at), _number(mp4, at + 4)
    rows = struct.pack("!6I", 0, 2, count - 1, each, 1, round(seconds * scale))
    return with_box_contents(mp4, b"stts", rows)


def _number(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 4])


def with_box_inside(mp4: bytes, path: tuple[bytes, ...], kind: bytes, content: bytes) -> bytes:
    """The MP4 with one more box at the end of a path. Its movie stands behind its pictures, whose places stay right."""
    if not path:
        return mp4 + box(kind, content)
    start = mp4.index(path[0]) - 4
    end = start + _number(mp4, start)
    inside = with_box_inside(mp4[start + 8 : end], path[1:], kind, content)
    return mp4[:start] + box(path[0], inside) + mp4[end:]


def with_element_inside(webm: bytes, path: tuple[int, ...], added: bytes) -> bytes:
    """The WebM with more bytes at the end of the elements of a path; their sizes grow to eight bytes."""
    out, at = b"", 0
    while at < len(webm):
        name = at + 9 - webm[at].bit_length()
        content = name + 9 - webm[name].bit_length()
        end = content + (int.from_bytes(webm[name:content]) & (1 << 7 * (content - name)) - 1)
        if int.from_bytes(webm[at:name]) == path[0]:
            rest = path[1:]
            inside = (
                with_element_inside(webm[content:end], rest, added) if rest else webm[content:end] + added
            )
            out += element(path[0], inside)
        else:
            out += webm[at:end]
        at = end
    return out
