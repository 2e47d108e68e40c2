"""One envelope for every refusal of the API, and the closed list of its codes.

An answer names a code, a field and the request: never anything that the caller sent.
"""

from dataclasses import dataclass
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.http import Http404, UnreadablePostError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions
from rest_framework.response import Response

from verification.slow_clients import TooManyAtOnce, TooManyOfSender, TooSlow, refusal

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Code:
    status: int
    message: str | Promise


CODES = {
    "invalid_body": Code(400, _("The body must be one JSON object.")),
    "invalid_json": Code(400, _("The body is not valid JSON.")),
    "invalid_encoding": Code(400, _("The body is not UTF-8.")),
    "invalid_unicode": Code(400, _("A text holds half of a surrogate pair.")),
    "invalid_number": Code(400, _("A number is too long, or no number at all.")),
    "invalid_type": Code(400, _("The field has the wrong type.")),
    "duplicate_key": Code(400, _("A key appears twice in one object.")),
    "unknown_field": Code(400, _("The body holds a field that this call does not know.")),
    "too_deep": Code(400, _("The body is nested too deeply.")),
    "invalid_authorization": Code(400, _("Send one Authorization header with one key.")),
    "unauthenticated": Code(401, _("Send a valid API key: Authorization: Bearer kyc_live_…")),
    "https_required": Code(
        403, _("Call by https. A key in this call was sent in clear: put another in its place.")
    ),
    "insufficient_scope": Code(403, _("This API key may not make this call.")),
    "not_found": Code(404, _("No such record, or not yours.")),
    "method_not_allowed": Code(405, _("This address does not take this method.")),
    "not_acceptable": Code(406, _("The API answers in application/json only.")),
    "duplicate_reference": Code(409, _("A verification for this reference is already under way.")),
    "policy_not_adopted": Code(
        409,
        _(
            "Nobody has chosen the portal's policy yet: two senior reviewers do so before the first invitation."
        ),
    ),
    "invalid_state": Code(409, _("The verification is in a state that does not allow this.")),
    "conflict": Code(409, _("The verification was changed at the same moment. Read it and try again.")),
    "body_too_large": Code(413, _("The body is too large.")),
    "unsupported_media_type": Code(415, _("Send application/json in UTF-8.")),
    "content_encoding": Code(415, _("Send the body without a content encoding.")),
    "name_required": Code(422, _("A name is needed.")),
    "reference_required": Code(422, _("A reference is needed.")),
    "reason_required": Code(422, _("A reason is needed.")),
    "too_long": Code(422, _("The text is too long.")),
    "too_many_marks": Code(422, _("The text has too many marks on one letter.")),
    "invalid_character": Code(422, _("The text holds a character that is not allowed here.")),
    "invalid_choice": Code(422, _("The value is not one of those allowed.")),
    "invalid_contact": Code(422, _("This is not an e-mail address.")),
    "too_many_calls": Code(429, _("Too many calls in this minute. Wait for the seconds in Retry-After.")),
    "too_many_bad_keys": Code(
        429, _("Too many calls without a valid key from this address. Wait for the seconds in Retry-After.")
    ),
    "too_slow": Code(408, _("The body took too long to arrive. Nothing was changed.")),
    "busy": Code(503, _("Too many bodies are arriving slowly. Nothing was changed: try again.")),
    "internal_error": Code(500, _("Something failed on our side. Tell us the request id.")),
}


class ApiError(Exception):
    """A refusal by its code; `field` names the field of the body that it is about.

    `status` overrides the code's own, for a code that a malformed body and an unfit text share. `retry_after` is in
    seconds.
    """

    def __init__(
        self, code: str, field: str | None = None, status: int | None = None, retry_after: int | None = None
    ) -> None:
        super().__init__(code)
        self.code = code
        self.field = field
        self.status = status or CODES[code].status
        self.retry_after = retry_after


def envelope(code: str, request: Any, field: str | None = None) -> dict[str, Any]:
    return {
        "error": {
            "code": code,
            "message": str(CODES[code].message),
            "field": field,
            "request_id": getattr(request, "request_id", ""),
        }
    }


def handle(error: Exception, context: dict[str, Any]) -> Response:
    """The framework's exception handler: translates every exception to JSON, so that no caller gets an HTML page."""
    refused = _translate(error)
    return Response(
        envelope(refused.code, context["request"], refused.field),
        status=refused.status,
        headers=_headers(error),
    )


_TRANSLATIONS: tuple[tuple[type[Exception], str], ...] = (
    (exceptions.NotAuthenticated, "unauthenticated"),
    (exceptions.AuthenticationFailed, "unauthenticated"),
    (exceptions.PermissionDenied, "insufficient_scope"),
    (DjangoPermissionDenied, "insufficient_scope"),
    (exceptions.NotFound, "not_found"),
    (Http404, "not_found"),
    (exceptions.MethodNotAllowed, "method_not_allowed"),
    (exceptions.NotAcceptable, "not_acceptable"),
    (exceptions.UnsupportedMediaType, "unsupported_media_type"),
)

# Why a body did not arrive to its end; otherwise the caller closed the connection.
_UNREAD: dict[type[BaseException] | None, str] = {
    TooSlow: "too_slow",
    TooManyAtOnce: "busy",
    TooManyOfSender: "busy",
}


def _translate(error: Exception) -> ApiError:
    if isinstance(error, ApiError):
        return error
    if isinstance(error, UnreadablePostError):
        return ApiError(_UNREAD.get(refusal(error), "invalid_body"))
    for kind, code in _TRANSLATIONS:
        if isinstance(error, kind):
            return ApiError(code)
    log.error("api.failed", exc_info=error)
    return ApiError("internal_error")


def _headers(error: Exception) -> dict[str, str]:
    sources = {"WWW-Authenticate": "auth_header", "Retry-After": "retry_after"}
    found = {name: getattr(error, source, None) for name, source in sources.items()}
    return {name: str(value) for name, value in found.items() if value}
