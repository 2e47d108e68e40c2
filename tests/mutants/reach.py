"""Which tests reach which lines, and how long each takes: counted once, and again for what has changed since."""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from coverage import CoverageData

from tests.mutants.trees import Tree, project_files
from tests.processes import PROJECT

KEPT: Final = PROJECT / "build" / "mutants-reach.json"
PARTS: Final = ("tests/unit/", "tests/contract/", "tests/flow/")
# These are about other programs, and slow.
LEFT_OUT: Final = ("tests/unit/media/", "tests/contract/test_emulator", "tests/contract/test_official_sdk.py")
# What every test may rest on.
SUPPORT: Final = ("verification/", "kyc_portal/", "templates/", "static/", "tests/conftest.py", *PARTS)
LONGEST: Final = 1800  # seconds for all tests of a half

# By test: `seconds`, and by path the `lines` that it runs.
Reach = dict[str, dict[str, Any]]


def reach(trees: list[Tree], paths: list[str]) -> Reach:
    """By test, the lines of `paths` that it runs. Tests that fail on the code as it is are named and left out."""
    kept: dict[str, Any] = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    digests = _digests()
    stale = [name for name, digest in digests.items() if kept.get(name, {}).get("digest") != digest]
    if stale:
        print(f"Counting what the tests of {len(stale)} files reach.", flush=True)
        halves = [half for half in (stale[place :: len(trees)] for place in range(len(trees))) if half]
        with ThreadPoolExecutor() as pool:
            found: Reach = {}
            for part in pool.map(_count, trees, halves, [paths] * len(halves)):
                found |= part
        for name in stale:
            tests = {test: facts for test, facts in found.items() if test.startswith(f"{name}::")}
            kept[name] = {"digest": digests[name], "tests": tests}
        KEPT.parent.mkdir(exist_ok=True)
        KEPT.write_text(json.dumps({name: kept[name] for name in digests}))
    return {test: facts for name in digests for test, facts in kept[name]["tests"].items()}


def _digests() -> dict[str, str]:
    """By file of tests: what it says, and everything that it rests on."""
    files = project_files()
    tests = [name for name in files if name.startswith(PARTS) and Path(name).name.startswith("test_")]
    tests = [name for name in tests if not name.startswith(LEFT_OUT)]
    common = hashlib.sha256()
    for name in sorted({*files} - {*tests}):
        if name.startswith(SUPPORT):
            common.update(name.encode() + (PROJECT / name).read_bytes())
    return {
        name: hashlib.sha256(common.digest() + (PROJECT / name).read_bytes()).hexdigest() for name in tests
    }


def _count(tree: Tree, files: list[str], paths: list[str]) -> Reach:
    config, data = (tree.project.parent / name for name in ("coverage.ini", "coverage.data"))
    lines = [
        "[run]",
        "relative_files = true",
        f"data_file = {data}",
        "include =",
        *(f"  {path}" for path in paths),
    ]
    config.write_text("\n".join(lines))
    options = ("--cov", "--cov-context=test", f"--cov-config={config}", "--cov-report=")
    outcome = tree.run(files, *options, timeout=LONGEST)
    if not outcome.seconds:
        raise RuntimeError(f"The tests can't be run.\n{outcome.output[-3000:]}")
    for test in outcome.failed:
        print(f"FAILS on the code as it is, and is left out: {test}", flush=True)
    passing = outcome.seconds.keys() - {*outcome.failed}
    found: Reach = {test: {"seconds": outcome.seconds[test], "lines": {}} for test in passing}
    measured = CoverageData(str(data))
    measured.read()
    for path in measured.measured_files():
        for line, contexts in measured.contexts_by_lineno(path).items():
            for test in {context.rpartition("|")[0] for context in contexts} & passing:
                found[test]["lines"].setdefault(path, []).append(line)
    return found
