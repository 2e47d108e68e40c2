"""Rows B26, B28 and B29 of the catalogue, and H9 and H19 for uploads: forms that arrive broken.

The portal never mistakes a form that ends before its last boundary for one without a file. Fewer bytes than the
Content-Length mean that the connection broke; as many mean that the form is malformed. A body longer than its
Content-Length looks malformed too: a server passes on only that many bytes.
"""

import base64
import io
import socket
from collections.abc import Callable, Iterator
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

import pytest
from django.core.wsgi import get_wsgi_application
from django.test import Client

from tests.applicant import Applicant
from tests.conftest import clip, photo
from verification import media
from verification.models import Document, Verification

BOUNDARY = "----catalogue"
FORM = f"multipart/form-data; boundary={BOUNDARY}"
END = f"--{BOUNDARY}--\r\n".encode()


def part(name: str, content: bytes, file_name: str = "") -> bytes:
    named = f'; filename="{file_name}"' if file_name else ""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'
    return head.encode() + content + b"\r\n"


def form(*parts: bytes) -> bytes:
    return b"".join(parts) + END


def photo_part() -> bytes:
    return part("photo", photo(), "id.jpg")


def post(
    client: Client, body: bytes, *, content_type: str = FORM, length: int | None = None, **more: Any
) -> Any:
    """Posts as a server would: `length` is the Content-Length, `body` is what arrived."""
    headers = {"CONTENT_TYPE": content_type, "CONTENT_LENGTH": str(len(body) if length is None else length)}
    environ = {"wsgi.input": io.BytesIO(body), **headers, **more}
    return client.generic("POST", "/verify/document", body, content_type, **environ)


def code_of(response: Any) -> tuple[int, str]:
    """Status and error code of the page; the code is "" without an error."""
    found = response.content.decode().partition('data-code="')[2].partition('"')[0]
    return response.status_code, found


def test_the_forms_of_these_tests_are_taken_when_whole(client: Client) -> None:
    assert code_of(post(client, form(photo_part()))) == (302, "")
    assert code_of(post(client, form(photo_part()) + b"an epilogue, as RFC 2046 allows")) == (302, "")
    assert Document.objects.count() == 2


@pytest.mark.parametrize("arrived", [0, 1, 100, 20_000, -1, -3])
def test_b26_a_body_shorter_than_its_content_length(client: Client, arrived: int) -> None:
    body = form(photo_part())
    assert code_of(post(client, body[:arrived], length=len(body))) == (400, "bad_request")
    assert Document.objects.count() == 0


@pytest.mark.parametrize("headers", [1, 100, 20_000])
def test_b26_a_body_longer_than_its_content_length(client: Client, headers: int) -> None:
    # The server stops after Content-Length bytes; the rest is missing, as in B29.
    assert code_of(post(client, form(photo_part()), length=headers)) == (400, "malformed_multipart")


@pytest.mark.parametrize("count", [101, 1001])
def test_b28_too_many_parts(client: Client, count: int) -> None:
    fields = [part(f"field{number}", b"x") for number in range(count)]
    assert code_of(post(client, form(*fields))) == (400, "too_many_parts")
    files = [part("photo", b"x", "a.jpg") for _ in range(count)]
    assert code_of(post(client, form(*files))) == (400, "too_many_parts")
    nameless = [f"--{BOUNDARY}\r\n\r\nx\r\n".encode() for _ in range(count)]
    assert code_of(post(client, form(*nameless))) == (400, "too_many_parts")


def test_b28_a_hundred_parts_are_not_too_many(client: Client) -> None:
    fields = [part(f"field{number}", b"x") for number in range(99)]
    assert code_of(post(client, form(*fields, photo_part()))) == (302, "")


def _without_end() -> bytes:
    return photo_part()


def _in_its_header() -> bytes:
    return f"--{BOUNDARY}\r\nContent-Dispo".encode()


def _in_the_last_boundary() -> bytes:
    return photo_part() + f"--{BOUNDARY}-".encode()


def _with_another_boundary() -> bytes:
    return form(photo_part()).replace(b"catalogue", b"otherwise")


