#!/usr/bin/env python3
"""Checks a pack of the KYC portal: python3 -I -S verify_pack.py PACK.zip [--key KEY]

It needs Python 3.9 or later and nothing else: no package, no network, no portal. It prints what it found and ends with
0 if everything holds, with 1 at the first thing that does not, which it names, and with 2 if it was called wrongly.

KEY is the public key of the trail as the organisation publishes it, such as `kyc.example.com/trail+530d903a+AekyeR…`.
Get it from somewhere else than the pack. Without it, this program can say only that the pack agrees with itself.
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
from collections.abc import Callable
from typing import Any

VERSION = 1
SCHEMAS = ("kyc-portal/case-pack", "kyc-portal/period-export")
MANIFEST, SIGNED_MANIFEST = "manifest.json", "manifest.note"
CHECKPOINT, KEYS, EVENTS, PROOFS = (
    "trail/checkpoint",
    "trail/keys.json",
    "trail/events.jsonl",
    "trail/proofs/",
)
MAX_NOTE = 1_000_000  # bytes

Point = tuple[int, int, int, int]
Files = dict[str, bytes]
Say = Callable[[str], None]


class Wrong(Exception):
    """Something does not hold: which part of the pack, and what is wrong with it."""

    def __init__(self, where: str, what: str) -> None:
        super().__init__(f"{where}: {what}")


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
    """The text of a note and its signature lines."""
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
    at, last, found = index, size - 1, leaf
    for each in proof:
        if last == 0:
            raise Wrong(where, "the proof is too long")
        if at % 2 or at == last:
            found = node_hash(each, found)
            while at and not at % 2:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, each)
        at, last = at >> 1, last >> 1
    if last or found != root:
        raise Wrong(where, "the event is not in the log of this checkpoint")


# ---- the zip: nothing in it but its files, each whole and in its place ----

_LOCAL, _CENTRAL, _END = struct.Struct("<4s5H3I2H"), struct.Struct("<4s6H3I5H2I"), struct.Struct("<4s4H2IH")


def read_zip(content: bytes) -> Files:
    """The files by name. Every byte of the zip belongs to one of them or is as the portal writes it."""
    if len(content) < _END.size:
        raise Wrong("zip", "the file is too short")
    mark, disk, first_disk, here, count, size, start, comment = _END.unpack(content[-_END.size :])
    if mark != b"PK\x05\x06" or disk or first_disk or here != count or comment:
        raise Wrong("zip", "the end is not as the portal writes it")
    if start + size + _END.size != len(content):
        raise Wrong("zip", "there is something before, behind or between the parts")
    files: Files = {}
    at, entry = 0, start
    for _ in range(count):
        name, data, at, entry = _zip_file(content, at, entry, start)
        if name in files:
            raise Wrong(name, "the name stands twice in the zip")
        files[name] = data
    if at != start or entry != start + size:
        raise Wrong("zip", "there is something before, behind or between the parts")
    return files


def _zip_file(content: bytes, at: int, entry: int, start: int) -> tuple[str, bytes, int, int]:
    try:
        central = _CENTRAL.unpack_from(content, entry)
        local = _LOCAL.unpack_from(content, at)
    except struct.error:
        raise Wrong("zip", "the file is cut off") from None
    (mark, made, needs, flags, method, time, date, crc, packed, size, names, extra, comment, disk, inside, outside,
     place) = central  # fmt: skip
    raw = content[entry + _CENTRAL.size : entry + _CENTRAL.size + names]
    body = at + _LOCAL.size + names
    expected = (b"PK\x03\x04", needs, flags, method, time, date, crc, packed, size, names, 0)
    if mark != b"PK\x01\x02" or local != expected or content[at + _LOCAL.size : body] != raw:
        raise Wrong("zip", "two parts disagree on a file")
    if (made, needs, flags & ~0x800, method, extra, comment, disk, inside, place) != (
        0x314,
        20,
        0,
        0,
        0,
        0,
        0,
        0,
        at,
    ):
        raise Wrong("zip", "a file is not written as the portal writes it")
    if outside != 0o600 << 16 or packed != size or body + size > start:
        raise Wrong("zip", "a file is not written as the portal writes it")
    name, data = raw.decode("utf-8", "replace"), content[body : body + size]
    if zlib.crc32(data) != crc:
        raise Wrong(name, "the content was changed")
    return name, data, body + size, entry + _CENTRAL.size + names


# ---- the pack ----


def read_json(content: bytes, where: str) -> Any:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({key for key, _ in pairs}) != len(pairs):
            raise Wrong(where, "a name stands twice")
        return dict(pairs)

    try:
        return json.loads(content.decode("utf-8"), object_pairs_hook=once)
    except (UnicodeDecodeError, ValueError, RecursionError):
        raise Wrong(where, "this is no JSON") from None


def check_manifest(files: Files, say: Say) -> dict[str, Any]:
    manifest = read_json(files.get(MANIFEST, b""), MANIFEST)
    if (
        not isinstance(manifest, dict)
        or manifest.get("schema") not in SCHEMAS
        or manifest.get("version") != VERSION
    ):
        raise Wrong(MANIFEST, "this program does not know the kind of pack")
    listed = {fact["name"]: fact for fact in manifest["files"]}
    for name in sorted({*listed, *files} - {MANIFEST, SIGNED_MANIFEST}):
        if name not in files:
            raise Wrong(name, "the file is missing")
        if name not in listed:
            raise Wrong(name, "the manifest does not list the file")
        if hashlib.sha256(files[name]).hexdigest() != listed[name]["sha256"]:
            raise Wrong(name, "the content was changed")
    say(f"{len(listed)} files are as the manifest lists them")
    return manifest


def trusted_keys(files: Files, origin: str, pinned: str | None) -> list[str]:
    """The keys that the pack's signatures may be of: the pinned one, and those that it led to one by one."""
    chain = read_json(files.get(KEYS, b""), KEYS)["keys"]
    trusted: list[str] = []
    for number, key in enumerate(chain):
        name, _, _ = parse_key(key["vkey"], KEYS)
        if name != origin:
            raise Wrong(KEYS, f"key {number + 1} is of another log")
        if trusted:
            text = open_note(key["introduction"].encode(), [trusted[-1]], KEYS)
            if text != f"kyc-portal/next-key/v1\n{origin}\n{key['vkey']}\n":
                raise Wrong(KEYS, f"key {number + 1} was not introduced by the one before it")
        if trusted or pinned is None or key["vkey"] == pinned:
            trusted.append(key["vkey"])
    if not trusted:
        raise Wrong(KEYS, "the key that you gave is not among the keys of this log")
    return trusted


