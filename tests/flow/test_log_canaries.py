"""Canaries: nothing that a real process writes to its log holds a secret or a personal detail, whatever fails."""

import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flow.canaries import KEY, ODD_ADDRESSES, TOKEN, found_in
from tests.processes import PROJECT
from tests.services import SHIPPED, database, environment, give_tables, gunicorn, migrated


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def log(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder: Path = tmp_path_factory.mktemp("leaking")
    with database(request.param, folder) as url:
        give_tables(url)
        variables = environment(
            url, "memory://localhost/", "http://127.0.0.1:9", folder / "data", LOG_LEVEL="DEBUG"
        )
        done = subprocess.run(
            [sys.executable, "-m", "tests.flow.leaking"],
            cwd=PROJECT,
            env=variables,
            capture_output=True,
            text=True,
            timeout=120,
        )
    return done.stdout + done.stderr


def test_no_failure_writes_a_secret_or_a_person_to_the_log(log: str) -> None:
    assert found_in(log) == set()


def test_every_line_is_ours_and_says_enough(log: str) -> None:
    lines = [json.loads(line) for line in log.splitlines()]
    events = [line["event"] for line in lines]
    assert "the end" in events
    assert events[-1] == "process.failed"
    assert {"thread.failed", "log.line_lost"} <= set(events)
    assert "forged" not in events
    told = " ".join(line.get("exception", "") for line in lines)
    assert "tests/flow/leaking.py" in told, "the place stays"
    assert re.search(r"verification_staffuser.username|verification_staffuser_username_\w*", told), (
        "the constraint stays"
    )
    assert sum("raised unexpected" in event for event in events) >= 12
    assert any("Not Found: /v" in event for event in events)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """What a real web server wrote after strangers had sent it all sorts of things."""
    data = tmp_path_factory.mktemp("server")
    variables = environment(f"sqlite:///{data / 'portal.sqlite3'}", "memory://", "http://127.0.0.1:9", data)
    options = (*SHIPPED, "--workers", "1", "--access-logfile", "-")
    with gunicorn(migrated(variables), *options) as (process, where):
        for message in messages():
            with socket.create_connection(where, timeout=20) as connection:
                connection.sendall(message)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(65536):
                    pass
        yield process.output


def messages() -> Iterator[bytes]:
    """Requests as raw bytes: good ones, malformed ones, and ones that end early."""
    for address in ODD_ADDRESSES:
        head = f"GET {address.format(TOKEN)} HTTP/1.1\r\nHost: 127.0.0.1\r\nReferer: /v/{TOKEN}\r\n"
        yield f"{head}Connection: close\r\n\r\n".encode()
    for head in (
        f"GET /v/{TOKEN}\r\n",
        f"GET  /v/{TOKEN} HTTP/1.1\r\n",
        f"GET /v/{TOKEN} HTTP/9.9\r\n",
        f"/v/{TOKEN} GET HTTP/1.1\r\n",
        f"GET /v/{TOKEN} HTTP/1.1\r\nBad Header {TOKEN}: x\r\n",
        f"GET / HTTP/1.1\r\nAuthorization Bearer {KEY}\r\n",
        f"GET / HTTP/1.1\r\nHost: {TOKEN}\r\n",
        f"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {TOKEN}\r\n",
        f"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: {TOKEN}\r\n",
        f"{TOKEN} / HTTP/1.1\r\nHost: 127.0.0.1\r\n",
    ):
        yield f"{head}\r\n".encode()


def test_a_web_server_writes_no_secret_to_its_log(server: str) -> None:
    assert found_in(server) == set()
    assert "Invalid request" in server, "gunicorn's own errors are there"
    events = [json.loads(line)["event"] for line in server.splitlines() if line.startswith("{")]
    assert any('"GET /v//… HTTP/1.1" 404' in event for event in events), "and its lines of requests"
