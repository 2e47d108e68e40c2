"""Packs with random changes, as somebody might make them who wants to be believed; the same seed gives the same ones.

Some change bytes. Others know the format: they make the zip anew around what they changed, with hashes that fit, or
sign it all with a key of their own.
"""

import base64
import hashlib
import io
import json
import random
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Self

from verification.exports import verify_pack
from verification.exports.verify_pack import (
    CHECKPOINT,
    DEFLATED,
    KEYS,
    MANIFEST,
    SIGNED_MANIFEST,
    STORED,
    Packed,
)
from verification.transparency import notes, signers
from verification.transparency.canonical import canonical


@dataclass(frozen=True)
class Tamper:
    """A pack that was changed; `name` holds what reproduces it."""

    name: str
    content: bytes


def tampers(pack: bytes, count: int, *, seed: int, other: bytes = b"") -> Iterator[Tamper]:
    """Each is different from `pack`. `other` is another sound pack of the same trail, to take things from."""
    for number in range(count):
        rng = random.Random(f"{seed} {number}")
        changed, change = pack, TAMPERS[0]
        while changed == pack:
            change = rng.choice(TAMPERS)
            changed = change(rng, pack, other or pack)
        yield Tamper(f"{seed}-{number}: {change.__name__}", changed)


def verdict(pack: bytes, keys: list[str], earlier: bytes | None = None) -> str:
    """What the verifier says is wrong; "" if it finds nothing. Anything but a finding is an error of the verifier."""
    try:
        verify_pack.verify(verify_pack.Pack(io.BytesIO(pack)), keys, earlier, lambda _mark, _line: None)
    except verify_pack.Wrong as wrong:
        return str(wrong)
    except verify_pack.UNREADABLE as error:
        return f"{type(error).__name__}"
    return ""


# Changes of bytes


def edit(rng: random.Random, pack: bytes, _other: bytes) -> bytes:
    at = rng.randrange(len(pack))
    return pack[:at] + bytes([pack[at] ^ 1 << rng.randrange(8)]) + pack[at + 1 :]


def edit_near_the_end(rng: random.Random, pack: bytes, _other: bytes) -> bytes:
    at = len(pack) - 1 - rng.randrange(min(len(pack), 4000))
    return pack[:at] + rng.randbytes(1) + pack[at + 1 :]


def drop(rng: random.Random, pack: bytes, _other: bytes) -> bytes:
    at = rng.randrange(len(pack))
    return pack[:at] + pack[at + rng.choice([1, 2, 50, 1000]) :]


def insert(rng: random.Random, pack: bytes, _other: bytes) -> bytes:
    at = rng.randrange(len(pack) + 1)
    return pack[:at] + rng.randbytes(rng.choice([1, 2, 50, 1000])) + pack[at:]


def swap(rng: random.Random, pack: bytes, _other: bytes) -> bytes:
    size = rng.choice([1, 4, 100])
    one, two = sorted(rng.sample(range(len(pack) - size), 2))
    two = max(two, one + size)
    return (
        pack[:one]
        + pack[two : two + size]
        + pack[one + size : two]
        + pack[one : one + size]
        + pack[two + size :]
    )


def repeat(rng: random.Random, pack: bytes, _other: bytes) -> bytes:
    at = rng.randrange(len(pack))
    return pack[: at + 60] + pack[at:]


def truncate(rng: random.Random, pack: bytes, _other: bytes) -> bytes:
    return pack[: rng.randrange(len(pack))]


def append(rng: random.Random, pack: bytes, _other: bytes) -> bytes:
    return pack + rng.choice([b"\0", b"PK\x05\x06" + bytes(18), rng.randbytes(22), pack])


def prepend(rng: random.Random, pack: bytes, _other: bytes) -> bytes:
    return rng.choice([b"\0", b"#!/bin/sh\n", pack]) + pack


# Changes by somebody who knows the format


