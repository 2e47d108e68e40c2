"""A step of an explanation: one rule applied again, what it got and gave, and what differs from the trail."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Rule(StrEnum):
    """What a step is about."""

    SEALED = "sealed"
    POLICY = "policy"
    FLAGS = "flags"
    ANSWER = "answer"
    DECISION = "decision"
    DOCUMENT = "document"
    VERDICT = "verdict"
    ROAD = "road"
    END = "end"
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Difference:
    """`what` was `then` when it happened, by the trail, and is `now` by the records or by the rules as they are."""

    what: str
    then: Any
    now: Any


@dataclass
class Step:
    """`about` is the public id of the record; `name` is what a reader calls it: an attempt's number, a user name or a
    version. `unknown` has codes of what could not be checked.
    """

    rule: Rule
    about: str
    name: str = ""
    at: datetime | None = None
    got: dict[str, Any] = field(default_factory=dict)
    gave: dict[str, Any] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    def compare(self, what: str, then: Any, now: Any) -> None:
        """Note a difference; values of any type are compared as the trail would hold them."""
        held, is_now = plain(then), plain(now)
        if held != is_now:
            self.differences.append(Difference(what, held, is_now))

    def compare_all(self, then: Mapping[str, Any], now: Mapping[str, Any], names: Iterable[str]) -> None:
        """The same for each of the names that the trail holds."""
        for name in names:
            if name in then:
                self.compare(name, then[name], now.get(name))

    def cannot_tell(self, code: str) -> None:
        if code not in self.unknown:
            self.unknown.append(code)

    def as_json(self) -> dict[str, Any]:
        found: dict[str, Any] = plain(asdict(self))
        return found


def plain(value: Any) -> Any:
    """The value as JSON holds it: a number with decimals and a time are text."""
    if isinstance(value, Mapping):
        return {str(name): plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return value if value is None or type(value) in {bool, int, str} else str(value)
