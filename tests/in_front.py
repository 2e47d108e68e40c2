"""What stands in front of the portal and of its database in production, as processes of a test: nginx and PgBouncer."""

import shutil
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from tests.certificates import Authority
from tests.processes import PROJECT, Process
from tests.services import ROOT, PostgreSQL, free_port

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


SITE = PROJECT / "deploy/nginx/kyc.conf"
OF_HOST = PROJECT / "deploy/nginx/host.conf"
HOST = "localhost"
_MAIN = """
{user}
daemon off;
worker_processes 1;
pid {folder}/pid;
error_log {folder}/log notice;
events {{ worker_connections 2048; }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""


class Nginx(Process):
    """nginx with the shipped site in front of the portal on `port`; only addresses, paths and certificate differ.

    `tls` is a client's context, which trusts its authority alone.
    """

    tls: ssl.SSLContext

    def __init__(self, port: int, replaced: Mapping[str, str] | None = None) -> None:
        """`replaced` are further texts of the site, for a comparison."""
        super().__init__(ready="start worker process")
        self._portal, self._replaced = port, replaced or {}
        self.http, self.https = ("127.0.0.1", free_port()), ("127.0.0.1", free_port())

    @classmethod
    def missing(cls) -> str:
        return "" if shutil.which("nginx", path=SBIN) else "nginx is missing: install the package nginx."

    def start(self) -> None:
        authority = Authority(self.folder)
        certificate, key = authority.server_files(HOST)
        self.tls = ssl.create_default_context(cafile=str(authority.file))
        (self.folder / "site.conf").write_text(self._site())
        (self.folder / "host.conf").write_text(_of_host(certificate, key))
        user = "user root root;" if ROOT else ""
        (self.folder / "nginx.conf").write_text(_MAIN.format(user=user, folder=self.folder))
        self._spawn(*self.command)

    @property
    def command(self) -> list[str]:
        """`nginx` with this site; `-t` after it only checks the files."""
        return [
            str(shutil.which("nginx", path=SBIN)),
            "-p",
            str(self.folder),
            "-c",
            str(self.folder / "nginx.conf"),
        ]

    @property
    def access_log(self) -> str:
        return (self.folder / "kyc.log").read_text()

    def _site(self) -> str:
        ours = {
            "listen [::]:80": f"listen 127.0.0.2:{self.http[1]}",
            "listen [::]:443": f"listen 127.0.0.2:{self.https[1]}",
            "listen 80": f"listen 127.0.0.1:{self.http[1]}",
            "listen 443": f"listen 127.0.0.1:{self.https[1]}",
            "/etc/nginx/kyc-host.conf": f"{self.folder}/host.conf",
            "/var/www/html": str(self.folder),
            "/var/log/nginx": str(self.folder),
            "127.0.0.1:8000": f"127.0.0.1:{self._portal}",
        }
        return _replaced(SITE.read_text(), {**ours, **self._replaced})


def _of_host(certificate: Path, key: Path) -> str:
    folder = "/etc/letsencrypt/live/verify.example.com"
    ours = {
        f"{folder}/fullchain.pem": str(certificate),
        f"{folder}/privkey.pem": str(key),
        "verify.example.com": HOST,
    }
    return _replaced(OF_HOST.read_text(), ours)


def _replaced(text: str, texts: Mapping[str, str]) -> str:
    for shipped, ours in texts.items():
        assert shipped in text
        text = text.replace(shipped, ours)
    return text