@dataclass
class Parts:
    """A pack in its parts, to be put together again."""

    files: dict[str, bytes]
    manifest: dict[str, Any]
    note: bytes
    deflated: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, pack: bytes) -> Self:
        opened = verify_pack.Pack(io.BytesIO(pack))
        manifest = json.loads(opened.raw_manifest)
        opened.believe(manifest)
        files = {name: b"".join(opened.blocks(name)) for name in opened.facts}
        return cls(files, manifest, opened.note, {name for name, fact in opened.facts.items() if fact.method})

    def zipped(self, manifest: bytes = b"") -> bytes:
        """With the manifest as it is, or with these bytes in its place, whatever the files are now."""
        made, central = b"", []
        named = {MANIFEST: manifest or canonical(self.manifest) + b"\n", SIGNED_MANIFEST: self.note}
        for name, content in {**self.files, **named}.items():
            raw = _deflated(content) if name in self.deflated else content
            method = DEFLATED if name in self.deflated else STORED
            file = Packed(name, method, zlib.crc32(content), len(content), len(raw))
            central.append(verify_pack.central_header(file, len(made)))
            made += verify_pack.local_header(file) + raw
        listed = b"".join(central)
        return made + listed + verify_pack.end_of_zip(len(central), len(listed), len(made))

    def listed_anew(self) -> Self:
        """The manifest as it would be of the files as they are now."""
        self.manifest["files"] = [self._fact(name, content) for name, content in self.files.items()]
        return self

    def _fact(self, name: str, content: bytes) -> dict[str, Any]:
        fact: dict[str, Any] = {"name": name, "size": len(content), "sha256": _sha256(content)}
        if name in self.deflated:
            raw = _deflated(content)
            fact["deflated"] = {"size": len(raw), "sha256": _sha256(raw)}
        return fact

    def signed_by(self, signer: notes.Signer) -> Self:
        text = verify_pack.manifest_text(signer.key.name, canonical(self.manifest) + b"\n")
        self.note = str(notes.sign(text, signer)).encode()
        return self


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _deflated(content: bytes) -> bytes:
    stream = zlib.compressobj(1, zlib.DEFLATED, -15)
    return stream.compress(content) + stream.flush()


def _change_a_file(rng: random.Random, parts: Parts) -> None:
    name = rng.choice(list(parts.files))
    content = parts.files[name]
    at = rng.randrange(len(content) + 1)
    parts.files[name] = rng.choice(
        [content[:at] + b"x" + content[at + 1 :], content[:at], content[:at] + b"0" + content[at:], b""]
    )


def _remove_a_file(rng: random.Random, parts: Parts) -> None:
    del parts.files[rng.choice(list(parts.files))]


def _add_a_file(rng: random.Random, parts: Parts) -> None:
    parts.files = {f"extra-{rng.randrange(1000)}": b"more", **parts.files}


def _swap_two_files(rng: random.Random, parts: Parts) -> None:
    one, two = rng.sample(list(parts.files), 2)
    parts.files[one], parts.files[two] = parts.files[two], parts.files[one]


def _reorder(rng: random.Random, parts: Parts) -> None:
    names = list(parts.files)
    rng.shuffle(names)
    parts.files = {name: parts.files[name] for name in names}


def _drop_a_line(rng: random.Random, parts: Parts) -> None:
    name = rng.choice([name for name in parts.files if name.endswith(".jsonl")] or list(parts.files))
    lines = parts.files[name].splitlines(keepends=True)
    if lines:
        del lines[rng.randrange(len(lines))]
    parts.files[name] = b"".join(lines)


def _swap_two_lines(rng: random.Random, parts: Parts) -> None:
    name = rng.choice([name for name in parts.files if name.endswith(".jsonl")] or list(parts.files))
    lines = parts.files[name].splitlines(keepends=True)
    rng.shuffle(lines)
    parts.files[name] = b"".join(lines)


def _change_a_fact(rng: random.Random, parts: Parts) -> None:
    facts = parts.manifest["facts"]
    facts[rng.choice([*facts, "more"])] = rng.randrange(10**6)


