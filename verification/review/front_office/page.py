"""The list of invitations, the search by reference, and the page of one invitation.

They show where a case stands and whether its link works: no evidence, no score, no reviewer's words, no outcome.
"""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from verification import messages
from verification.audit import viewing
from verification.models import Message, MessageKind, Verification
from verification.review import words as common_words
from verification.review.front_office import words
from verification.review.page import acting, signed_in
from verification.review.paging import page_of
from verification.states import ENDED
from verification.validators import MAX_LENGTH

PAGE_SIZE = 50
MAX_FOUND = 50
MAX_MESSAGES = 10
# Session key: the primary keys of what the last search found.
FOUND = "invitations_found"


def cases() -> Any:
    return Verification.objects.select_related("applicant__client", "policy")


@require_safe
def invitations(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    page = page_of(
        cases(),
        "created_at",
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
        size=PAGE_SIZE,
        newest_first=True,
    )
    context = {
        "title": _("Invitations"),
        "rows": [_row(case, now) for case in page.rows],
        "page": page,
    }
    return TemplateResponse(request, "review/front_office/invitations.html", context)


@require_POST
def find(request: HttpRequest) -> HttpResponse:
    """By the reference or how it begins. It may be personal, so it is in no address, and the trail gets a number."""
    user = signed_in(request)
    text = request.POST.get("q", "").replace("\x00", "").strip()
    if not 0 < len(text) <= MAX_LENGTH:
        return redirect("admin:invitations")
    found = cases().filter(applicant__reference=text).order_by("-pk")[: MAX_FOUND + 1]
    rows = list(found) or list(
        cases()
        .filter(applicant__reference__startswith=text)
        .order_by("applicant__reference", "-pk")[: MAX_FOUND + 1]
    )
    facts = {"looked_for": ["reference"], "cases": len(rows)}
    viewing.record(viewing.SEARCH, by=acting(user), subject=user, now=timezone.now(), **facts)
    if len(rows) == 1:
        return redirect("admin:invitation", rows[0].public_id)
    request.session[FOUND] = [case.pk for case in rows]
    return redirect("admin:found_invitations")


@require_safe
def found_invitations(request: HttpRequest) -> HttpResponse:
    now, keys = timezone.now(), request.session.get(FOUND, [])
    rows = list(cases().filter(pk__in=keys).order_by("applicant__reference", "-pk"))
    context = {
        "title": _("Found"),
        "rows": [_row(case, now) for case in rows[:MAX_FOUND]],
        "more": len(rows) > MAX_FOUND,
        "searched": True,
    }
    return TemplateResponse(request, "review/front_office/invitations.html", context)


@require_safe
def invitation(request: HttpRequest, public_id: str) -> HttpResponse:
    case = get_object_or_404(cases(), public_id=public_id)
    user, now = signed_in(request), timezone.now()
    viewing.record(viewing.RECORD, by=acting(user), subject=case, now=now)
    context = {
        "title": case.applicant.reference,
        "row": _row(case, now),
        "case": case,
        "may_send": messages.can_send_link(case),
        "messages_sent": list(_about_the_link(case)[:MAX_MESSAGES]),
    }
    return TemplateResponse(request, "review/front_office/invitation.html", context)


def _about_the_link(case: Verification) -> QuerySet[Message]:
    """The other kinds would tell what was decided, or that something was asked again."""
    return case.messages.filter(kind__in=[MessageKind.INVITATION, MessageKind.REMINDER]).order_by("-pk")


def _row(case: Verification, now: datetime) -> dict[str, Any]:
    tone, about_link = words.link(case, now)
    return {
        "case": case,
        "name": common_words.mask(case.applicant.name),
        "stands": words.stands(case),
        "is_open": case.status not in ENDED,
        "has_begun": case.browser_hash != "",
        "tone": tone,
        "about_link": about_link,
    }
