"""Copies H.264 pictures into an MP4 as they are, and tells whether a decoder gets from the copy what it got before.

A decoder's pictures follow from what it is given: its setup and the packets. If both are the same, so are the pictures,
and nobody has to decode them again. Knows PyAV; decides nothing about which recordings are copied.
"""

import io
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Self

from av.error import FFmpegError
from av.packet import Packet
from av.video.stream import VideoStream

from verification.media.containers import create_mp4
from verification.media.probe import Recording, Setup

# What MP4 calls H.264, and Matroska's silence. FFmpeg decodes some other names, of cameras with faults, in other ways.
_NAMES: Final = frozenset({"avc1", "avc3", "\0\0\0\0"})


@dataclass(frozen=True)
class Feed:
    """What a decoder is given, in order: each packet's bytes, and its times in ticks from the first one.

    Nothing else of a packet counts: which are key frames, FFmpeg reads from the bytes, whatever the file says.
    """

    setup: Setup
    tick: Fraction  # seconds
    packets: tuple[bytes, ...]
    times: tuple[int, ...]  # of presentation and of decoding, in turns

    @classmethod
    def of(cls, recording: Recording) -> Self | None:
        """None if it can't be compared: a packet is not shown, lacks a time, or brings more than its bytes.

        What it may bring is another setup, for example: an MP4 can hold several.
        """
        held, tick = recording.packets, recording.stream.time_base
        known = recording.stream.codec_context.codec_tag in _NAMES
        if not known or tick is None or any(map(_is_special, held)):
            return None
        start = held[0].pts or 0
        times = [(time or 0) - start for packet in held for time in (packet.pts, packet.dts)]
        return cls(recording.setup, tick, tuple(map(bytes, held)), tuple(times))

    def is_like(self, other: Self) -> bool:
        """Whether a decoder can't tell them apart, and times differ by rounding to the other's ticks alone."""
        if (self.setup, self.packets) != (other.setup, other.packets):
            return False
        scale = self.tick / other.tick
        pairs = zip(self.times, other.times, strict=True)
        return all(abs(ours * scale - theirs) <= 1 for ours, theirs in pairs)


def _is_special(packet: "Packet[VideoStream]") -> bool:
    untimed = packet.pts is None or packet.dts is None
    return untimed or packet.is_discard or next(packet.iter_sidedata(), None) is not None


def copied(recording: Recording) -> bytes | None:
    """The pictures copied into a fresh MP4 timed from 0; None if their times do not allow it.

    The recording's packets have the copy's times afterwards.
    """
    if not _begins_with_its_first_picture(recording.packets):
        return None
    out = io.BytesIO()
    try:
        _copy(recording.stream, recording.packets, out)
    except FFmpegError:
        return None
    return out.getvalue()


def _begins_with_its_first_picture(packets: "list[Packet[VideoStream]]") -> bool:
    """Whether all packets are timed and shown, and none needs or precedes anything before the first.

    Otherwise players would show other pictures than those that were checked, or none until the next key frame.
    """
    if any(packet.pts is None or packet.dts is None or packet.is_discard for packet in packets):
        return False
    return packets[0].is_keyframe and packets[0].pts == min(packet.pts or 0 for packet in packets)


def _copy(pictures: VideoStream, packets: "list[Packet[VideoStream]]", out: io.BytesIO) -> None:
    header, start = len(pictures.codec_context.extradata or b""), packets[0].pts or 0
    # Matroska may not say how long the last picture stays; without a length, players would cut it off.
    usual = (max(packet.pts or 0 for packet in packets) - start) // max(1, len(packets) - 1)
    with create_mp4(out, pictures=len(packets), header=header) as target:
        stream = target.add_stream_from_template(pictures)
        for packet in packets:
            packet.pts, packet.dts = (packet.pts or 0) - start, (packet.dts or 0) - start
            packet.duration, packet.stream = packet.duration or usual, stream
            target.mux(packet)