CHANGES: Final = [
    _change_a_file, _remove_a_file, _add_a_file, _swap_two_files, _reorder, _drop_a_line, _swap_two_lines,
    _change_a_fact,
]  # fmt: skip


def zip_anew(rng: random.Random, pack: bytes, _other: bytes) -> bytes:
    """Changed files under the manifest as it was signed."""
    parts = Parts.of(pack)
    rng.choice(CHANGES)(rng, parts)
    return parts.zipped()


def zip_and_list_anew(rng: random.Random, pack: bytes, _other: bytes) -> bytes:
    """All hashes fit again; the signature is the old one."""
    parts = Parts.of(pack)
    rng.choice(CHANGES)(rng, parts)
    return parts.listed_anew().zipped()


def sign_with_another_key(rng: random.Random, pack: bytes, _other: bytes) -> bytes:
    """The manifest is signed by a key that nobody introduced, with or without a place in the chain."""
    parts = Parts.of(pack)
    keys = json.loads(parts.files[KEYS])["keys"]
    rng.choice([*CHANGES, lambda *_: None])(rng, parts)
    signer = _stranger(rng, parts)
    if rng.random() < 0.7:
        own = {"introduction": "", "since": 0, "vkey": str(signer.key)}
        own["introduction"] = str(notes.sign(_introduction(signer.key), signer))
        parts.files[KEYS] = canonical({"keys": rng.choice([[own], [*keys, own], [own, *keys]])})
    return parts.listed_anew().signed_by(signer).zipped()


def fork(rng: random.Random, pack: bytes, _other: bytes) -> bytes:
    """Another trail under the same name: its own root, its own key, and everything signed with that."""
    parts = Parts.of(pack)
    signer = _stranger(rng, parts)
    size, root = parts.manifest["trail"]["size"], rng.randbytes(32)
    text = f"{signer.key.name}\n{size}\n{base64.b64encode(root).decode()}\n"
    parts.files[CHECKPOINT] = str(notes.sign(text, signer)).encode()
    parts.manifest["trail"]["root"] = root.hex()
    parts.files[KEYS] = canonical({"keys": [{"introduction": "", "since": 0, "vkey": str(signer.key)}]})
    return parts.listed_anew().signed_by(signer).zipped()


def sign_twice(rng: random.Random, pack: bytes, _other: bytes) -> bytes:
    """A second signature beside the right one."""
    parts = Parts.of(pack)
    signer = _stranger(rng, parts)
    second = notes.sign(notes.parse(parts.note).text, signer).signatures[0]
    parts.note += str(second).encode()
    return parts.zipped()


def take_from_another_pack(rng: random.Random, pack: bytes, other: bytes) -> bytes:
    """Files, manifest or signature of another sound pack of the same trail."""
    parts, others = Parts.of(pack), Parts.of(other)
    names = sorted(set(parts.files) & set(others.files))
    for name in rng.sample(names, rng.randrange(len(names) + 1)):
        parts.files[name] = others.files[name]
    if rng.random() < 0.3:
        parts.note = others.note
    if rng.random() < 0.3:
        parts.manifest = others.manifest
    changed = rng.choice([parts.zipped, parts.listed_anew().zipped])()
    return pack if changed == other else changed


def _stranger(rng: random.Random, parts: Parts) -> signers.SeedSigner:
    return signers.SeedSigner(parts.manifest["trail"]["origin"], rng.randbytes(32))


def _introduction(key: notes.PublicKey) -> str:
    return verify_pack.introduction_text(key.name, str(key))


TAMPERS: Final[list[Callable[[random.Random, bytes, bytes], bytes]]] = [
    edit, edit_near_the_end, drop, insert, swap, repeat, truncate, append, prepend, zip_anew, zip_and_list_anew,
    sign_with_another_key, fork, sign_twice, take_from_another_pack,
]  # fmt: skip
