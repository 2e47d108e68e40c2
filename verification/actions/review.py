"""A reviewer's verdict on a case: made, proposed where policy asks for a second person, judged by that person without
knowing what was proposed, or handed back.

Every way to an approval or a refusal by a person goes through `decide`.
"""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from verification import audit, casework, links, permissions, workflow
from verification.audit import recorded
from verification.evidence.judged import evidence_hash
from verification.models import Review, StaffUser, Stage, Verdict, Verification
from verification.rules import document_check, four_eyes
from verification.rules.reasons import REASONS
from verification.states import Status

_TARGETS = {
    Verdict.APPROVE: Status.APPROVED,
    Verdict.DECLINE: Status.DECLINED,
    Verdict.ASK_AGAIN: Status.COLLECTING,
}
# Only the proposer may give this reason.
WITHDRAWN = "withdrawn"
_VOID = gettext_lazy(
    "The proposal is void, because the evidence was changed since it was made. Decide the case again."
)
_BLIND = {Verdict.APPROVE: "blind_yes", Verdict.DECLINE: "blind_no"}


class ProposalVoid(workflow.StaleVerification):
    """The proposal has ended: the evidence was changed since it was made."""


class BlindFirst(Exception):
    """A verdict of one's own must come first: on a spot check before the score is shown, on a proposal before it is."""


def decide(
    case: Verification,
    *,
    verdict: Verdict,
    reason_code: str,
    note: str,
    shown: casework.Shown,
    by: StaffUser,
    now: datetime,
    document: document_check.Found | None = None,
) -> Review:
    """Record the verdict and act on it, or propose it where policy asks for a second person.

    1. Refuse who may not work on the case. Drop a proposal whose evidence changed, in a transaction of its own.
    2. Lock the case. Refuse if it is not what the page showed, or a colleague works on it.
    3. Check the reason and the note, and that a spot check has its blind verdict.
    4. Record what was found on the document, if that came with the verdict. Refuse to approve, confirm or propose it
       while the document stands against it.
    5. With an open proposal, which the second person has not read: the same verdict confirms it and takes effect;
       another goes to a senior with it, and whichever of the two they share takes effect. ASK_AGAIN ends it.
    6. Without: propose the verdict if policy asks for a second person, else it takes effect.

    Raises permissions.Denied (OwnProposal and VerdictSeen among them), casework.ReasonUnknown, NoteRequired,
    DocumentNotChecked, DocumentAnswerUnknown, ClaimedByOther, EvidenceChanged, BlindFirst, ProposalVoid,
    workflow.StaleVerification or workflow.IllegalMove; nothing is decided then.
    """
    permissions.check_work_on(by, case)
    if drop_void_proposal(case, now=now):
        raise ProposalVoid(_VOID)
    if verdict not in _TARGETS:
        raise casework.ReasonUnknown(_("Choose a verdict from the list."))
    with transaction.atomic():
        locked = casework.locked_for_act(case, shown, by=by, now=now)
        casework.check_reason_and_note(locked, verdict, reason_code, note)
        if casework.is_blind(locked, shown.evidence_sha256):
            raise BlindFirst(_("This is a spot check: give your verdict before the score is shown."))
        if document is not None:
            casework.record_document_check(locked, document, by=by, now=now)
        if verdict == Verdict.APPROVE:
            casework.check_document(locked, by)
        words: dict[str, Any] = {"reason_code": reason_code, "note": note, "by": by, "now": now}
        record = partial(
            casework.record_review, locked, verdict, evidence_sha256=shown.evidence_sha256, **words
        )
        if locked.proposal is not None and verdict != Verdict.ASK_AGAIN:
            return _judge_second(locked, locked.proposal, verdict, record, shown, by)
        return _judge_first(locked, verdict, record)


def _judge_first(case: Verification, verdict: Verdict, record: Callable[..., Review]) -> Review:
    """The verdict takes effect, unless the policy asks for a second person. Its event keeps what those rules got."""
    facts = four_eyes.facts_of(case, verdict)
    if facts is None:
        return _take_effect(case, record())
    got = {"inputs": four_eyes.traced(facts, case.policy)}
    if second_because := four_eyes.rules_on(facts, case.policy):
        return _propose(case, record(stage=Stage.PROPOSAL), second_because=list(second_because), **got)
    return _take_effect(case, record(), **got)


def _judge_second(
    case: Verification,
    proposal: Review,
    verdict: Verdict,
    record: Callable[..., Review],
    shown: casework.Shown,
    by: StaffUser,
) -> Review:
    """The verdict of the second person, or of the senior who decides between two."""
    casework.check_second(case, proposal, by)
    if proposal.evidence_sha256 != shown.evidence_sha256:
        raise ProposalVoid(_VOID)
    shared = next((said for said in (proposal, case.dissent) if said and said.verdict == verdict), None)
    if shared is not None:
        return _take_effect(case, record(confirms=shared))
    return _go_to_senior(case, record(stage=Stage.SECOND, differs_from=proposal), proposal)


