"""Receiving a file: when it began to arrive, how large it may be, and that it is one file.

Django limits no file, and its CSRF check reads the whole body before a view is reached. So a view that takes a
file is exempt from that check at first, sets its limits here, and is checked right after.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from io import BytesIO
from typing import Any

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.core.files.uploadedfile import InMemoryUploadedFile, UploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from verification.pages import access

# Boundaries, part headers and the other fields, on top of the file itself.
SLACK = 100_000
# Somewhat too large is read to its end and thrown away: a browser that may not finish shows no answer at all.
LISTEN_TO = 2
CHUNK = 65_536
# Two megabytes over a poor connection take a minute.
LONGEST = timedelta(seconds=90)

Refuse = Callable[[HttpRequest, str], HttpResponse]


class UnusableUpload(Exception):
    """What arrived can't be used; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class LimitedUploadHandler(FileUploadHandler):
    """Stops the upload at the first byte over the limit, whatever the request said about its length.

    The file stays in memory, where it is wanted anyway: no plain copy of a face is ever written to a disk.
    """

    def __init__(self, request: HttpRequest, limit: int, too_large: str) -> None:
        super().__init__(request)
        self.limit = limit
        self.too_large = too_large
        self.began = access.arrival(request)
        self.received = 0
        self.content = BytesIO()

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.content = BytesIO()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        _check_time(self.began)
        self.received += len(raw_data)
        if self.received > self.limit:
            raise UnusableUpload(self.too_large)
        self.content.write(raw_data)

    def file_complete(self, file_size: int) -> InMemoryUploadedFile:
        self.content.seek(0)
        return InMemoryUploadedFile(
            self.content, self.field_name, self.file_name or "", self.content_type, file_size, self.charset
        )


def receives(*, limit: int, too_large: str, refuse: Refuse) -> Callable[[Callable[..., HttpResponse]], Any]:
    """For a view that takes one file of at most `limit` bytes; `refuse` words what is wrong with an upload."""

    def decorate(view: Callable[..., HttpResponse]) -> Any:
        protected = csrf_protect(view)

        @csrf_exempt
        @wraps(view)
        def limited(request: HttpRequest) -> HttpResponse:
            # A challenge counts as answered when its upload began, not when it ended.
            access.arrival(request)
            if request.method != "POST":
                return protected(request)
            if access.visit_of(request) is None:
                # Nothing is read from a stranger: a slow body would cost a thread.
                return access.unknown(request)
            try:
                _check_length(request, limit + SLACK, too_large)
                request.upload_handlers = [LimitedUploadHandler(request, limit, too_large)]
                _read_body(request, too_large)
                _check_time(access.arrival(request))
            except UnusableUpload as error:
                return refuse(request, error.code)
            return protected(request)

        return limited

    return decorate


def _check_length(request: HttpRequest, limit: int, too_large: str) -> None:
    length = request.META.get("CONTENT_LENGTH") or "0"
    length = int(length) if length.isdecimal() else 0
    if length <= limit:
        return
    if length <= limit * LISTEN_TO:
        while request.read(CHUNK):
            pass
    raise UnusableUpload(too_large)


def _check_time(began: datetime) -> None:
    """An upload that is kept open must not stretch the time in which its challenge may be answered."""
    if timezone.now() - began > LONGEST:
        raise UnusableUpload("upload_too_slow")


def _read_body(request: HttpRequest, too_large: str) -> None:
    """Parse the body now, so that what is wrong with it is told in our words."""
    try:
        len(request.FILES)  # the property is what reads the body
    except MultiPartParserError as error:
        raise UnusableUpload("malformed_multipart") from error
    except (TooManyFieldsSent, TooManyFilesSent) as error:
        raise UnusableUpload("too_many_parts") from error
    except RequestDataTooBig as error:
        raise UnusableUpload(too_large) from error


def one_file(request: HttpRequest, name: str) -> bytes:
    """The bytes of the one file of that name; UnusableUpload if there is none, or another one too."""
    files: list[UploadedFile[bytes]] = request.FILES.getlist(name)
    if not files:
        raise UnusableUpload("missing_file")
    if len(request.FILES) > 1 or len(files) > 1:
        raise UnusableUpload("exactly_one_file")
    data: bytes = files[0].read()
    if not data:
        raise UnusableUpload("empty_file")
    return data
