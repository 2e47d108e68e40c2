"""`python -m tests.browser.demo FOLDER`: makes the data of a demo, for the parts of `make test` that copy it.

The demo's database as it was before its first case stays too: `tests.made_once`.
"""

import sys
from pathlib import Path

import tests.environment  # noqa: F401 (sets the environment that the demo inherits)
from tests import made_once
from tests.browser.conftest import running
from tests.services import environment, manage


def main() -> None:
    folder = Path(sys.argv[1]).resolve()
    folder.mkdir(parents=True)
    url = f"sqlite:///{folder / 'portal.sqlite3'}"
    manage(environment(url, "memory://", "http://127.0.0.1:9", folder), "migrate", "--verbosity=0")
    made_once.keep_tables(folder)
    with running(folder):
        pass


if __name__ == "__main__":
    main()
