"""What the applicant agreed to, or refused."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from verification.models.verification import Verification


class Consent(models.Model):
    """An answer to one exact text: the hash proves which words were on the page."""

    verification = models.ForeignKey(Verification, models.PROTECT, related_name="consents")
    given = models.BooleanField(_("given"))
    text_version = models.CharField(_("text version"), max_length=20)
    text_sha256 = models.CharField(_("text SHA-256"), max_length=64)
    locale = models.CharField(_("language"), max_length=16)
    at = models.DateTimeField(_("at"))
    ip_address = models.GenericIPAddressField(_("from address"), null=True, blank=True)
    user_agent = models.CharField(_("browser"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")

    def __str__(self) -> str:
        return f"consent {self.text_version} {'given' if self.given else 'refused'}"