@pytest.mark.parametrize(
    "make", [_without_end, _in_its_header, _in_the_last_boundary, _with_another_boundary, bytes]
)
def test_b29_an_unterminated_form(client: Client, make: Callable[[], bytes]) -> None:
    assert code_of(post(client, make())) == (400, "malformed_multipart")
    assert Document.objects.count() == 0


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=" + "x" * 300,
        "multipart/form-data; boundary=\xe9",
        "multipart/mixed; boundary=" + BOUNDARY,
        "application/x-www-form-urlencoded",
        "image/jpeg",
        "",
    ],
)
def test_b29_no_boundary(client: Client, content_type: str) -> None:
    answer = post(client, form(photo_part()), content_type=content_type)
    assert code_of(answer) == (400, "malformed_multipart")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (base64.encodebytes(photo()), (302, "")),
        (base64.encodebytes(photo())[:-9], (400, "malformed_multipart")),
    ],
    ids=["whole", "cut off"],
)
def test_base64_inside_a_form(client: Client, content: bytes, expected: tuple[int, str]) -> None:
    coded = part("photo", content, "id.jpg").replace(
        b"\r\n\r\n", b"\r\nContent-Transfer-Encoding: base64\r\n\r\n", 1
    )
    assert code_of(post(client, form(coded))) == expected


def test_the_recording_says_the_same(client: Client) -> None:
    body = part("video", clip(), "clip.mp4")
    for length, code in ((len(body), "malformed_multipart"), (len(body) + 1, "bad_request")):
        environ: dict[str, Any] = {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(length)}
        answer = client.generic("POST", "/verify/recording", body, FORM, **environ)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)


@pytest.mark.parametrize("coding", ["gzip", "GZIP", "deflate", "br", "identity, gzip"])
def test_h19_a_compressed_body_is_not_opened(client: Client, coding: str) -> None:
    answer = post(client, form(photo_part()), HTTP_CONTENT_ENCODING=coding)
    assert code_of(answer) == (415, "content_encoding")
    assert code_of(post(client, form(photo_part()), HTTP_CONTENT_ENCODING="identity")) == (302, "")


class Unread(io.BytesIO):
    def read(self, size: int | None = -1, /) -> bytes:
        raise AssertionError("The body was read.")


def test_h9_what_asks_first_and_is_too_large_is_refused_unread(client: Client) -> None:
    asks: dict[str, Any] = {"HTTP_EXPECT": "100-continue", "wsgi.input": Unread()}
    answer = post(client, b"", length=media.MAX_PHOTO_UPLOAD + 200_000, **asks)
    assert code_of(answer) == (413, "image_too_large")
    assert Verification.objects.get().received_bytes == 0


def test_what_is_far_too_large_is_refused_unread(client: Client) -> None:
    unread: dict[str, Any] = {"wsgi.input": Unread()}
    answer = post(client, b"", length=media.MAX_PHOTO_UPLOAD * 3, **unread)
    assert code_of(answer) == (413, "image_too_large")


def test_what_is_no_photo_is_not_read_into_memory(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """The portal still reads the body to its end and discards it: otherwise the browser would show no answer."""
    body = form(part("photo", b"GIF89a" + bytes(2_000_000), "a.gif"))
    stream = io.BytesIO(body)
    environ: dict[str, Any] = {"wsgi.input": stream}
    assert code_of(post(client, body, **environ)) == (415, "unsupported_image_type")
    assert stream.tell() == len(body)
    assert Verification.objects.get().received_bytes == len(body)


# On a socket


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[WSGIServer]:
    with WSGIServer(("127.0.0.1", 0), Quiet) as server:
        server.set_app(get_wsgi_application())
        server.timeout = 5
        yield server


def exchange(server: WSGIServer, client: Applicant, body: bytes, length: int) -> bytes:
    """The server's whole response to a connection that ends after `body`; this thread runs the server."""
    cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
    head = (
        f"POST /verify/document?case={client.mark} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookies}\r\n"
        f"Content-Type: {FORM}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=5) as connection:
        connection.sendall(head.encode() + body)
        connection.shutdown(socket.SHUT_WR)
        server.handle_request()
        return b"".join(iter(lambda: connection.recv(65_536), b""))


def test_b26_on_a_socket(server: WSGIServer, client: Applicant) -> None:
    body = form(photo_part())
    short = exchange(server, client, body[:5000], len(body))
    assert short.startswith(b"HTTP/1.0 400 ")
    assert b'data-code="bad_request"' in short
    long = exchange(server, client, body, 5000)
    assert long.startswith(b"HTTP/1.0 400 ")
    assert b'data-code="malformed_multipart"' in long
    assert Document.objects.count() == 0