def _go_to_senior(case: Verification, second: Review, proposal: Review) -> Review:
    free = {**casework.NOBODYS, "snoozed_until": None, "escalated_at": case.escalated_at or second.at}
    facts = {"differs_from": proposal.public_id, "proposed_by": proposal.by.get_username()}
    casework.amend_by(second, case, "review.differed", free, **facts)
    return second


def _propose(case: Verification, proposal: Review, **facts: Any) -> Review:
    free = {**casework.NOBODYS, "proposal": proposal, "snoozed_until": None}
    casework.amend_by(proposal, case, "review.proposed", free, **facts)
    return proposal


def _take_effect(case: Verification, review: Review, **facts: Any) -> Review:
    data = recorded.of_review(review) | facts
    if review.confirms is not None:
        shared = review.confirms
        data |= {"confirms": shared.public_id, "proposed_by": shared.by.get_username()}
    elif case.proposal is not None:
        data["ends_proposal"] = case.proposal.public_id
    check = document_check.latest(case)
    if check is not None:
        data["document_check"] = check.public_id
    target, by = _TARGETS[Verdict(review.verdict)], audit.By.staff(review.by)
    changes = _consequences(case, review)
    workflow.move(case, target, by=by, now=review.at, data=data, commits=[review], **changes)
    if REASONS[review.reason_code].step == "document":
        workflow.ask_for_photo(case, now=review.at)
    return review


def _consequences(case: Verification, review: Review) -> dict[str, Any]:
    if review.verdict != Verdict.ASK_AGAIN:
        return {"final_review": review}
    return {
        "hint": REASONS[review.reason_code].hint,
        "received_bytes": 0,
        "asked_again_at": review.at,
        # The applicant needs an attempt that is left, and a link that works.
        "attempts_used": min(case.attempts_used, case.policy.max_attempts - 1),
        "link_expires_at": max(case.link_expires_at, links.expiry(case.policy, now=review.at)),
    }


def drop_void_proposal(case: Verification, *, now: datetime) -> bool:
    """End a proposal whose evidence was changed; True if there was one."""
    if not Verification.objects.filter(pk=case.pk, proposal__isnull=False).exists():
        return False
    with transaction.atomic(durable=True):
        locked = Verification.objects.locked(case.pk)
        proposal = locked.proposal
        if proposal is None or proposal.evidence_sha256 == evidence_hash(locked):
            return False
        facts = {"review": proposal.public_id, "proposed_on": proposal.evidence_sha256}
        workflow.amend(
            locked, "review.proposal_void", by=audit.By.system(), now=now, data=facts, proposal=None
        )
    return True


@transaction.atomic
def hand_back(
    case: Verification,
    *,
    reason_code: str,
    note: str,
    shown: casework.Shown,
    by: StaffUser,
    now: datetime,
    document: document_check.Found | None = None,
) -> Review:
    """End the proposal undecided: anybody may take the case. Its proposer withdraws it in the same way.

    A second person judges first. So it is the senior with two different verdicts before them who hands back.
    """
    locked = casework.locked_for_act(case, shown, by=by, now=now)
    if locked.proposal is None:
        raise workflow.IllegalMove(_("There is no proposal on this case."))
    if locked.proposal.by_id != by.pk and casework.waits_for_second(locked, shown.evidence_sha256):
        raise BlindFirst(_("Give your own verdict first: you have not seen what your colleague proposed."))
    if document is not None:
        casework.record_document_check(locked, document, by=by, now=now)
    casework.check_reason_and_note(locked, Verdict.HAND_BACK, reason_code, note)
    if (reason_code == WITHDRAWN) != (locked.proposal.by_id == by.pk):
        raise casework.ReasonUnknown(_("Choose a reason from the list."))
    words: dict[str, Any] = {"reason_code": reason_code, "note": note, "by": by, "now": now}
    review = casework.record_review(locked, Verdict.HAND_BACK, evidence_sha256=shown.evidence_sha256, **words)
    free = {**casework.NOBODYS, "proposal": None, "snoozed_until": None}
    casework.amend_by(review, locked, "review.handed_back", free, proposal=locked.proposal.public_id)
    return review


@transaction.atomic
def judge_blind(
    case: Verification,
    *,
    verdict: Verdict,
    note: str,
    shown: casework.Shown,
    by: StaffUser,
    now: datetime,
) -> Review:
    """Record a verdict on a spot check, given before the score is shown. It decides nothing; statistics count it."""
    locked = casework.locked_for_act(case, shown, by=by, now=now)
    if not casework.is_blind(locked, shown.evidence_sha256) or verdict not in _BLIND:
        raise workflow.IllegalMove(_("This case takes no blind verdict."))
    words: dict[str, Any] = {"reason_code": _BLIND[verdict], "note": note, "by": by, "now": now}
    review = casework.record_review(
        locked, verdict, stage=Stage.BLIND, evidence_sha256=shown.evidence_sha256, **words
    )
    # The reviewer goes on to decide, so they get the claim.
    held = casework.claimed(by, now)
    casework.amend_by(review, locked, "review.judged_blind", held, agrees=verdict == Verdict.APPROVE)
    return review
