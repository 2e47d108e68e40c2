"""The details of a brand, and the API clients that show it. What fits is said by `brands.details`."""

from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from verification import media
from verification.brands.details import NAMES, UnfitDetails
from verification.models import MAX_CONTACT, MAX_LEGAL_BASIS, MAX_NAME, ApiClient, Brand

MAX_CLIENTS: Final = 200


def _text(label: Any, most: int, *, required: bool = True, **more: Any) -> forms.CharField:
    attributes = {"autocomplete": "off", "spellcheck": "false", "maxlength": str(most)}
    return forms.CharField(label=label, required=required, widget=forms.TextInput(attrs=attributes), **more)


class BrandForm(forms.Form):
    name = _text(_("Name of the organisation"), MAX_NAME)
    contact = _text(
        _("Contact"),
        MAX_CONTACT,
        help_text=_(
            "Where applicants ask a person: an e-mail address, a telephone number with + or an https address."
        ),
    )
    privacy_notice = _text(_("Privacy notice"), MAX_CONTACT, help_text=_("An https address."))
    legal_basis = _text(
        _("Legal basis"),
        MAX_LEGAL_BASIS,
        help_text=_("Why it may use these data, in a few words. Applicants read it before they agree."),
    )
    data_protection_contact = _text(
        _("Data protection contact"),
        MAX_CONTACT,
        help_text=_("Where people ask what is kept about them, written like the contact."),
    )
    colour = _text(
        _("Colour"),
        7,
        required=False,
        help_text=_("Of buttons and links, such as #0b3d91. Empty: the portal's own green."),
    )
    logo = forms.FileField(
        label=_("Logo"),
        required=False,
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg"}),
        help_text=_("A PNG or JPEG of at most 512 KiB. It is made smaller, and its metadata is removed."),
    )
    drop_logo = forms.BooleanField(label=_("Remove the logo"), required=False)

    def __init__(self, data: Any = None, files: Any = None, *, brand: Brand | None = None) -> None:
        initial = {name: getattr(brand, name) for name in NAMES} if brand else None
        super().__init__(data, files, initial=initial)
        if brand is None or brand.logo_id is None:
            del self.fields["drop_logo"]

    def clean_colour(self) -> str:
        return str(self.cleaned_data["colour"]).lower()

    @property
    def details(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in NAMES}

    @property
    def picture(self) -> bytes | None:
        """One byte more than allowed is enough to refuse it."""
        file: Any = self.cleaned_data["logo"]
        return bytes(file.read(media.MAX_LOGO + 1)) if file else None

    def blame(self, unfit: UnfitDetails) -> None:
        for name, sentence in unfit.problems.items():
            self.add_error(name, sentence)


class ClientsForm(forms.Form):
    """A tick for each of the first MAX_CLIENTS clients by name: those of the brand, and those that might be."""

    clients = forms.ModelMultipleChoiceField(
        ApiClient.objects.none(), required=False, widget=forms.CheckboxSelectMultiple, label=_("Shown by")
    )

    def __init__(self, data: Any = None, *, brand: Brand) -> None:
        super().__init__(data)
        every = ApiClient.objects.select_related("brand").order_by("name")
        self.listed = list(every[: MAX_CLIENTS + 1])
        self.has_more = len(self.listed) > MAX_CLIENTS
        del self.listed[MAX_CLIENTS:]
        field = self.fields["clients"]
        field.queryset = every.filter(pk__in=[client.pk for client in self.listed])  # type: ignore[attr-defined]
        field.label_from_instance = lambda client: _label(client, brand)  # type: ignore[attr-defined]
        self.initial["clients"] = [client.pk for client in self.listed if client.brand_id == brand.pk]


def _label(client: ApiClient, brand: Brand) -> str:
    if client.brand is None or client.brand_id == brand.pk:
        return client.name
    return str(_("%(client)s (shows %(brand)s now)")) % {"client": client.name, "brand": client.brand.name}
