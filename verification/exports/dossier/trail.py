"""What the trail holds about the case up to a checkpoint: what was done, who looked, and how to check all of it."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from verification import labels
from verification.audit import log, viewing
from verification.exports.dossier import blocks
from verification.exports.dossier.blocks import Block, Cell
from verification.models import AuditEvent, Checkpoint, ProviderCall, Verification

# Events that are printed, from the beginning and from the end.
MAX_FIRST: Final = 100
MAX_LAST: Final = 200
MAX_PEOPLE: Final = 60
MAX_FACTS: Final = 400  # characters of an event's facts that are printed
_HASH: Final = re.compile(r"\b([0-9a-f]{12})[0-9a-f]{52}\b")


@dataclass(frozen=True, order=True)
class Sealed:
    """An event with its index in the log."""

    index: int
    event: AuditEvent = field(compare=False)


def subjects_of(case: Verification) -> list[str]:
    """The case, its photos, attempts, calls and comparisons made again, and the person whom it is about."""
    calls = ProviderCall.objects.filter(attempt__verification=case)
    parts = (case.documents.all(), case.attempts.all(), calls, case.reruns.all())
    found = [name for rows in parts for name in rows.values_list("public_id", flat=True)]
    return [case.public_id, case.applicant.public_id, *found]


def events_of(case: Verification, checkpoint: Checkpoint) -> list[Sealed]:
    """The events that the checkpoint's log holds, in the order of the log."""
    found = {event.pk: event for event in AuditEvent.objects.filter(subject_id__in=subjects_of(case))}
    places = log.places(list(found)).items()
    return sorted(Sealed(place, found[event]) for event, place in places if place < checkpoint.size)


def erased(case: Verification) -> Block | None:
    applicant = case.applicant
    if applicant.erased_at is None:
        return None
    event = AuditEvent.objects.filter(kind="applicant.erased", subject_id=applicant.public_id).last()
    by = labels.actor(event.actor_kind, event.actor_id) if event else ""
    rows = [
        (_("Erased at"), blocks.moment(applicant.erased_at)),
        (_("By"), by),
        (_("Basis"), str(event.data.get("reason", "")) if event else ""),
    ]
    words = _(
        "Photos and recordings were erased for good: nobody can read them any more. What was decided, by whom, and the "
        "hashes of what was erased stay."
    )
    return blocks.section(_("Evidence erased"), blocks.pairs(rows), blocks.text(words))


def timeline(events: Sequence[Sealed]) -> Block | None:
    done = [sealed for sealed in events if sealed.event.kind not in viewing.LOOKS]
    if not done:
        return None
    columns = [(_("Entry"), 0), (_("Time (UTC)"), 0), (_("Event"), 2), (_("By"), 1), (_("Facts"), 4)]
    between = len(done) - MAX_FIRST - MAX_LAST
    if between <= 0:
        return blocks.section(_("Timeline"), blocks.table(columns, map(_event, done)))
    words = ngettext(
        "%(count)d event between these is not printed here.",
        "%(count)d events between these are not printed here.",
        between,
    )
    return blocks.section(
        _("Timeline"),
        blocks.table(columns, map(_event, done[:MAX_FIRST])),
        blocks.text(words % {"count": between}),
        blocks.table(columns, map(_event, done[-MAX_LAST:])),
    )


def _event(sealed: Sealed) -> Sequence[Cell]:
    event = sealed.event
    # What is nested, such as all that a decision got, is for programs: the pack has it.
    plain = {name: value for name, value in event.data.items() if not isinstance(value, dict)}
    facts = _HASH.sub(r"\1…", "; ".join(f"{name}: {value}" for name, value in labels.flatten(plain)))
    return (
        str(sealed.index),
        blocks.time(event.at),
        labels.label(labels.EVENTS, event.kind),
        labels.actor(event.actor_kind, event.actor_id),
        facts if len(facts) <= MAX_FACTS else f"{facts[:MAX_FACTS]} […]",
    )


def looks(events: Iterable[Sealed]) -> Block | None:
    """How often each person looked at the case or its evidence, and when first and last."""
    by_person: dict[tuple[str, str], list[AuditEvent]] = defaultdict(list)
    for event in (sealed.event for sealed in events):
        if event.kind in viewing.LOOKS:
            by_person[labels.actor(event.actor_kind, event.actor_id), event.kind].append(event)
    if not by_person:
        return None
    columns = [
        (_("Who"), 1),
        (_("What"), 2),
        (_("How often"), 0),
        (_("First (UTC)"), 0),
        (_("Last (UTC)"), 0),
    ]
    rows = [
        (
            who,
            labels.label(labels.EVENTS, kind),
            str(len(seen)),
            blocks.time(seen[0].at),
            blocks.time(seen[-1].at),
        )
        for (who, kind), seen in by_person.items()
    ]
    return blocks.section(
        _("Who looked at it"),
        *blocks.listed(columns, rows, MAX_PEOPLE),
    )


def checkpoint(signed: Checkpoint) -> Block:
    words = _(
        "The trail is a log to which events are only ever added. The checkpoint fixes all of its entries by one hash, "
        "and is signed by the portal's key."
    )
    rows = [
        (_("Entries"), f"{signed.size:,}"),
        (_("Root"), blocks.mono(signed.root)),
        (_("Signed at"), blocks.moment(signed.signed_at)),
    ]
    return blocks.section(
        _("Checkpoint of the trail"),
        blocks.text(words),
        blocks.pairs(rows),
        blocks.quote(blocks.mono(signed.note)),
    )


def checking(signer: str) -> Block:
    signed = _(
        "This file is signed by “%(signer)s”. A PDF reader shows that, and any change since. Whether it trusts the "
        "name depends on the authorities that it knows."
    )
    unsigned = _("This file bears no signature of its own. The signature of the case pack covers it.")
    return blocks.section(
        _("How to check this"),
        blocks.steps(
            [
                _(
                    "This dossier is for reading. What proves it lies beside it in the case pack: each record, each "
                    "event of the trail with its proof, and a program that checks them on your own machine. VERIFY.md "
                    "there says how."
                ),
                signed % {"signer": signer} if signer else unsigned,
                _(
                    "Compare the checkpoint above with one that you, or somebody whom you trust, got from elsewhere: a "
                    "copy that was published, sent or time-stamped at the time."
                ),
                _("Compare the hashes of photo and recording with those of the files, if you have them."),
            ]
        ),
    )
