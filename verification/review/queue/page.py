"""The queue page: the cases that wait for a reviewer, the most urgent first, and "take next".

`filters` selects the cases of a view, `rows` builds their rows. The page shows no evidence.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from verification import labels, permissions
from verification.actions import claim
from verification.models import StaffUser, Verification
from verification.review.page import Site, signed_in
from verification.review.paging import page_of
from verification.review.queue import bulk, colleagues, counts, saved_filters, search
from verification.review.queue import filters as queue_filters
from verification.review.queue.filters import Chosen, View
from verification.review.queue.rows import RELATED, rows_of
from verification.states import Band, Mark

PAGE_SIZE = 25
# Session key: the primary key of the case that this user released or judged last.
LAST_CASE = "last_case"


def urls(site: Site) -> list[URLPattern]:
    """The addresses to put on the staff site."""
    return [
        path("queue/", site.page(queue_page), name="queue"),
        path("queue/next", site.page(take_next), name="take_next"),
        *colleagues.urls(site),
        *bulk.urls(site),
        *saved_filters.urls(site),
        *search.urls(site),
    ]


@require_GET
def queue_page(request: HttpRequest) -> HttpResponse:
    user, now = signed_in(request), timezone.now()
    start = saved_filters.start_of(user) if not request.GET else None
    if start is not None:
        return redirect(f"{reverse('admin:queue')}?{start.query}")
    chosen = Chosen.read(request.GET)
    page = page_of(
        chosen.cases(user, now).select_related(*RELATED),
        chosen.sort,
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
        size=PAGE_SIZE,
    )
    return TemplateResponse(
        request,
        "review/queue/page.html",
        {
            "title": _("Review queue"),
            "rows": rows_of(page.rows, user, now),
            "page": page,
            "chosen": chosen,
            "further": "after" in request.GET or "before" in request.GET,
            "saved": saved_filters.shown_to(user, chosen),
            "starts": saved_filters.starts(user),
            "may_see_colleagues": permissions.can_view_colleagues(user),
            "may_share": permissions.can_share_filter(user),
            **bulk.choices(user),
            **_choices(chosen, user, now),
        },
    )


def _choices(chosen: Chosen, user: StaffUser, now: datetime) -> dict[str, Any]:
    """The views, and the bands, marks, reasons and owners within the chosen view.

    Choosing a view resets the filters; a band, a mark or a reason replaces whichever of them was chosen and keeps the
    owner. Each count is the number of cases that a click would show.
    """
    views = {view: Chosen(view=view) for view in View}
    bands = {band: Chosen(view=chosen.view, band=band.value, owner=chosen.owner) for band in Band}
    marks = {mark: Chosen(view=chosen.view, mark=mark.value, owner=chosen.owner) for mark in Mark}
    narrow = [*bands.values(), *marks.values()]
    lists = {choice.query: (choice.cases(user, now), counts.MAX_COUNTED_OF_MANY) for choice in narrow}
    lists |= {choice.query: (choice.cases(user, now), counts.MAX_COUNTED) for choice in views.values()}
    number = counts.counted(lists, user)
    return {
        "views": [_chip(view, choice, number, chosen.view) for view, choice in views.items()],
        "bands": _chips(bands, number, chosen.band),
        "marks": _chips(marks, number, chosen.mark),
        "reasons": labels.WHY_HERE.items(),
        "owners": _owners(chosen, now),
    }


def _chips(
    choices: Mapping[Any, Chosen], number: Mapping[str, counts.UpTo], here: str
) -> list[dict[str, Any]]:
    """Those that would show a case, and the chosen one."""
    found = [_chip(value, choice, number, here) for value, choice in choices.items()]
    return [chip for chip in found if chip["here"] or not chip["none"]]


def _chip(value: Any, choice: Chosen, number: Mapping[str, counts.UpTo], here: str) -> dict[str, Any]:
    count = number[choice.query]
    return {
        "label": value.label,
        "query": choice.link,
        "count": str(count),
        "none": not count,
        "here": value == here,
    }


def _owners(chosen: Chosen, now: datetime) -> list[tuple[str, str]]:
    """(key, name) of the owners. The chosen one is always included, so that the page shows each filter it applies."""
    found = {str(holder.pk): holder.get_username() for holder in queue_filters.holders(now, chosen.owner)}
    if chosen.owner:
        found.setdefault(chosen.owner, _("unknown"))
    return list(found.items())


@require_POST
def take_next(request: HttpRequest) -> HttpResponse:
    """Claim the most urgent case that this user may take, and open it."""
    user, now = signed_in(request), timezone.now()
    before = _last_case(request)
    case = claim.take_next(by=user, now=now, excluding=before)
    if case is None and before is not None:
        # Their last case is the only one.
        case = claim.take_next(by=user, now=now)
    if case is not None:
        return redirect("admin:case", case.public_id)
    messages.info(request, _why_none())
    return redirect("admin:queue")


def set_last_case(request: HttpRequest, case: Verification) -> None:
    """Remember that the user is done with the case, so that "take next" offers another one first."""
    request.session[LAST_CASE] = case.pk


def _last_case(request: HttpRequest) -> Verification | None:
    key = request.session.get(LAST_CASE)
    return Verification.objects.filter(pk=key).first() if key else None


def _why_none() -> str:
    if queue_filters.in_review().exists():
        return _(
            "There is no unassigned case for you. The others are held by colleagues, snoozed, or for somebody else to "
            "decide."
        )
    return _("There is no unassigned case: nothing is waiting.")
