"""Request bodies that never end, sent to a real server: it frees its threads."""

import http.client
import json
import re
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.flood import Tls
from tests.in_front import HOST, Nginx
from tests.services import environment, gunicorn, manage, migrated, skip_reason
from verification.slow_clients import MAX_FORMS, MAX_FORMS_OF_ADDRESS, MAX_UPLOADS_OF_CASE

# Seconds. The server's limit is 2 s (`impatient`); a response that takes longer than this never comes.
MAX_SECONDS = 20
CSRF = "c" * 32
THREADS = 3


@dataclass(frozen=True)
class Portal:
    """A server of three threads, and the environment of its commands."""

    environment: dict[str, str]
    where: tuple[str, int]
    links: Iterator[str]

    def come(self) -> "Visitor":
        """A new applicant with each call."""
        cookie = self._get(urlsplit(next(self.links)).path, "")[0].headers["Set-Cookie"]
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


# In one process, because its start takes longer than all invitations.
INVITE = """
from django.core.management import call_command
for number in range(20):
    call_command("invite", reference=f"APPLICANT-{number}", name="Alice Example")
"""


def invited(environment: dict[str, str]) -> Iterator[str]:
    return iter(re.findall(r"http\S+", manage(environment, "shell", "--no-imports", "-c", INVITE)))


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    data = tmp_path_factory.mktemp("impatient")
    variables = environment(f"sqlite:///{data / 'portal.sqlite3'}", "memory://", "http://127.0.0.1:9", data)
    options = ("-k", "kyc_portal.web_worker.Worker", "--threads", str(THREADS))
    with gunicorn(migrated(variables), "tests.flow.impatient", *options) as (_process, where):
        yield Portal(variables, where, invited(variables))


