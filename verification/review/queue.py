"""The queue page: which cases wait for a person, the most pressing first, and "take next".

Decides nothing and shows no evidence; opening a case is `case`.
"""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import (
    Case,
    CharField,
    Count,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Cast
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from verification import permissions
from verification.actions import review
from verification.liveness import VENDOR_PASS
from verification.models import StaffUser, Verification, VerificationAttempt
from verification.review import labels, words
from verification.review.page import signed_in
from verification.review.words import Band
from verification.states import AttemptStatus, Status

PAGE_SIZE = 25
REPEATED = "repeated"
FILTERS = ("view", "band", "reason")


def waiting() -> QuerySet[Any]:
    """Cases in review, the soonest due first, each with its band, score, code and outcome: one query."""
    last = VerificationAttempt.objects.filter(
        verification=OuterRef("pk"), status=AttemptStatus.FINISHED
    ).order_by("-number")
    return (
        Verification.objects.filter(status=Status.IN_REVIEW)
        .select_related("applicant", "policy", "claimed_by")
        .annotate(
            similarity=Subquery(last.values("similarity")[:1]),
            result_code=Subquery(last.values("result_code")[:1]),
            reasons_text=Cast("reasons", TextField()),
        )
        .annotate(band=_band())
        .order_by("due_at", "pk")
    )


def _band() -> Case:
    """`words.band_of`, asked of the database."""
    return Case(
        When(similarity__isnull=True, then=Value(Band.TECHNICAL.value)),
        When(similarity__lt=VENDOR_PASS, then=Value(Band.BELOW.value)),
        When(similarity__lt=F("policy__approve_at"), then=Value(Band.BETWEEN.value)),
        default=Value(Band.ABOVE.value),
        output_field=CharField(),
    )


def _filtered(cases: QuerySet[Any], chosen: dict[str, str], user: StaffUser, now: datetime) -> QuerySet[Any]:
    band, reason = chosen["band"], chosen["reason"]
    if chosen["view"] == "mine":
        cases = cases.filter(claimed_by=user, claimed_until__gt=now)
    elif chosen["view"] == "late":
        cases = cases.filter(due_at__lt=now)
    if band == REPEATED:
        cases = cases.filter(attempts_used__gte=F("policy__max_attempts"))
    elif band in Band:
        cases = cases.filter(band=band)
    if reason in labels.WHY_HERE:
        # Text instead of JSON containment, which SQLite does not have; the quotes keep whole codes apart.
        cases = cases.filter(reasons_text__contains=f'"{reason}"')
    return cases


def _row(case: Any, now: datetime, by: int | None) -> dict[str, Any]:
    held = case.claimed_by if case.claimed_until and case.claimed_until > now else None
    return {
        "case": case,
        "name": words.mask(case.applicant.name),
        "why": [labels.label(labels.WHY_HERE, code) for code in case.reasons],
        "meaning": words.explain(case.similarity, case.result_code or "", case.policy.approve_at),
        "score": words.score(case.similarity) if case.similarity is not None else "",
        "due": words.due(case.due_at, now),
        "late": case.due_at is not None and case.due_at < now,
        "waited": words.span(now - case.queued_at) if case.queued_at else "",
        "repeated": case.attempts_used >= case.policy.max_attempts,
        "attempts": words.attempts(case.attempts_used, case.policy.max_attempts),
        "held_by": held,
        "mine": held is not None and held.pk == by,
    }


@require_GET
def queue_page(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    permissions.check_view_queue(user)
    now = timezone.now()
    chosen = {name: request.GET.get(name, "") for name in FILTERS}
    page = Paginator(_filtered(waiting(), chosen, user, now), PAGE_SIZE).get_page(request.GET.get("page"))
    counts = waiting().aggregate(**_counters(user, now))
    return TemplateResponse(
        request,
        "review/queue.html",
        {
            "title": _("Review queue"),
            "rows": [_row(case, now, user.pk) for case in page],
            "page": page,
            "counts": counts,
            "views": [(value, label, counts[value]) for value, label in _views()],
            "bands": [
                (value, label, counts[value])
                for value, label in _bands()
                if counts[value] or value == chosen["band"]
            ],
            "reasons": labels.WHY_HERE.items(),
            "chosen": chosen,
            "query": urlencode({name: value for name, value in chosen.items() if value}),
        },
    )


def _bands() -> list[tuple[str, str]]:
    return [*((band.value, str(band.label)) for band in Band), (REPEATED, _("Attempts used up"))]


def _views() -> list[tuple[str, str]]:
    return [("", _("All")), ("mine", _("Mine")), ("late", _("Overdue"))]


def _counters(user: StaffUser, now: datetime) -> dict[str, Count]:
    conditions = {band.value: Q(band=band) for band in Band}
    conditions[REPEATED] = Q(attempts_used__gte=F("policy__max_attempts"))
    conditions |= {"": Q(), "late": Q(due_at__lt=now), "mine": Q(claimed_by=user, claimed_until__gt=now)}
    return {name: Count("pk", filter=condition) for name, condition in conditions.items()}


@require_POST
def take_next(request: HttpRequest) -> HttpResponse:
    """Claim the most pressing case that nobody holds, and open it."""
    user = signed_in(request)
    permissions.check_decide(user)
    case = review.take_next(by=user, now=timezone.now())
    if case is None:
        messages.info(request, _("No case is free to take."))
        return redirect("admin:queue")
    return redirect("admin:case", case.public_id)
