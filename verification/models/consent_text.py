"""The words behind the hash of a consent."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ConsentText(models.Model):
    """A text as applicants read it. It never changes: the database refuses UPDATE and DELETE.

    `sha256` is that of `text` in UTF-8, and is what `Consent.text_sha256` holds. Texts that were answered before the
    portal kept them are not here.
    """

    sha256 = models.CharField(_("SHA-256"), max_length=64, unique=True)
    version = models.CharField(_("version"), max_length=20)
    locale = models.CharField(_("language"), max_length=16)
    organisation = models.CharField(_("organisation"), max_length=100)
    text = models.TextField(_("text"))
    first_used_at = models.DateTimeField(_("first used at"))

    class Meta:
        verbose_name = _("consent text")
        verbose_name_plural = _("consent texts")

    def __str__(self) -> str:
        return f"{self.version} {self.locale}, {self.sha256[:12]}"
