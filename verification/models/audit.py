"""The audit trail. Only `audit.record` makes rows, and they never change: the database refuses UPDATE and DELETE."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class AuditEvent(models.Model):
    """What happened, to what, by whom and when. Plain values without foreign keys, and no personal data."""

    at = models.DateTimeField(_("at"), db_index=True)
    kind = models.CharField(_("event"), max_length=60, db_index=True)
    actor_kind = models.CharField(_("actor"), max_length=20)
    actor_id = models.CharField(_("actor id"), max_length=150, blank=True)
    subject_kind = models.CharField(_("subject"), max_length=20)
    subject_id = models.CharField(_("subject id"), max_length=60, db_index=True)
    data = models.JSONField(_("data"), default=dict)

    class Meta:
        verbose_name = _("audit event")
        verbose_name_plural = _("audit events")
        ordering = ["pk"]
        # How much one person looked at lately.
        indexes = [models.Index(fields=["actor_id", "kind", "at"], name="auditevent_by_actor")]

    def __str__(self) -> str:
        return f"{self.pk} {self.kind}"
