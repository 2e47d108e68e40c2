"""The audit trail. Only `audit.record` makes rows, and they never change: the database refuses UPDATE and DELETE."""

from typing import TYPE_CHECKING

from django.db import models
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from verification.models.trail import AuditSalt


class AuditEvent(models.Model):
    """What happened, to what, by whom and when. Plain values without foreign keys, and no personal data."""

    at = models.DateTimeField(_("at"), db_index=True)
    kind = models.CharField(_("event"), max_length=60, db_index=True)
    actor_kind = models.CharField(_("actor"), max_length=20)
    actor_id = models.CharField(_("actor id"), max_length=150, blank=True)
    subject_kind = models.CharField(_("subject"), max_length=20)
    subject_id = models.CharField(_("subject id"), max_length=60, db_index=True)
    data = models.JSONField(_("data"), default=dict)

    # Of the records it commits to, until they are stored with it.
    salts: "list[AuditSalt]"

    class Meta:
        verbose_name = _("audit event")
        verbose_name_plural = _("audit events")
        ordering = ["pk"]
        # How much one person looked at lately.
        indexes = [models.Index(fields=["actor_id", "kind", "at"], name="auditevent_by_actor")]

    def __str__(self) -> str:
        return f"{self.pk} {self.kind}"
