"""`python -m tests.browser.demo FOLDER`: makes the data of a demo, for the parts of `make test` that copy it."""

import sys
from pathlib import Path

import tests.environment  # noqa: F401 (sets the environment that the demo inherits)
from tests.browser.conftest import running


def main() -> None:
    folder = Path(sys.argv[1]).resolve()
    folder.mkdir(parents=True)
    with running(folder):
        pass


if __name__ == "__main__":
    main()
