"""The explanation of one case, from its policy to how it ended."""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import structlog

from verification.audit import log as trail
from verification.audit.entries import Entry
from verification.evidence.judged import evidence_hash
from verification.explain import attempts, verdicts
from verification.explain.steps import Rule, Step
from verification.explain.stored import NEVER, Stored
from verification.models import AuditEvent, Verification
from verification.rules import terms
from verification.states import MOVES, Status
from verification.transparency import merkle, tiles

FORMAT = "kyc-portal/explanation/v1"
# Of every case: an answer as it came holds a picture of the face, so only what was read from it is kept.
NEVER_KEPT = ("raw_answer",)

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Explanation:
    """`not_kept` has codes of what could not be looked at, because it is not stored any more or never was."""

    case: str
    status: str
    policy: int
    steps: tuple[Step, ...]
    not_kept: tuple[str, ...]

    @property
    def differences(self) -> int:
        return sum(len(step.differences) for step in self.steps)

    def as_json(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "case": self.case,
            "status": self.status,
            "policy": self.policy,
            "differences": self.differences,
            "not_kept": list(self.not_kept),
            "steps": [step.as_json() for step in self.steps],
        }


def explain(case: Verification) -> Explanation:
    """Apply the rules again to what is stored of the case. It takes no lock: a case in work may change meanwhile."""
    stored = Stored(case)
    # A verdict and an attempt may have the same time, and then the attempt came first.
    acts = [*_read(attempts.steps, stored), *_read(verdicts.steps, stored)]
    acts.sort(key=lambda step: step.at.timestamp() if step.at else math.inf)
    steps = (*_read(_before, stored), *acts, *_read(_road, stored), *_read(_end, stored))
    erased = ("evidence_erased",) if stored.erased_at is not None else ()
    unsealed = ("not_sealed_yet",) if any("not_sealed_yet" in step.unknown for step in steps) else ()
    return Explanation(
        case.public_id, case.status, stored.policy.version, steps, (*NEVER_KEPT, *erased, *unsealed)
    )


def _read(part: Callable[[Stored], Iterable[Step]], stored: Stored) -> list[Step]:
    """The steps of a part. What somebody changed in the database may have any form: then this is what differs."""
    steps: list[Step] = []
    try:
        steps.extend(part(stored))
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        log.exception("explain.unreadable", case=stored.case.public_id)
        step = Step(Rule.UNREADABLE, stored.case.public_id)
        step.compare("record", "readable", type(error).__name__)
        steps.append(step)
    return steps


def _before(stored: Stored) -> Iterator[Step]:
    yield _sealed(stored)
    yield _policy(stored)
    if stored.flags or stored.flags_told():
        yield _flags(stored)


def _sealed(stored: Stored) -> Step:
    """Each event of the case held against its place in the sealed log: is it what was sealed?"""
    step = Step(Rule.SEALED, stored.case.public_id)
    places = trail.places([event.pk for event in stored.events])
    read = cache(trail.read_tile)
    for event in stored.events:
        if event.pk not in places:
            step.cannot_tell("not_sealed_yet")
            continue
        now = merkle.leaf_hash(bytes(Entry.of(event)))
        step.compare(f"event {event.pk} {event.kind}", _leaf(read, places[event.pk]).hex(), now.hex())
    step.got, step.gave = {"events": len(stored.events)}, {"sealed": len(places)}
    return step


def _leaf(read: tiles.ReadTile, place: int) -> bytes:
    """The hash that the log has at that index; empty if somebody cut its tile off."""
    index, at = divmod(place, tiles.WIDTH)
    return read(0, index)[at * merkle.HASH_BYTES : (at + 1) * merkle.HASH_BYTES]


def _policy(stored: Stored) -> Step:
    """The version that the case keeps, held against the invitation and the event that put it into force."""
    policy = stored.policy
    step = Step(Rule.POLICY, f"v{policy.version}", str(policy.version), policy.activated_at)
    step.got = dict(terms.of(policy))
    for event in stored.events:
        if event.kind == "verification.invited":
            step.compare_all(event.data, {"policy": policy.version}, ["policy"])
    made = AuditEvent.objects.filter(kind="policy.activated", data__version=policy.version).first()
    if made is None:
        # The first version came with the software.
        step.cannot_tell("policy_without_event")
        return step
    held = made.data.get("terms", {})
    step.compare_all(held, {name: terms.plain(getattr(policy, name, None)) for name in held}, held)
    return step


def _flags(stored: Stored) -> Step:
    """What was noticed, held against the events that tell of it."""
    step = Step(Rule.FLAGS, stored.case.public_id)
    rows = {(flag.attempt.public_id, flag.code) for _place, flag in stored.flags}
    told = stored.flags_told()
    step.got = {"flags": sorted(flag.code for _place, flag in stored.flags)}
    for attempt, code in sorted(told - rows):
        step.compare(f"flag of {attempt}", code, None)
    for place, flag in stored.flags:
        if place == NEVER:
            step.compare(f"flag of {flag.attempt.public_id}", None, flag.code)
        else:
            step.compare("at", stored.by_place[place].at, flag.raised_at)
    if stored.erased_at is not None:
        step.cannot_tell("fingerprints_erased")
    return step


def _road(stored: Stored) -> Iterator[Step]:
    """Each move from one status to another: is it in the table, and does it begin where the last one ended?"""
    step = Step(Rule.ROAD, stored.case.public_id)
    at = str(Status.INVITED)
    step.gave = {"road": [at]}
    for event in stored.moves:
        source, target = event.data["source"], event.data["target"]
        step.compare("source", at, source)
        legal = MOVES.get((source, target))
        step.compare("move", event.kind, legal.audit_event if legal else None)
        at = target
        step.gave["road"].append(at)
    step.compare("status", at, stored.case.status)
    _as_decided(step, stored)
    yield step


def _as_decided(step: Step, stored: Stored) -> None:
    """The outcome and the reasons in the case's row are those of its newest decision; a reopened case has its own."""
    decided = [event for event in stored.moves if event.kind.startswith("decision.")]
    if decided:
        step.compare_all(decided[-1].data, {"outcome": stored.case.outcome}, ["outcome"])
    told = [event for event in stored.moves if event in decided or event.kind == "review.reopened"]
    if told:
        reasons = told[-1].data.get("reasons", ["reopened"])
        step.compare("reasons", reasons, stored.case.reasons)


def _end(stored: Stored) -> Iterator[Step]:
    """What the case's row says of how it ended, held against the move that ended it."""
    case = stored.case
    if case.status not in {Status.APPROVED, Status.DECLINED} or not stored.moves:
        return
    last, review = stored.moves[-1], case.final_review
    step = Step(Rule.END, case.public_id, case.status, case.decided_at)
    step.got = verdicts.final(stored) | {"outcome": case.outcome, "reasons": case.reasons}
    step.compare("decided_at", last.at, case.decided_at)
    step.compare("final_review", last.data.get("review"), step.got["final_review"])
    if review is None:
        step.compare(
            "passing_call", last.data.get("call", step.got["passing_call"]), step.got["passing_call"]
        )
    elif not _answered_late(stored, last):
        # Nothing that a verdict rests on changes once the case has ended.
        step.compare("evidence_sha256", last.data.get("evidence_sha256"), evidence_hash(case))
    yield step


def _answered_late(stored: Stored, last: AuditEvent) -> bool:
    """An answer that came after its call was given up is noted in the call's row, whenever it comes."""
    calls = [call.public_id for call in stored.calls]
    return AuditEvent.objects.filter(kind="call.answered_late", subject_id__in=calls, pk__gt=last.pk).exists()
