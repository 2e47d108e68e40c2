"""A media function whose module makes the confinement of the child that loads it fail."""

from verification.media import confinement


def _refuse(kind: int, value: int, *, grace: int = 0) -> None:
    raise OSError


confinement._limit = _refuse


def work() -> str:
    return "done without limits"
