"""Saves, lists and deletes filters of the queue."""

from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from verification import permissions
from verification.actions import saved_filter
from verification.models import SavedFilter, StaffUser
from verification.review.page import Site, signed_in
from verification.review.queue.filters import Chosen

MAX_LISTED = 60


def urls(site: Site) -> list[URLPattern]:
    return [
        path("queue/filters", site.page(save), name="save_filter"),
        path("queue/filters/<int:number>/delete", site.page(delete), name="delete_filter"),
    ]


def shown_to(user: StaffUser, chosen: Chosen) -> list[dict[str, Any]]:
    """The user's own filters, and those that colleagues share."""
    found = SavedFilter.objects.filter(Q(owner=user) | Q(shared=True)).select_related("owner")[:MAX_LISTED]
    return [
        {
            "filter": saved,
            "own": saved.owner_id == user.pk,
            "may_delete": permissions.can_delete_filter(user, saved),
            "here": saved.query == chosen.query,
        }
        for saved in found
    ]


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
    return redirect(f"{reverse('admin:queue')}?{chosen.query}")


@require_POST
def delete(request: HttpRequest, number: int) -> HttpResponse:
    user = signed_in(request)
    # A filter that is neither their own nor shared is 404.
    visible = SavedFilter.objects.filter(Q(owner=user) | Q(shared=True))
    saved = get_object_or_404(visible, pk=number)
    saved_filter.delete(saved, by=user, now=timezone.now())
    messages.success(request, _("The filter “%(name)s” is deleted.") % {"name": saved.name})
    return redirect("admin:queue")
