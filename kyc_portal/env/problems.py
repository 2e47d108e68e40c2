"""What is wrong with the settings: all of it in one message, each by its name and its line of `.env`.

No message repeats a value that may be a secret.
"""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

# The line of `.env` from which a variable came.
lines: dict[str, int] = {}


class BadSetting(Exception):
    """Settings are missing or can't be read; the message says which and what to write instead."""

    def __init__(self, message: str, problems: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        # Messages by the name of the setting.
        self.problems = problems or {message: message}


class _Start:
    """Collects what is wrong, from `collect` to `stop_if_wrong`."""

    collecting = False
    problems: dict[str, str] = {}


def wrong(name: str, words: str) -> BadSetting:
    """The error for one setting; `words` go on after its name."""
    message = f"{named(name)} {words}"
    return BadSetting(message, {name: message})


def named(name: str) -> str:
    return f"{name} (.env, line {lines[name]})" if name in lines else name


def of_all(problems: Mapping[str, str]) -> BadSetting:
    (first, *more) = problems.values()
    return BadSetting("\n  ".join(["several are wrong.", first, *more]) if more else first, problems)


def collect() -> None:
    """From now on a wrong setting is noted and a stand-in returned, until `stop_if_wrong`."""
    _Start.collecting, _Start.problems = True, {}


def stop_if_wrong(*names: str) -> None:
    """Raise everything that was noted, if one of these settings is wrong; without names, if anything is."""
    if _Start.problems and (not names or not _Start.problems.keys().isdisjoint(names)):
        _Start.collecting = False
        raise of_all(_Start.problems)
    _Start.collecting = bool(names)


def noted(stand_in: T) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """For a reader of settings: while they are collected, it notes what is wrong and returns `stand_in`."""

    def decorate(read: Callable[P, T]) -> Callable[P, T]:
        @wraps(read)
        def reads(*args: P.args, **options: P.kwargs) -> T:
            try:
                return read(*args, **options)
            except BadSetting as found:
                if not _Start.collecting:
                    raise
                for name, message in found.problems.items():
                    # The first word about a setting counts: later ones may only follow from it.
                    _Start.problems.setdefault(name, message)
                return stand_in

        return reads

    return decorate
