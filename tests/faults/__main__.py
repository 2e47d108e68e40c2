"""`python -m tests.faults SCENARIO REPETITIONS REPORT`: one scenario in a portal of its own, told in REPORT as JSON.

The environment names the portal, as it does for every other process of it. This is a process of its own because
pytest's is bound to the test database, and because workers are forked from it.
"""

import importlib
import json
import signal
import sys
from pathlib import Path

import django


def main() -> None:
    name, repetitions, report = sys.argv[1:]
    # Whoever ends this process wants its workers and services ended too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    django.setup()
    scenario = importlib.import_module(f"tests.faults.scenarios.{name}")
    Path(report).write_text(json.dumps(scenario.run(int(repetitions))), encoding="utf-8")


if __name__ == "__main__":
    main()
