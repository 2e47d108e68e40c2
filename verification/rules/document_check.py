"""Whether a person has to look at the document itself before a case is approved, and what they found on it.

A comparison of faces knows neither whether the picture is an ID, nor whose. The questions and the accepted kinds are
data of the policy that is pinned to the case. Reads one case and changes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from verification.models import DocumentCheck, Policy, Verdict, Verification
from verification.rules import sampling
from verification.states import (
    DocumentAnswer,
    DocumentCheckFor,
    DocumentKind,
    DocumentQuestion,
    DocumentState,
)

# Raised by a change of the questions, answers or kinds. A code that was ever used never gets another meaning.
LIST_VERSION = 1
# Kinds that are none of the accepted ones.
OTHER, CANNOT_TELL = "other", "cannot_tell"
OTHER_KINDS = {OTHER: _("Another kind, or no ID"), CANNOT_TELL: _("Can't tell")}
# The case may not be approved yet.
OPEN = frozenset({DocumentState.TO_DO, DocumentState.FAILED})

# What each choice of the policy means, in one sentence. Pages and `check --deploy` say the same.
MEANS = {
    DocumentCheckFor.NEVER: _(
        "Nobody looks at the document when a pass is clear: the faces were compared, but nobody knows whether the "
        "picture is an ID, whose it is, or whether it has expired."
    ),
    DocumentCheckFor.SHARE: _(
        "A person checks the document of a share of all cases before they are approved; for the others nobody knows "
        "whether the picture of a clear pass is an ID, or whose it is."
    ),
    DocumentCheckFor.ALWAYS: _(
        "Nobody is approved before a person has checked the document: no case is approved by itself."
    ),
}


@dataclass(frozen=True)
class Found:
    """What a reviewer says about the photo: the kind of document, and an answer to each question they answered.

    Their choice of the kind is their answer to whether it is an accepted one.
    """

    kind: str
    answers: Mapping[str, str]


def means(policy: Policy) -> str:
    return str(MEANS[DocumentCheckFor(policy.document_check)])


def asked(case: Verification) -> bool:
    """Does the policy of the case ask for a document check?"""
    policy = case.policy
    if policy.document_check == DocumentCheckFor.SHARE:
        return sampling.selected(case.public_id, policy.document_share, purpose="document_check")
    return policy.document_check != DocumentCheckFor.NEVER


def state_of(case: Verification) -> str:
    """A DocumentState, or "" where nobody asked for a check. One that anybody began counts, asked for or not.

    A check holds for the photo and the name that were compared: with another photo, or another name, it is to be made
    again.
    """
    # Each check sets a state, so a case without one needs no query.
    check = latest(case) if case.document_state else None
    if check is None:
        return DocumentState.TO_DO if case.document_state or asked(case) else ""
    found = state_after(check, case.policy)
    return found if found != DocumentState.DONE or _still_holds(check, case) else DocumentState.TO_DO


def latest(case: Verification) -> DocumentCheck | None:
    """The newest check of the current photo, by a reviewer who did not step aside."""
    aside = case.reviews.filter(verdict=Verdict.STEP_ASIDE).values("by")
    checks = case.document_checks.filter(document__superseded_at__isnull=True).exclude(by__in=aside)
    return checks.select_related("document", "by").order_by("-pk").first()


def state_after(check: DocumentCheck, policy: Policy) -> DocumentState:
    """What the answers come to: done with a yes to every question of the policy, failed with anything else to one."""
    answers = [check.answers.get(question) for question in policy.document_checklist]
    if answers and all(answer == DocumentAnswer.YES for answer in answers):
        return DocumentState.DONE
    # An answer of a question that the policy does not ask can't be given.
    doubts = any(answer not in (DocumentAnswer.YES, None) for answer in check.answers.values())
    return DocumentState.FAILED if doubts else DocumentState.TO_DO


def was_doubted(case: Verification) -> bool:
    """Did anybody answer one of the questions about the current photo with no?"""
    if not case.document_state:
        return False
    checks = case.document_checks.filter(document__superseded_at__isnull=True)
    return any(DocumentAnswer.NO in check.answers.values() for check in checks)


def _still_holds(check: DocumentCheck, case: Verification) -> bool:
    same_photo = check.evidence_sha256 == check.document.normalised_sha256
    return same_photo and check.name_digest == name_digest(case)


def name_digest(case: Verification) -> str:
    purpose = "verification.rules.document_check.name"
    return salted_hmac(purpose, case.applicant.name, algorithm="sha256").hexdigest()


def in_words(check: DocumentCheck) -> list[tuple[str, str, str]]:
    """(Question, answer in words, answer) of a check, the kind of the document first."""
    kinds = {**dict(DocumentKind.choices), **OTHER_KINDS}
    accepted = check.answers.get(DocumentQuestion.ACCEPTED_KIND, "")
    rows = [("", str(kinds[check.kind]), accepted)] if check.kind else []
    return rows + [
        (str(DocumentQuestion(question).label), str(DocumentAnswer(answer).label), answer)
        for question, answer in check.answers.items()
        if question != DocumentQuestion.ACCEPTED_KIND
    ]


def answers_of(found: Found, policy: Policy) -> dict[str, str]:
    """Question to answer, in the order of the policy's checklist. Raises ValueError for what is not on its lists."""
    answers = dict(found.answers)
    if DocumentQuestion.ACCEPTED_KIND in policy.document_checklist and found.kind:
        answers[DocumentQuestion.ACCEPTED_KIND] = _accepted(found.kind, policy)
    known_kinds = {"", *policy.document_kinds, *OTHER_KINDS}
    known = found.kind in known_kinds and set(answers.values()) <= set(DocumentAnswer.values)
    if not known or not set(answers) <= set(policy.document_checklist):
        raise ValueError("This is not an answer to a question of the policy.")
    return {
        str(question): str(answers[question]) for question in policy.document_checklist if question in answers
    }


def _accepted(kind: str, policy: Policy) -> DocumentAnswer:
    if kind in policy.document_kinds:
        return DocumentAnswer.YES
    return DocumentAnswer.CANNOT_TELL if kind == CANNOT_TELL else DocumentAnswer.NO
