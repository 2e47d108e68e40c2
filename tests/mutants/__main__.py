"""`python -m tests.mutants [MODULE…]`: does a test fail when the code is wrong?

Makes the same small wrong changes in every run, runs the tests that reach each, and names the changes that no test
noticed. Fails below MOST_SURVIVE, or for a survivor that survivors.toml gives no reason for. Figures are in
build/mutants.json.
"""

import argparse
import hashlib
import json
import sys
import tempfile
import tomllib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Final

from tests.mutants.operators import Mutant, lines_that_use, mutants_of
from tests.mutants.prepared import Answer, Prepared
from tests.mutants.reach import LONGEST, Reach, reach
from tests.mutants.trees import Tree
from tests.processes import PROJECT

# By name of the part: where its modules are, and how many changes are tried.
MODULES: Final = {
    "decision": ("verification/rules/decision.py", 24),
    "workflow": ("verification/workflow.py", 28),
    "four_eyes": ("verification/rules/four_eyes.py", 16),
    "permissions": ("verification/permissions/__init__.py", 24),
    "links": ("verification/links.py", 16),
    "leases": ("verification/jobs/leases.py", 24),
    "pacing": ("verification/vendor_accounts/pacing/", 28),
    "answer": ("verification/liveness/answer.py", 20),
    "frames": ("verification/crypto/frames.py", 20),
    "exports": ("verification/exports/", 24),
    "api": ("verification/api/", 32),
    "strict_json": ("verification/strict_json.py", 12),
}
KILLED: Final = 0.95  # the least share of the changes that a test must notice
TOGETHER: Final = 2  # copies of the project, one for each core
# Seconds of tests for one change. One that these do not notice has survived.
ENOUGH: Final = 40
SLOWER: Final = 5  # times what the tests take otherwise, before a change counts as one that never ends
SPARE: Final = 15  # seconds more, on a busy machine
IMPORT: Final = 60  # seconds more, for Python, Django and the database
RESULTS: Final = PROJECT / "build" / "mutants.json"
REASONS: Final = Path(__file__).with_name("survivors.toml")


@dataclass(frozen=True)
class Trial:
    """What became of one change: "killed", "survived" or "timed out", and the test that noticed it."""

    module: str
    mutant: Mutant
    result: str
    test: str = ""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants")
    parser.add_argument("modules", nargs="*", metavar="MODULE", help=", ".join(MODULES))
    parser.add_argument("--seed", default="", help="another sample of changes")
    parser.add_argument("--all", action="store_true", help="every change, not a sample")
    asked = parser.parse_args()
    drawn = {name: _draw(name, asked.seed, every=asked.all) for name in asked.modules or MODULES}
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder, ExitStack() as stack:
        trees = [Tree(Path(folder, str(number))) for number in range(TOGETHER)]
        reached = reach(trees, [path for name in MODULES for path in _files(name)])
        files = sorted({test.partition("::")[0] for test in reached})
        workers = [stack.enter_context(Prepared(tree, files)) for tree in trees]
        trials = [trial for name in drawn for trial in _try_all(name, drawn[name], reached, workers)]
        _check_the_killers(trials, workers[0])
    return _report(trials)


def _files(module: str) -> list[str]:
    place = PROJECT / MODULES[module][0]
    found = sorted(place.glob("*.py")) if place.is_dir() else [place]
    return [str(path.relative_to(PROJECT)) for path in found]


def _draw(module: str, seed: str, *, every: bool) -> list[Mutant]:
    """One change of every line before a second one of any. Which ones, rests on the words of the lines alone."""
    found = [mutant for path in _files(module) for mutant in mutants_of(path, (PROJECT / path).read_text())]
    if every:
        return found

    def lot(*words: object) -> str:
        return hashlib.sha256(f"{seed} {words}".encode()).hexdigest()

    found.sort(key=lambda mutant: lot(mutant.text, mutant.change))
    of_line: Counter[tuple[str, int]] = Counter()
    ranks: list[tuple[int, str, int, Mutant]] = []
    for mutant in found:
        place = (mutant.path, mutant.line)
        ranks.append((of_line[place], lot(mutant.text), len(ranks), mutant))
        of_line[place] += 1
    return [mutant for *_, mutant in sorted(ranks)[: MODULES[module][1]]]


def _try_all(module: str, mutants: list[Mutant], reached: Reach, workers: list[Prepared]) -> list[Trial]:
    free: SimpleQueue[Prepared] = SimpleQueue()
    for worker in workers:
        free.put(worker)

    def attempt(mutant: Mutant) -> Trial:
        worker = free.get()
        try:
            placed = mutant if _is_reached(mutant, reached) else replace(mutant, in_function=False)
            trial = Trial(module, mutant, *_try(placed, _tests_of(module, placed, reached), worker))
            if trial.result == "survived":
                print(f"survived: {mutant.path}:{mutant.line}: {mutant.change}", flush=True)
            return trial
        finally:
            free.put(worker)

    with ThreadPoolExecutor(len(workers)) as pool:
        trials = list(pool.map(attempt, mutants))
    print(_row(module, trials), flush=True)
    return sorted(trials, key=lambda trial: (trial.mutant.path, trial.mutant.line))


