"""An export of the trail."""

from functools import partial

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from verification.models.data_key import DataKey
from verification.models.ids import new_id


class ExportState(models.TextChoices):
    READY = "ready", _("Ready")
    EXPIRED = "expired", _("Expired")


class Export(models.Model):
    """An export file, who asked for it, and why. `by` is a user name, or `shell` for the command line."""

    public_id = models.CharField(max_length=40, unique=True, editable=False, default=partial(new_id, "exp"))
    by = models.CharField(_("by"), max_length=150)
    reason = models.CharField(_("reason"), max_length=300)
    period_start = models.DateTimeField(_("from"))
    period_end = models.DateTimeField(_("until (exclusive)"))
    with_notes = models.BooleanField(_("with reviewers' notes"), default=False, db_default=False)
    state = models.CharField(
        _("state"), max_length=10, choices=ExportState.choices, default=ExportState.READY
    )
    rows = models.PositiveIntegerField(_("rows"), default=0)
    data_key = models.OneToOneField(DataKey, models.PROTECT, null=True, blank=True, related_name="export")
    file_name = models.CharField(max_length=120)
    file_sha256 = models.CharField(_("SHA-256"), max_length=64)
    file_size = models.PositiveBigIntegerField(_("size (bytes)"))
    created_at = models.DateTimeField(_("created at"))
    expires_at = models.DateTimeField(_("kept until"))

    class Meta:
        verbose_name = _("export")
        verbose_name_plural = _("exports")
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                name="export_period_runs_forward", condition=Q(period_end__gt=F("period_start"))
            ),
        ]

    def __str__(self) -> str:
        return self.public_id
