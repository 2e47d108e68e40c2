"""What every place outside has in common: it takes a checkpoint, and some places tell the newest one that they have."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol, runtime_checkable

# What an address does not take and what a disk or a mailbox does not take have codes alike.
from verification.webhooks import NotTaken as NotTaken

# A place that costs nothing takes each checkpoint; a person, or somebody who is paid for it, takes fewer.
EACH: Final = timedelta(0)


@dataclass(frozen=True)
class Newest:
    """The newest checkpoint of the log. `proof` gives the consistency proof from an earlier size."""

    origin: str
    size: int
    note: str
    proof: Callable[[int], Sequence[bytes]]


@dataclass(frozen=True)
class Found:
    """The size of a checkpoint that a place has, and the signed note. A witness tells the size alone, and by refusing
    ours of the same size that its root `differs`."""

    size: int
    note: str | None = None
    differs: bool = False


@dataclass(frozen=True)
class Statement:
    """What somebody outside has signed about the checkpoint, checked. `kind` is one of Attestation.Kind."""

    kind: str
    content: str
    at: datetime


@dataclass(frozen=True)
class Taken:
    """The checkpoint was taken. `doubt` is the code of what is wrong with the place all the same."""

    statement: Statement | None = None
    doubt: str = ""


class Contradicts(Exception):
    """The place has signed a log of this name and size that ours does not begin with."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size = size


class Place(Protocol):
    """`every` is how much time passes from one checkpoint to the next that it gets."""

    @property
    def address(self) -> str: ...

    @property
    def every(self) -> timedelta: ...

    def take(self, newest: Newest, before: int) -> Taken:
        """`before` is the size of the checkpoint that it took last. Raises NotTaken, or Contradicts."""


@runtime_checkable
class Readable(Protocol):
    """A place that tells what it has."""

    def found(self, origin: str, newest: Newest | None) -> list[Found]:
        """Its newest checkpoints of that log, the newest first. Asks no database, and raises anything."""
