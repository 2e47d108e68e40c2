"""The decision form. It checks shape only; whether the decision may be made is for `actions.review`."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from verification.actions import review
from verification.models import DECISIONS
from verification.reasons import REASONS

_STALE = {"required": _("This page is incomplete. Open the case again.")}


class DecisionForm(forms.Form):
    verdict = forms.ChoiceField(
        choices=[(verdict, verdict.label) for verdict in DECISIONS],
        error_messages={"required": _("Choose approve, decline or ask again.")},
    )
    reason_code = forms.ChoiceField(
        choices=[(code, reason.label) for code, reason in REASONS.items()],
        error_messages={"required": _("Choose a reason.")},
    )
    note = forms.CharField(required=False, max_length=review.LONGEST_NOTE, widget=forms.Textarea)
    version = forms.IntegerField(error_messages=_STALE)
    evidence_sha256 = forms.RegexField(r"^[0-9a-f]{64}$", error_messages=_STALE)

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        reason = REASONS.get(found.get("reason_code", ""))
        if reason and "verdict" in found and reason.verdict != found["verdict"]:
            self.add_error("reason_code", _("Choose a reason that fits the verdict."))
        return found
