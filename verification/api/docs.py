"""The API's documentation: its OpenAPI document, a page made from it, and the answer to a wrong address.

The page is made from the document alone. It runs no script and loads nothing from other hosts.
"""

import json
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from verification.api import schema
from verification.api.errors import CODES, envelope
from verification.slow_clients import reads_body_itself


@require_safe
def openapi(request: HttpRequest) -> HttpResponse:
    return JsonResponse(schema.document())


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    document = schema.document()
    context = {
        "info": document["info"],
        "operations": list(_operations(document)),
        "codes": [{"name": name, **vars(code)} for name, code in sorted(CODES.items(), key=_by_status)],
        "base": settings.PUBLIC_URL,
    }
    return render(request, "api/docs.html", context)


@csrf_exempt
@reads_body_itself
def nothing_here(request: HttpRequest) -> HttpResponse:
    return JsonResponse(envelope("not_found", request), status=404)


def _by_status(item: tuple[str, Any]) -> tuple[int, str]:
    return item[1].status, item[0]


def _operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield {
                "id": operation["operationId"],
                "method": method.upper(),
                "path": path,
                "summary": operation["summary"],
                "description": _prose(operation["description"]),
                "parameters": [_field(one["name"], one, True) for one in operation.get("parameters", ())],
                "example": _example(operation),
                "body": list(_fields(document, _body_schema(operation.get("requestBody", {})))),
                "responses": [_response(document, *item) for item in operation["responses"].items()],
            }


def _response(document: dict[str, Any], status: str, response: dict[str, Any]) -> dict[str, Any]:
    good = status.startswith("2")
    fields = list(_fields(document, _body_schema(response))) if good else []
    return {"status": status, "good": good, "description": _prose(response["description"]), "fields": fields}


def _body_schema(holder: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = _json(holder).get("schema", {})
    return found


def _json(holder: dict[str, Any]) -> dict[str, Any]:
    """The schema of a body or an answer as application/json."""
    found: dict[str, Any] = holder.get("content", {}).get("application/json", {})
    return found


def _example(operation: dict[str, Any]) -> Any:
    examples = _json(operation.get("requestBody", {})).get("examples", {})
    value = next((example["value"] for example in examples.values()), None)
    return value and json.dumps(value, indent=2, ensure_ascii=False)


def _fields(document: dict[str, Any], of: dict[str, Any], prefix: str = "") -> Iterator[dict[str, Any]]:
    """The fields of a schema, those of an inner object under their dotted names."""
    whole = _resolve(document, of)
    for name, described in whole.get("properties", {}).items():
        resolved = _resolve(document, described)
        yield _field(prefix + name, {**resolved, **described}, name in whole.get("required", ()))
        inner = resolved.get("items", resolved)
        mark = f"{prefix}{name}[]." if "items" in resolved else f"{prefix}{name}."
        yield from _fields(document, inner, mark)


def _field(name: str, described: dict[str, Any], required: bool) -> dict[str, Any]:
    kind = described.get("type") or described.get("schema", {}).get("type", "")
    kinds = kind if isinstance(kind, list) else [kind]
    return {
        "name": name,
        "type": " | ".join(kinds),
        "format": described.get("format", ""),
        "required": required,
        "description": _prose(described.get("description", "")),
        "choices": described.get("enum", []),
    }


def _resolve(document: dict[str, Any], described: dict[str, Any]) -> dict[str, Any]:
    """The schema that a reference points to, or the schema itself."""
    if "allOf" in described:
        return _resolve(document, described["allOf"][0])
    reference = described.get("$ref", "")
    return document["components"]["schemas"][reference.rpartition("/")[2]] if reference else described


def _prose(text: str) -> list[tuple[str, bool]]:
    """The text cut at its backticks: each piece, and whether it is code."""
    return [(piece, index % 2 == 1) for index, piece in enumerate(text.split("`")) if piece]
