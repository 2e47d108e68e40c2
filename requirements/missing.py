"""`python requirements/missing.py LOCK`: names what a lock holds for this machine and this environment lacks.

Runs on a fresh environment, so it uses Python and the packages within pip alone. A package counts if it has the locked
version and was made for this system.
"""

import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from pip._vendor.packaging.requirements import Requirement
from pip._vendor.packaging.tags import parse_tag, sys_tags

FITTING = frozenset(sys_tags())
NAMED = 3  # the message names so many


def missing(lock: str) -> list[str]:
    return [wanted.name for wanted in _for_this_machine(lock) if not _is_installed(wanted)]


def _for_this_machine(lock: str) -> Iterator[Requirement]:
    for entry in lock.replace("\\\n", " ").splitlines():
        text = entry.partition(" --hash=")[0].strip()
        if text and not text.startswith(("-", "#")):
            wanted = Requirement(text)
            if wanted.marker is None or wanted.marker.evaluate():
                yield wanted


def _is_installed(wanted: Requirement) -> bool:
    try:
        found = distribution(wanted.name)
    except PackageNotFoundError:
        return False
    lines = (found.read_text("WHEEL") or "").splitlines()
    tags = [line.removeprefix("Tag: ") for line in lines if line.startswith("Tag: ")]
    fits = not tags or any(FITTING & parse_tag(tag) for tag in tags)
    return fits and wanted.specifier.contains(found.version, prereleases=True)


def main() -> None:
    lacking = missing(Path(sys.argv[1]).read_text(encoding="utf-8"))
    if lacking:
        more = f" and {len(lacking) - NAMED} more" if len(lacking) > NAMED else ""
        sys.exit(f"not installed: {', '.join(lacking[:NAMED])}{more}")


if __name__ == "__main__":
    main()
