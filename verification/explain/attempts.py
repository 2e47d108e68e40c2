"""The attempts of a case: what each answer means, and what follows from it, by the same table and the same rules."""

from dataclasses import dataclass
from typing import Any

from verification import links, liveness
from verification.audit import recorded
from verification.explain.steps import Rule, Step
from verification.explain.stored import Stored
from verification.models import AnswerKind, AuditEvent, CallState, Policy, ProviderCall, VerificationAttempt
from verification.rules import decision, document_check, sampling, shared_evidence, terms
from verification.rules.review_bands import DOCUMENT_CHECK
from verification.states import Outcome, Status
from verification.vendor_accounts import call_ledger, request_ids

_NEXT = {
    "decision.approved_by_policy": decision.Next.APPROVE,
    "decision.try_again": decision.Next.TRY_AGAIN,
    "decision.sent_to_review": decision.Next.REVIEW,
}
_BROWSERS = frozenset({"link.bound", "link.taken_over", "link.renewed"})
# The case before an attempt, as the rules get it.
_Case = tuple[decision.Terms, decision.History]


@dataclass
class Used:
    """The attempts that counted up to a place, the browser that had the case there ("" if none is known), how often the
    link went to another one, and whether the case was the applicant's or the system's turn."""

    counted: int = 0
    place: int = 0
    browser: str = ""
    changes: int = 0
    undecided: bool = False

    def go_on(self, stored: Stored, place: int) -> None:
        for event in stored.events:
            if self.place < event.pk < place:
                self._apply(event, stored.policy.max_attempts)
        self.place = place

    def _apply(self, event: AuditEvent, most: int) -> None:
        """Some acts give the applicant attempts again: a reviewer asked, another browser went on, or it gets a new
        link after that."""
        anew = event.kind == "link.taken_over" or (event.kind == "link.renewed" and self.changes > 0)
        if anew and self.undecided:
            self.counted = 0
        if event.kind == "review.asked_again":
            self.counted = min(self.counted, most - 1)
        if event.kind in _BROWSERS:
            self.browser, self.changes = event.data.get("browser", ""), event.data.get("change", 0)
        if "target" in event.data:
            self.undecided = event.data["target"] in {Status.COLLECTING, Status.CHECKING}


def steps(stored: Stored) -> list[Step]:
    found, used = [], Used()
    for attempt in stored.attempts:
        call = _call_of(stored, attempt)
        if call is not None:
            found.append(_answer(stored, attempt, call))
        found.append(_decision(stored, attempt, call, used))
    return found + [_missing(event) for event in _without_attempt(stored)]


def _without_attempt(stored: Stored) -> list[AuditEvent]:
    """The events of attempts that finished, by the trail, and that the records do not have as finished."""
    told = {**stored.finished, **stored.decided}
    known = {attempt.public_id for attempt in stored.attempts}
    return [event for name, event in told.items() if name not in known]


def _missing(event: AuditEvent) -> Step:
    attempt = event.data.get("attempt") or event.subject_id
    step = Step(Rule.DECISION, attempt, str(event.data.get("number", "")), event.at)
    step.compare("record", attempt, None)
    return step


def _call_of(stored: Stored, attempt: VerificationAttempt) -> ProviderCall | None:
    """The call whose answer was acted on: the one that the trail names, else the one that was answered."""
    of_attempt = [call for call in stored.calls if call.attempt_id == attempt.pk]
    event = stored.decided.get(attempt.public_id)
    named = event.data.get("call") if event else None
    if named:
        return next((call for call in of_attempt if call.public_id == named), None)
    return next((call for call in of_attempt if call.answer == AnswerKind.USABLE), None)


def _answer(stored: Stored, attempt: VerificationAttempt, call: ProviderCall) -> Step:
    """The code looked up in the table, and the answer held against itself, as when it came."""
    read = call_ledger.answer_of(call)
    step = Step(Rule.ANSWER, call.public_id, str(attempt.number), call.ended_at)
    step.got = {"code": call.code, "similarity": call.similarity, "request_id": call.request_id}
    meaning = decision.meaning(read.rule)
    step.gave = {**meaning, "consistent": call.consistent}
    step.compare("call_state", CallState.ANSWERED, call.state)
    step.compare("call_answer", AnswerKind.USABLE, call.answer)
    step.compare("billed", call.billed, meaning["billed"])
    step.compare_all(_inputs(stored.decided.get(attempt.public_id)), step.gave, [*meaning, "consistent"])
    if call.similarity is not None or call.consistent:
        step.compare("consistent", call.consistent, liveness.fits(read.rule, call.similarity, None))
    else:
        # The number in an answer that means nothing is not kept.
        step.cannot_tell("number_not_kept")
    _compare_attempt(step, stored, attempt, call)
    return step


def _compare_attempt(step: Step, stored: Stored, attempt: VerificationAttempt, call: ProviderCall) -> None:
    event = stored.finished.get(attempt.public_id)
    if event is not None and event.data.get("outcome") not in (Outcome.VENDOR_FAILED, Outcome.UNUSABLE_MEDIA):
        step.compare("call_code", event.data.get("code"), call.code)
        step.compare("call_similarity", event.data.get("similarity"), call.similarity)


def _inputs(event: AuditEvent | None) -> dict[str, Any]:
    """What the event says that the decision rested on; empty if it was written before that was kept."""
    return (event.data.get("inputs") if event else None) or {}


