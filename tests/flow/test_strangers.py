"""Requests that no browser sends, to a real server in production mode: each costs a stranger's worth, one line."""

import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from kyc_portal import refusals
from tests.flow.test_start import variables
from tests.processes import Process
from tests.services import SHIPPED, gunicorn

CANARY = "canary"
HOST = "verify.example.com"
MAX_SECONDS = 20
PROBED = ("/healthz", "/readyz")
# Kubernetes sends the address of the pod.
HOSTS = ["10.1.2.3", "10.1.2.3:8000", "[fd00::1]:8000", "", f"{CANARY}.example", f"{CANARY}:no-port", '"><b>']


@dataclass(frozen=True)
class Server:
    process: Process
    where: tuple[str, int]

    def answer(
        self, method: str, path: str, *headers: str, body: str = "", version: str = "1.1"
    ) -> tuple[int, str]:
        """The status, and the head of the answer."""
        lines = [f"{method} {path} HTTP/{version}", *headers, "Connection: close", "", body]
        with socket.create_connection(self.where, timeout=MAX_SECONDS) as connection:
            connection.sendall("\r\n".join(lines).encode("latin-1"))
            head = b"".join(iter(lambda: connection.recv(65_536), b"")).decode("utf-8", "replace")
        return int(head.split()[1]), head.partition("\r\n\r\n")[0]

    def logged(self, method: str, path: str, *headers: str, **more: str) -> tuple[int, list[str]]:
        """The status, and the lines that the request left in the log."""
        before = len(self.process.output)
        status, _ = self.answer(method, path, *headers, **more)
        return status, self.process.output[before:].splitlines()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    settings = variables(
        KYC_BEHIND_PROXY="1", DATABASE_URL="postgresql://kyc@127.0.0.1:9/kyc?connect_timeout=2"
    )
    with gunicorn(settings, *SHIPPED, "--workers", "1") as (process, where):
        found = Server(process, where)
        found.answer("GET", "/healthz", f"Host: {HOST}")  # the worker has loaded the portal
        yield found


# Probes


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("host", HOSTS)
def test_a_probe_is_answered_whatever_its_host(server: Server, host: str, method: str) -> None:
    """Not redirected to https either, although it comes without the proxy."""
    assert server.logged(method, "/healthz", f"Host: {host}") == (200, [])


def test_a_probe_without_a_host_is_answered(server: Server) -> None:
    assert server.logged("GET", "/healthz", version="1.0") == (200, [])


def test_a_probe_with_two_hosts_is_answered_or_refused_in_one_line(server: Server) -> None:
    status, lines = server.logged("GET", "/healthz", "Host: 10.1.2.3", f"Host: {CANARY}")
    assert status in {200, 400}
    assert len(lines) <= 1


def test_a_probe_of_a_portal_that_can_not_work_is_told_so_in_one_line(server: Server) -> None:
    status, lines = server.logged("GET", "/readyz", "Host: 10.1.2.3")
    assert (status, len(lines)) == (503, 1)
    assert "Traceback" not in lines[0]


@pytest.mark.parametrize("path", PROBED)
def test_the_answer_to_a_probe_has_every_header(client: Client, db: None, path: str) -> None:
    answer = client.get(path, headers={"host": "10.1.2.3"})
    assert answer.status_code == 200
    assert {"X-Request-Id", "Permissions-Policy", "Content-Security-Policy", "X-Content-Type-Options"} <= {
        *answer.headers
    }
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", PROBED)
def test_a_probe_only_reads(client: Client, db: None, path: str) -> None:
    assert client.post(path, headers={"host": "10.1.2.3"}).status_code == 405


# Strangers

FROM_PROXY = (f"Host: {HOST}", "X-Forwarded-Proto: https")


@pytest.mark.parametrize(
    "path", ["/", "/v/abc", "/admin/", "/api/v1/verifications", "/healthz/", "//healthz"]
)
@pytest.mark.parametrize("host", [*HOSTS, f"{CANARY}@{HOST}", f"{HOST}.{CANARY}", CANARY * 1000])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_bad_host_costs_one_short_line(server: Server, path: str, host: str, scheme: str) -> None:
    status, lines = server.logged("GET", path, f"Host: {host}", f"X-Forwarded-Proto: {scheme}")
    assert status == 400
    assert is_short(lines)
    assert "DisallowedHost" in lines[0]


