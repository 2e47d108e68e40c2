"""One line about the installation."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Tone(StrEnum):
    """GOOD: as it should be. WARN: somebody should look at it. BAD: work stands still, or something may be lost.
    QUIET: a fact without a judgement, or not known."""

    GOOD = "good"
    WARN = "warn"
    BAD = "bad"
    QUIET = "quiet"


@dataclass(frozen=True)
class Fact:
    """`code` stays the same from one look to the next, so that a change can be told; all else is for people."""

    code: str
    title: Any
    tone: Tone
    says: str
    to_do: str = ""
    details: tuple[str, ...] = ()

    @property
    def asks(self) -> bool:
        """Whether somebody has to do something."""
        return self.tone in {Tone.WARN, Tone.BAD}
