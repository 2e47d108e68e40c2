"""One moment of the database: what is read within it belongs together, whatever others write meanwhile."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

# Rows that are read and written at once.
CHUNK = 2_000
# Longer than it takes to write the rows of a chunk in every format, or to finish the file of a table.
IDLE = "10min"

Row = tuple[Any, ...]


@contextmanager
def snapshot() -> Iterator[None]:
    """While the block runs, every query sees the database as it was at the first one. Nothing may be written.

    Within a transaction that has begun already it is that one's moment.
    """
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute(f"SET LOCAL idle_in_transaction_session_timeout = '{IDLE}'")
            yield
    else:
        with _deferred(), transaction.atomic():
            yield


@contextmanager
def _deferred() -> Iterator[None]:
    """SQLite's transactions of this thread read without keeping others from writing."""
    database: Any = connection
    database.ensure_connection()  # before its first use it has no mode
    usual, database.transaction_mode = database.transaction_mode, "DEFERRED"
    try:
        yield
    finally:
        database.transaction_mode = usual


def chunks(rows: QuerySet[Any]) -> Iterator[list[Row]]:
    """The rows of a query, some at a time, so that memory does not grow with their number."""
    if connection.vendor == "postgresql":
        yield from _from_server(rows)
        return
    found = rows.iterator(chunk_size=CHUNK)
    while chunk := list(islice(found, CHUNK)):
        yield chunk


def _from_server(rows: QuerySet[Any]) -> Iterator[list[Row]]:
    """By a cursor of the server's, and without Django's work for each row: PostgreSQL's values are Python's already.

    The next chunk is on its way while the caller works on this one.
    """
    statement, values = rows.query.sql_with_params()
    with connection.chunked_cursor() as cursor, ThreadPoolExecutor(1) as beside:
        cursor.execute(statement, values)
        coming = beside.submit(cursor.fetchmany, CHUNK)
        while chunk := coming.result():
            coming = beside.submit(cursor.fetchmany, CHUNK)
            yield chunk
