"""The forms of the case page. They check shape only; the actions check whether the act is allowed."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from verification.actions.reassign import SNOOZES
from verification.actions.reveal import Purpose
from verification.casework import MAX_NOTE, Shown
from verification.models import CaseNote, StaffUser, Verdict
from verification.rules.document_check import OTHER_KINDS, Found
from verification.rules.reasons import REASONS, reasons_for
from verification.states import DocumentAnswer, DocumentKind, DocumentQuestion

_STALE = {"required": _("This page is incomplete. Open the case again.")}
BLIND = (
    (Verdict.APPROVE, _("The same living person")),
    (Verdict.DECLINE, _("Not the same, or I can't tell")),
)

_BY_OTHER_FORMS = {Verdict.REOPEN, Verdict.CANCEL}
_OF_THE_PAGE = {"version", "evidence_sha256"}
# The fields of the questions about the document. Whether its kind is accepted is answered by choosing the kind.
ANSWERED = {
    question: f"document_{question}"
    for question in DocumentQuestion
    if question != DocumentQuestion.ACCEPTED_KIND
}


def _reasons(verdict: Verdict) -> list[tuple[str, Any]]:
    return [(reason.code, reason.label) for reason in reasons_for(verdict)]


class _OnACase(forms.Form):
    """The fields of every act: a note, and the version and evidence that the page showed."""

    note = forms.CharField(required=False, max_length=MAX_NOTE, widget=forms.Textarea)
    version = forms.IntegerField(error_messages=_STALE)
    evidence_sha256 = forms.RegexField(r"^[0-9a-f]{64}$", error_messages=_STALE)

    def shown(self) -> Shown:
        return Shown(self.cleaned_data["version"], self.cleaned_data["evidence_sha256"])

    def words(self) -> dict[str, Any]:
        """What the reviewer typed and chose."""
        return {name: value for name, value in self.cleaned_data.items() if name not in _OF_THE_PAGE}


class DocumentForm(_OnACase):
    """What the reviewer found on the ID photo. All of it may stay open; the actions know what the policy asks for."""

    document_kind = forms.ChoiceField(required=False, choices=[*DocumentKind.choices, *OTHER_KINDS.items()])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ANSWERED.values():
            self.fields[name] = forms.ChoiceField(required=False, choices=DocumentAnswer.choices)

    def words(self) -> dict[str, Any]:
        about_document = {"document_kind", *ANSWERED.values()}
        others = {name: value for name, value in super().words().items() if name not in about_document}
        return {**others, "document": self._found()}

    def _found(self) -> Found | None:
        kind = self.cleaned_data["document_kind"]
        given = {question: self.cleaned_data[name] for question, name in ANSWERED.items()}
        answers = {str(question): answer for question, answer in given.items() if answer}
        return Found(kind, answers) if kind or answers else None


class DecisionForm(DocumentForm):
    verdict = forms.ChoiceField(
        choices=[(verdict, verdict.label) for verdict in Verdict if verdict not in _BY_OTHER_FORMS],
        error_messages={"required": _("Choose what to do with the case.")},
    )
    reason_code = forms.ChoiceField(
        choices=[(code, reason.label) for code, reason in REASONS.items()],
        error_messages={"required": _("Choose a reason.")},
    )
    hours = forms.IntegerField(required=False, min_value=0, max_value=max(SNOOZES))

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        reason = REASONS.get(found.get("reason_code", ""))
        if reason and "verdict" in found and reason.verdict != found["verdict"]:
            self.add_error("reason_code", _("Choose a reason that fits what you chose."))
        found["hours"] = found.get("hours") or 0
        return found


class BlindForm(_OnACase):
    verdict = forms.ChoiceField(choices=BLIND, error_messages={"required": _("Choose one of the two.")})


class ReopenForm(forms.Form):
    reason_code = forms.ChoiceField(
        choices=_reasons(Verdict.REOPEN),
        error_messages={"required": _("Choose a reason.")},
    )
    note = forms.CharField(max_length=MAX_NOTE, error_messages={"required": _("Reopening needs a note.")})
    version = forms.IntegerField(error_messages=_STALE)


class CancelForm(forms.Form):
    """Its fields have names of their own, as the form of the decision is on the same page."""

    cancel_reason = forms.ChoiceField(
        choices=_reasons(Verdict.CANCEL),
        error_messages={"required": _("Choose why it is cancelled.")},
    )
    cancel_note = forms.CharField(
        max_length=MAX_NOTE, error_messages={"required": _("Cancelling needs a note.")}
    )
    version = forms.IntegerField(error_messages=_STALE)


class RerunForm(forms.Form):
    """Its fields have names of their own, as other forms are on the page. `rerun_sure`: they know that it costs."""

    rerun_attempt = forms.CharField(max_length=40, error_messages=_STALE)
    rerun_number = forms.IntegerField(min_value=1, error_messages=_STALE)
    rerun_reason = forms.CharField(error_messages={"required": _("Say why it is compared again.")})
    rerun_sure = forms.BooleanField(
        error_messages={"required": _("Tick that you know that this is a call the vendor charges.")}
    )

    def words(self) -> dict[str, Any]:
        found = self.cleaned_data
        return {
            "attempt_id": found["rerun_attempt"],
            "number": found["rerun_number"],
            "reason": found["rerun_reason"],
        }


class NoteForm(forms.Form):
    """`to` and `answers` are checked against what the page offered."""

    text = forms.CharField(error_messages={"required": _("Write something.")})
    question = forms.BooleanField(required=False)

    def __init__(self, data: Any, *, colleagues: Iterable[StaffUser], notes: Iterable[CaseNote]) -> None:
        super().__init__(data)
        self._colleagues = {str(user.pk): user for user in colleagues}
        self._questions = {note.public_id: note for note in notes if note.question}
        self.fields["to"] = forms.MultipleChoiceField(
            required=False, choices=[(key, key) for key in self._colleagues]
        )
        self.fields["answers"] = forms.ChoiceField(
            required=False, choices=[(key, key) for key in self._questions]
        )

    def words(self) -> dict[str, Any]:
        found = self.cleaned_data
        return {
            "text": found["text"],
            "to": [self._colleagues[key] for key in found["to"]],
            "question": found["question"],
            "answers": self._questions.get(found["answers"]),
        }


class RevealForm(forms.Form):
    purpose = forms.ChoiceField(
        choices=Purpose.choices, error_messages={"required": _("Say what you need the details for.")}
    )
