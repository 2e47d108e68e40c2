"""The work board on the first page of the staff site, and the navigation of every page.

Counts and links only. `permissions` decides here what a user sees; the gate checks every page again.
"""

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from verification import clock, labels, permissions
from verification.actions import staff_change
from verification.audit import viewing
from verification.health import workers
from verification.models import DECISIONS, AuditEvent, NoteMention, Review, StaffUser, Stage, Verification
from verification.review import contested, words
from verification.review.message_pages import notices as message_notices
from verification.review.page import signed_in
from verification.review.queue import counts
from verification.review.queue import filters as queue_filters
from verification.review.queue.filters import Chosen, View
from verification.review.trail import home as trail_home
from verification.review.vendor_pages import accounts

RECENT = 8
MAX_LINES = 12
ALERTS_OF = timedelta(hours=24)

# The tiles in their order: each shows the count of a view and this sentence.
_TILES = {
    View.MINE: gettext_lazy("in your hands"),
    View.DUE: gettext_lazy("late, or due in 4 hours"),
    View.UNASSIGNED: gettext_lazy("unassigned"),
    View.SECOND_LOOK: gettext_lazy("wait for a second look"),
    View.ESCALATED: gettext_lazy("escalated to seniors"),
    View.APPLICANT: gettext_lazy("wait for the applicant"),
    View.SNOOZED: gettext_lazy("snoozed"),
}


# Pages that are reached from another page of the navigation.
WITHIN = {"invitations": "invitation_files", "vendor": "codes"}


def _link(title: str, name: str) -> dict[str, str]:
    return {"title": title, "url": reverse(f"admin:{name}")}


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Links to the pages that the user may open; `here` marks the current one."""
    user = request.user
    pages = (
        (permissions.can_view_queue, _("Queue"), "queue"),
        (permissions.can_view_case, _("Cases"), "verification_verification_changelist"),
        (permissions.can_invite, _("Invitations"), "invitations"),
        (permissions.can_view_dashboard, _("Figures"), "dashboard"),
        (permissions.can_statistics, _("Statistics"), "statistics"),
        (permissions.can_view_policy, _("Policy"), "policies"),
        (permissions.can_export, _("Exports"), "exports"),
        (permissions.can_view_trail, _("Trail"), "trail"),
        (permissions.can_mend_messages, _("Messages"), "messages"),
        (permissions.can_view_operations, _("Vendor"), "vendor"),
        (permissions.can_manage_brands, _("Brands"), "brands"),
        (permissions.can_trace, _("Trace"), "trace"),
        (permissions.can_view_operations, _("System"), "system"),
        (permissions.can_manage_clients, _("API clients"), "clients"),
        (permissions.can_view_staff, _("Staff"), "staff"),
    )
    return [
        {**_link(title, name), "here": _is_within(request.path, name)}
        for can, title, name in pages
        if can(user)
    ]


def _is_within(path: str, name: str) -> bool:
    return path.startswith(tuple(reverse(f"admin:{each}") for each in (name, WITHIN.get(name, name))))


def unseen_changes(request: HttpRequest) -> int:
    """How many changes to staff this user may see and has not seen."""
    user = request.user
    return staff_change.unseen(user, timezone.now()).count() if isinstance(user, StaffUser) else 0


def work(request: HttpRequest) -> dict[str, Any]:
    """The context of the first page for this user."""
    user, now = signed_in(request), timezone.now()
    return {
        "queue": _queue(user, now) if permissions.can_view_queue(user) else None,
        "recent": _recent() if permissions.can_view_case(user) else None,
        "may_search": permissions.can_view_case(user),
        "may_invite": permissions.can_invite(user),
        "contested": _contested(user),
        "alerts": _alerts(now) if permissions.can_view_alerts(user) else None,
        "trail": trail_home.of(user, now),
        "not_sent": message_notices.not_sent(user, now),
        **_vendor(user, clock.now()),
    }


def _queue(user: StaffUser, now: datetime) -> dict[str, Any]:
    lists = {view.value: Chosen(view=view).cases(user, now) for view in View}
    lists["overdue"] = queue_filters.overdue(now)
    number = counts.counted({name: (rows, counts.MAX_COUNTED) for name, rows in lists.items()}, user)
    senior = permissions.can_decide_escalated(user)
    return {
        "waiting": number[View.ALL].found,
        "tiles": [_tile(view, number) for view in _TILES if senior or view != View.ESCALATED],
        "mine": _held(user, now),
        **_asked(user, now),
        "proposed": _proposed(user, now),
    }


def _tile(view: View, number: dict[str, counts.UpTo]) -> dict[str, Any]:
    return {
        "query": Chosen(view=view).query,
        "count": str(number[view]),
        "sentence": _TILES[view],
        "late": str(number["overdue"]) if view == View.DUE and number["overdue"] else "",
        "none": not number[view],
    }


def _held(user: StaffUser, now: datetime) -> list[dict[str, Any]]:
    """The cases that this user has claimed, and how long each claim still lasts, and those that are kept for them."""
    held = Chosen(view=View.MINE).cases(user, now).select_related("applicant")[:MAX_LINES]
    return [
        {
            "case": case,
            "due": words.due(case.due_at, now),
            "late": case.due_at is not None and case.due_at < now,
            "lease": _lease(case, user, now),
        }
        for case in held
    ]


def _lease(case: Verification, user: StaffUser, now: datetime) -> str:
    """How long the user's claim on it still lasts; "" if it is kept for them, but not claimed."""
    until = case.claimed_until
    return words.span(until - now) if until and until > now and case.claimed_by_id == user.pk else ""


