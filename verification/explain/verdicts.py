"""The verdicts of people on a case: whether each took one person or two, by the same rules, and what it was about."""

from collections.abc import Iterator
from typing import Any

from verification.audit import recorded
from verification.explain.steps import Rule, Step
from verification.explain.stored import Stored
from verification.models import AuditEvent, DocumentCheck, Review, Stage, Verdict
from verification.rules import document_check, four_eyes, queue_marks, reasons, terms

# The stage of a review by the kind of its event; of all other kinds it took effect.
_STAGES = {
    "review.proposed": Stage.PROPOSAL,
    "review.judged_blind": Stage.BLIND,
    "review.differed": Stage.SECOND,
}
# What the event of a review that names no other leaves out.
_NO_OTHER: dict[str, Any] = dict.fromkeys(("confirms", "differs_from", "proposed_by"))
_CONFIRMED = "confirmed"
_ALONE, _TOGETHER = "took effect", "waited for a second person"


def steps(stored: Stored) -> list[Step]:
    checks = [_check(stored, check) for check in stored.checks]
    reviews = [_verdict(stored, review) for review in stored.reviews]
    return [*checks, *reviews, *_missing(stored)]


def _missing(stored: Stored) -> Iterator[Step]:
    """Those that the trail holds and the records do not."""
    told = ((Rule.DOCUMENT, stored.checked, stored.checks), (Rule.VERDICT, stored.judged, stored.reviews))
    for rule, events, records in told:
        known = {record.public_id for record in records}
        for name, event in events.items():
            if name not in known:
                step = Step(rule, name, event.actor_id, event.at)
                step.compare("record", name, None)
                yield step


def _check(stored: Stored, check: DocumentCheck) -> Step:
    """What the answers about the document come to under the questions of the policy."""
    step = Step(Rule.DOCUMENT, check.public_id, check.by.get_username(), check.at)
    step.got = {"kind": check.kind, "answers": check.answers, "questions": stored.policy.document_checklist}
    step.gave = {"state": document_check.state_after(check, stored.policy)}
    event = stored.checked.get(check.public_id)
    if event is None:
        step.compare("event", "document.checked", None)
        return step
    now = recorded.of_check(check) | step.gave
    step.compare_all(event.data, now, now)
    step.compare("by", event.actor_id, check.by.get_username())
    if check.name_digest != document_check.name_digest(stored.case):
        # The digest says that the name is another one, and not which it was.
        step.cannot_tell("name_changed")
    return step


def _verdict(stored: Stored, review: Review) -> Step:
    step = Step(Rule.VERDICT, review.public_id, review.by.get_username(), review.at)
    step.got = {"verdict": review.verdict, "stage": review.stage, "reason": review.reason_code}
    event = stored.judged.get(review.public_id)
    if event is None:
        step.compare("event", review.verdict, None)
        return step
    now = recorded.of_review(review) | {
        "confirms": review.confirms.public_id if review.confirms else None,
        "differs_from": review.differs_from.public_id if review.differs_from else None,
        "proposed_by": review.proposed_by.get_username() if review.proposed_by else None,
    }
    step.compare_all(_NO_OTHER | event.data, now, now)
    step.compare("by", event.actor_id, review.by.get_username())
    step.compare("at", event.at, review.at)
    step.compare("stage", _STAGES.get(event.kind, Stage.DECISION), review.stage)
    listed = reasons.REASONS.get(review.reason_code)
    if listed is None and review.reason_code not in reasons.RETIRED:
        step.compare("reason_on_the_list", review.reason_code, None)
    if review.stage in {Stage.DECISION, Stage.PROPOSAL}:
        _two_people(step, stored, review, event)
    return step


def _two_people(step: Step, stored: Stored, review: Review, event: AuditEvent) -> None:
    """Did it take a second person, and was there one?"""
    if review.confirms is not None:
        step.gave = {"result": _CONFIRMED, "confirms": review.confirms.public_id}
        step.compare("same_verdict", review.verdict, review.confirms.verdict)
        step.compare("two_people", True, review.confirms.by_id != review.by_id)
        return
    facts = _facts(stored, review, event.pk)
    if facts is None:
        return
    inputs = event.data.get("inputs") or {}
    if not inputs:
        step.cannot_tell("inputs_not_recorded")
    traced = four_eyes.traced(facts, stored.policy)
    step.got |= {name: value for name, value in traced.items() if name != "terms"}
    step.compare_all(inputs, traced, [name for name in traced if name != "terms"])
    held = inputs.get("terms", {})
    step.compare_all(held, terms.of(stored.policy), held)
    rules = four_eyes.rules_on(facts, stored.policy)
    step.gave = {"rules": rules, "result": _TOGETHER if rules else _ALONE}
    step.compare("second_person", review.stage == Stage.PROPOSAL, bool(rules))
    step.compare_all(event.data, {"second_because": rules}, ["second_because"])
    if review.verdict == Verdict.APPROVE:
        _document(step, stored.document_state(event.pk, review.at))


def _document(step: Step, state: str | None) -> None:
    """Did the document stand against the approval?"""
    if state is None:
        step.cannot_tell("name_not_kept")
        return
    step.got["document"] = state
    step.compare("document_allows", True, state not in document_check.OPEN)


def _facts(stored: Stored, review: Review, place: int) -> four_eyes.Facts | None:
    """What `four_eyes.facts_of` read then."""
    if review.verdict not in {Verdict.APPROVE, Verdict.DECLINE}:
        return None
    drawn = four_eyes.is_drawn(stored.case)
    if review.verdict == Verdict.DECLINE:
        return four_eyes.Facts(drawn)
    doubted = any(
        earlier.stage == Stage.BLIND and earlier.verdict == Verdict.DECLINE
        for earlier in stored.reviews_before(place)
    )
    return four_eyes.Facts(
        drawn, _approval(stored, place), doubted, stored.document_doubted(place, review.at)
    )


def _approval(stored: Stored, place: int) -> four_eyes.Approval:
    earlier = [attempt for attempt in stored.attempts if stored.place_of_attempt(attempt) < place]
    flags = [queue_marks.Noticed(flag.code, flag.elsewhere) for flag in stored.raised_before(place)]
    return four_eyes.approval_after(earlier[-1] if earlier else None, flags)


def final(stored: Stored) -> dict[str, Any]:
    """Who decided, of the case's row."""
    review, call = stored.case.final_review, stored.case.passing_call
    return {
        "final_review": review.public_id if review else None,
        "passing_call": call.public_id if call else None,
    }
