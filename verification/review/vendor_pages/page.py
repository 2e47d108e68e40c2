"""The vendor page: state of the accounts, waiting work, results of calls, cost. Operators can probe an account."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db.models import Count, Min, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from verification import clock, labels, permissions
from verification.actions import account as action
from verification.health import workers
from verification.liveness import RULES
from verification.models import (
    AnswerKind,
    AuditEvent,
    CallState,
    ProviderCall,
    VendorAccount,
    VerificationAttempt,
)
from verification.review import words
from verification.review.page import acting, signed_in
from verification.review.vendor_pages import accounts, spending
from verification.review.vendor_pages.accounts import State
from verification.states import AttemptStatus
from verification.vendor_accounts import clients, code_guide, pacing, request_ids

RECENTLY = timedelta(hours=1)
MAX_LATENCIES = 200
MAX_EVENTS = 12
EVENTS = (
    "account.paused",
    "account.resumed",
    "account.slowed",
    "account.full_pace",
    "account.budget_alert",
    "account.probe_asked",
    request_ids.EVENT,
)
# The endings of a call: the kind of its answer, or its state without one.
ENDINGS = (*AnswerKind, CallState.UNKNOWN, CallState.NOT_SENT, CallState.SENDING)


@require_safe
def vendor_page(request: HttpRequest) -> HttpResponse:
    user, now = signed_in(request), clock.now()
    found, endings = pacing.accounts(), _endings(now)
    context = {
        "title": _("Vendor"),
        "now": now,
        "work": _work(now),
        "unanswered": workers.notices(now),
        "rows": [_account(account, endings, now) for account in found],
        "may_probe": permissions.can_probe_account(user),
        "costs": spending.costs(now),
        "price": settings.FACEID_PRICE,
        "events": _events({str(account.pk): account.name for account in found}),
    }
    return TemplateResponse(request, "review/vendor_pages/page.html", context)


@require_POST
def probe(request: HttpRequest, name: str) -> HttpResponse:
    user = signed_in(request)
    account = get_object_or_404(VendorAccount, name=name)
    if action.probe_soon(account, by=acting(user, "operator"), now=clock.now()):
        messages.success(
            request, _("Account %(name)s is being probed. Load this page again in a moment.") % {"name": name}
        )
    else:
        messages.info(request, _("Account %(name)s is not paused any more.") % {"name": name})
    return redirect("admin:vendor")


def _work(now: datetime) -> dict[str, Any]:
    """The attempts that the system works on or that wait, for all accounts: any account may take any attempt."""
    ready = Q(status=AttemptStatus.READY)
    held = Q(lease_until__gt=now)
    under_way = VerificationAttempt.objects.filter(status__in=[AttemptStatus.SUBMITTED, AttemptStatus.READY])
    counts = under_way.aggregate(
        prepared=Count("pk", filter=~ready),
        held=Count("pk", filter=ready & held),
        waiting=Count("pk", filter=ready & ~held),
        oldest=Min("submitted_at", filter=ready & ~held),
    )
    return {**counts, "oldest": words.span(now - counts["oldest"]) if counts["oldest"] else ""}


def _endings(now: datetime) -> dict[int, Counter[str]]:
    """For each account, the calls of the last hour by ending."""
    made = ProviderCall.objects.filter(started_at__gte=now - RECENTLY, slot_missed=False)
    found: dict[int, Counter[str]] = {}
    for row in made.order_by().values("account", "state", "answer").annotate(count=Count("pk")):
        ending = row["answer"] if row["state"] == CallState.ANSWERED else row["state"]
        found.setdefault(row["account"], Counter())[ending] += row["count"]
    return found


def _account(account: VendorAccount, endings: dict[int, Counter[str]], now: datetime) -> dict[str, Any]:
    state, counted = accounts.state_of(account, now), endings.get(account.pk, Counter())
    return {
        "account": account,
        "state": state,
        "tone": accounts.TONES[state],
        "pause": _pause(account, now) if account.paused_at else None,
        "slowed": _slowed(account, now) if account.slowdown else None,
        "waits": account.wait_until if pacing.asked_to_wait(account, now) else None,
        "over_budget": pacing.budget_is_spent(account, now),
        "on_trial": state == State.TRIAL,
        "spent": pacing.spent_on(account, now.date()),
        "endings": [(ending.label, counted[ending]) for ending in ENDINGS],
        "latency": _latency(account, now),
        "regions": [
            (region, clients.reachable(account, region, now=now))
            for region in dict.fromkeys(clients.regions())
        ],
    }


def _pause(account: VendorAccount, now: datetime) -> dict[str, Any]:
    return {
        "since": words.moment(account.paused_at or now, now),
        "code": account.pause_reason,
        "why": code_guide.why_paused(account.pause_reason),
        "listed": account.pause_reason in RULES,
        "due": account.probe_at is not None and account.probe_at <= now,
    }


def _slowed(account: VendorAccount, now: datetime) -> dict[str, str]:
    pace = f"{pacing.pace_of(account):.2f}".rstrip("0").rstrip(".")
    return {"pace": pace, "since": words.moment(account.slowed_at or now, now)}


def _latency(account: VendorAccount, now: datetime) -> dict[str, Any] | None:
    """Percentiles in seconds over the last usable answers within the hour; None without any."""
    answers = ProviderCall.objects.filter(
        account=account, answer=AnswerKind.USABLE, ended_at__gte=now - RECENTLY
    )
    last = answers.order_by("-ended_at").values_list("latency_ms", flat=True)[:MAX_LATENCIES]
    found = sorted(milliseconds for milliseconds in last if milliseconds is not None)
    if not found:
        return None
    return {"of": len(found), "median": _seconds(found, 50), "slow": _seconds(found, 95)}


def _seconds(sorted_ms: list[int], per_cent: int) -> str:
    """The percentile by nearest rank, which is a latency that occurred."""
    return f"{sorted_ms[-(-len(sorted_ms) * per_cent // 100) - 1] / 1000:.1f}"


def _events(names: dict[str, str]) -> list[dict[str, Any]]:
    """The latest events of the accounts; `names` by primary key as text."""
    found = AuditEvent.objects.filter(kind__in=EVENTS).order_by("-pk")[:MAX_EVENTS]
    return [
        {
            "at": event.at,
            "what": labels.label(labels.EVENTS, event.kind),
            "account": names.get(event.subject_id) or event.data.get("account", event.subject_id),
            "who": labels.actor(event.actor_kind, event.actor_id),
            "code": event.data.get("code") or event.data.get("request_id", ""),
            "per_cent": event.data.get("per_cent", ""),
        }
        for event in found
    ]
