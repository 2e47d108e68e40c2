"""Sets the timeouts of sessions and transactions by SQL, so that they hold behind PgBouncer too, and parks connections.

PgBouncer refuses most settings at the start of a connection. In transaction mode each transaction may run on another
connection of the server, so what protects a transaction is set within it.
"""

import os
import select
import threading
import time
from typing import Any, Final

from django.db.backends.postgresql import base
from psycopg.pq import TransactionStatus

# Otherwise a process that freezes in a transaction would hold its locks for ever.
IDLE_IN_TRANSACTION: Final = "10s"
# A thread keeps its connection. One that gets nothing to do would keep it for ever: the server ends it, and the thread
# opens another when it has work (CONN_HEALTH_CHECKS). Longer than CONN_MAX_AGE, so that a busy thread never meets it.
IDLE_SESSION: Final = "5min"
# More are closed: it is enough if those who come and go find one.
MAX_PARKED: Final = 16


class DatabaseWrapper(base.DatabaseWrapper):
    _was_parked = False
    _parked_connection: Any = None

    def init_connection_state(self) -> None:
        super().init_connection_state()
        if not self._was_parked:
            # Behind PgBouncer this ends an idle connection of its pool, which it replaces.
            self._set("SET idle_session_timeout = '{}'", IDLE_SESSION)

    def park(self) -> None:
        """Let the next thread of this process that needs a connection have this one; called outside transactions.

        Sixty calls may be under way at once, and none of their threads needs the database meanwhile. To open another
        connection takes 3 ms, as long as nine statements.
        """
        if (
            self.connection is None
            or self.in_atomic_block
            or self.errors_occurred
            or not _is_quiet(self.connection)
        ):
            self.close()
            return
        with _parking:
            if len(_parked) < MAX_PARKED:
                _parked.append((self._place(), self.connection, self.close_at))
                self.connection = None
        self.close()

    def connect(self) -> None:
        parked = self._take_parked()
        self._was_parked = parked is not None
        self._parked_connection, close_at = parked or (None, None)
        super().connect()
        self._parked_connection = None
        if self._was_parked:
            self.close_at = close_at

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        return self._parked_connection or super().get_new_connection(conn_params)

    def _place(self) -> tuple[Any, ...]:
        return tuple(self.settings_dict[part] for part in ("HOST", "PORT", "NAME", "USER"))

    def _take_parked(self) -> tuple[Any, float | None] | None:
        """The one that was parked last and is still well; those that are not are closed."""
        while True:
            with _parking:
                if not _parked or _parked[-1][0] != self._place():
                    return None
                _, connection, close_at = _parked.pop()
            if _is_quiet(connection) and (close_at is None or time.monotonic() < close_at):
                return connection, close_at
            connection.close()

    def _set_autocommit(self, autocommit: bool) -> None:
        super()._set_autocommit(autocommit)  # type: ignore[misc]
        if autocommit:
            return
        try:
            self._set("SET LOCAL idle_in_transaction_session_timeout = '{}'", IDLE_IN_TRANSACTION)
        except BaseException:
            # Django takes the transaction for not begun: statements on this connection would never be committed.
            self.close()
            raise

    def _set(self, statement: str, value: str) -> None:
        with self.wrap_database_errors:
            connection: Any = self.connection
            connection.execute(statement.format(value))


_parking = threading.Lock()
_parked: list[tuple[tuple[Any, ...], Any, float | None]] = []
# A fork copies connections, which stay its parent's: they are neither used nor closed.
_of_the_parent: list[Any] = []


def _is_quiet(connection: Any) -> bool:
    """Does it stand, and has the server said nothing? A server that ends an idle session says so first."""
    if connection.closed or connection.info.transaction_status != TransactionStatus.IDLE:
        return False
    ready = select.poll()
    ready.register(connection.fileno(), select.POLLIN)
    return not ready.poll(0)


def _forget() -> None:
    global _parking
    _parking = threading.Lock()
    _of_the_parent.extend(_parked)
    _parked.clear()


os.register_at_fork(after_in_child=_forget)
