"""A Tencent Cloud account: its rate and whether it may be called."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class VendorAccount(models.Model):
    """One row for each account. Credentials never come here: they stay in the environment."""

    name = models.CharField(_("name"), max_length=40, unique=True)
    rate = models.PositiveSmallIntegerField(_("calls a second"), default=20)
    next_slot_at = models.DateTimeField(_("next free slot"), null=True, blank=True)
    paused_until = models.DateTimeField(_("paused until"), null=True, blank=True)
    pause_reason = models.CharField(_("reason of the pause"), max_length=100, blank=True)

    class Meta:
        verbose_name = _("vendor account")
        verbose_name_plural = _("vendor accounts")

    def __str__(self) -> str:
        return self.name
