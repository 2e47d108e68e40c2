"""Which host answers a queue: one row for each host and queue, and one for the host of beat."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class WorkerHost(models.Model):
    """`since`: without a long gap. `clock_ms`: how far the host's clock is ahead of the database's."""

    queue = models.CharField(_("queue"), max_length=20)
    host = models.CharField(_("host"), max_length=120)
    version = models.CharField(_("version"), max_length=40)
    clock_ms = models.IntegerField(_("clock ahead by (ms)"))
    answered_at = models.DateTimeField(_("last answered"))
    since = models.DateTimeField(_("answered without a long gap since"))

    class Meta:
        verbose_name = _("host of workers")
        verbose_name_plural = _("hosts of workers")
        ordering = ["queue", "host"]
        constraints = [
            models.UniqueConstraint(fields=["queue", "host"], name="worker_host_once_per_queue"),
        ]

    def __str__(self) -> str:
        return f"{self.queue} on {self.host}"
