"""The audit trail. Only `audit.record` makes rows, and they never change: the database refuses UPDATE and DELETE."""

from typing import TYPE_CHECKING, Final

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from verification.models.trail import AuditSalt

# Events of somebody who looked and changed nothing. All others are deeds. They have an index of their own, so a change
# here takes a migration.
LOOKS: Final = (
    "applicant.name_shown",
    "applicant.revealed",
    "case.explained",
    "case.shared_viewed",
    "case.traced",
    "case.viewed",
    "case_pack.made",
    "evidence.viewed",
    "queue.searched",
    "record.viewed",
    "records.listed",
)


class AuditEvent(models.Model):
    """What happened, to what, by whom and when. Plain values without foreign keys, and no personal data."""

    at = models.DateTimeField(_("at"))
    kind = models.CharField(_("event"), max_length=60)
    actor_kind = models.CharField(_("actor"), max_length=20)
    actor_id = models.CharField(_("actor id"), max_length=150, blank=True)
    subject_kind = models.CharField(_("subject"), max_length=20)
    subject_id = models.CharField(_("subject id"), max_length=60)
    data = models.JSONField(_("data"), default=dict)

    # Of the records it commits to, until they are stored with it.
    salts: "list[AuditSalt]"

    class Meta:
        verbose_name = _("audit event")
        verbose_name_plural = _("audit events")
        ordering = ["pk"]
        # Each filter of the trail's page reads its page from one of these, whatever else there is. There are no more,
        # because each costs every event that is written.
        indexes = [
            models.Index(fields=["at", "id"], name="auditevent_by_time"),
            models.Index(fields=["kind", "at", "id"], name="auditevent_by_kind"),
            models.Index(fields=["subject_id", "at", "id"], name="auditevent_by_subject"),
            models.Index(fields=["actor_id", "at", "id"], name="auditevent_by_actor_at"),
            # How much one person looked at lately.
            models.Index(fields=["actor_id", "kind", "at"], name="auditevent_by_actor"),
            # Looks may be few among all events.
            models.Index(fields=["at", "id"], name="auditevent_looks", condition=Q(kind__in=LOOKS)),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.kind}"
