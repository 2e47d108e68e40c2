"""What each colleague holds: the cases that they have claimed, and those that are kept for them, the oldest first.

For seniors, so that nothing lies with somebody who is away. It counts what is held, never what was decided: it compares
nobody.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Count, Min, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from verification.models import StaffUser, Verification
from verification.permissions import RIGHTS
from verification.review import words
from verification.review.page import Site
from verification.review.queue import filters

MAX_COLLEAGUES = 60
MAX_LINES = 5  # cases of each kind for each colleague
MAX_READ = 400  # cases of each kind in all, the oldest first


@dataclass
class Held:
    """Cases of one kind with one colleague: how many, how many of them are late, and the oldest."""

    count: int = 0
    late: int = 0
    oldest: str = ""
    lines: list[dict[str, Any]] = field(default_factory=list)

    @property
    def more(self) -> int:
        return self.count - len(self.lines)


def urls(site: Site) -> list[URLPattern]:
    """The addresses to put on the staff site."""
    return [path("queue/colleagues", site.page(page), name="colleagues")]


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    claimed = _held(
        filters.in_review().filter(claimed_by__isnull=False, claimed_until__gt=now), "claimed_by", now
    )
    kept = _held(filters.in_review().filter(assigned_to__isnull=False), "assigned_to", now)
    people = _people([*claimed, *kept])
    rows: list[dict[str, Any]] = [
        {"user": user, "claimed": claimed.get(user.pk, Held()), "kept": kept.get(user.pk, Held())}
        for user in people[:MAX_COLLEAGUES]
    ]
    context = {
        "title": _("Who holds what"),
        "people": sorted(rows, key=lambda row: row["claimed"].count + row["kept"].count, reverse=True),
        "more": len(people) > MAX_COLLEAGUES,
        "most": MAX_COLLEAGUES,
    }
    return TemplateResponse(request, "review/queue/colleagues.html", context)


def _people(holding: Iterable[int]) -> list[StaffUser]:
    """The reviewers, and whoever else holds something; one more than is shown."""
    reviewers = Q(is_active=True, groups__name__in=RIGHTS["decide"].groups)
    found = StaffUser.objects.filter(reviewers | Q(pk__in=set(holding))).distinct().order_by("username")
    return list(found[: MAX_COLLEAGUES + 1])


def _held(cases: QuerySet[Verification], by: str, now: datetime) -> dict[int, Held]:
    """What each holds, by primary key."""
    rows = (
        cases.order_by()
        .values(by)
        .annotate(count=Count("pk"), late=Count("pk", filter=Q(due_at__lt=now)), oldest=Min("queued_at"))
    )
    found = {
        row[by]: Held(row["count"], row["late"], words.span(now - row["oldest"]) if row["oldest"] else "")
        for row in rows
    }
    for case in cases.select_related("applicant").order_by("due_at", "pk")[:MAX_READ]:
        held = found.get(getattr(case, f"{by}_id"))
        if held is not None and len(held.lines) < MAX_LINES:
            held.lines.append(_line(case, by, now))
    return found


def _line(case: Verification, by: str, now: datetime) -> dict[str, Any]:
    since = case.assigned_at if by == "assigned_to" else None
    until = case.claimed_until if by == "claimed_by" else None
    return {
        "case": case,
        "due": words.due(case.due_at, now),
        "late": case.due_at is not None and case.due_at < now,
        "since": words.moment(since, now) if since else "",
        "until": words.moment(until, now) if until else "",
    }
