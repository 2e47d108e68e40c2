"""Counts and times the body of an upload while it is read, and checks that it is complete.

Django's parser reports neither a body that ends early nor the number of parts, so both are checked here.
"""

from contextlib import suppress
from datetime import timedelta
from threading import Event

from django.http import HttpRequest, UnreadablePostError
from django.utils import timezone

from verification.pages import access

CHUNK = 65_536
MAX_FORM_PARTS = 100
# From the arrival of the request to its last byte: 2 MB take about a minute over a poor connection.
MAX_UPLOAD_TIME = timedelta(seconds=90)


class UnusableUpload(Exception):
    """The upload can't be used; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Incoming:
    """Reads the body of a request, counts its bytes and limits its time.

    `cut` is set when the connection was cut off for being too slow: the body is incomplete then.
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
        # After a cut-off a read returns as if the sender had closed the connection.
        if self._cut.is_set() or timezone.now() - self._began > MAX_UPLOAD_TIME:
            raise UnusableUpload("upload_too_slow")

    def check_whole(self) -> None:
        """Raises UnusableUpload if the connection ended early: the server passes on what it received."""
        self._check_time()
        if self.received < self.length:
            raise UnusableUpload("bad_request")

    def drain(self, limit: int) -> None:
        """Read and drop the rest, unless the body is longer than `limit` or its sender waits for `100 Continue`."""
        if self.length > limit or "Expect" in self._request.headers:
            return
        with suppress(UnusableUpload):
            while self.read():
                pass


class FormBody:
    """Passes a multipart body to Django's parser; counts its parts and watches for its closing delimiter."""

    def __init__(self, incoming: Incoming, boundary: bytes) -> None:
        self._incoming = incoming
        self._delimiter = b"--" + boundary
        self._tail = b""
        self._delimiters = 0
        self._closed = False

    def read(self, size: int = CHUNK) -> bytes:
        data = self._incoming.read(size)
        seen = self._tail + data
        # A delimiter that is wholly in the tail was counted by the previous read.
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
