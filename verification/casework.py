"""What a reviewer's acts on a case need: which cases are open, the row as it is now, the evidence, reason and note.

Nothing here takes effect by itself; the acts are in `actions`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from verification import audit, permissions, workflow
from verification.audit import recorded
from verification.evidence.judged import evidence_hash
from verification.models import CaseNote, DocumentCheck, Review, StaffUser, Stage, Verdict, Verification
from verification.rules import document_check, four_eyes, shared_evidence, unseen
from verification.rules.reasons import LIST_VERSION, REASONS
from verification.rules.review_bands import SPOT_CHECK
from verification.states import DocumentState, Status

# A claim on a case ends after this time; work on its page renews it.
CLAIM_LEASE = timedelta(minutes=15)
# What a case is changed to when a claim on it ends early.
UNCLAIMED: dict[str, Any] = {"claimed_by": None, "claimed_until": None}
# The same when its reviewer is done with it: it is nobody's work any more.
NOBODYS: dict[str, Any] = {**UNCLAIMED, "assigned_to": None, "assigned_at": None}
# Characters of a reviewer's note.
MIN_NOTE = 10
MAX_NOTE = 10_000
# Listed to choose from.
MAX_COLLEAGUES = 200
# Acts that a colleague, or whoever reads an applicant's complaint, can't follow without a note.
NOTE_ALWAYS = frozenset(
    {Verdict.DECLINE, Verdict.ESCALATE, Verdict.HAND_BACK, Verdict.REOPEN, Verdict.CANCEL}
)


class NoteRequired(Exception):
    """The note is missing, too short or too long for this act."""


class ReasonUnknown(Exception):
    """The reason is not on the list, or not one for this verdict."""


class DocumentNotChecked(Exception):
    """The case can't be approved before its document was checked, with every answer a yes."""


class DocumentAnswerUnknown(Exception):
    """There is no ID photo, nothing was answered, or an answer is not one to a question of the policy."""


class EvidenceChanged(workflow.StaleVerification):
    """The evidence that was judged is no longer the case's evidence."""


class ClaimedByOther(Exception):
    """Another reviewer is working on the case, or it is kept for them."""


@dataclass(frozen=True)
class Shown:
    """What the page that an act was made on showed: the case's version, and the hash of its evidence."""

    version: int
    evidence_sha256: str


def claimed(by: StaffUser, now: datetime) -> dict[str, Any]:
    """What a case is changed to when this reviewer goes on with it."""
    return {"claimed_by": by, "claimed_until": now + CLAIM_LEASE}


def open_to(by: StaffUser, *, now: datetime) -> QuerySet[Verification]:
    """Cases that this reviewer may take now, the soonest due first; none that is kept for a colleague."""
    free, accounts = Q(claimed_by__isnull=True) | Q(claimed_until__lte=now), by.accounts()
    free &= Q(assigned_to__isnull=True) | Q(assigned_to=by) | Q(assigned_to__is_active=False)
    aside = Review.objects.filter(verification=OuterRef("pk"), by__in=accounts, verdict=Verdict.STEP_ASIDE)
    cases = (
        Verification.objects.filter(free, status=Status.IN_REVIEW)
        .exclude(snoozed_until__gt=now)
        .exclude(proposal__by__in=accounts)
        .exclude(proposal__dissent__by__in=accounts)
        .exclude(Exists(aside))
    )
    for account in accounts:
        if account.email:
            cases = cases.exclude(applicant__email__iexact=account.email)
    if not permissions.can_decide_escalated(by):
        cases = cases.filter(escalated_at__isnull=True)
    return cases.order_by(F("due_at").asc(), "pk")


def is_blind(case: Verification, evidence_sha256: str) -> bool:
    """Is this a spot check whose score must not be shown yet? `evidence_sha256` is the hash of its evidence now."""
    if case.status != Status.IN_REVIEW or SPOT_CHECK not in case.reasons:
        return False
    return four_eyes.blind_verdict(case, evidence_sha256) is None


def unread(case: Verification, user: permissions.User) -> list[Review]:
    """The reviews of the case that this user must not read yet; none for those who judge nothing."""
    if not isinstance(user, StaffUser) or not permissions.can_decide(user):
        return []
    return unseen.from_reader(case, user, senior=permissions.can_decide_escalated(user))


def knows_a_verdict(case: Verification, user: StaffUser) -> bool:
    """May what this reviewer writes about the case tell a verdict on it?"""
    return unseen.knows_a_verdict(case, user, senior=permissions.can_decide_escalated(user))


