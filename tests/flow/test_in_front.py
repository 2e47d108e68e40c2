"""The shipped nginx site in front of the shipped gunicorn settings, with real programs on loopback."""

import http.client
import secrets
import socket
import ssl
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlsplit

import pytest

from tests.faults.waiting import wait_until
from tests.flood import CSRF, SITE, Flood, Request, Tls, Waiting, await_start, head, wait
from tests.in_front import HOST, Nginx
from tests.services import SHIPPED, environment, gunicorn, manage, migrated, skip_reason

FORM = {
    "Host": HOST,
    "Referer": SITE,
    "Cookie": f"csrftoken={CSRF}",
    "Content-Type": "application/x-www-form-urlencoded",
}
SENDERS = 500
ALMOST_ALL = 0.75  # without the rule nearly none is answered; a busy machine may be late for one of four


@dataclass(frozen=True)
class Front:
    """nginx, the portal behind it, and the environment of its commands."""

    nginx: Nginx
    portal: tuple[str, int]
    environment: dict[str, str]

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> http.client.HTTPResponse:
        with closing(Tls(self.nginx.https, self.nginx.tls)) as client:
            client.request(method, path, body, {"Host": HOST, **headers})
            answer = client.getresponse()
            answer.read()
            return answer

    def socket(self, name: str = HOST) -> ssl.SSLSocket:
        return self.nginx.tls.wrap_socket(
            socket.create_connection(self.nginx.https, timeout=20), server_hostname=name
        )


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    if reason := skip_reason(Nginx):
        pytest.skip(reason)
    data = tmp_path_factory.mktemp("in-front")
    url = f"sqlite:///{data / 'portal.sqlite3'}"
    variables = environment(url, "memory://", "http://127.0.0.1:9", data, KYC_BEHIND_PROXY="1")
    with gunicorn(migrated(variables), *SHIPPED) as (_process, portal), Nginx(portal[1]) as nginx:
        await_start(portal)
        yield Front(nginx, portal, variables)


def test_the_portal_answers_behind_it(front: Front) -> None:
    assert front.ask("GET", "/").status == 200
    assert front.ask("GET", "/healthz").status == 200


def test_an_upload_reaches_the_portal_before_its_body_and_a_form_after_it(front: Front) -> None:
    with front.socket() as form, front.socket() as photo:
        form.sendall(head("POST", "/admin/login/", 4) + b"a=")
        photo.sendall(head("POST", "/verify/document", 400_000) + b"x")
        # The portal knows no such applicant, and says so without the body.
        assert photo.recv(12) == b"HTTP/1.1 404"
        form.settimeout(0.1)
        with pytest.raises(TimeoutError):
            form.recv(12)
        form.settimeout(20)
        form.sendall(b"12")
        assert form.recv(12) == b"HTTP/1.1 200"


@pytest.mark.parametrize(
    ("method", "path", "size", "status"),
    [
        ("POST", "/admin/login/", 3_000_000, 413),
        ("POST", "/api/v1/verifications", 3_000_000, 413),
        ("PUT", "/verify/recording/parts", 3_000_000, 404),
        ("POST", "/verify/recording", 34_000_000, 404),
        ("POST", "/verify/recording", 36_000_000, 413),
    ],
)
def test_a_body_is_limited_before_it_is_sent(
    front: Front, method: str, path: str, size: int, status: int
) -> None:
    """404: it went on to the portal, which knows no such applicant."""
    with front.socket() as client:
        client.sendall(head(method, path, size))
        assert client.recv(12) == f"HTTP/1.1 {status}".encode()


def test_another_host_gets_no_answer(front: Front) -> None:
    with pytest.raises(ssl.SSLError):
        front.socket("another.example.com")
    with front.socket() as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: another.example.com\r\n\r\n")
        assert client.recv(100) == b""


def ask_in_clear(front: Front, path: str) -> http.client.HTTPResponse:
    with closing(http.client.HTTPConnection(*front.nginx.http, timeout=20)) as client:
        client.request("GET", path, headers={"Host": HOST})
        answer = client.getresponse()
        answer.read()
        return answer


def test_http_is_redirected_but_for_the_api(front: Front) -> None:
    page = ask_in_clear(front, "/verify/")
    assert (page.status, page.headers["Location"]) == (301, f"https://{HOST}/verify/")
    assert ask_in_clear(front, "/api/v1/verifications").status == 403
    assert ask_in_clear(front, "//api/v1/verifications").status == 403


