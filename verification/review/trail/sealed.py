"""How far the trail is sealed and where its checkpoints went; the checkpoints and the public keys to take away."""

from typing import Final

from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from verification.audit import log
from verification.health import trail as health
from verification.models import Checkpoint, TrailKey
from verification.review.page import Site
from verification.review.paging import page_of
from verification.review.trail import proofs
from verification.review.trail.taken import TEXT, as_file

PAGE_SIZE: Final = 25
MAX_KEYS: Final = 20


def urls(site: Site) -> list[URLPattern]:
    """The addresses to put on the staff site."""
    return [
        path("trail/sealing/", site.page(sealing_page), name="trail_sealing"),
        path("trail/checkpoints/<int:size>", site.page(checkpoint_file), name="trail_checkpoint"),
        path("trail/keys", site.page(keys_file), name="trail_keys"),
    ]


@require_safe
def sealing_page(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    after, before = request.GET.get("after", ""), request.GET.get("before", "")
    every = Checkpoint.objects.prefetch_related("attestations")
    page = page_of(every, "signed_at", after=after, before=before, size=PAGE_SIZE, newest_first=True)
    context = {
        "title": _("Sealing"),
        "facts": health.facts(now),
        "newest": log.newest(),
        "waits": proofs.waits(now=now),
        "page": page,
        "keys": TrailKey.objects.order_by("-pk")[:MAX_KEYS],
        "most_keys": MAX_KEYS,
    }
    return TemplateResponse(request, "review/trail/sealing.html", context)


@require_safe
def checkpoint_file(request: HttpRequest, size: int) -> HttpResponse:
    """The signed note, with the signatures of its witnesses."""
    checkpoint = Checkpoint.objects.filter(size=size).first()
    if checkpoint is None:
        raise Http404
    return as_file(log.cosigned(checkpoint).encode(), f"checkpoint-{size}.txt", TEXT)


@require_safe
def keys_file(request: HttpRequest) -> HttpResponse:
    """All public keys, the first one first, each with the note by which the one before it introduces it."""
    parts = (part for key in TrailKey.objects.order_by("pk") for part in (f"{key.vkey}\n", key.introduction))
    return as_file("\n".join(filter(None, parts)).encode(), "trail-keys.txt", TEXT)