def readable_notes(
    case: Verification, user: permissions.User, unread: Iterable[Review]
) -> QuerySet[CaseNote]:
    """The notes on the case that this user may read: while they must not read a verdict, none that may tell it, and no
    answer to whom it is from."""
    authors = {review.by_id for review in unread}
    if not authors:
        return case.notes.all()
    telling = Q(informed=True) | Q(answers__by__in=authors)
    return case.notes.exclude(by__in=authors).exclude(~Q(by=user.pk), telling)


def colleagues(case: Verification, user: StaffUser) -> list[StaffUser]:
    """Whom this reviewer can ask, or keep the case for: those who decide cases and have no conflict on this one."""
    aside = case.reviews.filter(verdict=Verdict.STEP_ASIDE).values("by")
    others = _deciders(user).exclude(pk__in=aside)
    if case.applicant.email:
        others = others.exclude(email__iexact=case.applicant.email)
    return list(others[:MAX_COLLEAGUES])


def deciders(user: StaffUser) -> list[StaffUser]:
    """The others who decide cases."""
    return list(_deciders(user)[:MAX_COLLEAGUES])


def _deciders(user: StaffUser) -> QuerySet[StaffUser]:
    deciding = StaffUser.objects.filter(is_active=True, groups__name__in=permissions.RIGHTS["decide"].groups)
    others = deciding.exclude(pk__in=[account.pk for account in user.accounts()])
    return others.distinct().order_by("username")


def waits_for_second(case: Verification, evidence_sha256: str) -> bool:
    """Is a verdict proposed that holds for this evidence, and not judged by a second person yet?"""
    proposal = case.proposal
    return proposal is not None and proposal.evidence_sha256 == evidence_sha256 and case.dissent is None


def check_second(case: Verification, proposal: Review, by: StaffUser) -> None:
    """Whether this reviewer can judge the case independently of who proposed; raises permissions.Denied."""
    permissions.check_confirm(by, case)
    senior = permissions.can_decide_escalated(by)
    if case.dissent is None and unseen.knows_proposer(case, proposal, by, senior=senior):
        raise permissions.VerdictSeen(
            _(
                "You have read an earlier verdict of the colleague who proposed one. Somebody else judges this."
            )
        )


def check_takes(case: Verification, by: StaffUser) -> None:
    """Whether this reviewer may take the case to judge it, or to withdraw their proposal; raises permissions.Denied."""
    permissions.check_work_on(by, case)
    proposal = case.proposal
    if proposal is not None and proposal.by_id != by.pk and waits_for_second(case, evidence_hash(case)):
        check_second(case, proposal, by)


def has_third(case: Verification) -> bool:
    """Is there a senior reviewer who may decide between two different verdicts on the case?"""
    groups = permissions.RIGHTS["decide_escalated"].groups
    seniors = StaffUser.objects.filter(is_active=True, groups__name__in=groups).distinct()
    return any(not permissions.refusal(permissions.check_work_on, senior, case) for senior in seniors)


def check_in_review(case: Verification) -> None:
    """Raises workflow.IllegalMove once the case has left the queue."""
    if case.status != Status.IN_REVIEW:
        raise workflow.IllegalMove(_("This case is not in review any more."))


def check_version(case: Verification, version: int) -> None:
    """Raises workflow.StaleVerification if the case was changed since the page was shown."""
    if case.version != version:
        raise workflow.StaleVerification(_("The case was changed since you opened it."))


def check_not_held(case: Verification, *, by: StaffUser, now: datetime) -> None:
    """Raises ClaimedByOther while a colleague works on it, or it is kept for one."""
    if case.holder(now) not in (None, by):
        raise ClaimedByOther(_("Another reviewer is working on this case."))
    if case.kept_for not in (None, by):
        raise ClaimedByOther(_("This case is kept for %s.") % case.kept_for.get_username())


def locked_for_act(case: Verification, shown: Shown, *, by: StaffUser, now: datetime) -> Verification:
    """The row as it is now, locked until the transaction ends, if it is what the page showed and `by` may act on it.

    Raises workflow.IllegalMove, StaleVerification, EvidenceChanged, ClaimedByOther or permissions.Denied.
    """
    locked = Verification.objects.locked(case.pk)
    check_in_review(locked)
    check_version(locked, shown.version)
    if evidence_hash(locked) != shown.evidence_sha256:
        raise EvidenceChanged(_("The evidence was changed since you opened the case."))
    check_not_held(locked, by=by, now=now)
    permissions.check_work_on(by, locked)
    return locked


def note_needed(case: Verification) -> bool:
    """Would an approval overrule what the system found, or a flag?"""
    approval = four_eyes.approval_of(case)
    held = approval.shared and shared_evidence.holds(case.policy.shared_evidence)
    return approval.flagged or held or approval.is_override


