"""`python -m tests.on_postgresql PATH…`: runs the tests in these files on a temporary PostgreSQL."""

import os
import subprocess
import sys

from tests.processes import PROJECT
from tests.services import PostgreSQL, skip_reason


def main() -> int:
    if reason := skip_reason(PostgreSQL):
        print(f"Not tested on PostgreSQL. {reason}")
        return 0
    with PostgreSQL() as server:
        environment = {**os.environ, "DATABASE_URL": server.url}
        command = [sys.executable, "-m", "pytest", *sys.argv[1:]]
        return subprocess.run(command, cwd=PROJECT, env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())
