"""Takes a form with one file into memory, whole or not at all: no name in it gets on a disk.

The body is read after the gate, so that only somebody who may send the file occupies a thread with it; Django's own
check of the form's token would read it before, and into a temporary file.
"""

from collections.abc import Callable
from functools import wraps
from io import BytesIO
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest, HttpResponse, QueryDict, UnreadablePostError
from django.http.multipartparser import MultiPartParser, MultiPartParserError
from django.utils.datastructures import MultiValueDict
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from verification.invitations.csv_file import MAX_FILE, Unreadable
from verification.slow_clients import Body, TooManyAtOnce, reads_body_itself

SECONDS = 90.0  # for the whole body
MAX_FORM = MAX_FILE + 100_000  # bytes: the file, and the rest of the form
_BLOCK = 65_536

Refuse = Callable[[HttpRequest, Unreadable], HttpResponse]


def takes_file(refuse: Refuse) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """For a view that takes a form with a file; `refuse` answers one that could not be received."""

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        protected = csrf_protect(view)

        @csrf_exempt
        @reads_body_itself
        @wraps(view)
        def received(request: HttpRequest) -> HttpResponse:
            if request.method == "POST":
                try:
                    _receive(request)
                except Unreadable as error:
                    return refuse(request, error)
            return protected(request)

        return received

    return decorate


def _receive(request: HttpRequest) -> None:
    """Read and parse the form. Raises Unreadable."""
    try:
        with Body.of(request.META).upload(("invitations", request.user.pk), SECONDS):
            request.upload_handlers = [_WholeForm(request)]
            len(request.FILES)  # the property is what reads the body
    except TooManyAtOnce:
        code = "busy"
    except (MultiPartParserError, SuspiciousOperation, UnreadablePostError):
        code = "incomplete"
    else:
        return
    raise Unreadable(code)


class _WholeForm(FileUploadHandler):
    """Parses a form that has arrived whole; its files stay in memory."""

    def handle_raw_input(
        self,
        input_data: Any,
        META: dict[str, str],
        content_length: int,
        boundary: Any,
        encoding: str | None = None,
    ) -> tuple[QueryDict, MultiValueDict[str, Any]]:
        if content_length > MAX_FORM:
            _drain(input_data, content_length)
            raise Unreadable("too_large")
        data = input_data.read(content_length)
        if len(data) < content_length or not data.rstrip().endswith(b"--" + boundary + b"--"):
            raise Unreadable("incomplete")
        return MultiPartParser(META, BytesIO(data), [_InMemory()], encoding).parse()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        raise NotImplementedError

    def file_complete(self, file_size: int) -> None:
        raise NotImplementedError


def _drain(body: Any, length: int) -> None:
    """Read and drop what is too large, up to twice the limit: a browser that can't finish sending shows no answer."""
    if length <= 2 * MAX_FORM:
        while body.read(_BLOCK):
            pass


class _InMemory(FileUploadHandler):
    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self._content = bytearray()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self._content += raw_data

    def file_complete(self, file_size: int) -> SimpleUploadedFile:
        return SimpleUploadedFile(self.file_name or "file", bytes(self._content), "text/csv")