def check_length(note: str) -> None:
    """Raises NoteRequired for a note that is too long."""
    if len(note) > MAX_NOTE:
        raise NoteRequired(_("The note may have at most %d characters.") % MAX_NOTE)


def check_reason_and_note(case: Verification, verdict: str, reason_code: str, note: str) -> None:
    """Raises ReasonUnknown or NoteRequired."""
    reason = REASONS.get(reason_code)
    if reason is None or reason.verdict != verdict:
        raise ReasonUnknown(_("Choose a reason from the list."))
    check_length(note)
    needed = verdict in NOTE_ALWAYS or (verdict == Verdict.APPROVE and note_needed(case))
    if needed and len(note.strip()) < MIN_NOTE:
        raise NoteRequired(_("This needs a note of at least %d characters.") % MIN_NOTE)


_NOT_CHECKED = {
    DocumentState.TO_DO: gettext_lazy(
        "The document has to be checked first: say what it is, and answer every question about it."
    ),
    DocumentState.FAILED: gettext_lazy(
        "The document did not pass its check, so the case can't be approved. Decline it or ask again, or correct the "
        "check if it was wrong."
    ),
}


def document_known(case: Verification, unread: Iterable[Review]) -> tuple[str, DocumentCheck | None]:
    """The state of the document and its newest check, for a reviewer who must not read these reviews yet.

    A check of a colleague whose verdict they must not read tells them nothing and counts nothing: a second person
    checks the document too.
    """
    # Each check sets a state, so a case without one has no check.
    check = document_check.latest(case) if case.document_state else None
    if check is not None and check.by_id in {review.by_id for review in unread}:
        return DocumentState.TO_DO, None
    return document_check.state_of(case), check


def check_document(case: Verification, by: StaffUser) -> None:
    """Raises DocumentNotChecked while the document stands against an approval by this reviewer."""
    state, _check = document_known(case, unread(case, by))
    if state in document_check.OPEN:
        raise DocumentNotChecked(str(_NOT_CHECKED[DocumentState(state)]))


def record_document_check(
    case: Verification,
    found: document_check.Found,
    *,
    by: StaffUser,
    now: datetime,
    note: str = "",
    **change: Any,
) -> DocumentCheck:
    """Append what the reviewer found on the current photo, with its event and `change` of the case. It never changes.

    Raises DocumentAnswerUnknown.
    """
    if SPOT_CHECK in case.reasons and is_blind(case, evidence_hash(case)):
        raise DocumentAnswerUnknown(_("This is a spot check: judge the faces before the document."))
    document = case.documents.current().first()
    if document is None:
        raise DocumentAnswerUnknown(_("There is no ID photo to check."))
    try:
        answers = document_check.answers_of(found, case.policy)
    except ValueError:
        raise DocumentAnswerUnknown(_("Choose the answers about the document from the list.")) from None
    if not answers:
        raise DocumentAnswerUnknown(_("Nothing was answered about the document."))
    check = DocumentCheck.objects.create(
        verification=case,
        document=document,
        kind=found.kind,
        answers=answers,
        list_version=document_check.LIST_VERSION,
        note=note,
        evidence_sha256=document.normalised_sha256,
        name_digest=document_check.name_digest(case),
        by=by,
        at=now,
    )
    change["document_state"] = document_check.state_after(check, case.policy)
    facts = recorded.of_check(check) | {"state": change["document_state"]}
    by_staff = audit.By.staff(by)
    workflow.amend(case, "document.checked", by=by_staff, now=now, data=facts, commits=[check], **change)
    return check


def record_review(
    case: Verification,
    verdict: str,
    *,
    reason_code: str,
    note: str,
    evidence_sha256: str,
    by: StaffUser,
    now: datetime,
    stage: Stage = Stage.DECISION,
    confirms: Review | None = None,
    differs_from: Review | None = None,
) -> Review:
    """Append the reviewer's verdict on the evidence of that hash. It never changes."""
    named = confirms or differs_from
    return Review.objects.create(
        verification=case,
        stage=stage,
        verdict=verdict,
        reason_code=reason_code,
        list_version=LIST_VERSION,
        note=note,
        evidence_sha256=evidence_sha256,
        confirms=confirms,
        differs_from=differs_from,
        proposed_by=named.by if named else None,
        by=by,
        at=now,
    )


def amend_by(review: Review, case: Verification, event: str, change: dict[str, Any], **facts: object) -> None:
    """Change the case's fields, with an event of the review and `facts`. Its status stays."""
    by, data = audit.By.staff(review.by), recorded.of_review(review) | facts
    workflow.amend(case, event, by=by, now=review.at, data=data, commits=[review], **change)
