"""What all rows have in common that a worker sends to somebody: when, how often it was tried, and who tries now."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Outgoing(models.Model):
    """One text on its way. The text is made when it is sent, from what is true then: no row holds one.

    It is due at `due_at`, and not tried before `not_before`. A worker that sends it has a lease; each lease raises
    `fence`. `error` is the code of what happened last, and never what somebody answered.
    """

    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    due_at = models.DateTimeField(_("due"))
    not_before = models.DateTimeField(_("not tried before"))
    lease_until = models.DateTimeField(null=True, blank=True)
    fence = models.PositiveIntegerField(default=0)
    error = models.CharField(_("what happened"), max_length=40, blank=True)
    created_at = models.DateTimeField(_("created at"))
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)

    class Meta:
        abstract = True