def _is_reached(mutant: Mutant, reached: Reach) -> bool:
    """Whether a test runs the changed lines; a function that is called at import only has run before any test."""
    lines = set(range(mutant.lines[0], mutant.lines[1] + 1))
    return any(lines & {*facts["lines"].get(mutant.path, ())} for facts in reached.values())


def _tests_of(module: str, mutant: Mutant, reached: Reach) -> dict[str, float]:
    """The tests that run the changed lines, with the seconds of each.

    First come the tests of a file that is named after the changed one or its package, then those that run a line which
    uses the changed name, then those that run the fewest other lines.
    No single test runs what Python runs at import: there, every test of its own file counts, and every other that runs
    anything of the module.
    """
    lines = set(range(mutant.lines[0], mutant.lines[1] + 1))
    files = _files(module)
    users = lines if mutant.in_function else lines_that_use((PROJECT / mutant.path).read_text(), mutant.line)
    changed = Path(mutant.path)
    own = tuple(f"/test_{name}.py::" for name in (changed.stem, changed.parent.name))
    found = []
    for test, facts in reached.items():
        run, is_own = {*facts["lines"].get(mutant.path, ())}, any(name in test for name in own)
        if lines & run if mutant.in_function else is_own or any(path in facts["lines"] for path in files):
            others = sum(map(len, facts["lines"].values()))
            found.append((not is_own, not users & run, others, facts["seconds"], test))
    chosen: dict[str, float] = {}
    for *_, seconds, test in sorted(found):
        if sum(chosen.values()) + seconds <= ENOUGH:
            chosen[test] = seconds
    return chosen


def _try(mutant: Mutant, tests: dict[str, float], worker: Prepared) -> Answer:
    """A change inside a function is put into the running one; the others need everything imported anew."""
    if not tests:
        return "survived", "no test reaches it"
    patience = SPARE + SLOWER * sum(tests.values())
    answer = ("unfit", "")
    if mutant.in_function:
        answer = worker.attempt(mutant.path, mutant.source, list(tests), timeout=patience)
    return _import_and_try(mutant, list(tests), worker.tree, patience) if answer[0] == "unfit" else answer


def _import_and_try(mutant: Mutant, tests: list[str], tree: Tree, patience: float) -> Answer:
    with tree.changed(mutant.path, mutant.source):
        outcome = tree.run(tests, "-x", timeout=IMPORT + patience)
    if outcome.timed_out:
        return "timed out", ""
    return ("survived", "") if outcome.passed else ("killed", next(iter(outcome.failed), "at import"))


def _check_the_killers(trials: list[Trial], worker: Prepared) -> None:
    """Every test that noticed a change passes on the code as it is, or its word is worth nothing."""
    killers = sorted({trial.test for trial in trials if "::" in trial.test})
    path = trials[0].mutant.path
    answer = worker.attempt(path, (PROJECT / path).read_text(), killers, timeout=LONGEST)
    if answer != ("survived", ""):
        raise RuntimeError(f"Fails on the code as it is: {answer}")


def _row(module: str, trials: list[Trial]) -> str:
    count = Counter(trial.result for trial in trials)
    return f"{module:14}{len(trials):>6}{count['killed']:>8}{count['survived']:>10}{count['timed out']:>11}"


def _report(trials: list[Trial]) -> int:
    """The table, the survivors and their reasons, and the file of figures; 1 if too much survived."""
    reasons = {
        (one["path"], one["line"], one["change"]): one["reason"]
        for one in tomllib.loads(REASONS.read_text()).get("survivor", [])
    }
    survivors = [trial.mutant for trial in trials if trial.result == "survived"]
    print(f"\n{'module':14}{'made':>6}{'killed':>8}{'survived':>10}{'timed out':>11}")
    for module in dict.fromkeys(trial.module for trial in trials):
        print(_row(module, [trial for trial in trials if trial.module == module]))
    print(_row("all", trials))
    for mutant in survivors:
        print(f"\n{mutant.path}:{mutant.line}: {mutant.text}\n  {mutant.change}")
        print(f"  {reasons.get(mutant.key, 'NO REASON GIVEN')}")
    share = 1 - len(survivors) / len(trials)
    unexplained = [mutant for mutant in survivors if mutant.key not in reasons]
    print(
        f"\n{share:.1%} killed, at least {KILLED:.0%} wanted; {len(unexplained)} survivors without a reason."
    )
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps([_facts(trial, reasons) for trial in trials], indent=1, ensure_ascii=False))
    return 1 if unexplained or share < KILLED else 0


def _facts(trial: Trial, reasons: dict[tuple[str, str, str], str]) -> dict[str, Any]:
    path, text, change = trial.mutant.key
    return {
        "module": trial.module,
        "path": path,
        "number": trial.mutant.line,
        "line": text,
        "change": change,
        "result": trial.result,
        "test": trial.test,
        "reason": reasons.get(trial.mutant.key, ""),
    }


if __name__ == "__main__":
    sys.exit(main())
