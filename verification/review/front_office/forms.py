"""The form of one invitation and of a file. Names and references obey the rules of the API."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from verification import validators
from verification.invitations.people import Fault
from verification.models import ApiClient
from verification.review.front_office import words
from verification.states import Mode

_PLAIN = {"autocomplete": "off", "spellcheck": "false"}
_MODES = [("", _("As the policy says")), *Mode.choices]


class _Text(forms.CharField):
    """A text by a rule of `validators`; what is refused is said as in a file."""

    def __init__(self, rule: Callable[[str], str], most: int, **more: Any) -> None:
        self.rule = rule
        super().__init__(strip=False, widget=forms.TextInput(attrs={**_PLAIN, "maxlength": most}), **more)

    def clean(self, value: Any) -> str:
        try:
            return self.rule(value or "")
        except validators.UnfitText as unfit:
            code = unfit.code
        raise forms.ValidationError(words.fault(Fault(0, "", code)), code=code)


class _Client(forms.ModelChoiceField):  # type: ignore[type-arg]
    def __init__(self) -> None:
        super().__init__(
            ApiClient.objects.none(),
            label=_("Calling system"),
            required=False,
            empty_label=_("none: we invite for ourselves"),
            help_text=_("It then reads the case by the API, and the reference is one of its own."),
        )


class _Invitation(forms.Form):
    mode = forms.ChoiceField(label=_("Video"), choices=_MODES, required=False)
    client = _Client()

    def __init__(self, data: Any = None, **more: Any) -> None:
        super().__init__(data, **more)
        clients = ApiClient.objects.filter(disabled_at__isnull=True).order_by("name")
        field: Any = self.fields["client"]
        field.queryset = clients
        if not clients.exists():
            del self.fields["client"]


class InviteForm(_Invitation):
    reference = _Text(
        validators.reference,
        validators.MAX_LENGTH,
        label=_("Reference"),
        help_text=_("Your own number of the person, such as the customer number."),
    )
    name = _Text(
        validators.person_name,
        validators.MAX_LENGTH,
        label=_("Name"),
        help_text=_("As it stands on the ID document."),
    )
    email = _Text(
        lambda text: validators.email(text.strip()),
        validators.MAX_EMAIL,
        label=_("E-mail"),
        required=False,
    )
    locale = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    send = forms.BooleanField(
        label=_("Send the link by e-mail"),
        required=False,
        help_text=_("Otherwise it is shown next, for you to hand over."),
    )
    field_order = ("reference", "name", "email", "locale", "mode", "client", "send")

    def __init__(self, data: Any = None, *, sends: bool, **more: Any) -> None:
        super().__init__(data, **more)
        if not sends:
            del self.fields["send"]

    @property
    def wanted(self) -> dict[str, Any]:
        fields = {"client": None, "send": False, **self.cleaned_data}
        return {**fields, "mode": Mode(fields["mode"]) if fields["mode"] else None}


class FileForm(_Invitation):
    file = forms.FileField(
        label=_("CSV file"),
        required=False,
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,text/csv"}),
    )
    field_order = ("file", "mode", "client")
