"""The trace: for operators, who see no evidence. Every look and every search is an event."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from verification import clock, permissions
from verification.audit import viewing
from verification.models import Verification
from verification.review import blind
from verification.review.page import Site, acting, signed_in
from verification.review.queue import search
from verification.review.trace import find, road, standing
from verification.states import ENDED

MAX_QUERY = 200
# Session key: the primary keys of the cases that the last search found.
FOUND = "trace_found"


def urls(site: Site) -> list[URLPattern]:
    return [
        path("trace/", site.page(trace), name="trace"),
        path("trace/<slug:public_id>/", site.page(traced), name="traced"),
    ]


@require_http_methods(["GET", "HEAD", "POST"])
def trace(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    if request.method != "POST":
        return _results(request)
    text = request.POST.get("q", "").replace("\x00", "").strip()
    if not 0 < len(text) <= MAX_QUERY:
        request.session.pop(FOUND, None)
        return redirect("admin:trace")
    kinds, keys = find.cases_of(text)
    facts = {"looked_for": kinds, "cases": len(keys)}
    viewing.record(viewing.SEARCH, by=acting(user, "operator"), subject=user, now=timezone.now(), **facts)
    if len(keys) == 1:
        return redirect("admin:traced", find.rows(keys)[0].public_id)
    request.session[FOUND] = keys
    return redirect("admin:trace")


def _results(request: HttpRequest) -> HttpResponse:
    keys = request.session.get(FOUND)
    rows = find.rows(keys or [])
    context = {
        "title": _("Trace"),
        "searched": keys is not None,
        "rows": rows[: search.MAX_RESULTS],
        "more": len(rows) > search.MAX_RESULTS,
    }
    return TemplateResponse(request, "review/trace/search.html", context)


@require_safe
def traced(request: HttpRequest, public_id: str) -> HttpResponse:
    user, now = signed_in(request), clock.now()
    rows = Verification.objects.select_related("applicant", "client", "policy", "proposal")
    case = get_object_or_404(rows, public_id=public_id)
    viewing.record(viewing.TRACE, by=acting(user, "operator"), subject=case, now=timezone.now())
    hidden = blind.hides(case, user)
    context: dict[str, Any] = {
        "title": _("Trace of a case"),
        "case": case,
        "now": now,
        "standing": standing.of(case, now),
        "steps": road.of(case, hidden=hidden, now=now),
        "most": road.MAX_STEPS,
        "hidden": hidden,
        "has_ended": case.status in ENDED,
        "link_ended": case.link_revoked_at is not None or case.link_expires_at <= now,
        "may_invite": permissions.can_invite(user),
        "may_open": permissions.can_view_case(user),
    }
    return TemplateResponse(request, "review/trace/page.html", context)
