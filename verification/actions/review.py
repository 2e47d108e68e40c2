"""A reviewer's verdict on a case: made, proposed where policy asks for a second person, confirmed or handed back.

Every way to an approval or a refusal by a person goes through `decide`.
"""

from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from verification import audit, casework, links, permissions, workflow
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


class ProposalOpen(workflow.StaleVerification):
    """A colleague proposed another verdict, which must be confirmed or handed back first."""


class BlindFirst(Exception):
    """The case is a spot check: a verdict given without seeing the score must come first."""


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
    5. With an open proposal: the same verdict by another person confirms it and takes effect. ASK_AGAIN ends it.
    6. Without: propose the verdict if policy asks for a second person, else it takes effect.

    Raises permissions.Denied (OwnProposal among them), casework.ReasonUnknown, NoteRequired, DocumentNotChecked,
    DocumentAnswerUnknown, ClaimedByOther, EvidenceChanged, BlindFirst, ProposalVoid, ProposalOpen,
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
            casework.check_document(locked)
        words: dict[str, Any] = {"reason_code": reason_code, "note": note, "by": by, "now": now}
        record = partial(
            casework.record_review, locked, verdict, evidence_sha256=shown.evidence_sha256, **words
        )
        if locked.proposal is not None and verdict != Verdict.ASK_AGAIN:
            _check_confirms(locked, locked.proposal, verdict, shown, by)
            return _take_effect(locked, record(confirms=locked.proposal))
        second_because = four_eyes.why_second(locked, verdict)
        if second_because:
            return _propose(locked, record(stage=Stage.PROPOSAL), second_because)
        return _take_effect(locked, record())


def _check_confirms(
    case: Verification, proposal: Review, verdict: Verdict, shown: casework.Shown, by: StaffUser
) -> None:
    permissions.check_confirm(by, case)
    if proposal.evidence_sha256 != shown.evidence_sha256:
        raise ProposalVoid(_VOID)
    if proposal.verdict != verdict:
        raise ProposalOpen(
            _("A colleague proposed another verdict. Confirm that one, or hand it back first.")
        )


def _propose(case: Verification, proposal: Review, second_because: tuple[str, ...]) -> Review:
    free = {"proposal": proposal, "claimed_by": None, "claimed_until": None, "snoozed_until": None}
    casework.amend_by(proposal, case, "review.proposed", free, second_because=list(second_because))
    return proposal


def _take_effect(case: Verification, review: Review) -> Review:
    data = casework.facts_of(review)
    if review.confirms is not None:
        proposal = review.confirms
        data |= {"confirms": proposal.public_id, "proposed_by": proposal.by.get_username()}
    elif case.proposal is not None:
        data["ends_proposal"] = case.proposal.public_id
    check = document_check.latest(case)
    if check is not None:
        data["document_check"] = check.public_id
    target, by = _TARGETS[Verdict(review.verdict)], audit.By.staff(review.by)
    workflow.move(case, target, by=by, now=review.at, data=data, **_consequences(case, review))
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
    """End the proposal unconfirmed: any reviewer may take the case. Its proposer withdraws it in the same way."""
    locked = casework.locked_for_act(case, shown, by=by, now=now)
    if locked.proposal is None:
        raise workflow.IllegalMove(_("There is no proposal on this case."))
    if document is not None:
        casework.record_document_check(locked, document, by=by, now=now)
    casework.check_reason_and_note(locked, Verdict.HAND_BACK, reason_code, note)
    if (reason_code == WITHDRAWN) != (locked.proposal.by_id == by.pk):
        raise casework.ReasonUnknown(_("Choose a reason from the list."))
    words: dict[str, Any] = {"reason_code": reason_code, "note": note, "by": by, "now": now}
    review = casework.record_review(locked, Verdict.HAND_BACK, evidence_sha256=shown.evidence_sha256, **words)
    free = {"proposal": None, "claimed_by": None, "claimed_until": None, "snoozed_until": None}
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
    held = {"claimed_by": by, "claimed_until": now + casework.CLAIM_LEASE}
    casework.amend_by(review, locked, "review.judged_blind", held, agrees=verdict == Verdict.APPROVE)
    return review
