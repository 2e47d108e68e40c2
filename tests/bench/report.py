"""Reports a bench's figures as a table for people and a file for programs. Knows no particular bench."""

import json
import operator
import os
import platform
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.processes import PROJECT

RESULTS = PROJECT / "build/bench"
SIGNS = {">=": operator.ge, "<=": operator.le}


def report(name: str, figures: Mapping[str, Any], targets: Mapping[str, str]) -> list[str]:
    """Prints the table, writes build/bench/<name>.json, and returns the names of the figures that miss their target."""
    flat = dict(_flat(figures))
    missed = [figure for figure, target in targets.items() if not _meets(flat[figure], target)]
    width = max(map(len, flat))
    print(f"\n{name}\n{'figure':{width}}{'value':>12}  target")
    for figure, value in flat.items():
        verdict = f"{targets[figure]}{'  MISSED' if figure in missed else ''}" if figure in targets else ""
        print(f"{figure:{width}}{value:>12}  {verdict}".rstrip(), flush=True)
    RESULTS.mkdir(parents=True, exist_ok=True)
    content = {**figures, "targets": targets, "missed": missed, "machine": _machine(), "at": _now()}
    (RESULTS / f"{name}.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return missed


def _flat(figures: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """A figure inside another dict is called "outer.inner"."""
    for name, value in figures.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def _meets(value: float, target: str) -> bool:
    sign, _, limit = target.partition(" ")
    return bool(SIGNS[sign](value, float(limit)))


def _machine() -> dict[str, Any]:
    cpus = Path("/proc/cpuinfo")
    model = re.search(r"model name\s*: (.*)", cpus.read_text()) if cpus.exists() else None
    return {
        "cpus": os.cpu_count(),
        "model": model[1] if model else platform.machine(),
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 2),
    }


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
