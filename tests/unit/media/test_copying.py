"""A copy whose pictures were decoded before is not decoded again, if a decoder is given the very same."""

import struct
from collections.abc import Callable
from dataclasses import replace
from typing import NoReturn

import pytest
from av.packet import PacketSideData, packet_sidedata_type_from_literal

from tests.unit.media import hostile, recorded
from verification.media import copying, video
from verification.media.copying import Feed
from verification.media.facts import NormalisedVideo
from verification.media.probe import Recording, opened
from verification.media.video import check_video, normalise_video


def plain() -> bytes:
    return recorded.clip(between=2)


def annexb(matroska: bytes, mp4: bytes) -> bytes:
    """The Matroska file with its parameter sets between start codes, as some recorders write them."""
    with opened(mp4) as recording:
        header = recording.setup.header
    sets = struct.unpack_from("!H", header, 6)[0]
    first, second = header[8 : 8 + sets], header[11 + sets :]
    marked = b"\0\0\0\1" + first + b"\0\0\0\1" + second
    return matroska.replace(header, marked.ljust(len(header), b"\0"))


def with_start_codes(_: int, packet: bytes) -> bytes:
    """The packet's units behind start codes in place of their sizes."""
    out, at = b"", 0
    while at < len(packet):
        size = int.from_bytes(packet[at : at + 4])
        out, at = out + b"\0\0\0\1" + packet[at + 4 : at + 4 + size], at + 4 + size
    return out


def fed(data: bytes) -> Feed | None:
    with opened(data) as recording:
        return Feed.of(recording)


def prepared(data: bytes) -> NormalisedVideo:
    """The recording, prepared with what the check says of it."""
    checked = check_video(data)
    return normalise_video(data, len(checked.frame_hashes), checked.facts.pixel_format)


def undecoded(_: object, __: object = None) -> NoReturn:
    raise AssertionError("Every picture is decoded a second time.")


RECORDINGS: dict[str, Callable[[], bytes]] = {
    "MP4": recorded.clip,
    "MP4 with B-frames": plain,
    "MP4 in fragments": lambda: recorded.clip(fragmented=True),
    "MP4 in fragments, with B-frames": lambda: recorded.clip(fragmented=True, between=2),
    "MP4 that says where the parameter sets may be": lambda: plain().replace(b"avc1", b"avc3"),
    "Matroska": lambda: recorded.clip(container="matroska"),
    "Matroska without lengths": lambda: recorded.without_lengths(recorded.clip(container="matroska")),
    "a late beginning": lambda: recorded.copied(recorded.clip(), container="matroska", later=5.0),
    "with a message in the first picture": lambda: recorded.with_message(plain(), 5, bytes(16) + b"words"),
}