def _asked(user: StaffUser, now: datetime) -> dict[str, Any]:
    """What colleagues wrote to this user and they have not seen, or not answered. No text: the case shows it."""
    open_ones = NoteMention.objects.filter(user=user, closed_at__isnull=True).order_by("pk")
    related = ("note__by", "note__verification__applicant")
    found = list(open_ones.select_related(*related)[: MAX_LINES + 1])
    lines = [
        {
            "case": mention.note.verification,
            "who": mention.note.by.get_username(),
            "question": mention.note.question,
            "answer": mention.note.answers_id is not None,
            "new": mention.seen_at is None,
            "since": words.span(now - mention.note.at),
        }
        for mention in found[:MAX_LINES]
    ]
    return {"asked": lines, "asked_more": len(found) > MAX_LINES}


def _proposed(user: StaffUser, now: datetime) -> list[dict[str, Any]]:
    """The cases on which this user's proposal waits for a second person."""
    open_ones = queue_filters.in_review().filter(proposal__by=user).order_by("due_at", "pk")
    found = open_ones.select_related("applicant", "proposal__dissent")[:MAX_LINES]
    return [
        {
            "case": case,
            "verdict": case.proposal,
            "disputed": case.dissent is not None,
            "since": words.span(now - case.proposal.at) if case.proposal else "",
        }
        for case in found
    ]


def _recent() -> list[Review]:
    """The latest decisions that took effect; proposals and blind verdicts are shown on the case page only."""
    decided = Review.objects.filter(stage=Stage.DECISION, verdict__in=DECISIONS)
    return list(decided.select_related("verification__applicant", "by").order_by("-at")[:RECENT])


def _alerts(now: datetime) -> list[dict[str, Any]]:
    """The users who looked at records unusually often within ALERTS_OF."""
    raised = AuditEvent.objects.filter(kind=viewing.ALERT, at__gt=now - ALERTS_OF).order_by("-at")
    return [
        {
            "who": event.actor_id,
            "what": labels.label(labels.EVENTS, str(event.data.get("looks", ""))),
            "count": event.data.get("count"),
            "minutes": event.data.get("minutes"),
            "at": words.moment(event.at, now),
        }
        for event in raised[:MAX_LINES]
    ]


def _contested(user: StaffUser) -> dict[str, Any] | None:
    """For who sees the case, and for who makes its new link."""
    concerned = (permissions.can_view_queue, permissions.can_view_operations, permissions.can_invite)
    return contested.notice(user) if any(can(user) for can in concerned) else None


def _vendor(user: StaffUser, now: datetime) -> dict[str, Any]:
    """The state of the vendor accounts for operators, and notices for reviewers too: calls are paused, or no worker
    listens."""
    operates = permissions.can_view_operations(user)
    if not (operates or permissions.can_view_queue(user)):
        return {}
    lines = accounts.in_short(now)
    return {
        "accounts": lines if operates else None,
        "notice": accounts.notice(lines, now),
        "unanswered": workers.notices(now),
        "may_open_vendor": operates,
    }
