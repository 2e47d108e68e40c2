"""Recognises requests of scripts, which get JSON instead of a redirect."""

from django.http import HttpRequest


def is_script(request: HttpRequest) -> bool:
    accepts = request.headers.get("Accept", "")
    return (
        request.headers.get("X-Requested-With") == "XMLHttpRequest"
        or request.headers.get("Sec-Fetch-Dest") == "empty"
        or request.content_type == "application/json"
        or ("application/json" in accepts and "text/html" not in accepts)
    )