def _decision(stored: Stored, attempt: VerificationAttempt, call: ProviderCall | None, used: Used) -> Step:
    """The decision made again under the policy of the case, with the case as it was before the attempt."""
    finished, event = stored.finished.get(attempt.public_id), stored.decided.get(attempt.public_id)
    step = Step(Rule.DECISION, attempt.public_id, str(attempt.number), attempt.finished_at)
    if finished is None:
        step.compare("event", "attempt.finished", None)
        return step
    now = recorded.of_attempt(attempt)
    step.compare_all(finished.data, now, now)
    step.compare("finished_at", finished.at, attempt.finished_at)
    case = _so_far(step, stored, attempt, used)
    traced = decision.traced(*case)
    step.got = {"code": attempt.result_code, "similarity": attempt.similarity}
    step.got |= {"policy": stored.policy.version, "approve_at": stored.policy.approve_at}
    step.got |= {"max_attempts": stored.policy.max_attempts, **traced}
    _compare_inputs(step, event, traced, stored.policy)
    _decide(step, attempt, finished.data.get("outcome"), call, case, event)
    if event is not None:
        _count(attempt, used)
    return step


def _compare_inputs(step: Step, event: AuditEvent | None, traced: dict[str, Any], policy: Policy) -> None:
    if event is None:
        step.cannot_tell("case_had_ended")
        return
    inputs = _inputs(event)
    if not inputs:
        step.cannot_tell("inputs_not_recorded")
    step.compare_all(inputs, traced, traced)
    held = inputs.get("terms", {})
    step.compare_all(held, terms.of(policy), held)
    step.compare("policy", event.data.get("policy"), policy.version)


def _so_far(step: Step, stored: Stored, attempt: VerificationAttempt, used: Used) -> _Case:
    """What `workflow.decision_inputs` read then."""
    policy, place = stored.policy, stored.place_of_attempt(attempt)
    used.go_on(stored, place)
    spot_check = sampling.selected(attempt.public_id, policy.qa_share, purpose="spot_check")
    earlier = [
        each
        for each in stored.attempts
        if stored.place_of_attempt(each) < place and each.outcome != Outcome.VENDOR_FAILED
    ]
    flags = shared_evidence.to_judge(stored.raised_before(place), policy, stored.asked_again_before(place))
    its_terms = decision.Terms(
        policy.approve_at, policy.max_attempts, spot_check, _document_open(step, stored, attempt)
    )
    return its_terms, decision.History(used.counted, len(earlier), flags)


def _document_open(step: Step, stored: Stored, attempt: VerificationAttempt) -> bool:
    """Had a person still to check the document? Where nothing tells, what was said then is taken as it is."""
    at = attempt.finished_at
    state = stored.document_state(stored.place_of_attempt(attempt), at) if at else ""
    if state is not None:
        return state in document_check.OPEN
    step.cannot_tell("name_not_kept")
    event = stored.decided.get(attempt.public_id)
    in_reasons = event is not None and DOCUMENT_CHECK in event.data.get("reasons", [])
    return bool(_inputs(event).get("document_check", in_reasons))


def _count(attempt: VerificationAttempt, used: Used) -> None:
    browsers = {links.browser_prefix(attempt.browser_hash), used.browser}
    used.counted += attempt.counted and (len(browsers) == 1 or "" in browsers)


def _decide(
    step: Step,
    attempt: VerificationAttempt,
    outcome: str,
    call: ProviderCall | None,
    case: _Case,
    event: AuditEvent | None,
) -> None:
    if outcome == Outcome.VENDOR_FAILED:
        decided = decision.give_up(attempt.result_code)
    elif outcome == Outcome.UNUSABLE_MEDIA:
        decided = decision.unusable(attempt.result_code, *case)
    elif call is None or not decision.is_of_faces(call_ledger.answer_of(call).rule):
        step.compare("call", AnswerKind.USABLE, call and (call.code or call.answer))
        return
    else:
        decided = _on_answer(step, call, case, event)
    step.gave = {
        "next": decided.next,
        "outcome": decided.outcome,
        "reasons": decided.reasons,
        "counts": decided.counted,
    }
    step.compare("decided_outcome", outcome, decided.outcome)
    step.compare("decided_counted", attempt.counted, decided.counted)
    if event is not None:
        step.compare("decided_next", _NEXT.get(event.kind), decided.next)
        step.compare("decided_reasons", event.data.get("reasons"), decided.reasons)


def _on_answer(step: Step, call: ProviderCall, case: _Case, event: AuditEvent | None) -> decision.Decision:
    its_terms, history = case
    answer = call_ledger.answer_of(call)
    # The other call may have ended later, and then nobody saw it: so what was said then is taken as it is.
    said = event is not None and decision.REPEATED_REQUEST_ID in event.data.get("reasons", [])
    step.got["request_id_repeated"] = said
    if not said:
        return decision.decide(answer, its_terms, history)
    step.compare("request_id_repeated", said, _came_before(call))
    return decision.repeated_request_id(answer, history)


def _came_before(call: ProviderCall) -> bool:
    """Was the RequestId given to another call that had ended by then?"""
    return request_ids.others(call, call.request_id).filter(ended_at__lte=call.ended_at).exists()
