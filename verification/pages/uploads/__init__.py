"""Receiving a file: when it began to arrive, how large it may be, how it must begin, and that it is one file.

Django limits no file, and its CSRF check reads the whole body before a view is reached. So a view that takes a
form with a file is exempt from that check at first, sets its limits here, and is checked right after. A body that ends
before its last boundary holds no file for Django, and no fault either: that is looked after here too.
"""

import hashlib
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import wraps
from io import BytesIO
from threading import Event
from typing import Any

from django.core.exceptions import (
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest, HttpResponse, QueryDict, UnreadablePostError
from django.http.multipartparser import MultiPartParser, MultiPartParserError
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from verification.actions import receive_parts
from verification.pages import access
from verification.pages.uploads import file_signatures, slow_clients

# Boundaries, part headers and the other fields, on top of the file itself.
SLACK = 100_000
# Of what is refused, so much more than its limit is read to its end and thrown away: a browser that may not finish
# shows no answer at all.
LISTEN_TO = 2
CHUNK = 65_536
MAX_FORM_PARTS = 100
# Two megabytes over a poor connection take a minute.
LONGEST = timedelta(seconds=90)
# Of one case: the page sends one after the other, and a second tab may be open.
MOST_AT_ONCE = 2
RECEIVED = "verification.received_bytes"

Refuse = Callable[[HttpRequest, str], HttpResponse]


class UnusableUpload(Exception):
    """What arrived can't be used; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Kind:
    """What a view takes: how large it may be and how it must begin, each with the code of its refusal."""

    limit: int
    too_large: str
    begins_well: Callable[[bytes], bool]
    wrong_type: str


@dataclass(frozen=True)
class Received:
    """A file as it arrived. Its SHA-256 was computed on the way: nobody need read it again for that."""

    data: bytes
    sha256: str


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
        if self._cut.is_set() or timezone.now() - self._began > LONGEST:
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


class ReceivedFile(InMemoryUploadedFile):
    """A file in memory, and its SHA-256."""

    sha256 = ""


class LimitedUploadHandler(FileUploadHandler):
    """Stops at the first byte over the limit, and at the first ones that are not of a file that is wanted.

    The file stays in memory, where it is wanted anyway: no plain copy of a face is ever written to a disk.
    """

    def __init__(self, request: HttpRequest, kind: Kind) -> None:
        super().__init__(request)
        self._kind = kind
        self._received = 0
        self._start()

    def _start(self) -> None:
        self._content = BytesIO()
        self._digest = hashlib.sha256()
        self._judged = False

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self._start()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self._received += len(raw_data)
        if self._received > self._kind.limit:
            raise UnusableUpload(self._kind.too_large)
        self._content.write(raw_data)
        self._digest.update(raw_data)
        if not self._judged and self._content.tell() >= file_signatures.ENOUGH:
            self._judged = True
            check_head(self._content.getvalue()[: file_signatures.ENOUGH], self._kind)

    def file_complete(self, file_size: int) -> ReceivedFile:
        self._content.seek(0)
        file = ReceivedFile(
            self._content, self.field_name, self.file_name or "", self.content_type, file_size, self.charset
        )
        file.sha256 = self._digest.hexdigest()
        return file


class WholeFormHandler(FileUploadHandler):
    """Parses the form itself, file by a LimitedUploadHandler: here the body can be watched to its end."""

    def __init__(self, request: HttpRequest, incoming: Incoming, kind: Kind) -> None:
        super().__init__(request)
        self._incoming = incoming
        self._kind = kind

    def handle_raw_input(
        self,
        input_data: Any,
        META: dict[str, str],
        content_length: int,
        boundary: Any,
        encoding: str | None = None,
    ) -> tuple[QueryDict, MultiValueDict[str, Any]]:
        body = FormBody(self._incoming, boundary)
        handlers = [LimitedUploadHandler(self.request, self._kind)]  # type: ignore[arg-type]
        parsed = MultiPartParser(META, body, handlers, encoding).parse()  # type: ignore[arg-type]
        body.check_end()
        return parsed

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        raise NotImplementedError

    def file_complete(self, file_size: int) -> None:
        raise NotImplementedError


def receives(kind: Kind, refuse: Refuse) -> Callable[[Callable[..., HttpResponse]], Any]:
    """For a view that takes a form with one file of `kind`; `refuse` words what is wrong with an upload."""

    def decorate(view: Callable[..., HttpResponse]) -> Any:
        protected = csrf_protect(view)

        @csrf_exempt
        @wraps(view)
        def limited(request: HttpRequest) -> HttpResponse:
            # A challenge counts as answered when its upload began; how much later it may end, the action says.
            access.arrival(request)
            if request.method != "POST":
                return protected(request)
            visit = access.visit_of(request)
            if visit is None:
                # Nothing is read from a stranger: a slow body would cost a thread.
                return access.unknown(request)
            try:
                with arriving(request, visit, kind.limit + SLACK, kind.too_large) as incoming:
                    _read_form(request, incoming, kind)
            except UnusableUpload as error:
                return refuse(request, error.code)
            return protected(request)

        return limited

    return decorate


@contextmanager
def arriving(request: HttpRequest, visit: access.Visit, limit: int, too_large: str) -> Iterator[Incoming]:
    """The body of a request, to be read within the block. Whatever came of it is counted, of use or not."""
    left = LONGEST - (timezone.now() - access.arrival(request))
    # Only gunicorn shows its connections.
    connection: socket.socket | None = request.META.get("gunicorn.socket")
    with _one_of_few(visit, connection), slow_clients.cut_off(connection, left.total_seconds()) as cut:
        incoming = Incoming(request, cut)
        try:
            _check_welcome(request, visit)
            if incoming.length > limit:
                raise UnusableUpload(too_large)
            yield incoming
        except Exception:
            incoming.drain(limit * LISTEN_TO)
            raise
        finally:
            request.META[RECEIVED] = incoming.received
            receive_parts.count(visit.verification, incoming.received)


@contextmanager
def _one_of_few(visit: access.Visit, connection: socket.socket | None) -> Iterator[None]:
    """Else one link could take all threads. Of what is refused here nothing is read: that would take one, too."""
    with ExitStack() as stack:
        try:
            stack.enter_context(slow_clients.at_most(MOST_AT_ONCE, visit.verification.pk))
        except slow_clients.TooManyAtOnce as error:
            # The server would read on for a while, to use the connection again.
            slow_clients.stop_reading(connection)
            raise UnusableUpload("too_many_at_once") from error
        yield


def uncount(request: HttpRequest, visit: access.Visit) -> None:
    """What came was not kept because our store was away: it takes nothing of what may come through the link."""
    receive_parts.count(visit.verification, -request.META.pop(RECEIVED, 0))


def _check_welcome(request: HttpRequest, visit: access.Visit) -> None:
    if request.headers.get("Content-Encoding", "identity").strip().lower() not in {"", "identity"}:
        raise UnusableUpload("content_encoding")
    try:
        receive_parts.check_quota(visit.verification)
    except receive_parts.QuotaReached as error:
        raise UnusableUpload("upload_quota_reached") from error


def check_head(head: bytes, kind: Kind) -> None:
    """`head` is the beginning of a file; too little of it says nothing."""
    if len(head) >= file_signatures.ENOUGH and not kind.begins_well(head):
        raise UnusableUpload(kind.wrong_type)


def _read_form(request: HttpRequest, incoming: Incoming, kind: Kind) -> None:
    """Parse the body now, so that what is wrong with it is told in our words."""
    if request.content_type != "multipart/form-data" or not incoming.length:
        raise UnusableUpload("malformed_multipart")
    request.upload_handlers = [WholeFormHandler(request, incoming, kind)]
    try:
        len(request.FILES)  # the property is what reads the body
    except (TooManyFieldsSent, TooManyFilesSent) as error:
        raise UnusableUpload("too_many_parts") from error
    except RequestDataTooBig as error:
        raise UnusableUpload(kind.too_large) from error
    except (MultiPartParserError, SuspiciousOperation) as error:
        incoming.drain(incoming.length)
        incoming.check_whole()
        raise UnusableUpload("malformed_multipart") from error


def one_file(request: HttpRequest, name: str) -> Received:
    """The one file of that name; UnusableUpload if there is none, or another one too."""
    files = request.FILES.getlist(name)
    if not files:
        raise UnusableUpload("missing_file")
    if len(request.FILES) > 1 or len(files) > 1:
        raise UnusableUpload("exactly_one_file")
    file: Any = files[0]
    data: bytes = file.read()
    if not data:
        raise UnusableUpload("empty_file")
    return Received(data, file.sha256)
