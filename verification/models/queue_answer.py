"""When a queue was last answered: one row for each queue of the broker, and one for beat, which fills them."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class QueueAnswer(models.Model):
    """`answered_at`: a worker took a message from the queue, or beat sent its messages. `since`: without a long gap."""

    queue = models.CharField(_("queue"), max_length=20, unique=True)
    answered_at = models.DateTimeField(_("last answered"))
    since = models.DateTimeField(_("answered without a long gap since"))

    class Meta:
        verbose_name = _("answer of a queue")
        verbose_name_plural = _("answers of queues")

    def __str__(self) -> str:
        return self.queue
