"""Systems that ask for verifications, and their keys."""

from functools import partial

from django.db import models
from django.utils.translation import gettext_lazy as _

from verification.models.brand import Brand
from verification.models.ids import new_id


class ApiClient(models.Model):
    """A relying party: a back-end system that creates verifications and reads their outcome."""

    public_id = models.CharField(max_length=40, unique=True, editable=False, default=partial(new_id, "cli"))
    name = models.CharField(_("name"), max_length=100, unique=True)
    created_at = models.DateTimeField(_("created at"))
    disabled_at = models.DateTimeField(_("disabled at"), null=True, blank=True)
    # Whom its applicants read about; empty: the installation's organisation.
    brand = models.ForeignKey(
        Brand, models.PROTECT, null=True, blank=True, related_name="clients", verbose_name=_("brand")
    )

    class Meta:
        verbose_name = _("API client")
        verbose_name_plural = _("API clients")

    def __str__(self) -> str:
        return self.name


class ApiKey(models.Model):
    """A bearer key of 256 bits. Only its SHA-256 is kept; `prefix` is what people may see of it."""

    client = models.ForeignKey(ApiClient, models.PROTECT, related_name="keys")
    prefix = models.CharField(_("begins with"), max_length=16)
    key_sha256 = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(_("scopes"), default=list)
    created_at = models.DateTimeField(_("created at"))
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used at"), null=True, blank=True)

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")

    def __str__(self) -> str:
        return f"{self.prefix}…"
