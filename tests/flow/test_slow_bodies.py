"""Request bodies that never end, sent to a real server: it frees its threads."""

import http.client
import json
import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.services import environment, manage, python
from verification.slow_clients import MAX_UPLOADS_OF_CASE as MAX_AT_ONCE

# Seconds. The server's limit is 2 s (`impatient`); a response that takes longer than this never comes.
MAX_SECONDS = 20
CSRF = "c" * 32
THREADS = 3


@dataclass(frozen=True)
class Portal:
    """A server of three threads, and the environment of its commands."""

    environment: dict[str, str]
    where: tuple[str, int]

    def come(self) -> str:
        """Returns the cookies of a new applicant with each call."""
        person = ("--reference", secrets.token_hex(8), "--name", "Alice Example")
        link = manage(self.environment, "invite", *person).split()[-1]
        cookie = self._get(urlsplit(link).path, "").headers["Set-Cookie"]
        return f"{cookie.partition(';')[0]}; csrftoken={CSRF}"

    def status_of(self, path: str, cookies: str) -> int:
        return self._get(path, cookies).status

    def _get(self, path: str, cookies: str) -> http.client.HTTPResponse:
        with closing(http.client.HTTPConnection(*self.where, timeout=MAX_SECONDS)) as connection:
            connection.request("GET", path, headers={"Cookie": cookies})
            answer = connection.getresponse()
            answer.read()
            return answer


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    data = tmp_path_factory.mktemp("impatient")
    variables = environment(f"sqlite:///{data / 'portal.sqlite3'}", "memory://", "http://127.0.0.1:9", data)
    manage(variables, "migrate", "--verbosity=0")
    manage(variables, "collectstatic", "--noinput", "--verbosity=0")
    options = ("-k", "gthread", "--threads", str(THREADS), "-b", "127.0.0.1:0", "--no-control-socket")
    listens = r"Listening at: http://([\d.]+):(\d+)"
    with python(variables, "gunicorn", "tests.flow.impatient", *options, ready=listens) as server:
        host, port = server.wait_for_output(listens).groups()
        yield Portal(variables, (host, int(port)))


class Upload:
    """A request whose body never ends."""

    def __init__(self, where: tuple[str, int], cookies: str, request: str, kind: str) -> None:
        self._connection = socket.create_connection(where, timeout=MAX_SECONDS)
        head = {
            "Host": "127.0.0.1",
            "Cookie": cookies,
            "X-CSRFToken": CSRF,
            "Content-Type": kind,
            "Content-Length": "400000",
        }
        lines = [f"{request} HTTP/1.1", *(f"{name}: {value}" for name, value in head.items())]
        self._connection.sendall("\r\n".join([*lines, "", ""]).encode())

    def drip(self) -> tuple[int, str]:
        """A byte now and then, until the server answers."""
        self._connection.settimeout(0.05)
        until = time.monotonic() + MAX_SECONDS
        while time.monotonic() < until:
            try:
                self._connection.sendall(b"x")
                if self._connection.recv(1, socket.MSG_PEEK):
                    break
            except TimeoutError:
                continue
        return self.answer()

    def answer(self) -> tuple[int, str]:
        self._connection.settimeout(MAX_SECONDS)
        answer = http.client.HTTPResponse(self._connection)
        answer.begin()
        body: dict[str, Any] = json.loads(answer.read())
        self._connection.close()
        return answer.status, body["error"]["code"]


FORM = ("POST /verify/recording", "multipart/form-data; boundary=b")
PART = ("PUT /verify/recording/parts", "application/octet-stream")


def test_a_body_that_drips_is_told_that_it_was_too_slow(portal: Portal) -> None:
    assert Upload(portal.where, portal.come(), *FORM).drip() == (408, "upload_too_slow")


def test_a_body_that_stands_still_is_told_that_it_was_too_slow(portal: Portal) -> None:
    assert Upload(portal.where, portal.come(), *FORM).answer() == (408, "upload_too_slow")


def test_what_is_refused_may_not_drip_for_ever_either(portal: Portal) -> None:
    assert Upload(portal.where, portal.come(), *PART).drip() == (400, "invalid_field")


def test_one_link_can_not_take_all_threads(portal: Portal) -> None:
    mine, another = portal.come(), portal.come()
    held = [Upload(portal.where, mine, *FORM) for _ in range(MAX_AT_ONCE + THREADS)]
    assert portal.status_of("/verify/consent", another) == 200
    answers = sorted(upload.answer() for upload in held)
    assert answers == [(408, "upload_too_slow")] * MAX_AT_ONCE + [(429, "too_many_at_once")] * THREADS


def test_a_thread_that_waited_serves_again(portal: Portal) -> None:
    for _ in range(THREADS // MAX_AT_ONCE + 1):
        cookies = portal.come()
        for upload in [Upload(portal.where, cookies, *FORM) for _ in range(MAX_AT_ONCE)]:
            assert upload.answer() == (408, "upload_too_slow")
    assert portal.status_of("/verify/consent", portal.come()) == 200
