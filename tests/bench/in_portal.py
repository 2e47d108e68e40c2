"""`python -m tests.bench.in_portal MODULE ARGUMENT…`: runs MODULE.main(ARGUMENT…) in the configured portal."""

import importlib
import sys

import django


def main() -> None:
    module, *arguments = sys.argv[1:]
    django.setup()
    importlib.import_module(f"tests.bench.{module}").main(*arguments)


if __name__ == "__main__":
    main()
