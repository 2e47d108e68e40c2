"""The road of a case from its rows, in plain words and in order: no name, no picture, no score, no address."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from verification import labels
from verification.evidence import media_tries
from verification.models import AuditEvent, Message, ProviderCall, Verification, VerificationAttempt
from verification.states import MOVES, AttemptStatus

# Of each kind, the latest. A case has a few of each.
MAX_STEPS: Final = 50

# These have steps of their own, with more to say.
_TOLD: Final = frozenset({"consent.given", "consent.refused", "attempt.submitted"})
# All moves, and what happens in between.
_EVENTS: Final = (
    *sorted({move.audit_event for move in MOVES.values()} - _TOLD),
    "link.revoked",
    "link.renewed",
    "link.contested",
    "case.claimed",
    "case.released",
    "case.escalated",
    "case.snoozed",
    "case.stepped_aside",
    "review.proposed",
    "review.handed_back",
    "review.proposal_void",
    "applicant.erased",
)


@dataclass(frozen=True)
class Step:
    at: datetime
    what: str
    facts: list[str] = field(default_factory=list)


def of(case: Verification, *, hidden: bool, now: datetime) -> list[Step]:
    """`hidden`: without what the vendor answered."""
    attempts = list(case.attempts.prefetch_related("calls__account").order_by("-number")[:MAX_STEPS])
    steps = [
        Step(case.created_at, _("Invited"), [_by_whom(case)]),
        *_browsers(case),
        *(_consent(one) for one in case.consents.order_by("-at")[:MAX_STEPS]),
        *_photos(case, now),
        *(step for attempt in attempts for step in _attempt(attempt, hidden)),
        *_events(case),
        *(_message(one) for one in case.messages.order_by("-created_at")[:MAX_STEPS]),
    ]
    return sorted(steps, key=lambda step: step.at)


def _by_whom(case: Verification) -> str:
    if case.client is None:
        return _("by staff, or by a command")
    return _("by the system %(name)s") % {"name": case.client.name}


def _browsers(case: Verification) -> list[Step]:
    rows = case.bindings.order_by("-pk")[:MAX_STEPS]
    began, went_on = _("Began in a browser"), _("Went on in another browser")
    return [Step(row.at, went_on if row.number else began, [str(row.get_device_display())]) for row in rows]


def _consent(row: Any) -> Step:
    return Step(row.at, _("Consent given") if row.given else _("Consent refused"), [row.locale])


def _photos(case: Verification, now: datetime) -> list[Step]:
    steps = []
    for row in case.documents.order_by("-pk")[:MAX_STEPS]:
        facts = [filesizeformat(row.original_size)]
        if row.advice:
            facts.append(_("advised: %(codes)s") % {"codes": ", ".join(row.advice)})
        if row.superseded_at:
            facts.append(_("replaced or set aside later"))
        steps.append(Step(row.uploaded_at, _("ID photo accepted"), facts))
        if row.used_anyway_at:
            steps.append(Step(row.used_anyway_at, _("ID photo used in spite of advice")))
    return [*steps, *_refused(case, now)]


def _refused(case: Verification, now: datetime) -> list[Step]:
    """Files that were of no use. They are kept for an hour."""
    rows = list(case.media_tries.filter(at__gt=now - media_tries.HOUR).order_by("-at")[:MAX_STEPS])
    steps = []
    for kind, what in (
        (media_tries.PHOTO, _("Photos refused")),
        (media_tries.RECORDING, _("Recordings refused")),
    ):
        own = [row for row in rows if row.kind == kind]
        if own:
            codes = Counter(row.code or _("being checked, or lost with its process") for row in own)
            counted = [f"{number} × {code}" for code, number in sorted(codes.items())]
            steps.append(Step(own[0].at, what, [_("in the last hour"), *counted]))
    return steps


def _attempt(attempt: VerificationAttempt, hidden: bool) -> list[Step]:
    number = {"n": attempt.number}
    steps = [Step(attempt.issued_at, _("Recording %(n)s began") % number)]
    if attempt.submitted_at:
        facts = [filesizeformat(attempt.original_size)]
        steps.append(Step(attempt.submitted_at, _("Recording %(n)s sent") % number, facts))
    steps += _prepared(attempt)
    if not hidden:
        steps += [_call(call) for call in attempt.calls.all()[:MAX_STEPS]]
    if attempt.finished_at:
        steps.append(
            Step(attempt.finished_at, _("Recording %(n)s finished") % number, _finished(attempt, hidden))
        )
    elif attempt.status == AttemptStatus.ABANDONED:
        steps.append(Step(attempt.expires_at, _("Recording %(n)s given up") % number))
    return steps


def _prepared(attempt: VerificationAttempt) -> list[Step]:
    """When the workers prepared it, or made a smaller copy; by the trail."""
    names = {
        "attempt.prepared": _("Recording %(n)s prepared"),
        "attempt.sent_back": _("Recording %(n)s not taken: a smaller copy is made"),
    }
    found = AuditEvent.objects.filter(subject_id=attempt.public_id, kind__in=names).order_by("-pk")[
        :MAX_STEPS
    ]
    return [Step(event.at, names[event.kind] % {"n": attempt.number}, _tried(attempt)) for event in found]


def _tried(attempt: VerificationAttempt) -> list[str]:
    """How often workers died over it."""
    if not attempt.lost_leases:
        return []
    lost = attempt.lost_leases
    return [
        ngettext("%(n)s worker died or hung over it", "%(n)s workers died or hung over it", lost)
        % {"n": lost}
    ]


def _finished(attempt: VerificationAttempt, hidden: bool) -> list[str]:
    if hidden:
        return [_("what came of it is hidden from who may decide the spot check")]
    counted = _("counts as a try") if attempt.counted else _("does not count as a try")
    return [
        str(attempt.get_outcome_display()),
        *filter(None, [attempt.result_code]),
        counted,
        *_tried(attempt),
    ]


def _call(call: ProviderCall) -> Step:
    facts = [str(call.get_state_display()), f"{call.account.name}, {call.region}"]
    facts += filter(None, [call.code, call.request_id and f"RequestId {call.request_id}"])
    if call.latency_ms is not None:
        facts.append(_("%(seconds)s s") % {"seconds": f"{call.latency_ms / 1000:.1f}"})
    if call.slot_missed:
        facts.append(_("its slot passed before a byte was sent"))
    facts.append(_("billed: %(billed)s") % {"billed": call.get_billed_display().lower()})
    if call.rerun_id is not None:
        facts.append(_("made again for a senior reviewer; nothing follows from it"))
    return Step(call.started_at, _("Call %(n)s to the vendor") % {"n": call.number}, facts)


def _events(case: Verification) -> list[Step]:
    """By their kinds alone: what an event says besides is for those who read the trail."""
    found = AuditEvent.objects.filter(subject_id=case.public_id, kind__in=_EVENTS).order_by("-pk")[:MAX_STEPS]
    return [Step(event.at, labels.label(labels.EVENTS, event.kind)) for event in found]


def _message(row: Message) -> Step:
    facts = [str(row.get_channel_display()), str(row.get_state_display()), *filter(None, [row.error])]
    if row.tries > 1:
        facts.append(_("%(n)s tries") % {"n": row.tries})
    what = _("Message to the applicant: %(kind)s") % {"kind": row.get_kind_display()}
    return Step(row.sent_at or row.created_at, what, facts)
