"""`make check`: runs all static checks, even after one fails, so that one run shows every fault."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic

BIN = Path(sys.executable).parent
PYTHON = sys.executable
MANAGE = [PYTHON, "manage.py"]
NODE = BIN / "node"

# The longest first: the others run in parallel with it.
CHECKS = {
    "types": [BIN / "mypy"],
    "lint": [BIN / "ruff", "check", "."],
    "format": [BIN / "ruff", "format", "--check", "."],
    "JavaScript types": [NODE, "node_modules/typescript/bin/tsc", "--project", "."],
    "JavaScript and CSS": [NODE, "node_modules/@biomejs/biome/bin/biome", "ci", "--colors=off"],
    "oldest browsers": [NODE, "node_modules/eslint/bin/eslint.js", "."],
    "oldest browsers held": [NODE, "tests/linters/planted.mjs"],
    "import rules": [BIN / "lint-imports", "--no-cache"],
    "templates": [
        "bash",
        "-c",
        "git ls-files -z 'templates/*.html' 'kyc_portal/sandbox/templates/*.html' | "
        f"xargs -0 {BIN / 'djade'} --check --target-version 5.2",
    ],
    "locks": [PYTHON, "-m", "tests.locks"],
    "system checks": [*MANAGE, "check"],
    "migrations": [*MANAGE, "makemigrations", "--check", "--dry-run"],
    "docs in step": [*MANAGE, "write_docs", "--check"],
    "API schema": [*MANAGE, "spectacular", "--validate", "--fail-on-warn", "--file", os.devnull],
}


# For two cores.
AT_ONCE = 2


def main() -> int:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        results = list(pool.map(passes, CHECKS, CHECKS.values()))
    return 0 if all(results) else 1


def passes(name: str, command: list[str | Path]) -> bool:
    """Runs one check; prints its result and its time, and its output if it fails."""
    start = monotonic()
    environment = {**os.environ, "KYC_MODE": "demo"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    report = f"{'ok  ' if done.returncode == 0 else 'FAIL'} {name} ({monotonic() - start:.1f} s)\n"
    if done.returncode:
        report += done.stdout + done.stderr
    print(report, end="", flush=True)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
