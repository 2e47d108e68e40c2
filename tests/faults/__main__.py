"""`python -m tests.faults SCENARIO REPETITIONS REPORT`: runs one scenario and writes REPORT as JSON.

The environment configures the portal, as for its other processes. This runs outside pytest because pytest's process
is bound to the test database, and because the scenarios fork workers.
"""

import importlib
import json
import signal
import sys
from pathlib import Path

import django


def main() -> None:
    name, repetitions, report = sys.argv[1:]
    # SIGTERM must end the workers and services too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    django.setup()
    scenario = importlib.import_module(f"tests.faults.scenarios.{name}")
    Path(report).write_text(json.dumps(scenario.run(int(repetitions))), encoding="utf-8")


if __name__ == "__main__":
    main()
