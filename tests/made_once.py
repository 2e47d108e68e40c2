"""What every part of `make test` needs alike and `tests.browser.demo` has made for all: tables and static files.

TESTS_DEMO names the folder. Without it, as when somebody runs one file, each run makes its own.
"""

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

EMPTY = "empty.sqlite3"


def _made(name: str) -> Path | None:
    folder = os.environ.get("TESTS_DEMO")
    path = Path(folder, name) if folder else None
    return path if path and path.exists() else None


def has_tables() -> bool:
    """Is there a SQLite database with all tables and without a case, for `give_tables`?"""
    return _made(EMPTY) is not None


def give_tables(database: sqlite3.Connection) -> None:
    """Makes the database one with all tables and without a case, if there is one."""
    if made := _made(EMPTY):
        with closing(sqlite3.connect(made)) as source:
            source.backup(database)


def give_static_files(folder: Path) -> bool:
    """Puts the collected static files into the folder; False if nobody has collected them."""
    made = _made("static")
    if made:
        shutil.copytree(made, folder, dirs_exist_ok=True)
    return made is not None


def keep_tables(folder: Path) -> None:
    """Keeps what the database of a demo is before it has a case."""
    there, kept = (sqlite3.connect(folder / name) for name in ("portal.sqlite3", EMPTY))
    with closing(there), closing(kept):
        there.backup(kept)
