"""An export of the trail, from the moment when it was asked for."""

from functools import partial
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from verification.models.data_key import DataKey
from verification.models.ids import new_id


class ExportState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    RUNNING = "running", _("Being made")
    READY = "ready", _("Ready")
    FAILED = "failed", _("Not made")
    CANCELLED = "cancelled", _("Cancelled")
    EXPIRED = "expired", _("Expired")


class ExportFormat(models.TextChoices):
    """What the tables come as, besides JSON lines, which always come."""

    CSV = "csv", _("CSV")
    XLSX = "xlsx", _("Excel workbook (XLSX)")
    PARQUET = "parquet", _("Parquet")


class ExportKind(models.TextChoices):
    PERIOD = "period", _("Export of a period")
    STATISTICS = "statistics", _("Statistics for a regulator")


class Purpose(models.TextChoices):
    """What somebody takes data out of the portal for."""

    AUDIT = "audit", _("Audit, internal or external")
    REGULATOR = "regulator", _("Question of a regulator")
    COURT = "court", _("Order of a court or an authority")
    COMPLAINT = "complaint", _("Complaint or appeal")
    INCIDENT = "incident", _("Security incident")
    OTHER = "other", _("Something else")


class Export(models.Model):
    """An export file, who asked for it, and why. `by` is a user name, or `shell` for the command line.

    While it is made, one process holds its lease, and only a write under the newest fence counts.
    """

    public_id = models.CharField(max_length=40, unique=True, editable=False, default=partial(new_id, "exp"))
    kind = models.CharField(
        _("kind"),
        max_length=10,
        choices=ExportKind.choices,
        default=ExportKind.PERIOD,
        db_default=ExportKind.PERIOD,
    )
    by = models.CharField(_("by"), max_length=150)
    by_kind = models.CharField(max_length=20, default="auditor", db_default="auditor")
    # Empty for those that were made before a purpose was asked for.
    purpose = models.CharField(
        _("purpose"), max_length=20, choices=Purpose.choices, blank=True, db_default=""
    )
    reason = models.CharField(_("reason"), max_length=300)
    period_start = models.DateTimeField(_("from"))
    period_end = models.DateTimeField(_("until (exclusive)"))
    formats = models.JSONField(_("formats"), default=list)
    with_notes = models.BooleanField(_("with reviewers' notes"), default=False, db_default=False)
    with_addresses = models.BooleanField(_("with network addresses"), default=False, db_default=False)
    state = models.CharField(
        _("state"), max_length=10, choices=ExportState.choices, default=ExportState.WAITING
    )
    # Why it was not made: a code.
    fault = models.CharField(max_length=30, blank=True, db_default="")
    fence = models.PositiveIntegerField(default=0, db_default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    # Rows of all tables: how many there are, and how many are written.
    rows_counted = models.PositiveBigIntegerField(default=0, db_default=0)
    rows = models.PositiveBigIntegerField(_("rows"), default=0)
    # The tables of which the workbook holds the first rows only.
    cut = models.JSONField(default=list)
    # How many entries the log had at the checkpoint by which it was made, and at that of the export before it.
    log_size = models.BigIntegerField(_("entries of the log"), null=True, blank=True)
    earlier_log_size = models.BigIntegerField(null=True, blank=True)
    data_key = models.OneToOneField(DataKey, models.PROTECT, null=True, blank=True, related_name="export")
    file_name = models.CharField(max_length=120, blank=True)
    file_sha256 = models.CharField(_("SHA-256"), max_length=64, blank=True)
    file_size = models.PositiveBigIntegerField(_("size (bytes)"), default=0)
    created_at = models.DateTimeField(_("created at"))
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
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
        indexes = [
            # What waits or is being made: a handful, however many exports there were.
            models.Index(
                fields=["created_at"],
                name="export_under_way",
                condition=Q(state__in=["waiting", "running"]),
            )
        ]

    def __str__(self) -> str:
        return self.public_id

    def facts(self) -> dict[str, Any]:
        """What was asked for, as events hold it: without the reason, which may name somebody."""
        return {
            "export_kind": self.kind,
            "start": self.period_start.isoformat(),
            "end": self.period_end.isoformat(),
            "purpose": self.purpose,
            "formats": self.formats,
            "with_notes": self.with_notes,
            "with_addresses": self.with_addresses,
        }
