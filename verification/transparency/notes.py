"""Signed notes (C2SP signed-note): a text with the signatures of keys that have a name.

Only Ed25519 is signed with and checked here. Signatures of other kinds and of unknown keys are kept and not believed.
"""

import base64
import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final, Protocol, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

ED25519: Final = b"\x01"
MAX_BYTES: Final = 1_000_000
MAX_SIGNATURES: Final = 100
KEY_BYTES: Final = 32
_NAME: Final = re.compile(r"[^\s+]{1,255}")
_LINE: Final = re.compile(r"\u2014 (\S+) ([A-Za-z0-9+/]+={0,2})")
# A note may hold no control character but the end of a line.
_CONTROLS: Final = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")


class BadNote(ValueError):
    """The note can't be read, or a known key's signature is not of it, or no known key signed it."""


class BadKey(ValueError):
    """The text is no public key of a note."""


@dataclass(frozen=True)
class PublicKey:
    """A key with the name under which it signs. `raw` has the 32 bytes of Ed25519."""

    name: str
    raw: bytes

    @classmethod
    def parse(cls, vkey: str) -> Self:
        """From `name+id+key`, as C2SP writes it. Raises BadKey."""
        name, _, rest = vkey.partition("+")
        key_id, _, encoded = rest.partition("+")
        content = _base64(encoded) or b""
        if not is_name(name) or content[:1] != ED25519 or len(content) != 1 + KEY_BYTES:
            raise BadKey("This is no Ed25519 key of a signed note.")
        key = cls(name, content[1:])
        if key.key_id.hex() != key_id:
            raise BadKey("The id is not that of the key.")
        return key

    @property
    def key_id(self) -> bytes:
        """The first four bytes of a hash over name and key: a hint, and no proof."""
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.raw).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(ED25519 + self.raw).decode()}"

    def has_signed(self, text: str, signature: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, text.encode())
        except (InvalidSignature, ValueError):
            return False
        return True


class Signer(Protocol):
    """A private key, which may be in a device, with its public key."""

    @property
    def key(self) -> PublicKey: ...

    def sign(self, content: bytes) -> bytes: ...


@dataclass(frozen=True)
class Signature:
    """A signature line: the name, the id of the key and what it signed with. Nobody has checked it."""

    name: str
    key_id: bytes
    content: bytes

    def __str__(self) -> str:
        return f"\u2014 {self.name} {base64.b64encode(self.key_id + self.content).decode()}\n"


@dataclass(frozen=True)
class Note:
    """`text` ends with a newline."""

    text: str
    signatures: tuple[Signature, ...]

    def __str__(self) -> str:
        return f"{self.text}\n{''.join(map(str, self.signatures))}"


def is_name(name: str) -> bool:
    return _NAME.fullmatch(name) is not None and not _CONTROLS.search(name)


def sign(text: str, signer: Signer) -> Note:
    """The text as a note. Raises BadNote if it can't be one."""
    _check_text(text)
    key = signer.key
    return Note(text, (Signature(key.name, key.key_id, signer.sign(text.encode())),))


def parse(content: bytes | str) -> Note:
    """Raises BadNote unless it is a note; no signature is checked."""
    if len(content) > MAX_BYTES:
        raise BadNote("The note is too large.")
    try:
        text = content.decode() if isinstance(content, bytes) else content
    except UnicodeDecodeError:
        raise BadNote("The note is no UTF-8.") from None
    body, found, lines = text.rpartition("\n\n")
    if not found or not lines.endswith("\n"):
        raise BadNote("The note has no signatures.")
    body += "\n"
    _check_text(body)
    signatures = tuple(_signature(line) for line in lines[:-1].split("\n"))
    if len(signatures) > MAX_SIGNATURES:
        raise BadNote("The note has too many signatures.")
    return Note(body, signatures)


def open_note(content: bytes | str, known: Collection[PublicKey]) -> tuple[Note, list[PublicKey]]:
    """The note and those of the known keys that have signed it.

    Raises BadNote if a signature of a known key is wrong, even beside a right one, or if no known key has signed.
    """
    note = parse(content)
    by_id = {(key.name, key.key_id): key for key in known}
    signers: list[PublicKey] = []
    for signature in note.signatures:
        key = by_id.get((signature.name, signature.key_id))
        if key is None or key in signers:
            continue
        if not key.has_signed(note.text, signature.content):
            raise BadNote(f"The signature of {key.name} is not of this text.")
        signers.append(key)
    if not signers:
        raise BadNote("No known key has signed.")
    return note, signers


def _check_text(text: str) -> None:
    if not text.endswith("\n") or _CONTROLS.search(text):
        raise BadNote("A note's text ends with a newline and has no other control characters.")


def _signature(line: str) -> Signature:
    found = _LINE.fullmatch(line)
    content = _base64(found[2]) if found else None
    if not found or not is_name(found[1]) or content is None or len(content) < 5:
        raise BadNote("A signature line can't be read.")
    return Signature(found[1], content[:4], content[4:])


def _base64(text: str) -> bytes | None:
    """None unless it is Base64 as one writes it: no other text means the same bytes."""
    try:
        content = base64.b64decode(text, validate=True)
    except ValueError:
        return None
    return content if base64.b64encode(content).decode() == text else None
