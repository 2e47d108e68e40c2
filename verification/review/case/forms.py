"""The forms of the case page. They check shape only; the actions check whether the act is allowed."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from verification.actions.reassign import SNOOZES
from verification.actions.reveal import Purpose
from verification.casework import MAX_NOTE, Shown
from verification.models import Verdict
from verification.rules.reasons import REASONS

_STALE = {"required": _("This page is incomplete. Open the case again.")}
BLIND = (
    (Verdict.APPROVE, _("The same living person")),
    (Verdict.DECLINE, _("Not the same, or I can't tell")),
)


_OF_THE_PAGE = {"version", "evidence_sha256"}


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


class DecisionForm(_OnACase):
    verdict = forms.ChoiceField(
        choices=[(verdict, verdict.label) for verdict in Verdict if verdict != Verdict.REOPEN],
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
        choices=[(code, reason.label) for code, reason in REASONS.items() if reason.verdict == "reopen"],
        error_messages={"required": _("Choose a reason.")},
    )
    note = forms.CharField(max_length=MAX_NOTE, error_messages={"required": _("Reopening needs a note.")})
    version = forms.IntegerField(error_messages=_STALE)


class RevealForm(forms.Form):
    purpose = forms.ChoiceField(
        choices=Purpose.choices, error_messages={"required": _("Say what you need the details for.")}
    )
