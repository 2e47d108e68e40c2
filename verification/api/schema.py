"""The OpenAPI document, made from the code, once a process."""

from functools import cache
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse

from verification.api.serializers import (
    Cancellation,
    Error,
    NewVerification,
    VerificationCreatedOut,
    VerificationOut,
)

_REFUSED = {
    400: "The body is malformed: `invalid_json`, `unknown_field`, `invalid_type` and the like.",
    401: "No valid key.",
    403: "The key lacks the scope, or the call came by plain HTTP: `https_required`.",
    404: "No such verification, or another client's.",
    406: "Another answer than application/json was asked for.",
    409: "",
    413: "The body is larger than 1,000,000 bytes.",
    415: "Not application/json in UTF-8, or a compressed body.",
    422: "A value can't be used: `name_required`, `invalid_choice` and the like.",
    429: "Too many calls in this minute; `Retry-After` says for how many seconds to wait.",
}


def _refusals(*codes: int, conflict: str = "") -> dict[int, OpenApiResponse]:
    return {code: OpenApiResponse(Error, description=_REFUSED[code] or conflict) for code in codes}


_ID = OpenApiParameter(
    "verification_id", str, OpenApiParameter.PATH, description="The `id` returned when it was created."
)

CREATE: dict[str, Any] = {
    "operation_id": "create_verification",
    "tags": ["Verifications"],
    "summary": "Create a verification",
    "description": (
        "Creates a person with a verification and returns the person's link. The link is shown only once: "
        "pass it on to the person by your own means. Needs the scope `verifications:write`."
    ),
    "request": NewVerification,
    "responses": {
        201: OpenApiResponse(VerificationCreatedOut, description="Created."),
        **_refusals(
            400,
            401,
            403,
            406,
            409,
            413,
            415,
            422,
            429,
            conflict="A verification for this reference is already under way (`duplicate_reference`), or nobody has "
            "chosen the portal's policy yet (`policy_not_adopted`).",
        ),
    },
    "examples": [
        OpenApiExample(
            "A new customer",
            value={"reference": "customer-4711", "name": "Nguyễn Văn Á", "mode": "ACTION"},
            request_only=True,
        )
    ],
}
READ: dict[str, Any] = {
    "operation_id": "read_verification",
    "tags": ["Verifications"],
    "summary": "Read a verification",
    "description": (
        "Where the verification stands, with every attempt. "
        "A client can read its own verifications only. Needs the scope `verifications:read`."
    ),
    "parameters": [_ID],
    "responses": {
        200: OpenApiResponse(VerificationOut, description="The verification as it stands."),
        **_refusals(401, 403, 404, 406, 429),
    },
}
CANCEL: dict[str, Any] = {
    "operation_id": "cancel_verification",
    "tags": ["Verifications"],
    "summary": "Cancel a verification",
    "description": (
        "Ends a verification that is no longer wanted; its link then opens a page that says it was cancelled. "
        "A decided one can't be cancelled. Needs the scope `verifications:write`."
    ),
    "parameters": [_ID],
    "request": Cancellation,
    "responses": {
        200: OpenApiResponse(VerificationOut, description="Cancelled."),
        **_refusals(
            400,
            401,
            403,
            404,
            406,
            409,
            413,
            415,
            422,
            429,
            conflict="It has ended already, or was changed just now.",
        ),
    },
    "examples": [OpenApiExample("No longer needed", value={"reason": "no_longer_needed"}, request_only=True)],
}


class BearerKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "verification.api.authentication.BearerKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "kyc_live_…"}


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document. It depends on the code alone."""
    generator = SchemaGenerator()  # type: ignore[no-untyped-call]
    found: dict[str, Any] = generator.get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return found
