"""How long a request body may occupy a thread of the web server, and how many bodies may at once: one rule for all.

A read returns when it has the bytes that it asked for, so a sender of one byte now and then, or of none, would occupy
its thread for ever. A body that has already arrived needs no place. Any other takes one of a few places of its kind
and has a deadline; while all places are taken, it is refused unread. So most threads always serve what has arrived.
Counts are of this process, whose threads they protect.
"""

import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final, TypeVar
from weakref import WeakSet

from verification.client_address import network

BODY = "verification.body"
FORM_SECONDS: Final = 10.0  # from the first wait for a body without a file to its last byte
# Of the 16 threads of a process (kyc_portal/web_server.py): together these leave three for what has arrived.
MAX_FORMS: Final = 3
MAX_FORMS_OF_ADDRESS: Final = 2
MAX_UPLOADS: Final = 10
# Bodies of one case at a time: the page sends one after the other, and a second tab may be open.
MAX_UPLOADS_OF_CASE: Final = 2

View = TypeVar("View", bound=Callable[..., Any])


class BodyRefused(OSError):
    """The body can't be read to its end. An OSError, as for any reader of a connection that broke."""


class TooSlow(BodyRefused):
    """The body took too long to arrive."""


class TooManyAtOnce(BodyRefused):
    """As many bodies are arriving as the limit allows."""


class TooManyOfSender(TooManyAtOnce):
    """As many bodies of this sender are arriving as the limit allows."""


class Incomplete(BodyRefused):
    """The connection ended before the body did."""


def refusal(error: BaseException) -> type[BaseException] | None:
    """The kind of BodyRefused that this error came from; Django wraps it, once or twice."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, BodyRefused):
        cause = cause.__cause__
    return type(cause) if cause else None


class Places:
    """At most `most` bodies of a kind at once, `each` of one sender."""

    def __init__(self, most: int, each: int) -> None:
        self._most, self._each = most, each
        self._lock = threading.Lock()
        self._taken: Counter[Hashable] = Counter()

    @contextmanager
    def taken(self, sender: Hashable) -> Iterator[None]:
        """One place, for the length of the block. Raises TooManyAtOnce if there is none."""
        with self._lock:
            if self._taken[sender] >= self._each:
                raise TooManyOfSender("Too many bodies of one sender at once.")
            if self._taken.total() >= self._most:
                raise TooManyAtOnce("Too many bodies at once.")
            self._taken[sender] += 1
        try:
            yield
        finally:
            with self._lock:
                self._taken[sender] -= 1
                self._taken += Counter()  # forgets the senders of none


_forms = Places(MAX_FORMS, MAX_FORMS_OF_ADDRESS)
_uploads = Places(MAX_UPLOADS, MAX_UPLOADS_OF_CASE)


class Body:
    """A request's body in place of the server's own (`wsgi.input`): each read of it obeys the rule.

    A read returns as many bytes as were asked for, or what is left, or raises BodyRefused. `Body.of` finds it.
    """

    def __init__(self, environ: dict[str, Any]) -> None:
        self._environ = environ
        self._source = environ["wsgi.input"]
        # Only gunicorn exposes the socket of a request.
        self._connection: socket.socket | None = environ.get("gunicorn.socket")
        length = environ.get("CONTENT_LENGTH") or "0"
        self._left = int(length) if length.isdecimal() else 0
        self._is_chunked = "HTTP_TRANSFER_ENCODING" in environ
        self._until: float | None = None
        self._is_upload = False

    @classmethod
    def of(cls, environ: dict[str, Any]) -> "Body":
        """The body of this request. The tests' own client has no server that put it there."""
        return environ.get(BODY) or cls(environ)

    def read(self, size: int = -1) -> bytes:
        wanted = self._left if size < 0 else min(size, self._left)
        data = self._read(wanted) if wanted else b""
        self._left -= len(data)
        if len(data) < wanted and not self._is_upload:
            raise Incomplete("The body ended early.")
        return data

    def readline(self, size: int = -1) -> bytes:
        raise NotImplementedError("Nothing reads a body by lines.")

    def _read(self, size: int) -> bytes:
        if self._is_upload or self._connection is None:
            return bytes(self._source.read(size))
        self._connection.setblocking(False)
        try:
            # What has come so far stays in the server's buffer if it is not enough.
            return bytes(self._source.read(size))
        except (BlockingIOError, ssl.SSLWantReadError):
            # Gunicorn takes any error for the loss of its place in the stream, and would close the connection.
            self._source.failed = False
        finally:
            self._connection.setblocking(True)
        return self._wait(size)

    def _wait(self, size: int) -> bytes:
        self._until = self._until or time.monotonic() + FORM_SECONDS
        place = self._place(_forms, network(self._environ["REMOTE_ADDR"]))
        with place, cut_off(self._connection, self._until - time.monotonic()) as cut:
            data = bytes(self._source.read(size))
        if cut.is_set():
            raise TooSlow("The body took too long.")
        return data

    @contextmanager
    def upload(self, sender: Hashable, seconds: float) -> Iterator[threading.Event]:
        """Read a file within the block, in so many seconds: after them every read ends, and the event is set.

        Raises TooManyAtOnce.
        """
        with self._place(_uploads, sender), cut_off(self._connection, seconds) as cut:
            self._is_upload = True
            try:
                yield cut
            finally:
                self._is_upload = False

    @contextmanager
    def _place(self, places: Places, sender: Hashable) -> Iterator[None]:
        try:
            with places.taken(sender):
                yield
        except TooManyAtOnce:
            stop_reading(self._connection)
            raise

    def end(self) -> None:
        """Nobody reads this body any more: the server must not either, to use the connection again."""
        if self._left or self._is_chunked:
            stop_reading(self._connection)


def guarded(application: Callable[..., Any]) -> Callable[..., Any]:
    """The WSGI application, with a `Body` for each request."""

    def application_of_bodies(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        body = environ["wsgi.input"] = environ[BODY] = Body(environ)
        try:
            return application(environ, start_response)
        finally:
            # A request is answered when its body is read: what is still unread now stays so.
            body.end()

    return application_of_bodies


def reads_body_itself(view: View) -> View:
    """For a view that reads its body itself, and answers what is refused of it; or that reads none."""
    view.reads_body_itself = True  # type: ignore[attr-defined]
    return view


@contextmanager
def cut_off(connection: socket.socket | None, seconds: float) -> Iterator[threading.Event]:
    """End all reads on `connection` after `seconds` and set the event; the answer can still be sent.

    Without a connection (the server does not expose it) the server's own timeout applies.
    """
    cut = threading.Event()
    if connection is None:
        yield cut
        return
    timer = threading.Timer(max(seconds, 0), _cut, (connection, cut))
    timer.daemon = True
    timer.start()
    try:
        yield cut
    finally:
        timer.cancel()
        # Otherwise it could cut a connection that already serves the next request.
        timer.join()


def _cut(connection: socket.socket, cut: threading.Event) -> None:
    cut.set()
    stop_reading(connection)


_stopped: WeakSet[socket.socket] = WeakSet()


def stop_reading(connection: socket.socket | None) -> None:
    """Make every read on this connection, also the server's own, return as at the end of the stream."""
    if connection is None:
        return
    _stopped.add(connection)
    with suppress(OSError):  # closed by the sender
        # The method of socket.socket: that of a TLS connection would unwrap it and go on without encryption.
        socket.socket.shutdown(connection, socket.SHUT_RD)


def is_stopped(connection: socket.socket) -> bool:
    """Whether reading was stopped; the client may still be sending."""
    return connection in _stopped
