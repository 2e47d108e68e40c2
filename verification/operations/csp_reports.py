"""Takes the reports that browsers send when the content security policy stopped something.

Everything in a report is written by a stranger: kept are a directive of ours, the pattern of the page's address and the
origin that was blocked. Paths, queries, samples of scripts and everything else is dropped.
"""

import re
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from verification import strict_json
from verification.actions import csp_report
from verification.actions.csp_report import Violation

MAX_BODY: Final = 16_384  # bytes
MAX_AT_ONCE: Final = 20  # reports of one body
MAX_DEPTH: Final = 6
MAX_NUMBER: Final = 20  # characters

_OLD, _NEW = "application/csp-report", "application/reports+json"
_WORDS = {"inline", "eval", "wasm-eval", "data", "blob", "self", "trusted-types-sink", "trusted-types-policy"}
_HOST = re.compile(r"[a-z0-9.:\[\]-]{1,120}")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]{0,20}")
_DIRECTIVES = {
    name + part for name in settings.CONTENT_SECURITY_POLICY["DIRECTIVES"] for part in ("", "-elem", "-attr")
}


@csrf_exempt
@require_POST
def receive(request: HttpRequest) -> HttpResponse:
    """204, whatever the report holds; 413 for one that is empty or over MAX_BODY, 415 for what is none."""
    if request.content_type not in {_OLD, _NEW}:
        return HttpResponse(status=415)
    if not 0 < len(request.body) <= MAX_BODY:
        return HttpResponse(status=413)
    found = list(_violations(request))[:MAX_AT_ONCE]
    if found:
        csp_report.count(found, now=timezone.now())
    return HttpResponse(status=204)


def _violations(request: HttpRequest) -> Iterator[Violation]:
    for report in _reports(request):
        names = ("documentURL", "effectiveDirective", "blockedURL")
        if request.content_type == _OLD:
            names = ("document-uri", "effective-directive", "blocked-uri")
        document, directive, blocked = (str(report.get(name) or "") for name in names)
        page = _page(document, request.get_host())
        if page is not None:
            yield Violation(directive if directive in _DIRECTIVES else "other", page, _origin(blocked))


def _reports(request: HttpRequest) -> list[dict[str, Any]]:
    """The bodies of the reports; none if this is not what a browser sends."""
    raw = request.body if request.content_type == _OLD else b'{"reports":' + request.body + b"}"
    try:
        read: dict[str, Any] = strict_json.read_object(raw, max_depth=MAX_DEPTH, max_number=MAX_NUMBER)
    except strict_json.NotStrict:
        return []
    reports = read.get("reports")
    if request.content_type == _NEW and isinstance(reports, list):
        found = [
            one.get("body") for one in reports if isinstance(one, dict) and one.get("type") == "csp-violation"
        ]
    else:
        found = [read.get("csp-report")]
    return [one for one in found if isinstance(one, dict)]


def _page(document: str, host: str) -> str | None:
    """The pattern of the page's address, which holds no token; None for a page that is not ours."""
    try:
        address = urlsplit(document)
        return resolve(address.path).route if address.netloc == host else None
    except Resolver404:
        return ""
    except ValueError:
        return None


def _origin(blocked: str) -> str:
    """An origin or a word, without path and query; "other" for what is neither."""
    if blocked in _WORDS:
        return blocked
    try:
        address = urlsplit(blocked)
    except ValueError:
        return "other"
    if address.scheme in {"http", "https", "ws", "wss"} and _HOST.fullmatch(address.netloc):
        return f"{address.scheme}://{address.netloc}"
    return address.scheme if _SCHEME.fullmatch(address.scheme) else "other"
