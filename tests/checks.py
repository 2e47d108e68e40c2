"""`make check`: every static check, all of them, so that one run shows all there is to mend."""

import os
import subprocess
import sys
from pathlib import Path

BIN = Path(sys.executable).parent
PYTHON = sys.executable
MANAGE = [PYTHON, "manage.py"]

CHECKS = {
    "lint": [BIN / "ruff", "check", "."],
    "format": [BIN / "ruff", "format", "--check", "."],
    "types": [BIN / "mypy"],
    "import rules": [BIN / "lint-imports", "--no-cache"],
    "templates": [
        "bash",
        "-c",
        "git ls-files -z 'templates/*.html' 'kyc_portal/sandbox/templates/*.html' | "
        f"xargs -0 {BIN / 'djade'} --check --target-version 5.2",
    ],
    "system checks": [*MANAGE, "check"],
    "migrations": [*MANAGE, "makemigrations", "--check", "--dry-run"],
    "docs in step": [*MANAGE, "write_docs", "--check"],
    "API schema": [*MANAGE, "spectacular", "--validate", "--fail-on-warn", "--file", os.devnull],
}


def main() -> int:
    environment = {**os.environ, "KYC_MODE": "demo"}
    failed = []
    for name, command in CHECKS.items():
        done = subprocess.run(
            [str(part) for part in command], capture_output=True, text=True, env=environment
        )
        print(f"{'ok  ' if done.returncode == 0 else 'FAIL'} {name}", flush=True)
        if done.returncode:
            failed.append(name)
            print(done.stdout + done.stderr, flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
