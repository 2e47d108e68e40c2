"""Cosignatures of witnesses on a checkpoint (C2SP tlog-cosignature), and what is sent to one (C2SP tlog-witness).

A witness signs a checkpoint only after it has seen that the log still begins with what it signed before.
"""

import base64
import hashlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Self

from verification.transparency import notes

ED25519: Final = b"\x04"
_TIME_BYTES: Final = 8
_SIGNATURE_BYTES: Final = 64


class NotCosigned(ValueError):
    """The answer has no right cosignature of the witness on this checkpoint."""


@dataclass(frozen=True)
class WitnessKey:
    """The key of a witness with its name. `raw` has the 32 bytes of Ed25519."""

    name: str
    raw: bytes

    @classmethod
    def parse(cls, vkey: str) -> Self:
        """From `name+id+key`, as C2SP writes it. Raises notes.BadKey."""
        name, _, rest = vkey.partition("+")
        key_id, _, encoded = rest.partition("+")
        try:
            content = base64.b64decode(encoded, validate=True)
        except ValueError:
            content = b""
        if not notes.is_name(name) or content[:1] != ED25519 or len(content) != 1 + notes.KEY_BYTES:
            raise notes.BadKey("This is no Ed25519 key of a witness.")
        key = cls(name, content[1:])
        if str(key) != f"{name}+{key_id}+{encoded}":
            raise notes.BadKey("The id is not that of the key.")
        return key

    @property
    def key_id(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.raw).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(ED25519 + self.raw).decode()}"

    def time_of(self, text: str, signature: notes.Signature) -> datetime:
        """When the witness cosigned this text of a checkpoint. Raises NotCosigned unless it did."""
        stamp, content = signature.content[:_TIME_BYTES], signature.content[_TIME_BYTES:]
        if (signature.name, signature.key_id) != (self.name, self.key_id) or len(content) != _SIGNATURE_BYTES:
            raise NotCosigned("The signature is not of this witness.")
        (at,) = struct.unpack(">Q", stamp)
        if not notes.PublicKey(self.name, self.raw).has_signed(f"cosignature/v1\ntime {at}\n{text}", content):
            raise NotCosigned("The cosignature is not of this checkpoint.")
        try:
            return datetime.fromtimestamp(at, UTC)
        except (ValueError, OverflowError, OSError):
            raise NotCosigned("The time of the cosignature is no time.") from None


def request(old: int, proof: Sequence[bytes], note: str) -> bytes:
    """What asks a witness that saw `old` entries last to cosign this checkpoint."""
    return "\n".join([f"old {old}", *(base64.b64encode(each).decode() for each in proof), "", note]).encode()


def find(answer: bytes, note: str, key: WitnessKey) -> tuple[notes.Signature, datetime]:
    """The witness's signature line in its answer, and its time. Raises NotCosigned."""
    text = notes.parse(note).text
    try:
        lines = notes.parse(text.encode() + b"\n" + answer).signatures
    except notes.BadNote:
        raise NotCosigned("The answer has no signature lines.") from None
    for line in lines:
        if (line.name, line.key_id) == (key.name, key.key_id):
            return line, key.time_of(text, line)
    raise NotCosigned("The witness has not signed.")
