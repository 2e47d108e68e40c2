"""Look-ups that run one after the other, so that each sees what the one before it wrote."""

from django.db import connection


def until_committed(lock: int) -> None:
    """Lock out others with the same number until the transaction ends. SQLite has one writer at a time anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [lock])
