"""Assigning, taking back and snoozing several cases of the queue at once; never deciding them.

Each case is locked, checked and changed by itself, as on its own page. One that is refused changes nothing of the
others, and the answer names it with the reason.
"""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from verification import casework, permissions, workflow
from verification.actions import assign, reassign
from verification.evidence.judged import evidence_hash
from verification.models import StaffUser, Verdict, Verification
from verification.review.page import Site, signed_in
from verification.review.queue.filters import Chosen
from verification.rules.reasons import reasons_for

# As many as a page of the queue shows.
MAX_AT_ONCE = 25
# A case, and the version that the queue showed.
_PICKED = re.compile(r"(ver_[a-z2-7]{24})\.([0-9]{1,9})", re.ASCII)
_REFUSED = (
    permissions.Denied,
    workflow.IllegalMove,
    workflow.StaleVerification,
    casework.ClaimedByOther,
    casework.ReasonUnknown,
    casework.NoteRequired,
    assign.CantTakeIt,
    reassign.UnusableSnooze,
)

Act = Callable[[Verification, int], object]


def urls(site: Site) -> list[URLPattern]:
    return [path("queue/bulk", site.page(bulk), name="bulk")]


def choices(user: StaffUser) -> dict[str, Any]:
    """What the form below the queue offers."""
    return {
        "snoozes": reassign.SNOOZES.items(),
        "snooze_reasons": reasons_for(Verdict.SNOOZE),
        "may_assign": permissions.can_assign_others(user),
        "colleagues": casework.deciders(user) if permissions.can_assign_others(user) else [],
        "most_at_once": MAX_AT_ONCE,
    }


@require_POST
def bulk(request: HttpRequest) -> HttpResponse:
    user, now = signed_in(request), timezone.now()
    picked = [_PICKED.fullmatch(value) for value in request.POST.getlist("case")]
    back = f"{reverse('admin:queue')}?{Chosen.read(QueryDict(request.POST.get('query', ''))).query}"
    act = _act(request.POST, user, now)
    if not picked or len(picked) > MAX_AT_ONCE or None in picked or act is None:
        messages.warning(
            request, _("Choose cases, %(most)d at most, and what to do with them.") % {"most": MAX_AT_ONCE}
        )
        return redirect(back)
    versions = {found[1]: int(found[2]) for found in picked if found is not None}
    cases = Verification.objects.filter(public_id__in=versions).select_related("applicant").order_by("pk")
    refused: dict[str, list[str]] = {}
    for case in cases:
        if sentence := _try(act, case, versions[case.public_id]):
            refused.setdefault(sentence, []).append(case.applicant.reference)
    _tell(request, len(cases) - sum(map(len, refused.values())), refused)
    return redirect(back)


def _act(posted: QueryDict, user: StaffUser, now: datetime) -> Act | None:
    """What to do with each case; None if the form does not say it."""
    wanted = posted.get("act", "")
    if wanted == "take_back":
        return lambda case, version: assign.take_back(case, by=user, now=now)
    if wanted == "snooze":
        return lambda case, version: _snooze(case, version, posted, user, now)
    to = user if wanted == "keep" else _colleague(posted, user) if wanted == "assign" else None
    return (lambda case, version: assign.assign(case, to=to, by=user, now=now)) if to is not None else None


def _colleague(posted: QueryDict, user: StaffUser) -> StaffUser | None:
    permissions.check_assign_others(user)
    return next((one for one in casework.deciders(user) if str(one.pk) == posted.get("to")), None)


def _snooze(case: Verification, version: int, posted: QueryDict, user: StaffUser, now: datetime) -> None:
    hours = posted.get("hours", "")
    reassign.reassign(
        case,
        Verdict.SNOOZE,
        reason_code=posted.get("reason_code", ""),
        note="",
        shown=casework.Shown(version, evidence_hash(case)),
        by=user,
        now=now,
        hours=int(hours) if hours in {str(choice) for choice in reassign.SNOOZES} else 0,
    )


def _try(act: Act, case: Verification, version: int) -> str:
    """The sentence why it was refused, or ""."""
    try:
        act(case, version)
    except _REFUSED as refused:
        return str(refused)
    return ""


def _tell(request: HttpRequest, done: int, refused: dict[str, list[str]]) -> None:
    if done:
        words = ngettext("Done with %(count)d case.", "Done with %(count)d cases.", done)
        messages.success(request, words % {"count": done})
    for sentence, references in refused.items():
        words = _("Not done with %(cases)s: %(why)s")
        messages.warning(request, words % {"cases": ", ".join(references), "why": sentence})
