#!/usr/bin/env python3
"""Checks a pack of the KYC portal: python3 -I -S verify.py PACK.zip --key KEY

It needs Python 3.9 or later and nothing else: no package, no network, no portal. It prints what it found and ends with
0 if everything holds, with 1 at the first thing that does not, which it names, with 2 if it was called wrongly or the
pack can't tell what was asked, and with 3 if the pack agrees with itself but nothing tells whose it is.

KEY is the public key of the trail as the organisation publishes it, such as `kyc.example.com/trail+530d903a+AekyeR…`.
Get it from somewhere else than the pack. A checkpoint of the trail that you kept, or an earlier pack that you trust,
tells the same: give it with --earlier, and the trail must still hold all that it held then.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import json
import re
import struct
import sys
import zlib
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import chain
from typing import Any, BinaryIO, NamedTuple

VERSION = 1
CASE, PERIOD, STATISTICS = "kyc-portal/case-pack", "kyc-portal/period-export", "kyc-portal/statistics-pack"
KINDS = (CASE, PERIOD, STATISTICS)
MANIFEST, SIGNED_MANIFEST = "manifest.json", "manifest.note"
CHECKPOINT, KEYS, CONSISTENCY = "trail/checkpoint", "trail/keys.json", "trail/consistency.json"
# Of a period export: its table of events, those at places between them that are not of the period, and what leads from
# both to the log's root.
EVENTS, BESIDE, RANGE = "events.jsonl", "trail/beside.jsonl", "trail/range.json"
VERIFIER = "verify.py"
EARLIER = "the earlier checkpoint"
TIMELINE, ACCESS, PROOFS = "timeline.jsonl", "access.jsonl", "proofs/"
CASE_FILE, MESSAGES, MEDIA_LIST, MEDIA = "case.json", "messages.json", "media.json", "media/"
# Why a photo, a recording or a frame is not in a pack. One that is damaged lets no pack hold.
NOT_ASKED_FOR, ERASED, DAMAGED = "not_asked_for", "erased", "damaged"
# Each holds records of the case.
RECORDS = (
    CASE_FILE,
    "policy.json",
    "consents.json",
    "documents.json",
    "attempts.json",
    "calls.json",
    "reruns.json",
    "reviews.json",
    "document_checks.json",
    "flags.json",
    "notes.json",
)
# The hashes of a record, by its kind, whose files a pack lists.
JUDGED = {
    "document": ("normalised_sha256",),
    "verificationattempt": ("normalised_sha256", "best_frame_sha256"),
}
# What a pack without names or without notes lacks of a record, by its kind. Nothing else is ever left out.
LEFT_OUT = {
    "applicant": {"name": "names", "email": "names"},
    "consent": {"ip_address": "names", "user_agent": "names"},
    "review": {"note": "notes"},
    "documentcheck": {"note": "notes"},
    "casenote": {"text": "notes"},
    "rerun": {"reason": "notes"},
}
# A name that every system can unpack, and that leads nowhere else.
FILE_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
BLOCK = 1 << 18  # bytes that are read at once
MAX_NOTE = 1_000_000  # bytes
# Bytes. JSON of strangers takes up to 25 times as much memory, and these are enough for 100,000 files.
MAX_MANIFEST = 1 << 24
MAX_LIST = 1 << 26  # bytes; the zip's list of files is held in memory
MAX_READ = 1 << 26  # bytes of any other file that is held in memory as a whole
MAX_LINE = 1 << 20  # bytes of one line

Point = tuple[int, int, int, int]
# Takes "ok" or "note", and what was found.
Say = Callable[[str, str], None]

# What a file of another form than the portal writes leads to.
UNREADABLE = (
    AttributeError,
    IndexError,
    KeyError,
    OverflowError,
    RecursionError,
    TypeError,
    ValueError,
    struct.error,
)


class Wrong(Exception):
    """Something does not hold: which part of the pack, and what is wrong with it."""

    def __init__(self, where: str, what: str) -> None:
        super().__init__(f"{where}: {what}")


class NotInPack(Exception):
    """What was asked for can't be checked with this pack."""


# ---- Ed25519 (RFC 8032, section 5.1) ----

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)


