"""The form of a draft of the policy. It checks shape and range; `actions.policy` checks who may change what."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from verification.actions.policy import TERMS
from verification.models import Policy
from verification.review.policy.words import DOES, LISTS
from verification.states import DocumentCheckFor

if TYPE_CHECKING:
    ModelForm = forms.ModelForm[Policy]
else:
    ModelForm = forms.ModelForm

# Ranges that make sense, within those that the database accepts.
RANGES = {
    "action_count": (1, 2),
    "max_attempts": (1, 10),
    "link_days": (1, 365),
    "review_hours": (1, 720),
    "retention_days": (1, 3650),
}
_BOUNDS = {
    "min_value": _("At least %(limit_value)s."),
    "max_value": _("At most %(limit_value)s."),
    "max_decimal_places": _("At most %(max)s decimal places."),
}
_STALE = {"required": _("This page is incomplete. Open the draft again.")}


class SeenForm(forms.Form):
    """The fingerprint of the draft that the page showed."""

    seen = forms.RegexField(r"^[0-9a-f]{64}$", error_messages=_STALE)


class PolicyForm(ModelForm):
    """A value for every term, and the reason. The form never saves its instance; the action does."""

    change_reason = forms.CharField(
        label=_("Why is it changed?"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("For your colleague who activates it, and for an examiner later."),
        error_messages={"required": _("Say why the policy is changed.")},
    )
    seen = forms.RegexField(r"^[0-9a-f]{64}$", error_messages=_STALE, widget=forms.HiddenInput)

    class Meta:
        model = Policy
        fields = (*TERMS, "change_reason")
        help_texts = DOES
        widgets = {"document_check": forms.RadioSelect}
        error_messages = dict.fromkeys(TERMS, _BOUNDS)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["document_check"].error_messages["required"] = _("Choose one.")
        for name, listed in LISTS.items():
            self.fields[name] = forms.MultipleChoiceField(
                label=self.fields[name].label,
                help_text=str(DOES[name]),
                choices=listed.choices,
                widget=forms.CheckboxSelectMultiple,
                error_messages={"required": _("Choose at least one.")},
            )
        for name, (least, most) in RANGES.items():
            self.fields[name].validators = [MinValueValidator(least), MaxValueValidator(most)]
            self.fields[name].widget.attrs |= {"min": least, "max": most}

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        for name, listed in LISTS.items():
            # In the order of the list, so that the same choice is the same value.
            found[name] = [str(code) for code in listed if code in found.get(name, ())]
        if found.get("document_check") == DocumentCheckFor.SHARE and found.get("document_share") == 0:
            self.add_error("document_share", _("Say which share: more than 0."))
        return found

    @property
    def terms(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in TERMS}


class ActivationForm(SeenForm):
    """To activate a draft the user types the number of its version."""

    version = forms.IntegerField(error_messages={"required": _("Type the number of the version.")})

    def __init__(self, *args: Any, expected: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._expected = expected

    def clean_version(self) -> int:
        typed: int = self.cleaned_data["version"]
        if typed != self._expected:
            raise forms.ValidationError(_("This is not the number of the draft."))
        return typed
