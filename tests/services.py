"""Real services for tests and benches, and the portal's own processes; each lives as long as its `with` block.

They listen on loopback or on a socket in a private folder, and store nothing. They know nothing of the tests.
"""

import itertools
import json
import os
import pwd
import random
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
import redis
from psycopg import sql

from kyc_portal.sandbox.emulator import SANDBOX_SECRET_ID, SANDBOX_SECRET_KEY
from tests import made_once
from tests.processes import PROJECT, Process

ROOT = os.geteuid() == 0

_numbers = itertools.count(1)
# Ignores a proxy of the environment: both programs run on one machine.
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class PostgreSQL(Process):
    """A server with an empty database; `url` and the result of `create_database` are DATABASE_URLs.

    `settings` are more of the server's, each "name=value". `flushes`: to the disk at each commit, as in production.
    """

    def __init__(self, *settings: str, flushes: bool = False) -> None:
        super().__init__(ready="ready to accept connections")
        self._settings = settings
        self._flushes = flushes

    @classmethod
    def missing(cls) -> str:
        if not _postgresql_program("initdb"):
            return "PostgreSQL's server is missing: install the package postgresql."
        if ROOT and "postgres" not in {account.pw_name for account in pwd.getpwall()}:
            return "PostgreSQL refuses to run as root, and there is no account postgres for it."
        return ""

    def start(self) -> None:
        account: dict[str, Any] = (
            {"user": "postgres", "group": "postgres", "extra_groups": []} if ROOT else {}
        )
        if ROOT:
            shutil.chown(self.folder, "postgres")
        data = str(self.folder / "data")
        initdb = [_postgresql_program("initdb"), "-D", data, "-U", "postgres", "--auth=trust", "--no-locale"]
        subprocess.run(
            [*initdb, "--encoding=UTF8", "--no-sync"],
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            check=True,
            **account,
        )
        settings = ["shared_buffers=32MB", "max_connections=200"]
        if not self._flushes:
            settings += ["fsync=off", "full_page_writes=off"]
        # The socket is in a private folder: on a loopback port any local user could connect as superuser.
        settings += ["listen_addresses=", f"unix_socket_directories={self.folder}", *self._settings]
        options = [option for setting in settings for option in ("-c", setting)]
        self._spawn(_postgresql_program("postgres"), "-D", data, *options, cwd=self.folder, **account)
        self.url = self.create_database("portal")

    def create_database(self, name: str, template: str = "template1") -> str:
        """A copy of the database `template`, to which nobody may be connected meanwhile."""
        names = sql.Identifier(name), sql.Identifier(template)
        with psycopg.connect(self.url_of("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*names))
        return self.url_of(name)

    def stop(self, number: int = signal.SIGINT) -> None:
        """On SIGTERM PostgreSQL would wait until the last client disconnects."""
        super().stop(number)

    def url_of(self, name: str) -> str:
        return f"postgresql://postgres@{quote(str(self.folder), safe='')}/{name}"


class Redis(Process):
    """A broker; `url` is a CELERY_BROKER_URL."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        keep_nothing = ("--save", "", "--appendonly", "no")
        where = ("--port", str(self.port), "--bind", "127.0.0.1")
        super().__init__("redis-server", *where, *keep_nothing, ready="Ready to accept connections")

    @classmethod
    def missing(cls) -> str:
        return "" if shutil.which("redis-server") else "Redis is missing: install the package redis-server."

    def empty(self) -> None:
        """Does nothing: it stores nothing, so it is empty whenever it starts."""

    def flush(self) -> None:
        """Deletes every message."""
        with redis.Redis.from_url(self.url) as connection:
            connection.flushall()


class Emulator(Process):
    """The vendor's emulator as a process, used over HTTP; `options` are its flags: `rate=20` is `--rate 20`."""

    def __init__(self, **options: int | str) -> None:
        flags = [word for name, value in options.items() for word in (_flag(name), str(value))]
        command = (sys.executable, "-m", "kyc_portal.sandbox.emulator", "--port", "0", *flags)
        super().__init__(*command, ready=r"listening on \S+")

    def start(self) -> None:
        super().start()
        self.url = self.wait_for_output(r"listening on (\S+)")[1]

    def calls(self) -> list[dict[str, Any]]:
        return list(ask("GET", f"{self.url}/_emulator/ledger")["calls"])

    def script(self, **step: Any) -> None:
        ask("POST", f"{self.url}/_emulator/script", step)

    def release(self) -> None:
        """Releases the answers that the fault `hold` delays."""
        ask("POST", f"{self.url}/_emulator/release", {})

    def clear(self) -> None:
        self.script(clear=True)
        ask("DELETE", f"{self.url}/_emulator/ledger")


@contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    """The DATABASE_URL of an empty database: "sqlite" in `folder`, or "postgresql" on a server of its own."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'portal.sqlite3'}"
        return
    if reason := skip_reason(PostgreSQL):
        pytest.skip(reason)
    with PostgreSQL() as server:
        yield server.url


def skip_reason(*services: type[Process]) -> str:
    """The reason to skip tests that need these services; none if CI=true, where such tests must fail."""
    if os.environ.get("CI") == "true":
        return ""
    return " ".join(filter(None, (service.missing() for service in services)))


def environment(
    database_url: str, broker_url: str, endpoint: str, data_dir: Path, **more: str
) -> dict[str, str]:
    """The complete environment of a portal's process, without any variable of the caller's."""
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {
        **inherited,
        "PYTHONUNBUFFERED": "1",
        "DJANGO_SETTINGS_MODULE": "kyc_portal.settings",
        "KYC_MODE": "demo",
        "KYC_DATA_DIR": str(data_dir),
        "KYC_PUBLIC_URL": "http://127.0.0.1",
        "ALLOWED_HOSTS": "127.0.0.1,localhost",
        "SECRET_KEY": "for-tests-only-" + "0" * 35,
        # Empty, so that an `.env` in the project does not set them: evidence and keyring are in data_dir.
        **dict.fromkeys(
            (
                "STORAGE_URL",
                "KYC_KEYRING",
                "KYC_KEYRING_FILE",
                "KYC_TRAIL_KEYS",
                "KYC_TRAIL_KEYS_FILE",
                "KYC_TRAIL_ANCHORS",
            ),
            "",
        ),
        "DATABASE_URL": database_url,
        "CELERY_BROKER_URL": broker_url,
        "KYC_FACEID_ENDPOINT": endpoint,
        "TENCENTCLOUD_SECRET_ID": SANDBOX_SECRET_ID,
        "TENCENTCLOUD_SECRET_KEY": SANDBOX_SECRET_KEY,
        "TENCENTCLOUD_TOKEN": "",
        "LOG_LEVEL": "INFO",
        **more,
    }


def python(environment: Mapping[str, str], module: str, *arguments: str, ready: str = "") -> Process:
    """`python -m module arguments…`"""
    return Process(sys.executable, "-m", module, *arguments, environment=environment, ready=ready)


def migrated(environment: Mapping[str, str]) -> Mapping[str, str]:
    """The same environment, in which the database has its tables and the static files are collected."""
    give_tables(environment["DATABASE_URL"])
    manage(environment, "migrate", "--verbosity=0")
    if not made_once.give_static_files(Path(environment["KYC_DATA_DIR"], "static")):
        manage(environment, "collectstatic", "--noinput", "--verbosity=0")
    return environment


def give_tables(database_url: str) -> None:
    """The tables that `make test` has made, if the database is a SQLite file: its migration has little to do then."""
    kind, _, path = database_url.partition("://")
    if kind == "sqlite" and made_once.has_tables():
        with closing(sqlite3.connect(path)) as database:
            made_once.give_tables(database)


# The web server with the settings of production.
SHIPPED = ("--config", "python:kyc_portal.web_server")


@contextmanager
def gunicorn(environment: Mapping[str, str], *options: str) -> Iterator[tuple[Process, tuple[str, int]]]:
    """A web server on a free port of loopback; its process, and host and port."""
    listens = r"Listening at: http://([\d.]+):(\d+)"
    options = (*options, "-b", "127.0.0.1:0", "--no-control-socket")
    with python(environment, "gunicorn", *options, ready="Booting worker") as process:
        host, port = process.wait_for_output(listens).groups()
        yield process, (host, int(port))


def worker(
    environment: Mapping[str, str], queue: str, *options: str, app: str = "kyc_portal.celery"
) -> Process:
    """A Celery worker of one queue, started as the documentation says; LOG_LEVEL INFO shows when it is ready."""
    celery = ("celery", "-A", app, "worker")
    name = f"{queue}-{next(_numbers)}@%h"
    return python(environment, *celery, "-Q", f"{queue},sweep", "-n", name, *options, ready=r"@\S+ ready\.")


def beat(environment: Mapping[str, str]) -> Process:
    return python(environment, "celery", "-A", "kyc_portal.celery", "beat", ready="beat: Starting")


def manage(environment: Mapping[str, str], *arguments: str) -> str:
    """Runs `manage.py arguments…` and returns its output; errors go to standard error."""
    command = [sys.executable, "manage.py", *arguments]
    done = subprocess.run(
        command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, text=True, check=True, timeout=120
    )
    return done.stdout


def report_of(module: str) -> Any:
    """The JSON that `python -m module` prints of a portal with an empty PostgreSQL of its own."""
    if reason := skip_reason(PostgreSQL):
        pytest.skip(reason)
    with PostgreSQL() as server:
        portal = environment(
            server.url, "memory://localhost/", "http://127.0.0.1:9", server.folder / "data-dir"
        )
        command = [sys.executable, "-m", module]
        done = subprocess.run(
            command, cwd=PROJECT, env=portal, stdout=subprocess.PIPE, timeout=120, check=True
        )
    return json.loads(done.stdout)


def free_port() -> int:
    """A port below those that Linux gives to outgoing connections: one of them would take a stopped service's port."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def ask(method: str, url: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Sends one JSON request and returns the JSON response."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    with _direct.open(request, timeout=10) as response:
        return dict(json.loads(response.read()))


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def _postgresql_program(name: str) -> str:
    """Debian does not put the server's programs on the PATH; this takes the newest version."""
    found = Path("/usr/lib/postgresql").glob(f"*/bin/{name}")
    newest = max(found, key=lambda path: int(path.parts[4]), default=None)
    return str(newest) if newest else shutil.which(name) or ""