def _point(encoded: bytes) -> Point | None:
    """The point that 32 bytes stand for; None if they are not one, or not written as RFC 8032 writes it."""
    number = int.from_bytes(encoded, "little")
    sign, y = number >> 255, number & ((1 << 255) - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_ONE % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return (x, y, 1, x * y % P)


def _add(one: Point, other: Point) -> Point:
    a = (one[1] - one[0]) * (other[1] - other[0]) % P
    b = (one[1] + one[0]) * (other[1] + other[0]) % P
    c = 2 * one[3] * other[3] * D % P
    d = 2 * one[2] * other[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def _times(number: int, point: Point) -> Point:
    found = (0, 1, 1, 0)
    while number:
        if number & 1:
            found = _add(found, point)
        point = _add(point, point)
        number >>= 1
    return found


def _same(one: Point, other: Point) -> bool:
    return not (one[0] * other[2] - other[0] * one[2]) % P and not (one[1] * other[2] - other[1] * one[2]) % P


_X = 15112221349535400772501151409588531511454012693041857206046113283949847762202
_Y = 4 * pow(5, P - 2, P) % P
BASE: Point = (_X, _Y, 1, _X * _Y % P)


def is_signed(key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the 64 bytes are the signature of the key of 32 bytes over the message."""
    if len(key) != 32 or len(signature) != 64:
        return False
    public, first = _point(key), _point(signature[:32])
    number = int.from_bytes(signature[32:], "little")
    if public is None or first is None or number >= L:
        return False
    digest = hashlib.sha512(signature[:32] + key + message).digest()
    challenge = int.from_bytes(digest, "little") % L
    return _same(_times(number, BASE), _add(first, _times(challenge, public)))


# ---- signed notes (C2SP signed-note) and checkpoints (C2SP tlog-checkpoint) ----


def _base64(text: str, where: str) -> bytes:
    try:
        content = base64.b64decode(text.encode("ascii"), validate=True)
    except (ValueError, binascii.Error):
        raise Wrong(where, "there is no Base64 where it should be") from None
    if base64.b64encode(content).decode() != text:
        raise Wrong(where, "Base64 is written in an unusual way")
    return content


def parse_key(vkey: str, where: str) -> tuple[str, bytes, bytes]:
    """The name, the id and the 32 bytes of a public key that is written as name+id+key."""
    name, _, rest = vkey.partition("+")
    key_id, _, encoded = rest.partition("+")
    content = _base64(encoded, where)
    if not name or len(content) != 33 or content[:1] != b"\x01":
        raise Wrong(where, "this is no Ed25519 key of a signed note")
    if hashlib.sha256(name.encode() + b"\n" + content).hexdigest()[:8] != key_id:
        raise Wrong(where, "the key has another id than it says")
    return name, bytes.fromhex(key_id), content[1:]


def open_note(content: bytes, keys: list[str], where: str) -> str:
    """The text of the note, which one of the keys has signed, and none of them wrongly."""
    text, lines = _note(content, where)
    by_id = {(name, key_id): raw for name, key_id, raw in (parse_key(key, where) for key in keys)}
    signed = False
    for line in lines:
        match = re.fullmatch("\u2014 ([^ +]+) ([A-Za-z0-9+/]+={0,2})", line)
        if not match:
            raise Wrong(where, "a signature line can't be read")
        signature = _base64(match[2], where)
        raw = by_id.get((match[1], signature[:4]))
        if raw is not None and not is_signed(raw, text.encode(), signature[4:]):
            raise Wrong(where, "the signature is not of this text")
        signed = signed or raw is not None
    if not signed:
        raise Wrong(where, "no trusted key has signed it")
    return text


def _note(content: bytes, where: str) -> tuple[str, list[str]]:
    """What a note says, whoever signed it, and its signature lines."""
    try:
        text = content[: MAX_NOTE + 1].decode("utf-8")
    except UnicodeDecodeError:
        raise Wrong(where, "the note is no UTF-8") from None
    body, found, lines = text.rpartition("\n\n")
    if len(content) > MAX_NOTE or not found or not lines.endswith("\n"):
        raise Wrong(where, "the note has no signatures")
    return body + "\n", lines[:-1].split("\n")


def parse_checkpoint(text: str, origin: str, where: str) -> tuple[int, bytes]:
    """The size and the root of the log."""
    lines = text.split("\n")
    if len(lines) < 4 or lines[-1] or lines[0] != origin or not re.fullmatch("0|[1-9][0-9]{0,18}", lines[1]):
        raise Wrong(where, "this is no checkpoint of the log " + origin)
    root = _base64(lines[2], where)
    if len(root) != 32:
        raise Wrong(where, "the root is no hash")
    return int(lines[1]), root


# ---- the tree (RFC 6962, section 2.1; RFC 9162, section 2.1.3.2) ----


def leaf_hash(entry: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def check_inclusion(leaf: bytes, index: int, size: int, proof: list[bytes], root: bytes, where: str) -> None:
    if index >= size:
        raise Wrong(where, "the index lies outside the log")
    found = leaf
    for on_the_left, each in _sides(index, size - 1, proof, where):
        found = node_hash(each, found) if on_the_left else node_hash(found, each)
    if found != root:
        raise Wrong(where, "the event is not in the log of this checkpoint")


def check_consistency(
    old: int, new: int, proof: list[bytes], old_root: bytes, new_root: bytes, where: str
) -> None:
    """RFC 9162, section 2.1.4.2."""
    if old in (0, new):
        if old_root != (new_root if old else hashlib.sha256(b"").digest()):
            raise Wrong(where, "there are two trails of this size: one was made in place of the other")
        return
    hashes = proof if old & (old - 1) else [old_root, *proof]
    if not hashes:
        raise Wrong(where, "the proof is empty")
    level = ((old - 1) ^ old).bit_length() - 1
    before = after = hashes[0]
    for on_the_left, each in _sides((old - 1) >> level, (new - 1) >> level, hashes[1:], where):
        before = node_hash(each, before) if on_the_left else before
        after = node_hash(each, after) if on_the_left else node_hash(after, each)
    if before != old_root or after != new_root:
        raise Wrong(where, "the trail does not begin with what it held then: it was rewritten")


def _sides(at: int, last: int, proof: list[bytes], where: str) -> Iterator[tuple[bool, bytes]]:
    """Each hash of the proof, and whether it stands on the left, on the way up from node `at` of 0 to `last`."""
    for each in proof:
        if last == 0:
            raise Wrong(where, "the proof is too long")
        on_the_left = at % 2 == 1 or at == last
        yield on_the_left, each
        while on_the_left and at and not at % 2:
            at, last = at >> 1, last >> 1
        at, last = at >> 1, last >> 1
    if last:
        raise Wrong(where, "the proof is too short")


# ---- the zip: nothing in it but its files, each whole and in its place ----

STORED, DEFLATED = 0, 8
TOO_LARGE = 0xFFFFFFFF  # stands in place of what is larger, which then stands in a field of ZIP64
TOO_MANY = 0xFFFF
_LOCAL, _CENTRAL, _END = struct.Struct("<4s5H3I2H"), struct.Struct("<4s6H3I5H2I"), struct.Struct("<4s4H2IH")
_END_64, _END_64_AT = struct.Struct("<4sQ2H2I4Q"), struct.Struct("<4sIQI")
_MADE_BY = 3 << 8 | 45  # Unix
_PERMISSIONS = 0o100600 << 16
_DATE = 1 << 5 | 1  # 1 January 1980, 0:00: a file's time says nothing


class Packed(NamedTuple):
    """What the headers of a file in the zip say."""

    name: str
    method: int
    crc: int
    size: int  # of the content, in bytes
    packed: int  # of what stands in the zip, in bytes


def local_header(file: Packed) -> bytes:
    """What stands before a file. One that is deflated has its sizes in a field of ZIP64, however small it is."""
    name, sizes, extra = file.name.encode(), (file.packed, file.size), b""
    if file.method == DEFLATED:
        extra, sizes = struct.pack("<2H2Q", 1, 16, file.size, file.packed), (TOO_LARGE, TOO_LARGE)
    fields = (b"PK\x03\x04", _version(file.method), 0, file.method, 0, _DATE, file.crc)
    return _LOCAL.pack(*fields, *sizes, len(name), len(extra)) + name + extra


def central_header(file: Packed, at: int) -> bytes:
    """What the zip's list says of the file whose header begins at byte `at`."""
    name = file.name.encode()
    large = [number for number in (file.size, file.packed, at) if number >= TOO_LARGE]
    extra = struct.pack(f"<2H{len(large)}Q", 1, 8 * len(large), *large) if large else b""
    version = 45 if large else _version(file.method)
    fields = (b"PK\x01\x02", _MADE_BY, version, 0, file.method, 0, _DATE, file.crc)
    sizes = (min(file.packed, TOO_LARGE), min(file.size, TOO_LARGE), len(name), len(extra))
    return _CENTRAL.pack(*fields, *sizes, 0, 0, 0, _PERMISSIONS, min(at, TOO_LARGE)) + name + extra


def end_of_zip(count: int, size: int, start: int) -> bytes:
    """What stands behind the list of `count` files, which has `size` bytes from byte `start` on."""
    counts, places = (min(count, TOO_MANY),) * 2, (min(size, TOO_LARGE), min(start, TOO_LARGE))
    end = _END.pack(b"PK\x05\x06", 0, 0, *counts, *places, 0)
    if count < TOO_MANY and size < TOO_LARGE and start < TOO_LARGE:
        return end
    whole = _END_64.pack(b"PK\x06\x06", _END_64.size - 12, _MADE_BY, 45, 0, 0, count, count, size, start)
    return whole + _END_64_AT.pack(b"PK\x06\x07", 0, start + size, 1) + end


def _version(method: int) -> int:
    return 45 if method == DEFLATED else 20


class Fact(NamedTuple):
    """What the manifest says of a file."""

    name: str
    size: int
    sha256: str
    method: int
    packed: int
    packed_sha256: str

    @classmethod
    def of(cls, listed: Any) -> Fact:
        size, sha256 = listed["size"], listed["sha256"]
        deflated = listed.get("deflated")
        method = STORED if deflated is None else DEFLATED
        packed = listed if deflated is None else deflated
        whole = all(type(number) is int and number >= 0 for number in (size, packed["size"]))
        if not isinstance(listed["name"], str) or not whole:
            raise Wrong(MANIFEST, "it says of a file what can't be")
        return cls(listed["name"], size, sha256, method, packed["size"], packed["sha256"])


class Pack:
    """A pack on the disk. Its end tells where the manifest is, and the manifest what every byte must be."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._length = file.seek(0, 2)
        self._list_at = self._length - self._end_and_list()
        sizes = self._sizes()
        self.note = self._before(self._list_at, SIGNED_MANIFEST, sizes, MAX_NOTE)
        note_at = self._list_at - len(self.note) - len(_stored_header(SIGNED_MANIFEST, self.note))
        self.raw_manifest = self._before(note_at, MANIFEST, sizes, MAX_MANIFEST)
        self.manifest: dict[str, Any] = {}
        self.facts: dict[str, Fact] = {}
        self._places: dict[str, int] = {}

    def _end_and_list(self) -> int:
        """How many bytes the zip's list of files has, with what stands behind it."""
        end = self._at(max(0, self._length - _END.size), _END.size)
        if len(end) < _END.size or end[:4] != b"PK\x05\x06":
            raise Wrong("the zip", "its end is missing, or something stands behind it")
        size, length = _END.unpack(end)[5], _END.size
        before = self._at(max(0, self._length - length - _END_64_AT.size), _END_64_AT.size)
        if before[:4] == b"PK\x06\x07":
            length += _END_64.size + _END_64_AT.size
            found = self._at(max(0, self._length - length), _END_64.size)
            size = _END_64.unpack(found)[8] if len(found) == _END_64.size else size
        if size > MAX_LIST or size + length > self._length:
            raise Wrong("the zip", "its end names a list of files that can't be there")
        return int(size) + length

    def _sizes(self) -> dict[str, int]:
        """The sizes of the manifest and its note, as the zip's list says; the list is checked later, byte by byte."""
        content = self._at(self._list_at, min(self._length - self._list_at, MAX_LIST))
        sizes, at = {}, 0
        while content[at : at + 4] == b"PK\x01\x02" and at + _CENTRAL.size <= len(content):
            fields = _CENTRAL.unpack_from(content, at)
            size, names, extra, comment = fields[9], *fields[10:13]
            name = content[at + _CENTRAL.size : at + _CENTRAL.size + names]
            if name in (MANIFEST.encode(), SIGNED_MANIFEST.encode()):
                sizes[name.decode()] = size
            at += _CENTRAL.size + names + extra + comment
        return sizes

    def _before(self, end: int, name: str, sizes: dict[str, int], most: int) -> bytes:
        """One of the two last files, which are found from the end on, wherever the others were moved."""
        if name not in sizes:
            raise Wrong(name, "the file is missing")
        if sizes[name] > min(most, end):
            raise Wrong(name, "the file can't be so large")
        return self._at(end - sizes[name], sizes[name])

    def _at(self, place: int, size: int) -> bytes:
        self._file.seek(place)
        return self._file.read(size)

    def believe(self, manifest: dict[str, Any]) -> None:
        """From now on the manifest says what each byte must be."""
        self.manifest, at, names = manifest, 0, {MANIFEST, SIGNED_MANIFEST}
        for listed in manifest["files"]:
            fact = Fact.of(listed)
            if not FILE_NAME.fullmatch(fact.name):
                raise Wrong(MANIFEST, "it names a file as none in a pack may be named")
            if fact.name.casefold() in names:
                raise Wrong(fact.name, "the name stands twice in the manifest")
            names.add(fact.name.casefold())
            self.facts[fact.name], self._places[fact.name] = fact, at
            at += len(local_header(Packed(fact.name, fact.method, 0, fact.size, fact.packed))) + fact.packed

    def check_bytes(self) -> None:
        """Raises Wrong unless every byte is what the manifest says, with nothing before, between or behind."""
        central, at = [], 0
        for fact in self.facts.values():
            file = Packed(fact.name, fact.method, self._check_content(fact), fact.size, fact.packed)
            header = local_header(file)
            if self._at(at, len(header)) != header:
                raise Wrong(fact.name, "the zip says something else of it than the manifest")
            central.append((fact.name, central_header(file, at)))
            at += len(header) + fact.packed
        for name, content in ((MANIFEST, self.raw_manifest), (SIGNED_MANIFEST, self.note)):
            header = _stored_header(name, content)
            if self._at(at, len(header) + len(content)) != header + content:
                raise Wrong(name, "it does not stand where it should, or the zip says something else of it")
            central.append((name, central_header(_stored(name, content), at)))
            at += len(header) + len(content)
        self._check_list(central, at)

    def _check_list(self, central: list[tuple[str, bytes]], start: int) -> None:
        at = start
        for name, header in central:
            if self._at(at, len(header)) != header:
                raise Wrong(name, "the zip's list of files says something else of it than the manifest")
            at += len(header)
        end = end_of_zip(len(central), at - start, start)
        if self._at(at, len(end) + 1) != end:
            raise Wrong("the zip", "its end is not as the portal writes it, or something stands behind it")

    def _check_content(self, fact: Fact) -> int:
        """The CRC of the content, once all hashes are the manifest's."""
        crc, packed = _crc_and_hash(self._raw(fact))
        if packed != fact.packed_sha256:
            raise Wrong(fact.name, "the content was changed")
        if fact.method == STORED:
            return crc
        crc, content = _crc_and_hash(self.blocks(fact.name))
        if content != fact.sha256:
            raise Wrong(fact.name, "it unpacks to something else than the manifest says")
        return crc

    def _raw(self, fact: Fact) -> Iterator[bytes]:
        """The bytes of a file as they stand in the zip."""
        header = local_header(Packed(fact.name, fact.method, 0, fact.size, fact.packed))
        at, left = self._places[fact.name] + len(header), fact.packed
        while left:
            block = self._at(at, min(left, BLOCK))
            if not block:
                raise Wrong(fact.name, "the file is cut off")
            at, left = at + len(block), left - len(block)
            yield block

    def blocks(self, name: str) -> Iterator[bytes]:
        """The content of a file, block by block."""
        fact = self.facts.get(name)
        if fact is None:
            raise Wrong(name, "the file is missing")
        raw = self._raw(fact)
        return raw if fact.method == STORED else _inflated(fact, raw)

    def read(self, name: str, most: int = MAX_READ) -> bytes:
        """The content of a file that is held in memory."""
        if name in self.facts and self.facts[name].size > most:
            raise Wrong(name, "the file can't be so large")
        content = b"".join(self.blocks(name))
        if hashlib.sha256(content).hexdigest() != self.facts[name].sha256:
            raise Wrong(name, "the content was changed")
        return content

    def lines(self, name: str) -> Iterator[bytes]:
        """The lines of a file, without their ends."""
        rest = b""
        for block in self.blocks(name):
            *lines, rest = (rest + block).split(b"\n")
            yield from lines
            if len(rest) > MAX_LINE:
                raise Wrong(name, "a line is too long")
        if rest:
            raise Wrong(name, "the last line is cut off")


def _crc_and_hash(blocks: Iterator[bytes]) -> tuple[int, str]:
    crc, sha256 = 0, hashlib.sha256()
    for block in blocks:
        crc = zlib.crc32(block, crc)
        sha256.update(block)
    return crc, sha256.hexdigest()


def _stored(name: str, content: bytes) -> Packed:
    return Packed(name, STORED, zlib.crc32(content), len(content), len(content))


def _stored_header(name: str, content: bytes) -> bytes:
    return local_header(_stored(name, content))


def _inflated(fact: Fact, raw: Iterator[bytes]) -> Iterator[bytes]:
    """Never more than the manifest's size, however much the bytes would unpack to."""
    stream, size = zlib.decompressobj(-15), 0
    for block in chain(raw, [b""]):
        while found := _some(stream, block, fact):
            block, size = stream.unconsumed_tail, size + len(found)
            if size > fact.size:
                raise Wrong(fact.name, "it unpacks to more than the manifest says")
            yield found
    if not stream.eof or stream.unused_data or size != fact.size:
        raise Wrong(fact.name, "it unpacks to something else than the manifest says")


def _some(stream: Any, block: bytes, fact: Fact) -> bytes:
    try:
        return bytes(stream.decompress(block, BLOCK))
    except zlib.error:
        raise Wrong(fact.name, "it can't be unpacked") from None


# ---- JSON, as it is read and as it is hashed (RFC 8785) ----

MAX_INTEGER = 2**53 - 1  # larger ones are text in the trail


def read_json(content: bytes, where: str) -> Any:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({key for key, _ in pairs}) != len(pairs):
            raise Wrong(where, "a name stands twice")
        return dict(pairs)

    try:
        return json.loads(content.decode("utf-8"), object_pairs_hook=once)
    except (UnicodeDecodeError, ValueError, RecursionError):
        raise Wrong(where, "this is no JSON") from None


def canonical(value: Any) -> bytes:
    """RFC 8785; numbers that are no exact integers are text, as the trail has them."""
    text = json.dumps(_in_order(value), separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8", "backslashreplace")


def _in_order(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _in_order(value[key]) for key in sorted(value, key=_code_units)}
    if isinstance(value, list):
        return [_in_order(each) for each in value]
    if isinstance(value, float) or (type(value) is int and abs(value) > MAX_INTEGER):
        return str(value)
    return value


def _code_units(key: str) -> bytes:
    return key.encode("utf-16-be", "surrogatepass")


# ---- whose pack it is ----


def check_manifest(pack: Pack, pinned: list[str], earlier: bytes | None, say: Say) -> list[str]:
    """The keys that may have signed, of which one signed the manifest."""
    text = _note(pack.note, SIGNED_MANIFEST)[0].split("\n")
    if hashlib.sha256(pack.raw_manifest).hexdigest() != (text[2] if len(text) == 4 else ""):
        raise Wrong(MANIFEST, "it is not the manifest that was signed")
    manifest = read_json(pack.raw_manifest, MANIFEST)
    if not isinstance(manifest, dict) or manifest.get("kind") not in KINDS or manifest.get("v") != VERSION:
        raise Wrong(MANIFEST, "this program does not know this kind of pack: use the one that came with it")
    pack.believe(manifest)
    check_files_of_kind(pack)
    origin = manifest["trail"]["origin"]
    keys = trusted_keys(pack, origin, pinned, earlier)
    _check_note(pack.note, origin, pack.raw_manifest, keys)
    pack.check_bytes()
    say("ok", f"{len(pack.facts)} files are, byte for byte, as the signed manifest lists them")
    return keys


def check_files_of_kind(pack: Pack) -> None:
    """Raises Wrong if the pack has files of another kind of pack, because they would not be checked."""
    kind = pack.manifest["kind"]
    for name in pack.facts:
        of = PERIOD if name in (EVENTS, BESIDE, RANGE) else kind
        if name in (*RECORDS, TIMELINE, ACCESS, MEDIA_LIST) or name.startswith((PROOFS, MEDIA)):
            of = CASE
        if of != kind:
            raise Wrong(name, "a pack of this kind has no such file")


def manifest_text(origin: str, manifest: bytes) -> str:
    """What is signed of a manifest. Its first line is no origin of a log, so it is never a checkpoint."""
    return f"kyc-portal/manifest/v1\n{origin}\n{hashlib.sha256(manifest).hexdigest()}\n"


def _check_note(note: bytes, origin: str, manifest: bytes, keys: list[str]) -> None:
    if note.count(b"\n") != 5:
        raise Wrong(SIGNED_MANIFEST, "it has more than the one signature")
    text = open_note(note, keys, SIGNED_MANIFEST)
    if text != manifest_text(origin, manifest):
        raise Wrong(SIGNED_MANIFEST, "something else was signed")


def trusted_keys(pack: Pack, origin: str, pinned: list[str], earlier: bytes | None) -> list[str]:
    """The keys that you gave, or that signed what you kept, and those that they led to; all if there are none."""
    keys = key_chain(pack, origin)
    if earlier is not None and not pinned and not why_not_comparable(pack, earlier):
        pinned = signers_of(earlier, keys, EARLIER)
    first = [number for number, key in enumerate(keys) if key in pinned]
    if pinned and not first:
        raise Wrong(KEYS, "the key that you gave is none of this trail's")
    return keys[first[0] :] if pinned else keys


def key_chain(pack: Pack, origin: str) -> list[str]:
    """The trail's keys, of which each was introduced by the one before it. The first one vouches for itself.

    A trail that was begun again has another name than before, and the key of its old name introduced the new one's.
    """
    keys: list[str] = []
    name = ""
    for number, key in enumerate(read_json(pack.read(KEYS, MAX_NOTE), KEYS)["keys"]):
        vkey, before, name = key["vkey"], name, parse_key(key["vkey"], KEYS)[0]
        if keys and open_note(key["introduction"].encode(), keys[-1:], KEYS) != introduction_text(
            before, vkey
        ):
            raise Wrong(KEYS, f"key {number + 1} was not introduced by the one before it")
        keys.append(vkey)
    if name != origin:
        raise Wrong(KEYS, "the last key is not of this trail")
    return keys


def signers_of(note: bytes, keys: list[str], where: str) -> list[str]:
    """Those of the keys that signed the note."""
    found = []
    for key in keys:
        try:
            open_note(note, [key], where)
            found.append(key)
        except Wrong:
            continue
    if not found:
        raise Wrong(where, "no key of this trail has signed it")
    return found


def introduction_text(origin: str, vkey: str) -> str:
    return f"kyc-portal/next-key/v1\n{origin}\n{vkey}\n"


# ---- the trail ----


class Trail(NamedTuple):
    """The log at one checkpoint."""

    origin: str
    size: int
    root: bytes


def check_checkpoint(pack: Pack, keys: list[str], say: Say) -> Trail:
    named = pack.manifest["trail"]
    size, root = parse_checkpoint(
        open_note(pack.read(CHECKPOINT), keys, CHECKPOINT), named["origin"], CHECKPOINT
    )
    if [size, root.hex()] != [named["size"], named["root"]]:
        raise Wrong(CHECKPOINT, "the manifest names another checkpoint")
    if size == 0 and root != hashlib.sha256(b"").digest():
        raise Wrong(CHECKPOINT, "the root of no events is another")
    say("ok", f"the checkpoint of {size} events is signed by the key of {named['origin']}")
    return Trail(named["origin"], size, root)


def earlier_checkpoint(file: BinaryIO) -> bytes:
    """The checkpoint that the auditor kept, as it is or in an earlier pack. Raises NotInPack."""
    try:
        note = file.read(MAX_NOTE + 1)
        if note[:4] == b"PK\x03\x04":
            other = Pack(file)
            other.believe(read_json(other.raw_manifest, MANIFEST))
            note = other.read(CHECKPOINT, MAX_NOTE)
        _note(note, EARLIER)
    except (Wrong, *UNREADABLE) as error:
        raise NotInPack(f"What you gave as the earlier checkpoint can't be read. {error}") from None
    return note


def check_earlier(pack: Pack, trail: Trail, earlier: bytes, say: Say) -> str:
    """What the pack can't tell; "" if its trail begins with that of the earlier checkpoint."""
    if why := why_not_comparable(pack, earlier):
        return why
    keys = key_chain(pack, trail.origin)
    old, root = parse_checkpoint(open_note(earlier, keys, EARLIER), trail.origin, EARLIER)
    proof = _consistency(pack, old, trail.size)
    if proof is None:
        return f"The pack has no proof from {old} events on. Ask for one that was made with this checkpoint."
    check_consistency(old, trail.size, proof, root, trail.root, CONSISTENCY)
    say("ok", f"the trail still begins with the {old} events of the checkpoint that you kept")
    return ""


def why_not_comparable(pack: Pack, earlier: bytes) -> str:
    """Why this pack can tell nothing about the log or the time of the checkpoint; "" if it can."""
    named, text = pack.manifest["trail"], _note(earlier, EARLIER)[0]
    origin = text.partition("\n")[0]
    if origin != named["origin"]:
        replaced = origin in _names_before(pack)
        return (
            f"What you kept is of the log {origin}, in whose place the log of this pack was begun."
            if replaced
            else ""
        )
    if parse_checkpoint(text, origin, EARLIER)[0] > named["size"]:
        return "What you kept is newer than this pack. Check the newer pack, with this one as the earlier."
    return ""


def _names_before(pack: Pack) -> set[str]:
    """The names of the log as its keys were introduced under them."""
    introductions = [key["introduction"] for key in read_json(pack.read(KEYS, MAX_NOTE), KEYS)["keys"]]
    return {introduction.split("\n")[1] for introduction in introductions if introduction}


def _consistency(pack: Pack, old: int, new: int) -> list[bytes] | None:
    """The proof that the log of `new` events begins with that of `old`; None if the pack has none."""
    if old in (0, new):
        return []
    proofs = read_json(pack.read(CONSISTENCY), CONSISTENCY)["proofs"] if CONSISTENCY in pack.facts else []
    for proof in proofs:
        if proof["from"] == old:
            return [_base64(each, CONSISTENCY) for each in proof["hashes"]]
    return None


def check_proof(content: bytes, entry: bytes, trail: Trail, checkpoint: bytes, where: str) -> int:
    """The place of the entry, which the proof shows to be in the log."""
    head, _, note = content.partition(b"\n\n")
    lines = head.decode("ascii", "replace").split("\n")
    match = re.fullmatch("index (0|[1-9][0-9]{0,18})", lines[1]) if len(lines) > 1 else None
    if lines[0] != "c2sp.org/tlog-proof@v1" or not match or note != checkpoint:
        raise Wrong(where, "this is no proof by the pack's checkpoint")
    hashes = [_base64(line, where) for line in lines[2:]]
    check_inclusion(leaf_hash(entry), int(match[1]), trail.size, hashes, trail.root, where)
    return int(match[1])


# ---- the events of a period ----

MAX_DATA_BYTES = 60_000  # of larger data an entry has their hash
# Places beside the period on either side, unless the log begins or ends there: by them one sees that it is over.
AROUND = 100
# The columns of a table of events.
ROW = {"id", "at", "kind", "actor_kind", "actor_id", "subject_kind", "subject_id", "data", "log_index"}
MIDNIGHT = "%Y-%m-%dT00:00:00.000000Z"


def entry_of(row: dict[str, Any]) -> bytes:
    """What the log holds of an event, from its row in a table of events."""
    entry = {
        "actor": {"id": row["actor_id"], "kind": row["actor_kind"]},
        "at": row["at"],
        "event": row["id"],
        "kind": row["kind"],
        "subject": {"id": row["subject_id"], "kind": row["subject_kind"]},
        "v": 1,
    }
    data = canonical(row["data"])
    if len(data) > MAX_DATA_BYTES:
        return canonical({**entry, "data_sha256": hashlib.sha256(data).hexdigest()})
    return canonical({**entry, "data": row["data"]})


class Leaves:
    """Hashes of entries at their places, in any order. Two subtrees side by side become one."""

    def __init__(self) -> None:
        self.nodes: dict[tuple[int, int], bytes] = {}

    def add(self, place: int, entry: bytes) -> None:
        level, found = 0, leaf_hash(entry)
        while (level, place ^ 1) in self.nodes:
            beside = self.nodes.pop((level, place ^ 1))
            found = node_hash(beside, found) if place % 2 else node_hash(found, beside)
            level, place = level + 1, place >> 1
        self.nodes[level, place] = found

    def root(self, start: int, stop: int, first: int, end: int, hashes: Iterator[bytes]) -> bytes:
        """The hash over the leaves from `start` to `stop`: of the range by its entries, of the rest by given hashes."""
        if stop <= first or start >= end:
            found = next(hashes, None)
            if found is None:
                raise Wrong(RANGE, "there are fewer hashes than the range needs")
            return found
        level = (stop - start).bit_length() - 1
        if stop - start == 1 << level and (level, start >> level) in self.nodes:
            return self.nodes.pop((level, start >> level))
        if stop - start == 1:
            raise Wrong(EVENTS, f"the event at place {start} of the log is missing")
        middle = start + (1 << (stop - start - 1).bit_length() - 1)
        left = self.root(start, middle, first, end, hashes)
        return node_hash(left, self.root(middle, stop, first, end, hashes))


class Period(NamedTuple):
    """From `start` until `end`, the end itself not included; times are text, as events have them."""

    start: str
    end: str

    @classmethod
    def of(cls, told: dict[str, Any]) -> Period:
        """As the manifest says it twice, by its days and by its times."""
        start, end = (datetime.strptime(told[name], MIDNIGHT) for name in ("start", "end"))  # noqa: DTZ007
        days = [f"{day:%Y-%m-%d}" for day in (start, end - timedelta(days=1))]
        times = [f"{day:%Y-%m-%dT00:00:00.000000Z}" for day in (start, end)]
        if start >= end or [told["start"], told["end"], told["first_day"], told["last_day"]] != times + days:
            raise Wrong(MANIFEST, "its days and its times name different periods")
        return cls(told["start"], told["end"])


class Range(NamedTuple):
    """The places from `first` on, `end` itself not included."""

    first: int
    end: int


class Seen:
    """What the rows of a period's events tell: how many of each table, the places of the period, and the times."""

    def __init__(self, period: Period, places: Range) -> None:
        self.period, self.places = period, places
        self.counts = {EVENTS: 0, BESIDE: 0}
        self.lowest = self.highest = -1
        self.last = (-1, "")  # the highest place and its time
        # How many of the first AROUND places have a time before the period, and of the last ones a time behind it.
        self.before = self.after = 0

    def add(self, name: str, row: dict[str, Any]) -> None:
        at, place = row["at"], row["log_index"]
        self.counts[name] += 1
        self.last = max(self.last, (place, at))
        self.before += place < self.places.first + AROUND and at < self.period.start
        self.after += place >= self.places.end - AROUND and at >= self.period.end
        if name == EVENTS:
            self.lowest = place if self.lowest < 0 else min(self.lowest, place)
            self.highest = max(self.highest, place)

    def check_count(self) -> None:
        """Raises Wrong if there are more rows than places. That each place has its row, the root of the log shows."""
        if sum(self.counts.values()) != self.places.end - self.places.first:
            raise Wrong(EVENTS, "an event stands twice")

    def goes_on(self) -> bool:
        """Whether the range goes on where the period is over."""
        return 2 * self.after > AROUND

    def check_edges(self, size: int) -> str:
        """What the range can't tell; "" if it begins before the period does and goes on where that is over.

        Some events are late, so most of the places at an edge count. Raises Wrong if it cuts off what may be of the
        period.
        """
        (first, end), some = self.places, self.counts[EVENTS] > 0
        if some and first > 0 and self.lowest < first + AROUND:
            raise Wrong(RANGE, f"it begins at place {first}, where events of the period may come before it")
        if some and end < size and self.highest >= end - AROUND:
            raise Wrong(RANGE, f"it ends before place {end}, where events of the period may come after it")
        if (first > 0 and 2 * self.before <= AROUND) or (end < size and not self.goes_on()):
            return "The events around the period do not show that it begins and ends there."
        return ""


def check_period(pack: Pack, trail: Trail, say: Say) -> str:
    """What the pack can't tell; "" if its table of events holds all that the log has of the period."""
    period, named = Period.of(pack.manifest["facts"]["period"]), read_json(pack.read(RANGE), RANGE)
    places = Range(named["first"], named["end"])
    if {type(place) for place in places} != {int} or not 0 <= places.first <= places.end <= trail.size:
        raise Wrong(RANGE, "it lies outside the log")
    seen = Seen(period, places)
    hashes = iter([_base64(each, RANGE) for each in named["hashes"]])
    leaves = _read_rows(pack, seen)
    root = leaves.root(0, trail.size, *places, hashes) if trail.size else trail.root
    seen.check_count()
    if next(hashes, None) is not None or root != trail.root:
        raise Wrong(
            EVENTS,
            f"an event at the places {places.first} to {places.end - 1} of the log is not as the trail holds it",
        )
    if unknown := seen.check_edges(trail.size):
        return unknown
    when = f"from {period.start} until {period.end}"
    say("ok", f"all {seen.counts[EVENTS]} events of the period {when} are there, as the trail holds them")
    if places.end == trail.size:
        _say_where_it_ends(seen, say)
    say("note", f"of the tables of the period, the trail is held against {EVENTS} alone")
    return ""


def _say_where_it_ends(seen: Seen, say: Say) -> None:
    """The log of this checkpoint may end before all of the period was sealed."""
    if not seen.after:
        say(
            "note",
            f"the trail of this checkpoint ends at {seen.last[1] or 'nothing'}, before the period does",
        )
    elif not seen.goes_on():
        few = f"{seen.after} events from after the period"
        say("note", f"the trail of this checkpoint has {few}, too few to tell that it is over")


def _read_rows(pack: Pack, seen: Seen) -> Leaves:
    leaves = Leaves()
    for name in seen.counts:
        for line in pack.lines(name):
            row = read_json(line, name)
            _check_row(name, row, seen)
            leaves.add(row["log_index"], entry_of(row))
            seen.add(name, row)
    return leaves


def _check_row(name: str, row: dict[str, Any], seen: Seen) -> None:
    (start, end), (first, stop) = seen.period, seen.places
    if set(row) != ROW:
        raise Wrong(name, f"event {row['id']} has other columns than an event has")
    if type(row["log_index"]) is not int or not first <= row["log_index"] < stop:
        raise Wrong(name, f"event {row['id']} has a place outside of the range")
    if (start <= row["at"] < end) != (name == EVENTS):
        raise Wrong(name, f"event {row['id']} does not belong here by its time")


# ---- a case: its events, and its records against them ----

Event = dict[str, Any]
# Kinds of records of a case that an event commits to when they are made. The others may have no commitment: a policy
# that came with the portal, an applicant whose first case is another, a case that goes on, and what is under way.
COMMITTED = ("consent", "document", "documentcheck", "casenote", "review", "riskflag", "rerun")
# Names in the facts of a record that lead to another one of the case, with that one's kind.
LEADS_TO = {
    "verification.public_id": "verification",
    "attempt.public_id": "verificationattempt",
    "document.public_id": "document",
    "applicant.public_id": "applicant",
    "rerun.public_id": "rerun",
    "passing_call.public_id": "providercall",
    "final_review.public_id": "review",
    "confirms.public_id": "review",
    "differs_from.public_id": "review",
    "answers.public_id": "casenote",
}
# What the event of a review says of it, by the names of its facts.
OF_REVIEW = {"verdict": "verdict", "reason_code": "reason", "evidence_sha256": "evidence_sha256"}


class Case:
    """The events of a case, and its records by name. `proven` are those whose facts an event committed to."""

    def __init__(self, pack: Pack, events: list[Event]) -> None:
        self.name, self.contents = pack.manifest["facts"]["case"], pack.manifest["facts"]["contents"]
        self.events = events
        self.newest = {name: event for event in events for name in event.get("data", {}).get("commits", {})}
        self.facts: dict[str, dict[str, Any]] = {}
        self.proven: set[str] = set()
        # Cases that began before the portal knew commitments have records without any.
        self.is_committed = any(name.startswith("consent:") for name in self.newest)

    def is_erased(self) -> bool:
        """Whether an event says that the person of this case was erased."""
        return any(
            event["kind"] == "applicant.erased" and f"applicant:{event['subject']['id']}" in self.facts
            for event in self.events
        )


def check_case(pack: Pack, trail: Trail, say: Say) -> None:
    case = Case(pack, check_events(pack, trail, say))
    check_records(pack, case, say)
    check_belongs(pack, case)
    check_status(pack, case, say)
    check_media(pack, case, say)
    check_consents(pack, case, say)
    say(
        "note",
        'the dossier, decision.json, messages.json and what stands under "further" are the portal\'s own words',
    )


def check_events(pack: Pack, trail: Trail, say: Say) -> list[Event]:
    """The events, each of which is in the log and stands once, in the order of their numbers."""
    checkpoint = pack.read(CHECKPOINT)
    events: dict[int, Event] = {}
    for name in (TIMELINE, ACCESS):
        for line in pack.lines(name):
            event = read_json(line, name)
            number, where = event["event"], f"event {event['event']}"
            proof = f"{PROOFS}{number}.tlog-proof"
            if number in events:
                raise Wrong(where, "it stands twice")
            if proof not in pack.facts:
                raise Wrong(where, "its proof is missing")
            check_proof(pack.read(proof), line, trail, checkpoint, where)
            events[number] = event
    if len(events) != sum(name.startswith(PROOFS) for name in pack.facts):
        raise Wrong(PROOFS, "there is a proof of an event that is not in the pack")
    say("ok", f"{len(events)} events stand in the trail, each as it is in {TIMELINE} or {ACCESS}")
    left_out = pack.manifest["facts"]["looks_left_out"]
    if type(left_out) is not int or left_out < 0:
        raise Wrong(MANIFEST, "it counts what is left out in an unusual way")
    if left_out:
        say("note", f"{left_out} older looks at the case are not in the pack")
    return [events[number] for number in sorted(events)]


def check_records(pack: Pack, case: Case, say: Say) -> None:
    """Those records that can be opened are what the newest event about them committed to; of others it says why not."""
    unproven: list[str] = []
    rows = [(file, row) for file in RECORDS for row in read_json(pack.read(file), file)["records"]]
    for file, row in rows:
        if row["record"] in case.facts:
            raise Wrong(file, f"{row['record']} stands twice")
        case.facts[row["record"]] = row["facts"]
    for file, row in rows:
        name, where = row["record"], f"{file}, {row['record']}"
        if "opens" in row:
            check_opening(row, case.newest.get(name), where)
            case.proven.add(name)
        else:
            check_closed(row, case, where)
            unproven.append(name + (" (something of it is left out)" if row.get("left_out") else ""))
    for name, event in case.newest.items():
        if name not in case.facts:
            raise Wrong(name, f"event {event['event']} is about it, and it is missing")
    say("ok", f"{len(case.proven)} records are what their events committed to")
    for name in unproven:
        say("note", f"nothing here proves the facts of {name}")


def check_closed(row: Event, case: Case, where: str) -> None:
    """Raises Wrong unless something says why there is nothing that opens a commitment to the record."""
    name, event = row["record"], case.newest.get(row["record"])
    check_left_out(row, case, where)
    if event is None:
        if case.is_committed and must_be_committed(name, case):
            raise Wrong(where, "no event in the pack committed to it")
        return
    check_told(name, case.facts[name], event, where)
    if not row.get("left_out") and not may_stay_closed(name, event, case):
        raise Wrong(where, f"event {event['event']} committed to it, and what would open that is missing")


def check_left_out(row: Event, case: Case, where: str) -> None:
    """Raises Wrong if the record lacks what is never left out, or what the pack says that it holds."""
    kind, left_out = row["record"].partition(":")[0], set(row.get("left_out", []))
    may_be = LEFT_OUT.get(kind, {})
    if not left_out <= may_be.keys() or left_out & row["facts"].keys():
        raise Wrong(where, "it says that something is left out which never is")
    if any(may_be[field] in case.contents for field in left_out):
        raise Wrong(where, "it leaves out what the pack says that it holds")


def must_be_committed(name: str, case: Case) -> bool:
    """Whether an event must have committed to the record, or says of it what it says of no record under way."""
    kind, _, public_id = name.partition(":")
    facts = case.facts[name]
    if kind == "verificationattempt":
        return facts["status"] == "finished" or _is_named(case, "attempt", public_id, "outcome")
    if kind == "providercall":
        return _is_named(case, "call", public_id, "target")
    return kind in COMMITTED


def _is_named(case: Case, field: str, public_id: str, beside: str) -> bool:
    data = [event.get("data", {}) for event in case.events]
    return any(each.get(field) == public_id and beside in each for each in data)


def check_told(name: str, facts: dict[str, Any], event: Event, where: str) -> None:
    """Raises Wrong if a review is another than its event says in plain words."""
    data = event["data"]
    if name != f"review:{data.get('review')}":
        return
    told = [event["actor"]["id"], *(data[field] for field in OF_REVIEW.values())]
    if [facts["by.username"], *(facts[fact] for fact in OF_REVIEW)] != told:
        raise Wrong(where, f"its facts are not what event {event['event']} says of it")


def may_stay_closed(name: str, commitment: Event, case: Case) -> bool:
    """Whether it is a note that was erased, or the case itself, opened again after the commitment."""
    if name.startswith("casenote:"):
        return case.is_erased()
    later = [event for event in case.events if event["event"] > commitment["event"]]
    return name == f"verification:{case.name}" and any(
        event["subject"]["id"] == case.name and "target" in event.get("data", {}) for event in later
    )


def check_belongs(pack: Pack, case: Case) -> None:
    """Raises Wrong unless all records and all events are of this one case."""
    if f"verification:{case.name}" not in case.facts:
        raise Wrong(CASE_FILE, "the case is another than the manifest says")
    for kind in ("verification", "applicant", "policy"):
        if sum(name.startswith(f"{kind}:") for name in case.facts) != 1:
            raise Wrong(CASE_FILE, f"there is not one {kind} in the pack")
    for name, facts in case.facts.items():
        for other in _led_to(facts) - case.facts.keys():
            raise Wrong(name, f"it belongs to {other}, which is not in the pack")
    of_messages = {row["record"] for row in read_json(pack.read(MESSAGES), MESSAGES)["records"]}
    for event in case.events:
        about = f"{event['subject']['kind']}:{event['subject']['id']}"
        if about not in case.facts and about not in of_messages:
            raise Wrong(f"event {event['event']}", f"it is about {about}, which is not in the pack")


def _led_to(facts: dict[str, Any]) -> set[str]:
    return {f"{kind}:{facts[field]}" for field, kind in LEADS_TO.items() if facts.get(field) is not None}


def check_opening(row: dict[str, Any], event: Event | None, where: str) -> None:
    if event is None or event["event"] != row["opens"]["event"]:
        raise Wrong(where, "the event that it names is not the newest one about it")
    digest = hashlib.sha256(bytes.fromhex(row["opens"]["salt"]) + canonical(row["facts"])).hexdigest()
    if digest != event["data"]["commits"][row["record"]]:
        raise Wrong(where, f"its facts are not those that event {event['event']} committed to")


def check_status(pack: Pack, case: Case, say: Say) -> None:
    """Each move begins where the one before it ended, and the last one ended where the case is."""
    at = "invited"
    for event in case.events:
        data = event.get("data", {})
        if event["subject"]["id"] == case.name and {"source", "target"} <= data.keys():
            if data["source"] != at:
                raise Wrong(
                    f"event {event['event']}", f"the case was {at} before it, and not {data['source']}"
                )
            at = data["target"]
    head = read_json(pack.read(CASE_FILE), CASE_FILE)
    said = (
        head["status"],
        case.facts[f"verification:{case.name}"]["status"],
        pack.manifest["facts"]["status"],
    )
    if set(said) != {at}:
        raise Wrong(CASE_FILE, f"it says that the case is {said[0]}, but its last event left it {at}")
    if head["case"] != case.name or (head["erased"] is not None) != case.is_erased():
        raise Wrong(CASE_FILE, "it names another case, or says something else of an erasure than the events")
    say("ok", f"the case {case.name} is {at}, as its last move left it")


def check_media(pack: Pack, case: Case, say: Say) -> None:
    """Each file is the one whose hash was recorded when it came; each such hash has its file, or why there is none."""
    pieces = read_json(pack.read(MEDIA_LIST), MEDIA_LIST)["media"]
    found = [_check_piece(pack, piece, case) for piece in pieces]
    listed, of = [piece["file"] for piece in pieces], [(piece["record"], piece["fact"]) for piece in pieces]
    if len(set(listed)) != len(listed) or len(set(of)) != len(of):
        raise Wrong(MEDIA_LIST, "a photo, a recording or a frame stands twice")
    if unknown := {name for name in pack.facts if name.startswith(MEDIA)} - set(listed):
        raise Wrong(min(unknown), "nothing says what it is")
    if left := _judged(case) - set(of):
        raise Wrong(MEDIA_LIST, "it does not list the {1} of {0}".format(*min(left)))
    things = "photos, frames and recordings"
    say("ok", f"{found.count('')} {things} are those whose hashes were recorded when they came")
    for where in sorted(set(found) - {""}):
        say("note", f"{found.count(where)} {things} are {where}")


def _check_piece(pack: Pack, piece: dict[str, Any], case: Case) -> str:
    """Where the file is, if it is not in the pack, or not proven; "" if it is both."""
    file, why = piece["file"], piece.get("missing", "")
    if case.facts[piece["record"]][piece["fact"]] != piece["sha256"]:
        raise Wrong(file, f"its hash is not the one of {piece['record']}")
    if why == DAMAGED:
        raise Wrong(file, "the portal does not have it any more as it was judged: it was changed or lost")
    if file not in pack.facts:
        if (why, True) not in ((NOT_ASKED_FOR, "media" not in case.contents), (ERASED, case.is_erased())):
            raise Wrong(file, "it is missing, and nothing in the pack says why")
        return f"not in the pack: {why.replace('_', ' ')}"
    if why or pack.facts[file].sha256 != piece["sha256"]:
        raise Wrong(file, "it is not the file that was judged")
    return "" if piece["record"] in case.proven else "in the pack, and no event committed to their hashes"


def _judged(case: Case) -> set[tuple[str, str]]:
    """The records with the name of each hash whose file must be listed."""
    return {
        (name, fact)
        for name, facts in case.facts.items()
        for fact in JUDGED.get(name.partition(":")[0], ())
        if facts.get(fact)
    }


def check_consents(pack: Pack, case: Case, say: Say) -> None:
    for name, facts in case.facts.items():
        if name.startswith("consent:"):
            file = f"consent/{facts['text_sha256']}.txt"
            if file not in pack.facts:
                say("note", "the words of a consent are not kept")
            elif pack.facts[file].sha256 != facts["text_sha256"]:
                raise Wrong(file, "these are not the words that were answered")


# ---- this program by known answers ----

# RFC 8032, section 7.1: the public key, the message and its signature.
SIGNATURES = (
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
        "d25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
        "387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
        "4a7c15e9716ed28dc027beceea1ec40a",
    ),
)
# RFC 6962: the root of the first eight leaves of its reference tests.
LEAVES = ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
ROOT = "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


def self_test() -> bool:
    """Whether this program finds the known answers, and no others."""
    for key, message, signature in SIGNATURES:
        signed = bytes.fromhex(key), bytes.fromhex(message), bytes.fromhex(signature)
        if not is_signed(*signed) or is_signed(signed[0], signed[1] + b"x", signed[2]):
            return False
    leaves = Leaves()
    for place, leaf in enumerate(LEAVES):
        leaves.add(place, bytes.fromhex(leaf))
    return leaves.root(0, len(LEAVES), 0, len(LEAVES), iter([])).hex() == ROOT


NOT_PROVEN = """
What this does not prove:
- that what was written into the trail was true, or that everything was written into it;
- that no event of the case was left out of its pack: whoever made the pack chose what is in it. The whole trail tells,
  as a pack of the period does, which lacks no event between two places;
- that the portal's clock was right: each time is the portal's own;
- that nobody who holds the portal's key has made another trail since the last checkpoint that somebody else kept.
  Compare with one that you kept, by --earlier.
"""


def verify(pack: Pack, pinned: list[str], earlier: bytes | None, say: Say) -> None:
    """Raises Wrong at the first thing that does not hold, and NotInPack if something can't be told."""
    keys = check_manifest(pack, pinned, earlier, say)
    trail = check_checkpoint(pack, keys, say)
    kind, unknown = pack.manifest["kind"], ""
    if kind == PERIOD:
        unknown = check_period(pack, trail, say)
    elif kind == CASE:
        check_case(pack, trail, say)
    else:
        say("note", "these are statistics: that they were signed is all that this program can check")
    # What can't be told comes last, so that it hides nothing that is wrong.
    if earlier is not None:
        unknown = check_earlier(pack, trail, earlier, say) or unknown
    if unknown:
        raise NotInPack(unknown)
    if not is_this_program(pack):
        say("note", "the program in the pack is not the one that you run")


def is_this_program(pack: Pack) -> bool:
    with open(__file__, "rb") as file:
        own = hashlib.sha256(file.read()).hexdigest()
    return VERIFIER not in pack.facts or pack.facts[VERIFIER].sha256 == own


def main(arguments: list[str]) -> int:
    given = _given(arguments)
    if given.self_test:
        found = self_test()
        _say("The program finds the known answers." if found else "WRONG   the program misses a known answer")
        return 0 if found else 1
    try:
        with open(given.pack, "rb") as file:
            if given.earlier is None:
                return _told(file, given.key, None)
            with open(given.earlier, "rb") as earlier:
                return _told(file, given.key, earlier)
    except OSError as error:
        _say(f"The file can't be read: {error.strerror or error}")
        return 2


def _given(arguments: list[str]) -> argparse.Namespace:
    """What was asked for. Ends the program with 2 if that makes no sense."""
    parser = argparse.ArgumentParser(description="Checks a pack of the KYC portal, offline.")
    parser.add_argument("pack", nargs="?", help="the zip")
    parser.add_argument(
        "--key",
        action="append",
        type=str.strip,
        default=[],
        help="the trail's public key, as the organisation publishes it",
    )
    parser.add_argument("--earlier", help="a checkpoint of this trail that you kept, or an earlier pack")
    parser.add_argument("--self-test", action="store_true", help="check this program itself by known answers")
    given = parser.parse_args(arguments)
    if given.self_test == (given.pack is not None):
        parser.error("give a pack, or --self-test alone")
    try:
        for key in given.key:
            parse_key(key, "--key")
    except Wrong as wrong:
        parser.error(str(wrong))
    return given


def _told(file: BinaryIO, pinned: list[str], earlier: BinaryIO | None) -> int:
    """The exit status, once everything is said."""
    try:
        kept = None if earlier is None else earlier_checkpoint(earlier)
        verify(Pack(file), pinned, kept, lambda mark, line: _say(f"{mark:8}{line}"))
    except Wrong as wrong:
        _say(f"WRONG   {wrong}")
        return 1
    except NotInPack as missing:
        _say(f"UNKNOWN {missing}")
        return 2
    except OSError:
        # One kind of it is a ValueError too: of a file that can't be sought in.
        raise
    except UNREADABLE as error:
        _say(f"WRONG   a part of the pack has another form than it should ({type(error).__name__})")
        return 1
    _say(NOT_PROVEN)
    if pinned or earlier is not None:
        _say("Everything holds.")
        return 0
    _say("The pack agrees with itself, but anybody can make one that does. Give --key to know whose it is.")
    return 3


def _say(line: str) -> None:
    """A name in a forged pack must not be able to write anything but a name onto the terminal."""
    plain = "".join(letter if letter.isprintable() or letter == "\n" else "?" for letter in line)
    sys.stdout.write(plain.encode("ascii", "backslashreplace").decode() + "\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
