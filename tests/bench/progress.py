"""When each step of an attempt was committed, as another connection sees it.

PostgreSQL tells of each commit by a trigger, so nobody asks. SQLite is asked every 2 ms, which takes 1 % of a
processor. All times are of the machine's clock: `time.time()`.
"""

import sqlite3
import threading
import time
from collections.abc import Iterator
from typing import Any, Self

import psycopg

EVERY = 0.002  # seconds
PATIENCE = 60  # seconds
# Table and columns, in which `fence` counts how often a worker took the attempt up.
ROW = "SELECT status, fence FROM verification_verificationattempt WHERE public_id = ?"
TELL = """
    CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        PERFORM pg_notify('attempt', NEW.public_id || ' ' || NEW.status || ' ' || NEW.fence);
        RETURN NULL;
    END $$;
    CREATE TRIGGER tell AFTER UPDATE ON verification_verificationattempt FOR EACH ROW EXECUTE FUNCTION tell();
    """
State = tuple[str, int]


class Progress:
    """Notes the times while its block runs; `wait` gives them by step when the attempt is finished."""

    def __init__(self, database_url: str, attempt: str) -> None:
        self._states = (_told if database_url.startswith("postgresql") else _asked)(database_url, attempt)
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._times: dict[str, float] = {}

    def __enter__(self) -> Self:
        next(self._states)
        self._thread.start()
        return self

    def __exit__(self, *error: Any) -> None:
        self._thread.join(PATIENCE)

    def wait(self) -> dict[str, float]:
        self._thread.join(PATIENCE)
        assert "decided" in self._times, f"The attempt has come to {', '.join(self._times)} only."
        return self._times

    def _follow(self) -> None:
        for status, fence in self._states:
            now = time.time()
            reached = {
                "submitted": status != "issued",
                "media_took": fence >= 1,
                "prepared": status in {"ready", "finished"},
                "liveness_took": fence >= 2,
                "decided": status == "finished",
            }
            for step in (step for step, is_reached in reached.items() if is_reached):
                self._times.setdefault(step, now)
            if "decided" in self._times:
                return


def prepare(database_url: str) -> None:
    """Once, after the tables are there."""
    if database_url.startswith("postgresql"):
        with psycopg.connect(database_url) as connection:
            connection.execute(TELL)


def _told(url: str, attempt: str) -> Iterator[State]:
    """The first state only says that the connection listens."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("LISTEN attempt")
        yield "issued", 0
        for note in connection.notifies(timeout=PATIENCE):
            about, status, fence = note.payload.split()
            if about == attempt:
                yield status, int(fence)


def _asked(url: str, attempt: str) -> Iterator[State]:
    yield "issued", 0
    until = time.monotonic() + PATIENCE
    connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    while time.monotonic() < until:
        yield connection.execute(ROW, [attempt]).fetchone()
        time.sleep(EVERY)
    connection.close()
