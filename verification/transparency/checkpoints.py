"""Checkpoints (C2SP tlog-checkpoint) and proofs of one entry (C2SP tlog-proof), as text that others can read."""

import base64
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final, Self

from verification.transparency import merkle, notes

PROOF_HEADER: Final = "c2sp.org/tlog-proof@v1"
_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,18}")


class BadCheckpoint(ValueError):
    """The note is no checkpoint of the log that was asked for."""


@dataclass(frozen=True)
class Checkpoint:
    """The size and the root of the log at one moment. `origin` is the log's name, and its key's."""

    origin: str
    size: int
    root: bytes

    def __str__(self) -> str:
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    @classmethod
    def parse(cls, text: str) -> Self:
        """From a note's text. Raises BadCheckpoint; extension lines are allowed, as the format has them."""
        origin, *rest = text.removesuffix("\n").split("\n")
        if not origin or len(rest) < 2 or not all(rest) or not _NUMBER.fullmatch(rest[0]):
            raise BadCheckpoint("The note is no checkpoint.")
        root = _hash(rest[1])
        if root is None:
            raise BadCheckpoint("The root of the checkpoint is no hash.")
        return cls(origin, int(rest[0]), root)


def open_checkpoint(content: bytes | str, origin: str, known: Collection[notes.PublicKey]) -> Checkpoint:
    """The checkpoint, signed by a known key of this log. Raises BadCheckpoint or notes.BadNote."""
    note, _signers = notes.open_note(content, [key for key in known if key.name == origin])
    found = Checkpoint.parse(note.text)
    if found.origin != origin:
        raise BadCheckpoint("The checkpoint is of another log.")
    return found


@dataclass(frozen=True)
class Proof:
    """That one entry stands at `index` in the log of a checkpoint, which comes along as it was signed."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: str

    def __str__(self) -> str:
        hashes = [base64.b64encode(each).decode() for each in self.hashes]
        return "\n".join([PROOF_HEADER, f"index {self.index}", *hashes, "", self.checkpoint])

    def check(self, entry: bytes, origin: str, known: Collection[notes.PublicKey]) -> Checkpoint:
        """The checkpoint in which the entry is proven. Raises NotProven, BadCheckpoint or BadNote."""
        found = open_checkpoint(self.checkpoint, origin, known)
        merkle.check_inclusion(merkle.leaf_hash(entry), self.index, found.size, self.hashes, found.root)
        return found


def _hash(line: str) -> bytes | None:
    try:
        content = base64.b64decode(line, validate=True)
    except ValueError:
        return None
    whole = len(content) == merkle.HASH_BYTES and base64.b64encode(content).decode() == line
    return content if whole else None
