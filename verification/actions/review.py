"""A reviewer's verdict on a case: made, proposed where policy asks for a second person, confirmed or handed back.

Every way to an approval or a refusal by a person goes through `decide`.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from verification import audit, casework, permissions, workflow
from verification.evidence.judged import evidence_hash
from verification.models import Review, StaffUser, Stage, Verdict, Verification
from verification.rules import four_eyes
from verification.rules.reasons import REASONS
from verification.rules.review_bands import SPOT_CHECK
from verification.states import Status

_TARGETS = {
    Verdict.APPROVE: Status.APPROVED,
    Verdict.DECLINE: Status.DECLINED,
    Verdict.ASK_AGAIN: Status.COLLECTING,
}
# The reason that is its proposer's alone.
WITHDRAWN = "withdrawn"
_VOID = gettext_lazy("The proposal fell away, because the evidence was changed since it was made.")
_BLIND = {Verdict.APPROVE: "blind_yes", Verdict.DECLINE: "blind_no"}


class ProposalVoid(workflow.StaleVerification):
    """The proposal fell away: the evidence is not what it was made on."""


class ProposalOpen(workflow.StaleVerification):
    """A colleague proposed another verdict: it is confirmed or handed back first."""


class BlindFirst(Exception):
    """The case is a spot check: a verdict without the score comes first."""


def is_blind(case: Verification, evidence_sha256: str) -> bool:
    """Is this a spot check whose score must not be shown yet? The hash is that of its evidence as it is."""
    if case.status != Status.IN_REVIEW or SPOT_CHECK not in case.reasons:
        return False
    return four_eyes.blind_verdict(case, evidence_sha256) is None


def decide(
    case: Verification,
    *,
    verdict: Verdict,
    reason_code: str,
    note: str,
    version: int,
    evidence_sha256: str,
    by: StaffUser,
    now: datetime,
) -> Review:
    """Record the verdict and act on it, or propose it where policy asks for a second person.

    `version` and `evidence_sha256` are those of the page it was made on. On a case with an open proposal the same
    verdict confirms it; asking the applicant again ends it. Raises permissions.Denied (OwnProposal among them),
    casework.ReasonUnknown, NoteRequired, ClaimedByOther, EvidenceChanged, BlindFirst, ProposalVoid, ProposalOpen,
    workflow.StaleVerification or workflow.IllegalMove; nothing is decided then.
    """
    permissions.check_work_on(by, case)
    if drop_void_proposal(case, now=now):
        raise ProposalVoid(_VOID)
    if verdict not in _TARGETS:
        raise casework.ReasonUnknown(_("Choose a verdict from the list."))
    with transaction.atomic():
        locked = casework.locked_for_act(
            case, version=version, evidence_sha256=evidence_sha256, by=by, now=now
        )
        casework.check_reason_and_note(locked, verdict, reason_code, note)
        if is_blind(locked, evidence_sha256):
            raise BlindFirst(_("This is a spot check: give your verdict before the score is shown."))
        words: dict[str, Any] = {"reason_code": reason_code, "note": note, "by": by, "now": now}
        words["evidence_sha256"] = evidence_sha256
        if verdict == Verdict.ASK_AGAIN or not _takes_two(locked, verdict):
            return _act(locked, verdict, **words)
        if locked.proposal is None:
            return _propose(locked, verdict, **words)
        return _confirm(locked, locked.proposal, verdict, **words)


def _takes_two(case: Verification, verdict: Verdict) -> bool:
    return case.proposal is not None or bool(four_eyes.why_second(case, verdict))


def _confirm(
    case: Verification,
    proposal: Review,
    verdict: Verdict,
    *,
    evidence_sha256: str,
    by: StaffUser,
    **words: Any,
) -> Review:
    permissions.check_confirm(by, case)
    if proposal.evidence_sha256 != evidence_sha256:
        raise ProposalVoid(_VOID)
    if proposal.verdict != verdict:
        raise ProposalOpen(
            _("A colleague proposed another verdict. Confirm that one, or hand it back first.")
        )
    return _act(case, verdict, evidence_sha256=evidence_sha256, by=by, confirms=proposal, **words)


def _propose(case: Verification, verdict: Verdict, *, by: StaffUser, now: datetime, **words: Any) -> Review:
    proposal = casework.record_review(case, verdict, stage=Stage.PROPOSAL, by=by, now=now, **words)
    facts = {**casework.facts_of(proposal), "second_because": list(four_eyes.why_second(case, verdict))}
    free = {"proposal": proposal, "claimed_by": None, "claimed_until": None, "snoozed_until": None}
    workflow.amend(case, "review.proposed", by=audit.By.staff(by), now=now, data=facts, **free)
    return proposal


def _act(
    case: Verification,
    verdict: Verdict,
    *,
    reason_code: str,
    by: StaffUser,
    now: datetime,
    **words: Any,
) -> Review:
    review = casework.record_review(case, verdict, reason_code=reason_code, by=by, now=now, **words)
    data = casework.facts_of(review)
    if review.confirms is not None:
        proposal = review.confirms
        data |= {"confirms": proposal.public_id, "proposed_by": proposal.by.get_username()}
    elif case.proposal is not None:
        data["ends_proposal"] = case.proposal.public_id
    consequences = _consequences(case, verdict, review, now)
    workflow.move(case, _TARGETS[verdict], by=audit.By.staff(by), now=now, data=data, **consequences)
    if REASONS[reason_code].step == "document":
        workflow.ask_for_photo(case, now=now)
    return review


def _consequences(case: Verification, verdict: Verdict, review: Review, now: datetime) -> dict[str, Any]:
    if verdict != Verdict.ASK_AGAIN:
        return {"final_review": review}
    policy = case.policy
    return {
        "hint": REASONS[review.reason_code].hint,
        "received_bytes": 0,
        "asked_again_at": now,
        # Asking again is worth nothing without an attempt, or through a link that has run out.
        "attempts_used": min(case.attempts_used, policy.max_attempts - 1),
        "link_expires_at": max(case.link_expires_at, now + timedelta(days=policy.link_days)),
    }


def drop_void_proposal(case: Verification, *, now: datetime) -> bool:
    """End a proposal whose evidence was changed; True if there was one."""
    if not Verification.objects.filter(pk=case.pk, proposal__isnull=False).exists():
        return False
    with transaction.atomic():
        locked = casework.locked(case)
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
    version: int,
    evidence_sha256: str,
    by: StaffUser,
    now: datetime,
) -> Review:
    """Don't confirm the proposal: the case is open again for whoever takes it. Its proposer may withdraw it so."""
    locked = casework.locked_for_act(case, version=version, evidence_sha256=evidence_sha256, by=by, now=now)
    if locked.proposal is None:
        raise workflow.IllegalMove(_("There is no proposal on this case."))
    casework.check_reason_and_note(locked, Verdict.HAND_BACK, reason_code, note)
    if (reason_code == WITHDRAWN) != (locked.proposal.by_id == by.pk):
        raise casework.ReasonUnknown(_("Choose a reason from the list."))
    words: dict[str, Any] = {"reason_code": reason_code, "note": note, "evidence_sha256": evidence_sha256}
    review = casework.record_review(locked, Verdict.HAND_BACK, by=by, now=now, **words)
    facts = {**casework.facts_of(review), "proposal": locked.proposal.public_id}
    free = {"proposal": None, "claimed_by": None, "claimed_until": None, "snoozed_until": None}
    workflow.amend(locked, "review.handed_back", by=audit.By.staff(by), now=now, data=facts, **free)
    return review


@transaction.atomic
def judge_blind(
    case: Verification,
    *,
    verdict: Verdict,
    note: str,
    version: int,
    evidence_sha256: str,
    by: StaffUser,
    now: datetime,
) -> Review:
    """The verdict on a spot check, given before the score is shown. It decides nothing yet; it is counted."""
    locked = casework.locked_for_act(case, version=version, evidence_sha256=evidence_sha256, by=by, now=now)
    if not is_blind(locked, evidence_sha256) or verdict not in _BLIND:
        raise workflow.IllegalMove(_("This case takes no blind verdict."))
    words: dict[str, Any] = {"note": note, "evidence_sha256": evidence_sha256}
    review = casework.record_review(
        locked, verdict, stage=Stage.BLIND, reason_code=_BLIND[verdict], by=by, now=now, **words
    )
    facts = {**casework.facts_of(review), "agrees": verdict == Verdict.APPROVE}
    # Whoever judged blind goes on to decide.
    held = {"claimed_by": by, "claimed_until": now + casework.CLAIM_LEASE}
    workflow.amend(locked, "review.judged_blind", by=audit.By.staff(by), now=now, data=facts, **held)
    return review
