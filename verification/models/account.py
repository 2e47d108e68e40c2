"""A Tencent Cloud account: its pace, whether it may be called, and what it has spent today."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class VendorAccount(models.Model):
    """One row for each account. Credentials never come here: they stay in the environment.

    An account is paused while `paused_at` is set. From `trial_at` on one call may be tried all the same; it decides
    whether the pause is over. `slowdown` is how many times the pace was halved, since `slowed_at`. Until `wait_until`
    the vendor asked not to be called. `spent` counts the calls of `spent_on` (UTC) that were or may have been charged.
    """

    name = models.CharField(_("name"), max_length=40, unique=True)
    rate = models.PositiveSmallIntegerField(_("calls a second"), default=20)
    next_slot_at = models.DateTimeField(_("next free slot"), null=True, blank=True)
    # Which process may make how many of the calls of a second, as `pacing.shares` has them.
    shares = models.JSONField(default=dict, blank=True, editable=False)
    shares_version = models.PositiveBigIntegerField(default=0, db_default=0, editable=False)

    slowdown = models.PositiveSmallIntegerField(_("times the pace was halved"), default=0, db_default=0)
    slowed_at = models.DateTimeField(_("pace changed at"), null=True, blank=True)
    wait_until = models.DateTimeField(_("vendor asked to wait until"), null=True, blank=True)

    paused_at = models.DateTimeField(_("paused since"), null=True, blank=True)
    pause_reason = models.CharField(_("reason of the pause"), max_length=128, blank=True)
    probe_at = models.DateTimeField(_("next probe"), null=True, blank=True)
    failed_probes = models.PositiveSmallIntegerField(_("failed probes"), default=0)
    trial_at = models.DateTimeField(_("one call may be tried from"), null=True, blank=True)

    daily_budget = models.PositiveIntegerField(_("calls a day (0: no limit)"), default=0)
    spent_on = models.DateField(_("day of the spend"), null=True, blank=True)
    spent = models.PositiveIntegerField(_("calls of that day that may be charged"), default=0)
    budget_alert = models.PositiveSmallIntegerField(_("last budget alert (per cent)"), default=0)

    class Meta:
        verbose_name = _("vendor account")
        verbose_name_plural = _("vendor accounts")
        constraints = [
            models.CheckConstraint(
                name="account_pause_has_a_reason_and_a_probe",
                condition=Q(
                    paused_at__isnull=True, pause_reason="", probe_at__isnull=True, trial_at__isnull=True
                )
                | (Q(paused_at__isnull=False, probe_at__isnull=False) & ~Q(pause_reason="")),
            )
        ]

    def __str__(self) -> str:
        return self.name
