"""How an API client's applicants see who asks them: a name, contacts and a look of its own."""

from functools import partial
from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from verification.models.ids import new_id

MAX_NAME: Final = 100
MAX_CONTACT: Final = 200
MAX_LEGAL_BASIS: Final = 300


class Logo(models.Model):
    """A picture that `media` made of an uploaded one. It never changes, so that browsers may keep it for ever."""

    sha256 = models.CharField(_("SHA-256"), max_length=64, primary_key=True)
    png = models.BinaryField(_("PNG"))
    width = models.PositiveSmallIntegerField(_("width"))
    height = models.PositiveSmallIntegerField(_("height"))
    stored_at = models.DateTimeField(_("stored at"))

    class Meta:
        verbose_name = _("logo")
        verbose_name_plural = _("logos")

    def __str__(self) -> str:
        return self.sha256[:12]


class Brand(models.Model):
    """Stands in place of the installation's organisation, with all of its details. `brands.details` says what fits."""

    public_id = models.CharField(max_length=40, unique=True, editable=False, default=partial(new_id, "brd"))
    name = models.CharField(_("name of the organisation"), max_length=MAX_NAME, unique=True)
    contact = models.CharField(_("contact"), max_length=MAX_CONTACT)
    privacy_notice = models.CharField(_("privacy notice"), max_length=MAX_CONTACT)
    legal_basis = models.CharField(_("legal basis"), max_length=MAX_LEGAL_BASIS)
    data_protection_contact = models.CharField(_("data protection contact"), max_length=MAX_CONTACT)
    # As #rrggbb, or "" for the portal's own.
    colour = models.CharField(_("colour"), max_length=7, blank=True)
    logo = models.ForeignKey(Logo, models.PROTECT, null=True, blank=True, related_name="brands")
    created_at = models.DateTimeField(_("created at"))
    changed_at = models.DateTimeField(_("changed at"))

    class Meta:
        verbose_name = _("brand")
        verbose_name_plural = _("brands")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