class Upload:
    """A request whose body never ends."""

    def __init__(
        self, where: tuple[str, int], visitor: Visitor, request: str, kind: str, **more: str
    ) -> None:
        self._connection = socket.create_connection(where, timeout=MAX_SECONDS)
        head = {
            "Host": "127.0.0.1",
            "Cookie": visitor.cookies,
            "X-CSRFToken": CSRF,
            "Content-Type": kind,
            **(more or {"Content-Length": "400000"}),
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

    def status(self, begun: bytes = b"", *, leaves: bool = False) -> int:
        """The status of the answer; `begun` is the begin of the body, after which the sender may leave."""
        self._connection.sendall(begun)
        if leaves:
            self._connection.shutdown(socket.SHUT_WR)
        answer = http.client.HTTPResponse(self._connection)
        answer.begin()
        answer.read()
        self._connection.close()
        return answer.status

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
    held = [Upload(portal.where, mine, *FORM) for _ in range(MAX_UPLOADS_OF_CASE + THREADS)]
    assert portal.status_of("/verify/consent", another) == 200
    answers = sorted(upload.answer() for upload in held)
    assert answers == [(408, "upload_too_slow")] * MAX_UPLOADS_OF_CASE + [(429, "too_many_at_once")] * THREADS


def test_who_does_not_have_the_case_takes_no_place_of_who_has_it(portal: Portal) -> None:
    mine = portal.come()
    turned_away = [
        Upload(portal.where, replace(mine, mark="0" * 16), *FORM) for _ in range(MAX_UPLOADS_OF_CASE)
    ]
    assert Upload(portal.where, mine, *FORM).answer() == (408, "upload_too_slow")
    assert [upload.answer() for upload in turned_away] == [(409, "other_case")] * MAX_UPLOADS_OF_CASE


def test_a_thread_that_waited_serves_again(portal: Portal) -> None:
    for _ in range(THREADS // MAX_UPLOADS_OF_CASE + 1):
        visitor = portal.come()
        for upload in [Upload(portal.where, visitor, *FORM) for _ in range(MAX_UPLOADS_OF_CASE)]:
            assert upload.answer() == (408, "upload_too_slow")
    assert portal.status_of("/verify/consent", portal.come()) == 200


REFUSED = 80
REFUSED_SIZE = 6_000_000  # more than the kernel keeps of what one side has sent


@pytest.fixture
def nginx(portal: Portal) -> Iterator[Nginx]:
    if reason := skip_reason(Nginx):
        pytest.skip(reason)
    with Nginx(portal.where[1]) as server:
        yield server


def test_an_upload_that_is_refused_unread_is_told_so_through_nginx(nginx: Nginx) -> None:
    """A connection that is reset under the rest of the body would be a 502."""

    for number in range(REFUSED):
        with closing(Tls(nginx.https, nginx.tls)) as client:
            path = f"/verify/{('document', 'recording')[number % 2]}"
            client.request("POST", path, bytes(REFUSED_SIZE), {"Host": HOST})
            assert client.getresponse().status == 404


SIGN_IN = ("POST /admin/login/", "application/x-www-form-urlencoded")
NOBODY = Visitor(f"csrftoken={CSRF}", "")


def test_a_form_that_stands_still_is_told_that_it_was_too_slow(portal: Portal) -> None:
    assert Upload(portal.where, NOBODY, *SIGN_IN).status(b"username=") == 408


def test_one_address_waits_with_few_forms_at_once(portal: Portal) -> None:
    held = [Upload(portal.where, NOBODY, *SIGN_IN) for _ in range(THREADS)]
    assert MAX_FORMS_OF_ADDRESS < MAX_FORMS <= THREADS
    assert sorted(form.status() for form in held) == [408] * MAX_FORMS_OF_ADDRESS + [503]


def test_a_call_of_the_api_that_stands_still_is_told_in_json(portal: Portal) -> None:
    key = manage(portal.environment, "create_api_client", "--name", "Slow").split()[-1]
    call = Upload(
        portal.where,
        NOBODY,
        "POST /api/v1/verifications",
        "application/json",
        Authorization=f"Bearer {key}",
        **{"Content-Length": "100"},
    )
    assert call.drip() == (408, "too_slow")


def test_a_caller_without_a_key_is_refused_without_their_body(portal: Portal) -> None:
    assert Upload(portal.where, NOBODY, "POST /api/v1/verifications", "application/json").status() == 401


@pytest.mark.parametrize(
    ("request_", "more", "status"),
    [
        ("POST /nowhere", {}, 404),
        ("POST /api/nowhere", {}, 404),
        ("GET /verify/", {}, 404),
        ("DELETE /healthz", {}, 405),
        ("POST /admin/login/", {"Transfer-Encoding": "chunked"}, 200),
        ("POST /admin/login/", {"Content-Length": "2000000"}, 400),
        (
            "POST /admin/login/",
            {"Content-Length": "2000000", "Content-Type": "multipart/form-data; boundary=b"},
            400,
        ),
    ],
)
def test_a_body_that_nobody_reads_holds_no_thread(
    portal: Portal, request_: str, more: dict[str, str], status: int
) -> None:
    kind = "application/x-www-form-urlencoded"
    began = time.monotonic()
    answers = [
        upload.status() for upload in [Upload(portal.where, NOBODY, request_, kind, **more) for _ in range(9)]
    ]
    assert answers == [status] * 9
    # Gunicorn alone would read on for 5 s after each answer, with three threads.
    assert time.monotonic() - began < 5


def test_a_form_whose_sender_leaves_is_not_taken_as_whole(portal: Portal) -> None:
    form = Upload(portal.where, NOBODY, *SIGN_IN)
    assert form.status(b"username=olga&password=x", leaves=True) == 400


@pytest.mark.parametrize("begun", [b"", b"username=olga"])
def test_a_body_that_comes_after_its_head_leaves_the_connection_usable(portal: Portal, begun: bytes) -> None:
    with closing(http.client.HTTPConnection(*portal.where, timeout=MAX_SECONDS)) as connection:
        body = b"username=olga&password=x"
        kind = "application/x-www-form-urlencoded"
        connection.putrequest("POST", "/admin/login/")
        connection.putheader("Content-Type", kind)
        connection.putheader("Content-Length", len(body))
        connection.endheaders(begun)
        first = connection.sock
        first.settimeout(0.3)
        with pytest.raises(TimeoutError):  # the portal waits for the body
            first.recv(1)
        first.settimeout(MAX_SECONDS)
        connection.send(body[len(begun) :])
        connection.getresponse().read()
        connection.request("GET", "/healthz")
        assert connection.getresponse().status == 200
        assert connection.sock is first