TOKEN = secrets.token_urlsafe(32)
ROOMS = ("admin/v", "api/v", "static/v")
# What a mail program puts where it breaks a line.
BREAKS = ("%0A", "%20", "=", "=%0D%0A", "%0A%3E%20", "%E2%80%8B", "&#8203;", "%2520")
ADDRESSES = [
    *(f"/v/{TOKEN}", f"/v//{TOKEN}", f"/V/{TOKEN}", f"/v/%20{TOKEN}", f"/verify/{TOKEN}", f"//v/{TOKEN}"),
    *(
        f"/admin/{TOKEN}",
        f"/static/{TOKEN}",
        f"/api/{TOKEN}",
        f"/{TOKEN}",
        f"/?t={TOKEN}",
        f"/v/x/../{TOKEN}",
    ),
    f"/admin/{TOKEN[:21]}!{TOKEN[22:]}",
    *(
        f"/{room}/{TOKEN[:15]}{broken}{TOKEN[15:29]}{broken}{TOKEN[29:]}"
        for room in ROOMS
        for broken in BREAKS
    ),
    *(f"/v/{TOKEN[:22]}{broken}{TOKEN[22:]}" for broken in BREAKS),
    *(f"/verify/status?{TOKEN}", f"/v/{TOKEN}/", f"/healthz/{TOKEN}", f"/api/v1/verifications/ver_{TOKEN}"),
]


@pytest.mark.parametrize("portal_is_there", [True, False])
def test_no_log_holds_a_token_however_it_was_typed(front: Front, portal_is_there: bool) -> None:
    with Nginx(front.portal[1] if portal_is_there else 9) as nginx:
        there = Front(nginx, front.portal, front.environment)
        for address in ADDRESSES:
            there.ask("GET", address, b"", Referer=f"https://{HOST}/v/{TOKEN}", **{"User-Agent": TOKEN})
        wait_until("nginx logs each", lambda: nginx.access_log.count('"request":"GET') == len(ADDRESSES))
        logged = "".join(path.read_text() for path in nginx.folder.glob("*log*"))
        assert not {TOKEN[at : at + 12] for at in range(43 - 12)} & {
            logged[at : at + 12] for at in range(len(logged))
        }
        assert ('"portal":"502"' in logged) is not portal_is_there


def test_the_log_names_what_holds_no_token(front: Front) -> None:
    front.ask("GET", "/verify/consent?x=1")
    front.ask("GET", "/admin/login/")
    front.ask("GET", "/api/v1/verifications/ver_" + "a" * 24)
    for shown in ("/verify/consent", "/admin/login/", "/api/v1/verifications/ver_" + "a" * 24):
        line = f'"request":"GET {shown}"'
        wait_until(f"nginx logs {line}", partial(_logged, front.nginx, line))


def _logged(nginx: Nginx, line: str) -> bool:
    return line in nginx.access_log


def come(front: Front) -> str:
    """The cookies of a new applicant."""
    link = manage(front.environment, "invite", "--reference", secrets.token_hex(8), "--name", "A").split()[-1]
    cookie = front.ask("GET", urlsplit(link).path).headers["Set-Cookie"]
    return f"{cookie.partition(';')[0]}; csrftoken={CSRF}"


def test_a_mangled_link_opens_behind_it(front: Front) -> None:
    link = manage(front.environment, "invite", "--reference", secrets.token_hex(8), "--name", "A").split()[-1]
    token = urlsplit(link).path.rpartition("/")[2]
    for address in (f"/V//{token}.", f"//v/{token[:20]}=%0D%0A{token[20:]}%20", f"/v/%E2%80%8B{token}%3E/?x"):
        assert front.ask("GET", address).status == 302


# Seconds, for a machine that runs other tests as well; without the mend no answer ever comes.
BUSY = 20
HONEST = (
    Request("GET", "/", 200, headers={"Host": HOST}),
    Request("POST", "/admin/login/", 200, b"csrfmiddlewaretoken=" + CSRF.encode(), FORM),
    Request("POST", "/api/v1/verifications", 401, b"{}", {"Host": HOST, "Content-Type": "application/json"}),
)


def waited(front: Front, openings: bytes, *, through_nginx: bool) -> list[Waiting]:
    """How long honest requests of three kinds take while so many clients send a byte every 2 s."""
    where, tls = (front.nginx.https, front.nginx.tls) if through_nginx else (front.portal, None)
    with Flood(where, openings, SENDERS, tls=tls, addresses=200).running():
        return [wait(where, request, times=4, tls=tls, patience=BUSY) for request in HONEST]


@pytest.mark.parametrize("through_nginx", [False, True])
@pytest.mark.parametrize("path", ["/admin/login/", "/verify/recording"])
def test_hundreds_of_slow_bodies_keep_nobody_waiting(front: Front, path: str, through_nginx: bool) -> None:
    cookie = come(front) if path == "/verify/recording" else f"csrftoken={CSRF}"
    for waiting in waited(front, head("POST", path, 4000, cookie), through_nginx=through_nginx):
        assert waiting.share >= ALMOST_ALL


@pytest.mark.parametrize("opening", [b"", b"GET / HTTP/1.1\r\nX: "])
def test_hundreds_of_slow_heads_keep_nobody_waiting_at_the_portal_itself(
    front: Front, opening: bytes
) -> None:
    for waiting in waited(front, opening, through_nginx=False):
        assert waiting.share >= ALMOST_ALL
