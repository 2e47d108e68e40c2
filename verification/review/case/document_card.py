"""The card of the document check: the checklist to work through, or what was found. Reads only.

The name of the invited person is part of the checklist, so it is shown in clear, but only to the reviewer who holds
the case, and only while the checklist is open. `page` records that look.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from verification import casework
from verification.models import Document, DocumentCheck, Policy, Review, Verification
from verification.review.case.forms import ANSWERED, DocumentForm
from verification.rules import document_check
from verification.states import DocumentAnswer, DocumentKind, DocumentQuestion, DocumentState


@dataclass(frozen=True)
class Question:
    """`field` is the name of its field, `given` the answer that was posted and refused."""

    label: str
    field: str
    given: str


@dataclass(frozen=True)
class Card:
    """`name` is the invited person's, in clear while the checklist is open and a question asks for it."""

    state: str
    asked: bool
    open: bool
    may_open: bool
    name: str
    kinds: list[tuple[str, str]]
    kind: str
    questions: list[Question]
    latest: DocumentCheck | None
    found: list[tuple[str, str, str]]

    @property
    def state_label(self) -> str:
        return str(DocumentState(self.state).label) if self.state else ""

    @property
    def answers(self) -> list[tuple[str, str]]:
        return [(str(value), str(label)) for value, label in DocumentAnswer.choices]


def of(
    case: Verification,
    document: Document | None,
    *,
    works: bool,
    wanted: bool,
    unread: Sequence[Review],
    form: DocumentForm | None,
) -> Card | None:
    """The card, or None if there is nothing to show. `works`: the user holds the case and decides it; `wanted`: they
    asked for the checklist; `document`: the photo that the page shows; `unread`: what they must not read yet."""
    state, latest = casework.document_known(case, unread)
    may_open = works and document is not None and document.superseded_at is None
    if not (state or may_open):
        return None
    answered = form is not None and form.is_bound and any(form.data.get(name) for name in _fields())
    open_ = may_open and (state == DocumentState.TO_DO or wanted or answered)
    return Card(
        state=state,
        asked=document_check.asked(case),
        open=open_,
        may_open=may_open and not open_,
        name=case.applicant.name if open_ and _asks_name(case.policy) else "",
        kinds=_kinds(case.policy),
        kind=_given(form, "document_kind"),
        questions=_questions(case.policy, form),
        latest=latest,
        found=document_check.in_words(latest) if latest else [],
    )


def _fields() -> tuple[str, ...]:
    return ("document_kind", *ANSWERED.values())


def _asks_name(policy: Policy) -> bool:
    return DocumentQuestion.NAME_MATCHES in policy.document_checklist


def _kinds(policy: Policy) -> list[tuple[str, str]]:
    accepted = [(code, str(DocumentKind(code).label)) for code in policy.document_kinds]
    return [*accepted, *((code, str(label)) for code, label in document_check.OTHER_KINDS.items())]


def _questions(policy: Policy, form: DocumentForm | None) -> list[Question]:
    return [
        Question(str(question.label), name, _given(form, name))
        for question, name in ANSWERED.items()
        if question in policy.document_checklist
    ]


def _given(form: Any, name: str) -> str:
    return str(form[name].value() or "") if form is not None and form.is_bound else ""
