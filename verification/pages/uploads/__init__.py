"""Receives a file: records when it began to arrive and checks its size, its first bytes, and that it is one file.

Django limits no file, and its CSRF check reads the whole body before a view runs. So a view that takes a form with a
file is first exempt from that check, reads the body here within its limits, and is checked right after. Django takes a
body that ends before its last boundary for a form without a file; this package refuses it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import wraps
from typing import Any

from django.core.exceptions import (
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from verification import media, storage
from verification.actions import receive_parts
from verification.pages import access, errors
from verification.pages.uploads import body
from verification.pages.uploads.body import Incoming, UnusableUpload
from verification.pages.uploads.handlers import Kind, Received, WholeFormHandler, check_signature
from verification.slow_clients import Body, TooManyAtOnce, TooManyOfSender, reads_body_itself

__all__ = [
    "Incoming",
    "Kind",
    "Received",
    "UnusableUpload",
    "arriving",
    "check_signature",
    "drops_refused",
    "one_file",
    "outages_to_responses",
    "receives",
]

# Room for boundaries, part headers and the other fields, on top of the file.
FORM_OVERHEAD_BYTES = 100_000
# A refused body is read to its end and dropped if it is at most this many times its limit: a browser that can't finish
# sending shows no answer.
DRAIN_FACTOR = 2
RECEIVED = "verification.received_bytes"

Refuse = Callable[[HttpRequest, str], HttpResponse]


def receives(kind: Kind, refuse: Refuse) -> Callable[[Callable[..., HttpResponse]], Any]:
    """For a view that takes a form with one file of `kind`; `refuse` answers an unusable upload by its code."""
    limit = kind.limit + FORM_OVERHEAD_BYTES

    def decorate(view: Callable[..., HttpResponse]) -> Any:
        protected = csrf_protect(view)

        @csrf_exempt
        @drops_refused(limit)
        @wraps(view)
        def limited(request: HttpRequest) -> HttpResponse:
            # The time of arrival counts for the challenge; the action limits how much later the upload may end.
            access.arrival(request)
            if request.method != "POST":
                return protected(request)
            visit = access.visit_of(request)
            if visit is None:
                # The body of an unknown sender is not read: a slow one would occupy a thread.
                return access.unknown(request)
            try:
                with arriving(request, visit, limit, kind.too_large) as incoming:
                    _read_form(request, incoming, kind)
            except UnusableUpload as error:
                return refuse(request, error.code)
            return protected(request)

        return limited

    return decorate


def drops_refused(limit: int) -> Callable[[access.View], access.View]:
    """For a view that reads a body of up to `limit` bytes: a sender who does not have the case is refused here."""

    def decorate(view: access.View) -> access.View:
        @reads_body_itself
        @wraps(view)
        def checked(request: HttpRequest) -> HttpResponse:
            visit = access.visit_of(request) if request.method in {"POST", "PUT"} else None
            refused = access.refusal(request, visit) if visit else None
            if visit is None or refused is None:
                return view(request)
            _drop_body(request, visit, limit)
            return refused

        return checked

    return decorate


def _drop_body(request: HttpRequest, visit: access.Visit, limit: int) -> None:
    """Read the body of a sender who does not have the case, so that their browser shows the answer.

    It takes no place and no byte from the applicant who has the case.
    """
    seconds = body.MAX_UPLOAD_TIME.total_seconds()
    upload = Body.of(request.META).upload(("dropped", visit.verification.pk), seconds)
    with suppress(UnusableUpload, TooManyAtOnce), upload as cut:
        Incoming(request, cut).drain(limit * DRAIN_FACTOR)


@contextmanager
def arriving(request: HttpRequest, visit: access.Visit, limit: int, too_large: str) -> Iterator[Incoming]:
    """The body of a request, to be read within the block. All received bytes count towards the quota of the link."""
    left = body.MAX_UPLOAD_TIME - (timezone.now() - access.arrival(request))
    try:
        with Body.of(request.META).upload(visit.verification.pk, left.total_seconds()) as cut:
            incoming = Incoming(request, cut)
            try:
                _check_welcome(request, visit)
                if incoming.length > limit:
                    raise UnusableUpload(too_large)
                yield incoming
            except Exception:
                incoming.drain(limit * DRAIN_FACTOR)
                raise
            finally:
                request.META[RECEIVED] = incoming.received
                receive_parts.count(visit.verification, incoming.received)
    except TooManyOfSender as error:
        raise UnusableUpload("too_many_at_once") from error
    except TooManyAtOnce as error:
        raise UnusableUpload("busy") from error


def outages_to_responses(view: access.VisitView) -> access.VisitView:
    """For a view that stores an upload: its answers when the store or the media code does not work."""

    @wraps(view)
    def answered(request: HttpRequest, visit: access.Visit) -> HttpResponse:
        try:
            return view(request, visit)
        except storage.KeyDestroyed:
            return access.unknown(request)
        except (storage.IntegrityError, OSError) as error:
            # The store lost these bytes, not the sender: they do not count towards the link's quota.
            receive_parts.count(visit.verification, -request.META.pop(RECEIVED, 0))
            return errors.unavailable(request, error)
        except media.MediaUnavailable as error:
            return errors.unavailable(request, error)

    return answered


def _check_welcome(request: HttpRequest, visit: access.Visit) -> None:
    if request.headers.get("Content-Encoding", "identity").strip().lower() not in {"", "identity"}:
        raise UnusableUpload("content_encoding")
    try:
        receive_parts.check_quota(visit.verification)
    except receive_parts.QuotaReached as error:
        raise UnusableUpload("upload_quota_reached") from error


def _read_form(request: HttpRequest, incoming: Incoming, kind: Kind) -> None:
    """Parse the body now, so that its faults become UnusableUpload."""
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
    """The one file of the field `name`. Raises UnusableUpload if there is none, or more than one."""
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
