"""The body of an upload: counted and timed while it is read, and checked for its end.

Django's parser reports neither a body that ends early nor the number of its parts, so both are checked here.
"""

from contextlib import suppress
from datetime import timedelta
from threading import Event

from django.http import HttpRequest, UnreadablePostError
from django.utils import timezone

from verification.pages import access

CHUNK = 65_536
MAX_FORM_PARTS = 100
# From the request's arrival to its last byte: two megabytes over a poor connection take a minute.
MAX_UPLOAD_TIME = timedelta(seconds=90)


class UnusableUpload(Exception):
    """What arrived can't be used; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Incoming:
    """A request's body: counted and timed while it is read, at most as long as its Content-Length says.

    Once `cut` is set, what is read is no longer what was sent.
    """

    def __init__(self, request: HttpRequest, cut: Event) -> None:
        self._request = request
        self._cut = cut
        self._began = access.arrival(request)
        length = request.META.get("CONTENT_LENGTH") or "0"
        self.length = int(length) if length.isdecimal() else 0
        self.received = 0

    def read(self, size: int = CHUNK) -> bytes:
        self._check_time()
        try:
            data = self._request.read(size)
        except UnreadablePostError as error:
            self._check_time()
            raise UnusableUpload("bad_request") from error
        self.received += len(data)
        self._check_time()
        return data

    def _check_time(self) -> None:
        # A connection that was cut looks like one that the sender ended.
        if self._cut.is_set() or timezone.now() - self._began > MAX_UPLOAD_TIME:
            raise UnusableUpload("upload_too_slow")

    def check_whole(self) -> None:
        """The connection may end before the body does, and the server then hands over what there is."""
        self._check_time()
        if self.received < self.length:
            raise UnusableUpload("bad_request")

    def drain(self, limit: int) -> None:
        """Read what is left and keep nothing; not more than `limit`, nor from one who asked before sending it."""
        if self.length > limit or "Expect" in self._request.headers:
            return
        with suppress(UnusableUpload):
            while self.read():
                pass


class FormBody:
    """A multipart body on its way to Django's parser, which tells neither how many parts nor whether all came."""

    def __init__(self, incoming: Incoming, boundary: bytes) -> None:
        self._incoming = incoming
        self._delimiter = b"--" + boundary
        self._tail = b""
        self._delimiters = 0
        self._closed = False

    def read(self, size: int = CHUNK) -> bytes:
        data = self._incoming.read(size)
        seen = self._tail + data
        # One that the tail holds in full was counted before.
        self._delimiters += seen.count(self._delimiter) - self._tail.count(self._delimiter)
        self._closed = self._closed or self._delimiter + b"--" in seen
        self._tail = seen[-len(self._delimiter) - 1 :]
        if self._delimiters > MAX_FORM_PARTS + 1:
            raise UnusableUpload("too_many_parts")
        return data

    def check_end(self) -> None:
        self._incoming.check_whole()
        if not self._closed:
            raise UnusableUpload("malformed_multipart")
