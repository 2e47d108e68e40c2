"""Saves, lists and deletes filters of the queue."""

from typing import Any

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from verification import permissions
from verification.actions import saved_filter
from verification.models import QueueStart, SavedFilter, StaffUser
from verification.review.page import Site, signed_in
from verification.review.queue.filters import MAX_PK, Chosen

MAX_LISTED = 60


def urls(site: Site) -> list[URLPattern]:
    return [
        path("queue/filters", site.page(save), name="save_filter"),
        path("queue/start", site.page(start), name="start_queue"),
        path("queue/filters/<int:number>/delete", site.page(delete), name="delete_filter"),
    ]


def shown_to(user: StaffUser, chosen: Chosen) -> list[dict[str, Any]]:
    """The user's own filters, and those that colleagues share."""
    found = _visible_to(user).select_related("owner")[:MAX_LISTED]
    return [
        {
            "filter": saved,
            "own": saved.owner_id == user.pk,
            "may_delete": permissions.can_delete_filter(user, saved),
            "here": saved.query == chosen.query,
        }
        for saved in found
    ]


def _visible_to(user: StaffUser) -> QuerySet[SavedFilter]:
    """Their own, and those that colleagues share. Any other is 404."""
    return SavedFilter.objects.filter(Q(owner=user) | Q(shared=True))


def start_of(user: StaffUser) -> SavedFilter | None:
    """What the queue opens with: what they chose, or else what was chosen for all; None for the whole queue."""
    chosen = QueueStart.objects.filter(user=user).select_related("saved").first()
    # A colleague may have stopped sharing it since.
    if chosen is not None and (chosen.saved is None or _may_see(user, chosen.saved)):
        return chosen.saved
    return SavedFilter.objects.filter(opens_for_all=True).first()


def _may_see(user: StaffUser, saved: SavedFilter) -> bool:
    return saved.shared or saved.owner_id == user.pk


def starts(user: StaffUser) -> dict[str, Any]:
    """The filter that the queue opens with for them, as the form to choose it shows."""
    found = start_of(user)
    return {"chosen": found.pk if found else None, "for_all": bool(found and found.opens_for_all)}


@require_POST
def start(request: HttpRequest) -> HttpResponse:
    user, number = signed_in(request), request.POST.get("filter", "")
    saved = get_object_or_404(_visible_to(user), pk=int(number)) if _is_number(number) else None
    for_all = "for_all" in request.POST
    try:
        saved_filter.open_with(saved, for_all=for_all, by=user, now=timezone.now())
    except saved_filter.UnusableFilter as unusable:
        messages.error(request, str(unusable))
    else:
        messages.success(
            request, _("The queue now opens with: %(name)s.") % {"name": saved or _("all of it")}
        )
    return redirect(f"{reverse('admin:queue')}?{saved.query if saved else Chosen().link}")


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= MAX_PK


@require_POST
def save(request: HttpRequest) -> HttpResponse:
    user, chosen = signed_in(request), Chosen.read(request.POST)
    name, shared = request.POST.get("name", ""), "shared" in request.POST
    try:
        saved = saved_filter.save(name=name, query=chosen.query, shared=shared, by=user, now=timezone.now())
    except saved_filter.UnusableFilter as unusable:
        messages.error(request, str(unusable))
    else:
        messages.success(request, _("The filter “%(name)s” is saved.") % {"name": saved.name})
    return redirect(f"{reverse('admin:queue')}?{chosen.link}")


@require_POST
def delete(request: HttpRequest, number: int) -> HttpResponse:
    user = signed_in(request)
    saved = get_object_or_404(_visible_to(user), pk=number)
    saved_filter.delete(saved, by=user, now=timezone.now())
    messages.success(request, _("The filter “%(name)s” is deleted.") % {"name": saved.name})
    return redirect("admin:queue")
