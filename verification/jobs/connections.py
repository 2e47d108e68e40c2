"""Letting go of a thread's database connection while the thread does something else."""

from django.db import connection


def let_go_of_database() -> None:
    """Let the next thread that needs a connection have this one's; to be called before a long wait.

    A call takes seconds, sixty are under way, and connections are few. SQLite has no server whose connections could run
    out, so there a thread keeps its own.
    """
    park = getattr(connection, "park", None)
    if park is not None and not connection.in_atomic_block:
        park()
