"""`python -m tests.faults.embedded APP`: the demo's worker alone in a process, with the broker of the environment."""

import importlib
import signal
import sys

import django

from kyc_portal.sandbox.worker import EmbeddedWorker


def main() -> None:
    django.setup()
    with EmbeddedWorker(importlib.import_module(sys.argv[1]).app):
        signal.pause()


if __name__ == "__main__":
    main()
