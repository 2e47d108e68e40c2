"""Fills an empty portal with cases in review, with a few INSERT ... SELECT statements. Runs inside that portal.

Taking a million cases through the real actions would take days. The benchmark needs only the size of the tables and
the distribution of the values. The rows satisfy every constraint of the database.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.contrib.auth.models import Group
from django.db import connection
from django.utils import timezone

from tests.bench.case_rows import PROPOSED, Rows, Words
from verification.models import StaffUser, VendorAccount

REVIEWER, COLLEAGUE = "reviewer", "colleague"
TABLES = (
    "applicant",
    "verification",
    "document",
    "verificationattempt",
    "providercall",
    "review",
    "auditevent",
)
PROPOSALS = """
    UPDATE verification_verification SET proposal_id = id WHERE id IN (SELECT verification_id FROM verification_review)
"""
# Unique constraints before the foreign keys that refer to them.
CONSTRAINTS = """
    SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint
    WHERE conrelid::regclass::text = ANY(%s) AND contype IN ('u', 'f') ORDER BY contype DESC
"""
INDEXES = """
    SELECT quote_ident(indexname), indexdef FROM pg_indexes
    WHERE tablename = ANY(%s) AND indexname NOT IN (SELECT conname FROM pg_constraint)
"""


def main(count: str, more: Callable[[Rows], None] | None = None) -> None:
    """`more` writes further rows, while there are no indexes yet."""
    if connection.vendor == "sqlite":
        connection.ensure_connection()
        connection.connection.create_function("md5", 1, _md5, deterministic=True)
    words = Words(connection.vendor, int(count))
    rows = Rows(words, int(timezone.now().timestamp()), _colleague())
    with _rows_first():
        _fill(rows)
        if more is not None:
            more(rows)
    with connection.cursor() as cursor:
        # Autovacuum does this in a database that has been in use for a while.
        cursor.execute("VACUUM ANALYZE" if words.vendor == "postgresql" else "ANALYZE")


def _md5(text: str) -> str:
    return hashlib.md5(str(text).encode(), usedforsecurity=False).hexdigest()


def _colleague() -> int:
    """Creates the reviewer and a colleague; returns the colleague's key."""
    VendorAccount.objects.get_or_create(name="default")
    for name in (REVIEWER, COLLEAGUE):
        user = StaffUser.objects.create(username=name, is_staff=True)
        user.groups.add(Group.objects.get(name="Reviewer"))
    return user.pk


def _fill(rows: Rows) -> None:
    words = rows.words
    insert(words, "applicant", rows.applicant())
    insert(words, "verification", rows.verification())
    insert(words, "document", rows.document())
    insert(words, "verificationattempt", rows.verificationattempt())
    insert(words, "providercall", rows.providercall())
    insert(words, "review", rows.review(), where=PROPOSED)
    for event in rows.events():
        insert(words, "auditevent", event)
    _relate(words)


def insert(words: Words, table: str, columns: dict[str, str], *, where: str = "true") -> None:
    names, values = ", ".join(columns), ", ".join(columns.values())
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO verification_{table} ({names}) SELECT {values} FROM {words.numbers} WHERE {where}"
        )


def _relate(words: Words) -> None:
    """Sets the foreign keys to rows inserted later, and the sequences of the primary keys."""
    with connection.cursor() as cursor:
        cursor.execute(PROPOSALS)
        for table in TABLES if words.vendor == "postgresql" else ():
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('verification_{table}', 'id'), "
                f"(SELECT max(id) FROM verification_{table}))"
            )


@contextmanager
def _rows_first() -> Iterator[None]:
    """Like pg_restore: inserts the rows first, then creates the indexes and constraints, which checks the rows."""
    if connection.vendor == "sqlite":
        yield
        return
    names = [f"verification_{table}" for table in TABLES]
    with connection.cursor() as cursor:
        cursor.execute("SET maintenance_work_mem = '256MB'")
        cursor.execute(CONSTRAINTS, [names])
        constraints = cursor.fetchall()
        for table, name, _definition in constraints:
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        cursor.execute(INDEXES, [names])
        indexes = cursor.fetchall()
        for name, _definition in indexes:
            cursor.execute(f"DROP INDEX {name}")
        yield
        for _name, definition in indexes:
            cursor.execute(definition)
        for table, name, definition in constraints:
            cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
