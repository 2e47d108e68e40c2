"""Which lines of a file are people to invite, by the same rules as the API, and what is wrong with the others.

Knows no database: whether a reference is taken is the action's to find out.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from verification import validators
from verification.invitations.csv_file import Line
from verification.states import Mode


@dataclass(frozen=True)
class Person:
    line: int
    reference: str
    name: str
    email: str
    locale: str
    mode: str


@dataclass(frozen=True)
class Fault:
    """What is wrong with a line: the column ("" for the whole line) and a code. `other` is the line that it repeats."""

    line: int
    column: str
    code: str
    other: int = 0

    def as_list(self) -> list[Any]:
        return [self.line, self.column, self.code, self.other]


@dataclass
class Reading:
    people: list[Person] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    lines: int = 0


def read(lines: Iterable[Line]) -> Reading:
    """The people and the faults. Of lines with the same reference the first one counts."""
    reading, seen = Reading(), dict[str, int]()
    for line in lines:
        reading.lines += 1
        values, faults = _values(line)
        reference = values.get("reference")
        if reference is not None:
            first = seen.setdefault(reference, line.number)
            if first != line.number:
                faults.append(Fault(line.number, "reference", "repeated", first))
        if faults:
            reading.faults += faults
        else:
            reading.people.append(Person(line.number, **values))
    return reading


def _values(line: Line) -> tuple[dict[str, str], list[Fault]]:
    """The fields that fit, and a fault for each that does not."""
    values, faults = dict[str, str](), list[Fault]()
    for column, (name, rule) in _RULES.items():
        try:
            values[name] = rule(line.cells.get(column, ""))
        except validators.UnfitText as unfit:
            faults.append(Fault(line.number, column, unfit.code))
    if line.surplus:
        faults.append(Fault(line.number, "", "surplus"))
    return values, faults


def _email(text: str) -> str:
    return validators.email(text.strip())


def _mode(text: str) -> str:
    mode = text.strip().upper()
    if mode and mode not in Mode.values:
        raise validators.UnfitText("invalid_mode")
    return mode


# The field of a person by its column, and its rule.
_RULES: Final[dict[str, tuple[str, Callable[[str], str]]]] = {
    "reference": ("reference", validators.reference),
    "name": ("name", validators.person_name),
    "email": ("email", _email),
    "language": ("locale", lambda text: validators.locale(text.strip())),
    "mode": ("mode", _mode),
}
