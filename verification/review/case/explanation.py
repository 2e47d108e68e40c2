"""The page that explains a case: its decisions and verdicts made again from what is stored, step by step.

It tells the score and what colleagues said, so a reviewer reads it once they have judged the case themselves.
"""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.views.decorators.http import require_GET

from verification import casework, explain
from verification.audit import viewing
from verification.explain import words
from verification.models import StaffUser, Verification
from verification.review import blind
from verification.review.case import dossier
from verification.review.page import Site, acting, signed_in


def urls(site: Site) -> list[URLPattern]:
    """The addresses to put on the staff site."""
    return [path("case/<slug:public_id>/explain", site.page(explanation), name="explain")]


@require_GET
def explanation(request: HttpRequest, public_id: str) -> HttpResponse:
    case, user, now = get_object_or_404(dossier.find(public_id)), signed_in(request), timezone.now()
    hidden = _is_hidden(case, user)
    viewing.record(viewing.EXPLAINED, by=acting(user), subject=case, now=now, shown=not hidden)
    context = {"title": case.applicant.reference, "case": case, "hidden": hidden}
    if not hidden:
        context |= _shown(explain.explain(case))
    return TemplateResponse(request, "review/case/explain.html", context)


def _is_hidden(case: Verification, user: StaffUser) -> bool:
    return blind.hides(case, user) or bool(casework.unread(case, user))


def _shown(found: explain.Explanation) -> dict[str, Any]:
    return {
        "steps": [_step(step) for step in found.steps],
        "differences": found.differences,
        "result": words.result(found.differences),
        "not_kept": [words.unknown(code) for code in found.not_kept],
    }


def _step(step: explain.Step) -> dict[str, Any]:
    return {
        "title": words.title(step),
        "by": words.BY[step.rule],
        "at": step.at,
        "about": step.about,
        "got": words.pairs(step.got),
        "gave": words.pairs(step.gave),
        "differences": [words.difference(each) for each in step.differences],
        "unknown": [words.unknown(code) for code in step.unknown],
    }
