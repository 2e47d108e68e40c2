"""`make check`: checks that the locks are complete and match pyproject.toml. Uses no package index.

A lock is complete if installing its lines, each without its dependencies, leaves nothing missing: every requirement of
the project and of every locked package has a line with a version, the extras and the markers that satisfy it, on each
Python and system that the project is for. What a package requires is read from the installed one. A package for another
system only, which is not installed here, counts as one without requirements.
"""

import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.metadata import PackageNotFoundError, distribution
from itertools import product
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
# Each contains all lines of the one before it.
EXTRAS_OF_LOCKS = {"run": [], "dev": ["dev"]}
OPTION = "--only-binary :all:"  # the only one: any other lets more than the lock decide
_PLATFORMS = [
    ("linux", "Linux", "posix", "x86_64"),
    ("linux", "Linux", "posix", "aarch64"),
    ("darwin", "Darwin", "posix", "arm64"),
    ("win32", "Windows", "nt", "AMD64"),
]
_MINOR_VERSIONS = range(40)
_PATCHES = (0, 2, 99)  # a marker may name one of the first
_OF_PYTHON = "Programming Language :: Python :: "

Project = dict[str, Any]


@dataclass(frozen=True)
class Line:
    """One locked package: `text` is what comes before its hashes, such as `coverage[toml]==7.17.3`."""

    text: str
    hashes: frozenset[str]

    @cached_property
    def requirement(self) -> Requirement:
        return Requirement(self.text)

    @cached_property
    def name(self) -> str:
        return canonicalize_name(self.requirement.name)

    @cached_property
    def version(self) -> str | None:
        """None if the line does not pin one version."""
        pin = re.fullmatch(r"==([^*,]+)", str(self.requirement.specifier))
        return pin[1] if pin else None


def read_lock(text: str) -> list[Line]:
    """The lines of a lock as pip reads it; its options are left out."""
    entries = text.replace("\\\n", " ").splitlines()
    return [_line(entry) for entry in entries if entry.strip() and not entry.startswith(("-", "#"))]


def _line(entry: str) -> Line:
    requirement, *hashes = entry.split(" --hash=")
    return Line(requirement.strip(), frozenset(each.strip() for each in hashes))


def complaints(project: Project, locks: dict[str, list[Line]]) -> list[str]:
    """One sentence for each fault. `project` is the table of pyproject.toml, `locks` has run, dev and uv."""
    found = [*_metadata_faults(project)]
    found += [f"{name}: {fault}" for name, lines in locks.items() for fault in _unpinned(lines)]
    if [line.name for line in locks["uv"]] != ["uv"]:
        found.append("uv: it has to hold uv and nothing else")
    for name, extras in EXTRAS_OF_LOCKS.items():
        roots = [Requirement(each) for each in _required(project, extras)]
        found += [f"{name}: {fault}" for fault in _incomplete(roots, locks[name], _environments(project))]
    for smaller, larger in [("run", "dev"), ("uv", "dev")]:
        known = {(line.name, line.version, line.hashes) for line in locks[larger]}
        found += [
            f"{smaller}: {line.text} is not what the {larger} lock has"
            for line in locks[smaller]
            if (line.name, line.version, line.hashes) not in known
        ]
    return found


def option_faults(lock: str) -> list[str]:
    """One sentence for each option of a lock's text that is not OPTION, and one if that is missing."""
    options = [line.strip() for line in lock.splitlines() if line.lstrip().startswith("-")]
    options = [option for option in options if not option.startswith("--hash=")]
    found = [f"{option} lets something else than the lock decide" for option in options if option != OPTION]
    return found if OPTION in options else [*found, f"{OPTION} is missing"]