REFUSED: dict[str, tuple[int, tuple[Any, ...], str]] = {
    "a host with a port that is none": (400, ("GET", "/", f"Host: {HOST}:{CANARY}", FROM_PROXY[1]), ""),
    "a NUL in the path": (404, ("GET", "/%00", *FROM_PROXY), ""),
    "a NUL in the query": (400, ("GET", f"/?q={CANARY}%00", *FROM_PROXY), ""),
    "a method that is none": (403, ("CANARY", "/", *FROM_PROXY), ""),
    "a trace": (405, ("TRACE", "/", *FROM_PROXY), ""),
    "a path that is not UTF-8": (404, ("GET", f"/%ff%fe{CANARY * 500}", *FROM_PROXY), ""),
    "a path with a line end": (404, ("GET", "/a%0d%0aINFO:%20forged", *FROM_PROXY), ""),
    "a path with an escape sequence": (404, ("GET", "/a%1b[2J", *FROM_PROXY), ""),
    "half an escape": (404, ("GET", "/%2", *FROM_PROXY), ""),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_request_that_nobody_means_costs_one_short_line(server: Server, case: str) -> None:
    expected, (method, path, *headers), body = REFUSED[case]
    status, lines = server.logged(method, path, *headers, body=body)
    assert status == expected
    assert is_short(lines)


@pytest.mark.parametrize(
    "parameter", ["charset=hex", "charset=undefined", "charset=nope", "x*=nope''%41", "x*='"]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_charset_that_decodes_nothing_is_no_failure(server: Server, method: str, parameter: str) -> None:
    """Read as UTF-8; a form without its token is then refused as usual."""
    kind = f"Content-Type: application/x-www-form-urlencoded; {parameter}"
    status, lines = server.logged(method, "/?q=%ff", *FROM_PROXY, kind, "Content-Length: 0")
    assert (status, len(lines)) == ((200, 0) if method == "GET" else (403, 1))


@pytest.mark.parametrize("scheme", ["gopher", "https,http", "HTTPS", "https\x0b", "", CANARY * 100])
def test_a_forwarded_scheme_that_is_none_is_no_https(server: Server, scheme: str) -> None:
    """A redirect or a page, and no line at all."""
    status, lines = server.logged("GET", "/", f"Host: {HOST}", f"X-Forwarded-Proto: {scheme}")
    assert status in {200, 301, 400}
    assert len(lines) <= 1
    assert CANARY not in "".join(lines)


def is_short(lines: list[str]) -> bool:
    (line,) = lines
    written = json.loads(line)
    assert written["level"] == "warning"
    assert "exception" not in written
    assert "request_id" in written
    return len(line) < 600 and line.isascii() and CANARY * 50 not in line


# Refused by a view or by what reads a body: Django's families of bad requests.


@pytest.fixture
def shortened(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    caplog.handler.addFilter(refusals.shorten)
    yield
    caplog.handler.removeFilter(refusals.shorten)


MULTIPART = "multipart/form-data; boundary=x"


@pytest.mark.parametrize(
    ("kind", "body", "refused"),
    [
        ("multipart/form-data", f"{CANARY}", "Bad request"),
        ("multipart/form-data; boundary=" + "é" * 80, f"{CANARY}", "Bad request"),
        (
            "application/x-www-form-urlencoded",
            "&".join(f"{CANARY}{n}=1" for n in range(300)),
            "TooManyFieldsSent",
        ),
        ("application/x-www-form-urlencoded", CANARY * 200_000, "RequestDataTooBig"),
        (
            MULTIPART,
            "".join(
                f'--x\r\nContent-Disposition: form-data; name="{n}"; filename="{CANARY}"\r\n\r\n1\r\n'
                for n in range(9)
            )
            + "--x--\r\n",
            "TooManyFilesSent",
        ),
    ],
)
def test_a_body_that_no_form_sends_costs_one_short_line(
    db: None, caplog: pytest.LogCaptureFixture, shortened: None, kind: str, body: str, refused: str
) -> None:
    client = Client(raise_request_exception=False)
    answer = client.generic("POST", "/admin/login/", body.encode(), content_type=kind)
    assert answer.status_code == 400
    assert CANARY not in answer.content.decode()
    (line,) = caplog.records
    assert refused in line.getMessage()
    assert (line.exc_info, line.levelname) == (None, "WARNING")
    assert CANARY not in line.getMessage()


def test_a_foreign_form_costs_one_short_line(
    db: None, caplog: pytest.LogCaptureFixture, shortened: None
) -> None:
    client = Client(enforce_csrf_checks=True)
    answer = client.post("/admin/login/", headers={"origin": f"https://{CANARY}.example"})
    assert answer.status_code == 403
    (line,) = caplog.records
    assert (line.exc_info, line.getMessage()) == (None, "Refused: csrf")


def test_a_failure_of_the_portal_keeps_its_traceback(
    db: None, caplog: pytest.LogCaptureFixture, shortened: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr("kyc_portal.probes.PROBES", {"/healthz": fail})
    assert Client(raise_request_exception=False).get("/healthz").status_code == 500
    (line,) = caplog.records
    assert line.exc_info
