"""What stands in front of the portal and of its database in production, as processes of a test: nginx and PgBouncer."""

import shutil
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

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
    """nginx with the shipped site in front of the portal on `port`; only addresses, paths and certificate differ."""

    def __init__(self, port: int, replaced: Mapping[str, str] | None = None) -> None:
        """`replaced` are further texts of the site, for a comparison."""
        super().__init__(ready="start worker process")
        self._portal, self._replaced = port, replaced or {}
        self.http, self.https = ("127.0.0.1", free_port()), ("127.0.0.1", free_port())

    @classmethod
    def missing(cls) -> str:
        return "" if shutil.which("nginx", path=SBIN) else "nginx is missing: install the package nginx."

    def start(self) -> None:
        self._write_certificate()
        (self.folder / "site.conf").write_text(self._site())
        (self.folder / "host.conf").write_text(self._host())
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

    @property
    def tls(self) -> ssl.SSLContext:
        """A client's, which trusts this certificate alone."""
        return ssl.create_default_context(cafile=str(self.folder / "certificate.pem"))

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

    def _host(self) -> str:
        folder = "/etc/letsencrypt/live/verify.example.com"
        ours = {
            f"{folder}/fullchain.pem": f"{self.folder}/certificate.pem",
            f"{folder}/privkey.pem": f"{self.folder}/key.pem",
            "verify.example.com": HOST,
        }
        return _replaced(OF_HOST.read_text(), ours)

    def _write_certificate(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
            .sign(key, hashes.SHA256())
        )
        pem = serialization.Encoding.PEM
        (self.folder / "certificate.pem").write_bytes(certificate.public_bytes(pem))
        (self.folder / "key.pem").write_bytes(
            key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        )


def _replaced(text: str, texts: Mapping[str, str]) -> str:
    for shipped, ours in texts.items():
        assert shipped in text
        text = text.replace(shipped, ours)
    return text