def _metadata_faults(project: Project) -> Iterator[str]:
    """What pyproject.toml says that no lock follows."""
    known = {extra for extras in EXTRAS_OF_LOCKS.values() for extra in extras}
    for extra in project.get("optional-dependencies", {}).keys() - known:
        yield f"pyproject.toml: no lock has the extra {extra}"
    named = [text.removeprefix(_OF_PYTHON) for text in project["classifiers"] if text.startswith(_OF_PYTHON)]
    if sorted(named) != sorted(_minors(project)):
        yield "pyproject.toml: requires-python and the classifiers name different Pythons"


def _minors(project: Project) -> list[str]:
    pythons = SpecifierSet(project["requires-python"])
    return [f"3.{minor}" for minor in _MINOR_VERSIONS if f"3.{minor}" in pythons]


def _required(project: Project, extras: list[str]) -> list[str]:
    optional = project.get("optional-dependencies", {})
    return [*project["dependencies"], *(each for extra in extras for each in optional[extra])]


def _unpinned(lines: list[Line]) -> Iterator[str]:
    for line in lines:
        if line.version is None:
            yield f"{line.text} is not pinned with =="
        if not line.hashes or not all(re.fullmatch("sha256:[0-9a-f]{64}", each) for each in line.hashes):
            yield f"{line.text} has something else than whole SHA-256 hashes, or none"


def _environments(project: Project) -> list[dict[str, str]]:
    """The environments for markers: each Python that the project supports, on each system."""
    return [
        {
            "python_version": minor,
            "python_full_version": f"{minor}.{patch}",
            "sys_platform": short,
            "platform_system": long,
            "os_name": family,
            "platform_machine": machine,
        }
        for minor, patch, (short, long, family, machine) in product(_minors(project), _PATCHES, _PLATFORMS)
    ]


def _incomplete(roots: list[Requirement], lines: list[Line], environments: list[dict[str, str]]) -> list[str]:
    found: dict[str, None] = {}
    reached: set[str] = set()
    for environment in environments:
        waiting = [("pyproject.toml", root, "") for root in roots]
        seen: set[tuple[str, str]] = set()
        while waiting:
            asker, requirement, extra = waiting.pop()
            if requirement.marker and not requirement.marker.evaluate({**environment, "extra": extra}):
                continue
            line = _line_for(requirement, lines, environment)
            if line is None:
                found[f"{asker} requires {requirement}, and no line satisfies that"] = None
                continue
            reached.add(line.name)
            wanted = {(line.name, extra) for extra in {"", *requirement.extras}} - seen
            seen |= wanted
            waiting += [(name, each, extra) for name, extra in wanted for each in _requirements_of(name)]
    found |= {f"{line.text}: nothing requires it": None for line in lines if line.name not in reached}
    found |= {f"{line.text}: another version is installed": None for line in lines if _differs(line)}
    return list(found)


def _line_for(requirement: Requirement, lines: list[Line], environment: dict[str, str]) -> Line | None:
    for line in lines:
        locked = line.requirement
        if (
            line.name == canonicalize_name(requirement.name)
            and (locked.marker is None or locked.marker.evaluate(environment))
            and requirement.specifier.contains(line.version or "", prereleases=True)
            and requirement.extras <= locked.extras
        ):
            return line
    return None


@cache
def _requirements_of(name: str) -> list[Requirement]:
    try:
        return [Requirement(each) for each in distribution(name).requires or []]
    except PackageNotFoundError:
        return []


def _differs(line: Line) -> bool:
    """Whether the installed version differs: its requirements then say nothing about the locked one."""
    try:
        return distribution(line.name).version != line.version
    except PackageNotFoundError:
        return line.requirement.marker is None or line.requirement.marker.evaluate()


def main() -> int:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    texts = {name: (ROOT / "requirements" / f"{name}.txt").read_text() for name in [*EXTRAS_OF_LOCKS, "uv"]}
    found = [f"{name}: {fault}" for name, text in texts.items() for fault in option_faults(text)]
    found += complaints(project, {name: read_lock(text) for name, text in texts.items()})
    if found:
        print(*found, "`make lock` writes the locks again.", sep="\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
