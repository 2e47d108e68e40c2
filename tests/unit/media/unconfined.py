"""A media function in whose child, once its module is loaded there, confinement fails."""

from verification.media import confinement


def _refuse(kind: int, value: int, *, grace: int = 0) -> None:
    raise OSError


confinement._limit = _refuse


def work() -> str:
    return "done without limits"
