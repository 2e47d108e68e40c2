"""Obstacles that stop a worker at one point of its work, from outside: the product needs no test hooks."""

import os
import signal
import socket
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from django.db import connection
from django.db.models import QuerySet


@contextmanager
def port_that_never_answers() -> Iterator[str]:
    """A listener whose backlog is full: a client that connects hangs and can't send a byte."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = listener.getsockname()
        with suppress(TimeoutError):
            while True:
                caller = stack.enter_context(socket.socket())
                caller.settimeout(0.3)
                caller.connect(address)
        yield f"http://127.0.0.1:{address[1]}"


@contextmanager
def locked(rows: QuerySet[Any]) -> Iterator[None]:
    """Locks these rows for the block; on SQLite, the whole database."""
    keys = list(rows.values_list("pk", flat=True))
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            if other.vendor == "sqlite":
                cursor.execute("BEGIN IMMEDIATE")
            else:
                cursor.execute("BEGIN")
                cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
                table = other.ops.quote_name(rows.model._meta.db_table)
                cursor.execute(f"SELECT id FROM {table} WHERE id = ANY(%s) FOR UPDATE", [keys])
            yield
            cursor.execute("ROLLBACK")
    finally:
        other.close()


def waiting_for_a_lock(statement: str) -> int:
    """The number of PostgreSQL sessions that wait for a lock in a statement like this one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND wait_event_type = 'Lock' AND query LIKE %s",
            [statement],
        )
        return int(cursor.fetchone()[0])


@contextmanager
def stopped_children(of: Iterable[int]) -> Iterator[None]:
    """Stops the children of these processes, and kills them at the end, when their parents are dead."""
    children = [pid for parent in of for pid in _children(parent)]
    for pid in children:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in children:
            os.kill(pid, signal.SIGKILL)


def _children(parent: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            # State and parent follow the name in brackets, which may contain anything.
            if int(stat.read_text().rpartition(")")[2].split()[1]) == parent:
                found.append(int(stat.parent.name))
    return found
