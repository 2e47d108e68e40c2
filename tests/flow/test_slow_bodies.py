"""Request bodies that never end, sent to a real server: it frees its threads."""

import http.client
import json
import re
import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.services import environment, manage, python
from verification.pages.uploads import MAX_AT_ONCE

# Seconds. The server's limit is 2 s (`impatient`); a response that takes longer than this never comes.
MAX_SECONDS = 20
CSRF = "c" * 32
THREADS = 3


@dataclass(frozen=True)
class Portal:
    """A server of three threads, and the environment of its commands."""

    environment: dict[str, str]
    where: tuple[str, int]

    def come(self) -> "Visitor":
        """A new applicant with each call."""
        person = ("--reference", secrets.token_hex(8), "--name", "Alice Example")
        link = manage(self.environment, "invite", *person).split()[-1]
        cookie = self._get(urlsplit(link).path, "")[0].headers["Set-Cookie"]
        cookies = f"{cookie.partition(';')[0]}; csrftoken={CSRF}"
        mark = re.search(r'data-case="(\w+)"', self._get("/verify/consent", cookies)[1])
        assert mark
        return Visitor(cookies, mark[1])

    def status_of(self, path: str, visitor: "Visitor") -> int:
        return self._get(path, visitor.cookies)[0].status

    def _get(self, path: str, cookies: str) -> tuple[http.client.HTTPResponse, str]:
        with closing(http.client.HTTPConnection(*self.where, timeout=MAX_SECONDS)) as connection:
            connection.request("GET", path, headers={"Cookie": cookies})
            answer = connection.getresponse()
            return answer, answer.read().decode()


@dataclass(frozen=True)
class Visitor:
    """The cookies of an applicant, and the mark that their pages send."""

    cookies: str
    mark: str


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

    def __init__(self, where: tuple[str, int], visitor: Visitor, request: str, kind: str) -> None:
        self._connection = socket.create_connection(where, timeout=MAX_SECONDS)
        head = {
            "Host": "127.0.0.1",
            "Cookie": visitor.cookies,
            "X-CSRFToken": CSRF,
            "Content-Type": kind,
            "Content-Length": "400000",
        }
        lines = [
            f"{request}?case={visitor.mark} HTTP/1.1",
            *(f"{name}: {value}" for name, value in head.items()),
        ]
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


def test_who_does_not_have_the_case_takes_no_place_of_who_has_it(portal: Portal) -> None:
    mine = portal.come()
    turned_away = [Upload(portal.where, replace(mine, mark="0" * 16), *FORM) for _ in range(MAX_AT_ONCE)]
    assert Upload(portal.where, mine, *FORM).answer() == (408, "upload_too_slow")
    assert [upload.answer() for upload in turned_away] == [(409, "other_case")] * MAX_AT_ONCE


def test_a_thread_that_waited_serves_again(portal: Portal) -> None:
    for _ in range(THREADS // MAX_AT_ONCE + 1):
        visitor = portal.come()
        for upload in [Upload(portal.where, visitor, *FORM) for _ in range(MAX_AT_ONCE)]:
            assert upload.answer() == (408, "upload_too_slow")
    assert portal.status_of("/verify/consent", portal.come()) == 200
