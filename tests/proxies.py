"""What stands in front of the portal and of its database in production, as processes of a test: nginx and PgBouncer."""

import shutil
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from tests.processes import Process
from tests.services import ROOT, PostgreSQL

# Debian keeps both where only root's PATH leads.
SBIN = "/usr/sbin:/usr/bin:/sbin:/bin"


class PgBouncer(Process):
    """A pooler in transaction mode in front of `server`; each transaction goes to another connection if it can."""

    def __init__(self, server: PostgreSQL, pool: int = 3) -> None:
        super().__init__(ready="process up")
        self._server, self._pool = server, pool

    @classmethod
    def missing(cls) -> str:
        if not shutil.which("pgbouncer", path=SBIN):
            return "PgBouncer is missing: install the package pgbouncer."
        return PostgreSQL.missing()

    def start(self) -> None:
        account: dict[str, Any] = (
            {"user": "postgres", "group": "postgres", "extra_groups": []} if ROOT else {}
        )
        settings = {
            "pool_mode": "transaction",
            "default_pool_size": self._pool,
            "min_pool_size": self._pool,
            "server_round_robin": 1,
            "max_client_conn": 200,
            # The socket is in a private folder.
            "auth_type": "any",
            "listen_addr": "",
            "listen_port": 6432,
            "unix_socket_dir": self.folder,
        }
        server = unquote(urlsplit(self._server.url).hostname or "")
        lines = ["[databases]", f"* = host={server} user=postgres", "[pgbouncer]"]
        file = self.folder / "pgbouncer.ini"
        file.write_text("\n".join([*lines, *(f"{name} = {value}" for name, value in settings.items()), ""]))
        if ROOT:
            for path in (self.folder, file):
                shutil.chown(path, "postgres")
        self._spawn(str(shutil.which("pgbouncer", path=SBIN)), str(file), cwd=self.folder, **account)
        name = self._server.url.rpartition("/")[2]
        self.url = f"postgresql://postgres@{quote(str(self.folder), safe='')}:6432/{name}"
