"""The trail page: the events, the newest first, with the case of each; looking at it is an event too."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from verification import labels
from verification.audit import viewing
from verification.models import AuditEvent
from verification.review.page import Site, acting, signed_in
from verification.review.paging import page_of
from verification.review.trail import event, sealed
from verification.review.trail.chosen import Chosen, Show
from verification.review.trail.subjects import cases_of, members_of

PAGE_SIZE = 50
SHOWS = {
    Show.DEEDS: gettext_lazy("What was done"),
    Show.LOOKS: gettext_lazy("Who looked"),
    Show.ALL: gettext_lazy("Both"),
}


def urls(site: Site) -> list[URLPattern]:
    """The addresses to put on the staff site."""
    return [path("trail/", site.page(trail_page), name="trail"), *event.urls(site), *sealed.urls(site)]


@require_GET
def trail_page(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    chosen = Chosen.read(request.GET)
    page = page_of(
        chosen.events(user),
        "at",
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
        size=PAGE_SIZE,
        newest_first=True,
    )
    viewing.record(viewing.LIST, by=acting(user), subject=user, now=timezone.now(), records="auditevent")
    context = {
        "title": _("Trail"),
        "rows": _rows(page.rows),
        "page": page,
        "chosen": chosen,
        "shows": SHOWS.items(),
        "kinds": choices(),
    }
    return TemplateResponse(request, "review/trail/page.html", context)


def choices() -> list[tuple[str, str]]:
    """Every kind of event with its words, as people look for them."""
    return sorted(((code, str(words)) for code, words in labels.EVENTS.items()), key=lambda kind: kind[1])


def _rows(events: list[AuditEvent]) -> list[dict[str, Any]]:
    cases, members = cases_of(events), members_of(events)
    return [
        {
            "number": each.pk,
            "at": each.at,
            "what": labels.label(labels.EVENTS, each.kind),
            "kind": each.kind,
            "who": labels.actor(each.actor_kind, each.actor_id),
            "actor_id": each.actor_id,
            "case": cases.get(each.subject_id),
            "subject": members.get(each.subject_id, each.subject_id),
            "subject_kind": each.subject_kind,
            "subject_id": each.subject_id,
            "facts": labels.flatten(each.data),
        }
        for each in events
    ]
