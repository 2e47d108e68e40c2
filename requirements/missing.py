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


def missing(lock: str) -> Iterator[str]:
    fitting = set(sys_tags())
    for entry in lock.replace("\\\n", " ").splitlines():
        text = entry.partition(" --hash=")[0].strip()
        if not text or text.startswith(("-", "#")):
            continue
        wanted = Requirement(text)
        if wanted.marker is None or wanted.marker.evaluate():
            try:
                found = distribution(wanted.name)
            except PackageNotFoundError:
                yield wanted.name
                continue
            tags = [
                line[5:] for line in (found.read_text("WHEEL") or "").splitlines() if line.startswith("Tag: ")
            ]
            fits = not tags or any(fitting & parse_tag(tag) for tag in tags)
            if not fits or not wanted.specifier.contains(found.version, prereleases=True):
                yield wanted.name


if __name__ == "__main__":
    lacking = list(missing(Path(sys.argv[1]).read_text(encoding="utf-8")))
    if lacking:
        sys.exit(
            "without "
            + ", ".join(lacking[:3])
            + (f" and {len(lacking) - 3} more" if len(lacking) > 3 else "")
        )
