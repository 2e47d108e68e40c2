"""One event and its proof: what was sealed, and the way of hashes to a signed checkpoint; both as files too."""

from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from verification import labels
from verification.audit import data_names, log, viewing
from verification.audit.entries import Entry
from verification.models import AuditEvent, Checkpoint
from verification.review import blind
from verification.review.page import Site, acting, refusal, signed_in
from verification.review.trail import proofs
from verification.review.trail.subjects import cases_of, members_of
from verification.review.trail.taken import JSON, TEXT, as_file

# Digits of a number that somebody types. No trail has more events.
MAX_DIGITS: Final = 18


def urls(site: Site) -> list[URLPattern]:
    """The addresses to put on the staff site."""
    return [
        path("trail/find", site.page(find), name="trail_find"),
        path("trail/<int:number>/", site.page(event_page), name="trail_event"),
        path("trail/<int:number>/proof", site.page(proof_file), name="trail_proof"),
        path("trail/<int:number>/entry", site.page(entry_file), name="trail_entry"),
    ]


@require_safe
def find(request: HttpRequest) -> HttpResponse:
    """To the event of a number, or of an index of the log."""
    number = _typed(request.GET.get("number", ""))
    if number is None:
        messages.warning(request, _("Type a number, such as 1024."))
        return redirect("admin:trail")
    event_id: int | None = number
    if request.GET.get("by") == "index":
        event_id = log.event_at(number)
        if event_id is None:
            messages.warning(request, _("The log has no index %(index)d.") % {"index": number})
            return redirect("admin:trail")
    return redirect("admin:trail_event", event_id)


def _typed(text: str) -> int | None:
    """People copy numbers with marks between the thousands."""
    digits = "".join(each for each in text if each not in " ,.'\u00a0\u202f")
    return int(digits) if digits.isdecimal() and len(digits) <= MAX_DIGITS else None


@require_safe
def event_page(request: HttpRequest, number: int) -> HttpResponse:
    event = _found(request, number)
    if event is None:
        return refusal(request, status=404, title=_("No such event"), sentence=proofs.why_missing(number))
    asked = request.GET.get("checkpoint", "").strip()
    context = {
        "title": labels.label(labels.EVENTS, event.kind),
        "event": event,
        "row": _row(event),
        "asked": asked,
        **_proof(event, asked),
    }
    return TemplateResponse(request, "review/trail/event.html", context)


@require_safe
def proof_file(request: HttpRequest, number: int) -> HttpResponse:
    """The proof as C2SP tlog-proof has it."""
    event, checkpoint = _found(request, number), _checkpoint(request.GET.get("checkpoint", "").strip())
    if event is None or checkpoint is None:
        raise Http404
    try:
        text = str(log.proof(event, checkpoint))
    except LookupError as error:
        raise Http404 from error
    return as_file(text.encode(), f"event-{number}.tlog-proof", TEXT)


@require_safe
def entry_file(request: HttpRequest, number: int) -> HttpResponse:
    """The very bytes that were sealed."""
    event = _found(request, number)
    if event is None:
        raise Http404
    return as_file(bytes(Entry.of(event)), f"event-{number}.json", JSON)


def _found(request: HttpRequest, number: int) -> AuditEvent | None:
    """The event, if this user may see it; that they look is an event too."""
    user = signed_in(request)
    event = blind.without_events(AuditEvent.objects.filter(pk=number), user).first()
    if event is not None:
        viewing.record(viewing.RECORD, by=acting(user), subject=event, now=timezone.now())
    return event


def _checkpoint(asked: str) -> Checkpoint | None:
    """The one of the size that was typed, or the newest if none was."""
    if not asked:
        return log.newest()
    size = _typed(asked)
    return None if size is None else Checkpoint.objects.filter(size=size).first()


def _row(event: AuditEvent) -> dict[str, Any]:
    case = cases_of([event]).get(event.subject_id)
    return {
        "who": labels.actor(event.actor_kind, event.actor_id),
        "case": case,
        "subject": members_of([event]).get(event.subject_id, event.subject_id),
        "facts": [(name, text, _meaning(event.kind, name)) for name, text in labels.flatten(event.data)],
    }


def _meaning(kind: str, name: str) -> str:
    """What the name means, of a nested value the outer name; "" for events of before there was a table."""
    try:
        return data_names.meaning(kind, name.partition(":")[0].replace(" ", "_")).means
    except KeyError:
        return ""


def _proof(event: AuditEvent, asked: str) -> dict[str, Any]:
    checkpoint = _checkpoint(asked)
    try:
        if checkpoint is None:
            raise log.NotSealed
        return _shown(proofs.check(event, checkpoint))
    except log.NotSealed:
        return {"waits": _waits(event, asked)}
    except LookupError:
        return {"broken": _("The database lacks hashes of the log that belong to this event.")}


def _shown(checked: proofs.Checked) -> dict[str, Any]:
    steps = [
        {"on_the_left": step.on_the_left, "beside": step.beside.hex(), "both": step.both.hex()}
        for step in checked.steps
    ]
    entry = checked.entry.decode()
    return {"checked": checked, "entry": entry, "leaf": checked.leaf.hex(), "steps": steps}


def _waits(event: AuditEvent, asked: str) -> str:
    if asked and log.place(event.pk) is not None:
        return _("There is no checkpoint of that size, or it was signed before this event was sealed.")
    return proofs.waits(now=timezone.now())
