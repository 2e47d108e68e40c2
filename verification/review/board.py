"""The work board on the staff site's first page, and the links at the head of every page.

Counts and links only: what each person sees follows from `permissions`, asked here and again by every page itself.
"""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from verification import permissions
from verification.models import Review, StaffUser, Verification
from verification.review import accounts, words
from verification.review.page import signed_in
from verification.states import Status

RECENT = 8


def _link(title: str, name: str) -> dict[str, str]:
    return {"title": title, "url": reverse(f"admin:{name}")}


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The pages this person may open; `here` is the one they are on."""
    user = request.user
    pages = (
        (permissions.can_view_queue, _("Queue"), "queue"),
        (permissions.can_view_case, _("Cases"), "verification_verification_changelist"),
        (permissions.can_export, _("Exports"), "exports"),
        (permissions.can_view_trail, _("Trail"), "verification_auditevent_changelist"),
        (permissions.can_view_operations, _("Vendor"), "vendor"),
        (permissions.can_manage_staff, _("Staff"), "verification_staffuser_changelist"),
    )
    links = [_link(title, name) for can, title, name in pages if can(user)]
    return [{**link, "here": request.path.startswith(link["url"])} for link in links]


def work(request: HttpRequest) -> dict[str, Any]:
    """What the first page shows this person."""
    user, now = signed_in(request), timezone.now()
    return {
        "queue": _queue(user, now) if permissions.can_view_queue(user) else None,
        "recent": _recent() if permissions.can_view_case(user) else None,
        "trail": _trail(user),
        **_vendor(user, now),
    }


def _queue(user: StaffUser, now: datetime) -> dict[str, Any]:
    waiting = Verification.objects.filter(status=Status.IN_REVIEW)
    held = (
        waiting.filter(claimed_by=user, claimed_until__gt=now).select_related("applicant").order_by("due_at")
    )
    return {
        "waiting": waiting.count(),
        "overdue": waiting.filter(due_at__lt=now).count(),
        "mine": [{"case": case, "due": words.due(case.due_at, now)} for case in held],
    }


def _recent() -> list[Review]:
    return list(Review.objects.select_related("verification__applicant", "by").order_by("-at")[:RECENT])


def _trail(user: StaffUser) -> list[dict[str, str]]:
    """Where an auditor starts."""
    pages = (
        (permissions.can_export, _("Exports"), "exports"),
        (permissions.can_view_trail, _("Audit trail"), "verification_auditevent_changelist"),
    )
    return [_link(title, name) for can, title, name in pages if can(user)]


def _vendor(user: StaffUser, now: datetime) -> dict[str, Any]:
    """How the accounts stand, for operators; whether anything stands still, also for who waits for the cases."""
    operates = permissions.can_view_operations(user)
    if not (operates or permissions.can_view_queue(user)):
        return {}
    lines = accounts.in_short(now)
    return {
        "accounts": lines if operates else None,
        "notice": accounts.notice(lines, now),
        "may_open_vendor": operates,
    }
