"""The forms of proposals: a new account, other rights, other credentials."""

from typing import Any

from django import forms
from django.contrib.auth.forms import UsernameField
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.utils.translation import gettext_lazy as _

from verification.actions import staff_change
from verification.models import ChangeKind, StaffUser
from verification.permissions import Group

_GROUPS = [(group.value, group.value) for group in Group]
_PLAIN = {"autocomplete": "off", "spellcheck": "false"}


def _text(label: Any, most: int, *, required: bool = False, **more: Any) -> forms.CharField:
    return forms.CharField(
        label=label, max_length=most, required=required, widget=forms.TextInput(attrs=_PLAIN), **more
    )


class _Proposal(forms.Form):
    reason = _text(
        _("Why"),
        staff_change.MAX_REASON,
        required=True,
        help_text=_("For the person who confirms it. It stays with the change."),
    )


class _Person(_Proposal):
    first_name = _text(_("First name"), 150)
    last_name = _text(_("Last name"), 150)
    email = forms.EmailField(
        label=_("E-mail"), max_length=254, required=False, widget=forms.EmailInput(attrs=_PLAIN)
    )
    groups = forms.MultipleChoiceField(
        label=_("Groups"), choices=_GROUPS, required=False, widget=forms.CheckboxSelectMultiple
    )


class _NewUsername(UsernameField):
    """Written as it will be stored. The browser does not offer the operator's own."""

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {**super().widget_attrs(widget), **_PLAIN}


class AppointForm(_Person):
    username = _NewUsername(label=_("Username"), max_length=150, validators=[UnicodeUsernameValidator()])
    field_order = ("username", "first_name", "last_name", "email", "groups", "reason")

    @property
    def wanted(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name != "reason"}


class RightsForm(_Person):
    """`wanted` holds what differs from the account as it is."""

    is_active = forms.BooleanField(label=_("May sign in"), required=False)
    field_order = ("groups", "is_active", "first_name", "last_name", "email", "reason")

    def __init__(self, data: Any = None, *, user: StaffUser, auto_id: str) -> None:
        self.now = _as_it_is(user)
        super().__init__(data, initial=self.now, auto_id=auto_id)

    @property
    def wanted(self) -> dict[str, Any]:
        new = {**self.cleaned_data, "groups": sorted(self.cleaned_data["groups"])}
        return {name: new[name] for name, value in self.now.items() if new[name] != value}


def _as_it_is(user: StaffUser) -> dict[str, Any]:
    return {
        "first_name": user.first_name,
        "last_name": user.last_name,
        "email": user.email,
        "is_active": user.is_active,
        "groups": sorted(user.groups.values_list("name", flat=True)),
    }


class CredentialsForm(_Proposal):
    kind = forms.ChoiceField(
        label=_("What"),
        choices=[
            (ChangeKind.PASSWORD.value, _("A new first password")),
            (ChangeKind.SECOND_STEP.value, _("Remove the lost second step")),
            (ChangeKind.VOUCH.value, _("Vouch that this is a person of their own")),
        ],
        widget=forms.RadioSelect,
    )
    field_order = ("kind", "reason")
