"""Files that an auditor takes away from the trail's pages."""

from typing import Final

from django.http import HttpResponse

TEXT: Final = "text/plain; charset=utf-8"
JSON: Final = "application/json"


def as_file(content: bytes, name: str, content_type: str) -> HttpResponse:
    response = HttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response