def check_signatures(
    files: Files, manifest: dict[str, Any], pinned: str | None, say: Say
) -> tuple[int, bytes]:
    origin = manifest["origin"]
    keys = trusted_keys(files, origin, pinned)
    text = open_note(files.get(SIGNED_MANIFEST, b""), keys, SIGNED_MANIFEST)
    digest = hashlib.sha256(files[MANIFEST]).hexdigest()
    if text != f"kyc-portal/manifest/v1\n{origin}\n{digest}\n":
        raise Wrong(SIGNED_MANIFEST, "another manifest was signed")
    note = files.get(CHECKPOINT, b"")
    size, root = parse_checkpoint(open_note(note, keys, CHECKPOINT), origin, CHECKPOINT)
    if [size, root.hex()] != [manifest["checkpoint"]["size"], manifest["checkpoint"]["root"]]:
        raise Wrong(CHECKPOINT, "the manifest names another checkpoint")
    say(f"manifest and checkpoint of {size} events are signed by the key of {origin}")
    return size, root


def check_events(files: Files, size: int, root: bytes, say: Say) -> None:
    lines = files.get(EVENTS, b"").split(b"\n")
    if lines.pop():
        raise Wrong(EVENTS, "the last line is cut off")
    seen: set[str] = set()
    proofs = {name for name in files if name.startswith(PROOFS)}
    for line in lines:
        entry = read_json(line, EVENTS)
        name = f"{PROOFS}{entry['event']}.tlog-proof"
        if name in seen:
            raise Wrong(f"event {entry['event']}", "it stands twice")
        seen.add(name)
        if name not in files:
            raise Wrong(f"event {entry['event']}", "its proof is missing")
        check_proof(files[name], line, size, root, files[CHECKPOINT], name)
    if proofs - seen:
        raise Wrong(sorted(proofs - seen)[0], "the proof is of no event in the pack")
    say(f"{len(lines)} events are in the log of the checkpoint")


def check_proof(content: bytes, entry: bytes, size: int, root: bytes, checkpoint: bytes, where: str) -> None:
    head, _, note = content.partition(b"\n\n")
    lines = head.decode("ascii", "replace").split("\n")
    match = re.fullmatch("index (0|[1-9][0-9]{0,18})", lines[1]) if len(lines) > 1 else None
    if lines[0] != "c2sp.org/tlog-proof@v1" or not match or note != checkpoint:
        raise Wrong(where, "this is no proof by the pack's checkpoint")
    hashes = [_base64(line, where) for line in lines[2:]]
    check_inclusion(leaf_hash(entry), int(match[1]), size, hashes, root, where)


def verify(content: bytes, pinned: str | None, say: Say) -> None:
    """Raises Wrong at the first thing that does not hold."""
    files = read_zip(content)
    manifest = check_manifest(files, say)
    size, root = check_signatures(files, manifest, pinned, say)
    check_events(files, size, root, say)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Checks a pack of the KYC portal, offline.")
    parser.add_argument("pack", help="the zip")
    parser.add_argument("--key", help="the trail's public key, as the organisation publishes it")
    given = parser.parse_args(arguments)
    try:
        with open(given.pack, "rb") as file:
            content = file.read()
    except OSError as error:
        _say(f"The pack can't be read: {error.strerror}")
        return 2
    try:
        verify(content, given.key, lambda line: _say("ok      " + line))
    except Wrong as wrong:
        _say(f"WRONG   {wrong}")
        return 1
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        _say(f"WRONG   a part of the pack has another form than it should ({type(error).__name__})")
        return 1
    _say("Everything holds." if given.key else "The pack agrees with itself. Give --key to know whose it is.")
    return 0


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
