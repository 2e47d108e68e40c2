"""Sealed content opens again, whole or from any offset; anything else is refused."""

import io
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from verification.crypto import NotDecrypted, Reader, seal
from verification.crypto.frames import FRAME, HEADER, SEALED, TAG

KEY, NAME = bytes(range(32)), "key_a/photo-1.bin"
EDGES = [0, 1, FRAME - 1, FRAME, FRAME + 1, 2 * FRAME - 1, 2 * FRAME, 2 * FRAME + 1, 3 * FRAME + 77]
CONTENT = bytes(range(251)) * (3 * FRAME // 251)  # content whose frames all differ


class Trickle(io.RawIOBase):
    """A file whose read returns fewer bytes than requested, as with pipes and sockets."""

    def __init__(self, content: bytes, most: int) -> None:
        self._file, self._most = io.BytesIO(content), most

    def read(self, size: int = -1, /) -> bytes:
        return self._file.read(min(size, self._most))


def sealed(content: bytes, *, key: bytes = KEY, name: str = NAME) -> bytes:
    return b"".join(seal(io.BytesIO(content), data_key=key, name=name))


def reader(data: bytes, *, key: bytes = KEY, name: str = NAME) -> Reader:
    return Reader(io.BytesIO(data), data_key=key, name=name)


def opened(data: bytes, *, key: bytes = KEY, name: str = NAME) -> bytes:
    return reader(data, key=key, name=name).read()


def frames(data: bytes) -> list[bytes]:
    return [data[start : start + SEALED] for start in range(HEADER, len(data), SEALED)]


@pytest.mark.parametrize("size", EDGES)
def test_what_was_sealed_opens_again(size: int) -> None:
    content = CONTENT[:size].ljust(size, b"x")
    data = sealed(content)
    assert opened(data) == content
    assert reader(data).size == size
    assert len(data) == HEADER + size + TAG * max(1, -(-size // FRAME))


@pytest.mark.parametrize("most", [1, 7, FRAME - 1, FRAME + 1])
def test_a_source_may_give_its_content_in_any_pieces(most: int) -> None:
    content = CONTENT[: FRAME + 100]
    data = b"".join(seal(Trickle(content, most), data_key=KEY, name=NAME))  # type: ignore[arg-type]
    assert opened(data) == content


@given(st.integers(0, len(CONTENT) + 100), st.one_of(st.none(), st.integers(-1, 2 * FRAME)))
def test_reading_from_anywhere_is_a_slice(start: int, size: int | None) -> None:
    file = reader(WHOLE)
    assert file.seek(start) == start
    expected = CONTENT[start:] if size is None or size < 0 else CONTENT[start : start + size]
    assert file.read(size) == expected
    assert file.tell() == start + len(expected)


@given(
    st.lists(st.tuples(st.sampled_from([io.SEEK_SET, io.SEEK_CUR, io.SEEK_END]), st.integers(-FRAME, FRAME)))
)
def test_it_moves_as_any_file_does(moves: list[tuple[int, int]]) -> None:
    file, plain = reader(WHOLE), io.BytesIO(CONTENT)
    for whence, offset in moves:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: plain.tell(), io.SEEK_END: len(CONTENT)}[whence]
        if start + offset < 0:
            with pytest.raises(ValueError, match="no such place"):
                file.seek(offset, whence)
        else:
            assert file.seek(offset, whence) == plain.seek(offset, whence)
            buffer = bytearray(1000)
            assert buffer[: file.readinto(buffer)] == plain.read(1000)


def test_it_can_be_read_through_a_buffer_line_by_line() -> None:
    content = b"one\ntwo\n" * FRAME
    with io.BufferedReader(reader(sealed(content))) as file:
        assert b"".join(file) == content
    with io.BufferedReader(reader(sealed(content))) as file:
        assert file.read() == content


def test_a_reader_that_was_closed_gives_nothing_more() -> None:
    below = io.BytesIO(sealed(b"content"))
    file = Reader(below, data_key=KEY, name=NAME)
    file.close()
    assert (file.closed, below.closed) == (True, True)
    with pytest.raises(ValueError, match="closed file"):
        file.read()


def test_there_is_no_fourth_way_to_seek() -> None:
    with pytest.raises(ValueError, match="no such place"):
        reader(WHOLE).seek(0, 7)


@example(HEADER + SEALED)
@example(HEADER + 2 * SEALED)
@example(len(CONTENT) + HEADER)
@given(st.integers(0, len(CONTENT) + HEADER + 3 * TAG))
def test_no_part_of_an_object_opens_as_the_whole(size: int) -> None:
    if size < len(WHOLE):
        with pytest.raises(NotDecrypted):
            opened(WHOLE[:size])


@given(st.integers(1, 2 * SEALED))
def test_nothing_can_be_added_at_the_end(size: int) -> None:
    with pytest.raises(NotDecrypted):
        opened(WHOLE + bytes(size))


@example(3, 0)
@example(4, 7)
@example(HEADER - 1, 1)
@example(HEADER, 0)
@example(HEADER + SEALED - 1, 0)
@example(len(CONTENT) + HEADER + 2 * TAG, 0)
@given(st.integers(0, len(CONTENT) + HEADER + 2 * TAG), st.integers(0, 7))
def test_every_bit_counts(place: int, bit: int) -> None:
    data = bytearray(WHOLE)
    data[min(place, len(data) - 1)] ^= 1 << bit
    with pytest.raises(NotDecrypted):
        opened(bytes(data))


@given(st.lists(st.integers(0, 2), min_size=1, max_size=5))
def test_frames_open_in_their_own_order_alone(order: list[int]) -> None:
    pieces = frames(WHOLE)
    shuffled = WHOLE[:HEADER] + b"".join(pieces[number] for number in order)
    if order == list(range(len(pieces))):
        assert opened(shuffled) == CONTENT
    else:
        with pytest.raises(NotDecrypted):
            opened(shuffled)


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_frame_of_another_object_does_not_open(number: int) -> None:
    """Not even a frame of an object with the same content, key and name."""
    mine, other = frames(WHOLE), frames(sealed(CONTENT))
    mine[number] = other[number]
    with pytest.raises(NotDecrypted):
        opened(WHOLE[:HEADER] + b"".join(mine))


def test_a_header_of_another_object_does_not_open() -> None:
    with pytest.raises(NotDecrypted):
        opened(sealed(CONTENT)[:HEADER] + WHOLE[HEADER:])


@given(st.text(min_size=1))
def test_an_object_opens_under_its_own_name_alone(name: str) -> None:
    if name != NAME:
        with pytest.raises(NotDecrypted):
            opened(WHOLE, name=name)


@given(st.binary(min_size=32, max_size=32))
def test_an_object_opens_with_its_own_key_alone(key: bytes) -> None:
    if key != KEY:
        with pytest.raises(NotDecrypted):
            opened(WHOLE, key=key)


@given(st.binary(max_size=HEADER + 3 * TAG))
def test_what_was_never_sealed_does_not_open(data: bytes) -> None:
    for junk in (data, WHOLE[:4] + data):
        with pytest.raises(NotDecrypted):
            opened(junk)


def test_a_damaged_frame_leaves_the_others_readable() -> None:
    data = bytearray(WHOLE)
    data[HEADER + SEALED] ^= 1
    file = reader(bytes(data))
    assert file.read(FRAME) == CONTENT[:FRAME]
    with pytest.raises(NotDecrypted):
        file.read(1)
    file.seek(2 * FRAME)
    assert file.read() == CONTENT[2 * FRAME :]


def test_the_same_content_never_looks_the_same() -> None:
    """Sealed a hundred times under one key and name: salts differ, and so do keys, frames and tags."""
    written = [sealed(b"the same content") for _ in range(100)]
    assert len({data[:HEADER] for data in written}) == 100
    assert len({data[HEADER:] for data in written}) == 100


def test_equal_frames_of_an_object_look_different() -> None:
    pieces = frames(sealed(bytes(3 * FRAME)))
    assert all(one != other for one, other in pairwise(pieces))
    assert len({piece[:16] for piece in pieces}) == 3


def test_no_run_of_the_content_is_left() -> None:
    content = b"\xff\xd8\xff\xe0 a picture of somebody " * 5000
    data = sealed(content)
    assert not any(content[start : start + 6] in data for start in range(28))


WHOLE = sealed(CONTENT)
