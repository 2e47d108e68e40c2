"""The processor time that a running process and its descendants have used, from /proc."""

import os
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")  # a second


@dataclass(frozen=True)
class Spent:
    """In milliseconds, user and system: of the process itself, and of all its descendants, ended ones included."""

    own: float
    descendants: float

    def __sub__(self, earlier: "Spent") -> "Spent":
        return Spent(self.own - earlier.own, self.descendants - earlier.descendants)


def spent(pid: int) -> Spent:
    stats = {int(folder.name): _stat(folder) for folder in Path("/proc").iterdir() if folder.name.isdigit()}
    stats = {number: stat for number, stat in stats.items() if stat}
    own, ended = _times(stats[pid])
    return Spent(own, ended + sum(sum(_times(stats[child])) for child in _descendants(pid, stats)))


def _stat(folder: Path) -> list[str]:
    """The fields behind the program's name: state, parent, …; none if the process has just ended."""
    try:
        return (folder / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def _times(stat: list[str]) -> tuple[float, float]:
    """Of the process itself, and of the children that it has waited for."""
    user, system, ended_user, ended_system = (int(ticks) * 1000 / _TICKS for ticks in stat[11:15])
    return user + system, ended_user + ended_system


def _descendants(pid: int, stats: dict[int, list[str]]) -> list[int]:
    children = [number for number, stat in stats.items() if int(stat[1]) == pid]
    return [*children, *(below for child in children for below in _descendants(child, stats))]