@pytest.mark.parametrize("kind", RECORDINGS)
def test_what_was_decoded_is_copied_without_being_decoded_again(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = RECORDINGS[kind]()
    decoded = normalise_video(data)
    monkeypatch.setattr(video, "measure", undecoded)
    assert prepared(data) == decoded
    assert decoded.method == "remux"


def test_who_does_not_say_what_was_decoded_has_it_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(video, "measure", undecoded)
    with pytest.raises(AssertionError):
        normalise_video(plain())


@pytest.mark.parametrize(("fewer", "pixel_format"), [(1, "yuv420p"), (-1, "yuv420p"), (0, "yuv444p")])
def test_a_decoder_that_found_other_pictures_is_not_believed(
    fewer: int, pixel_format: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fewer than there are packets: some could not be shown. Another format: it changes on the way."""
    pictures = len(check_video(plain()).frame_hashes) - fewer
    if not fewer:
        monkeypatch.setattr(video, "measure", undecoded)
        with pytest.raises(AssertionError):
            normalise_video(plain(), pictures, pixel_format)
    else:
        assert normalise_video(plain(), pictures, pixel_format).method == "transcode"


def in_start_codes() -> bytes:
    whole = recorded.copied(recorded.clip(), container="matroska", change=with_start_codes)
    return annexb(whole, recorded.clip())


NOT_COMPARED: dict[str, Callable[[], bytes]] = {
    "start codes, which an MP4 may not have": in_start_codes,
    "a name that FFmpeg decodes in another way": lambda: plain().replace(b"avc1", b"SMV2"),
}


@pytest.mark.parametrize("kind", NOT_COMPARED)
def test_what_the_copy_can_not_be_compared_with_is_decoded(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = NOT_COMPARED[kind]()
    assert prepared(data) == normalise_video(data)
    monkeypatch.setattr(video, "measure", undecoded)
    with pytest.raises(AssertionError):
        prepared(data)


def test_packets_that_bring_more_than_their_bytes_are_not_compared() -> None:
    """For example another setup of the decoder, which an MP4 with several of them gives."""
    kind = packet_sidedata_type_from_literal("new_extradata")
    setup = PacketSideData(kind, 4)  # type: ignore[call-arg]  # PyAV's types leave the arguments out
    setup.update(b"\1\x64\0\x0a")
    with opened(plain()) as recording:
        recording.packets[5].set_sidedata(setup)
        assert Feed.of(recording) is None


def with_last_byte(mp4: bytes) -> bytes:
    return mp4[:-1] + bytes((mp4[-1] ^ 1,))


def with_other_parameters(mp4: bytes) -> bytes:
    """The second parameter set says that pictures start with another quality."""
    start = mp4.index(b"avcC")
    at = start - 4 + int.from_bytes(mp4[start - 4 : start]) - 2
    return mp4[:at] + bytes((mp4[at] ^ 8,)) + mp4[at + 1 :]


def narrower(mp4: bytes) -> bytes:
    """The container crops the pictures: FFmpeg's decoder goes by that."""
    at = mp4.rindex(b"avc1") + 28
    return mp4[:at] + (hostile.SMALL[0] - 2).to_bytes(2) + mp4[at + 2 :]


def slower(mp4: bytes) -> bytes:
    at = mp4.index(b"stts") + 12
    count, each = struct.unpack_from("!II", mp4, at)
    return hostile.with_box_contents(mp4, b"stts", struct.pack("!4I", 0, 1, count, each + 50))


def in_another_order(mp4: bytes) -> bytes:
    """The sizes of two pictures swapped."""
    at = mp4.index(b"stsz") + 16
    return mp4[:at] + mp4[at + 4 : at + 8] + mp4[at : at + 4] + mp4[at + 8 :]


def shortened(mp4: bytes) -> bytes:
    """The first second is decoded and not shown."""
    return recorded.with_edits(mp4, (1.2, 1.2))


CHANGES: dict[str, Callable[[bytes], bytes]] = {
    "a bit of the last picture": with_last_byte,
    "a bit of the parameter sets": with_other_parameters,
    "where the container crops": narrower,
    "the times": slower,
    "how the bytes are shared among pictures": in_another_order,
    "what is shown": shortened,
    "the order of display": lambda mp4: mp4.replace(b"ctts", b"free"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_copy_with_any_change_is_noticed(change: str) -> None:
    mp4 = normalise_video(plain()).mp4
    changed = CHANGES[change](mp4)
    assert changed != mp4
    given, copy, other = fed(plain()), fed(mp4), fed(changed)
    assert given is not None
    assert copy is not None
    assert given.is_like(copy)
    assert other is None or not given.is_like(other)


def test_a_decoder_that_expects_another_order_may_leave_pictures_out() -> None:
    given = fed(plain())
    assert given is not None
    other = replace(given, setup=replace(given.setup, reordered=given.setup.reordered + 1))
    assert not given.is_like(other)
    assert given.is_like(replace(given, setup=replace(given.setup)))


TRANSCODED = {
    "damaged pictures": hostile.damaged_pictures,
    "pictures before the first": lambda mp4: recorded.with_edits(mp4, (1.2, 1.2)),
    "its tables behind the pictures": lambda mp4: _with_tables_last(mp4),
    "turned": lambda mp4: recorded.with_matrix(mp4, 0, 1 << 16, 0, -1 << 16, 0, 0, 0, 0, 1 << 30),
}


def _with_tables_last(mp4: bytes) -> bytes:
    """Room is left where the tables were, so that the pictures' places stay right."""
    start = mp4.index(b"moov") - 4
    size = int.from_bytes(mp4[start : start + 4])
    tables = mp4[start : start + size]
    return mp4[:start] + tables.replace(b"moov", b"free", 1) + mp4[start + size :] + tables


@pytest.mark.parametrize("change", TRANSCODED)
def test_a_copy_that_went_wrong_is_not_sent(change: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(recording: Recording) -> bytes:
        return TRANSCODED[change](copying.copied(recording) or b"")

    monkeypatch.setattr(video, "copied", wrong)
    assert prepared(plain()).method == normalise_video(plain()).method == "transcode"
