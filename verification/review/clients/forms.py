"""The forms of a new client and of a new key."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from verification.actions.api_client import DAYS, MAX_NAME, SCOPES

_SCOPES = {
    "verifications:write": _("invite people, and cancel"),
    "verifications:read": _("read where cases stand and how they ended"),
}


class KeyForm(forms.Form):
    scopes = forms.MultipleChoiceField(
        label=_("It may"),
        choices=[(scope, _SCOPES[scope]) for scope in SCOPES],
        initial=list(SCOPES),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose what the key may do.")},
    )
    days = forms.IntegerField(
        label=_("Days until it runs out"),
        required=False,
        min_value=DAYS[0],
        max_value=DAYS[1],
        help_text=_("Left empty, it works until it is revoked."),
    )


class ClientForm(KeyForm):
    name = forms.CharField(
        label=_("Name"),
        max_length=MAX_NAME,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_("What people call the system that will call."),
    )
    field_order = ("name", "scopes", "days")

    def clean_name(self) -> Any:
        name = self.cleaned_data["name"]
        if not name.isprintable():
            raise forms.ValidationError(_("The name holds a character that is not allowed here."))
        return name
