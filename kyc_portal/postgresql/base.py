"""Sets the timeouts of sessions and transactions by SQL, so that they hold behind PgBouncer too.

PgBouncer refuses most settings at the start of a connection. In transaction mode each transaction may run on another
connection of the server, so what protects a transaction is set within it.
"""

from typing import Any, Final

from django.db.backends.postgresql import base

# Otherwise a process that freezes in a transaction would hold its locks for ever.
IDLE_IN_TRANSACTION: Final = "10s"
# A thread keeps its connection. One that gets nothing to do would keep it for ever: the server ends it, and the thread
# opens another when it has work (CONN_HEALTH_CHECKS). Longer than CONN_MAX_AGE, so that a busy thread never meets it.
IDLE_SESSION: Final = "5min"


class DatabaseWrapper(base.DatabaseWrapper):
    def init_connection_state(self) -> None:
        super().init_connection_state()
        # Behind PgBouncer this ends an idle connection of its pool, which it replaces.
        self._set("SET idle_session_timeout = '{}'", IDLE_SESSION)

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
