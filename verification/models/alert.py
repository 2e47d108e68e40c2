"""What operators are told about without looking: that it began, and that it is over."""

from functools import partial

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from verification.models.ids import new_id
from verification.models.outgoing import Outgoing


class AlertKind(models.TextChoices):
    ACCOUNT_PAUSED = "account_paused", _("Calling is paused")
    BUDGET_SPENT = "budget_spent", _("The day's budget is spent")
    NO_WORKER = "no_worker", _("No worker answers")
    NO_BEAT = "no_beat", _("Beat stands still")
    STORE_DOWN = "store_down", _("The store does not answer")
    DISK_LOW = "disk_low", _("A disk is nearly full")
    MESSAGES_FAIL = "messages_fail", _("Messages can't be sent")
    SEALING_STOPPED = "sealing_stopped", _("The trail is not sealed")
    HISTORY_REWOUND = "history_rewound", _("The trail lacks what it had")
    ANCHOR_FAILS = "anchor_fails", _("Checkpoints do not get out")


class Alert(models.Model):
    """One trouble, from the first time it was seen. It begins once it has lasted, and is over once it has stayed away,
    so that what comes and goes is told once.

    `subject` is an account, a queue, or empty. `detail` is a code.
    """

    public_id = models.CharField(max_length=40, unique=True, editable=False, default=partial(new_id, "alr"))
    kind = models.CharField(_("kind"), max_length=20, choices=AlertKind.choices)
    subject = models.CharField(_("what"), max_length=80, blank=True)
    detail = models.CharField(_("code"), max_length=128, blank=True)
    seen_at = models.DateTimeField(_("first seen"))
    begun_at = models.DateTimeField(_("begun"), null=True, blank=True)
    away_since = models.DateTimeField(_("not seen since"), null=True, blank=True)
    over_at = models.DateTimeField(_("over"), null=True, blank=True)

    class Meta:
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        indexes = [models.Index(fields=["-seen_at"], name="alert_newest")]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject"], condition=Q(over_at__isnull=True), name="alert_open_once"
            ),
            models.CheckConstraint(
                name="alert_over_has_begun", condition=Q(over_at__isnull=True) | Q(begun_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return self.public_id


class AlertNotice(Outgoing):
    """One notice of an alert: that it began, or that it is over, by one channel."""

    class Moment(models.TextChoices):
        BEGUN = "begun", _("begun")
        OVER = "over", _("over")

    class Channel(models.TextChoices):
        EMAIL = "email", _("E-mail")
        WEBHOOK = "webhook", _("Webhook")

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Not sent")

    public_id = models.CharField(max_length=40, unique=True, editable=False, default=partial(new_id, "ntc"))
    alert = models.ForeignKey(Alert, models.CASCADE, related_name="notices")
    moment = models.CharField(_("moment"), max_length=8, choices=Moment.choices)
    channel = models.CharField(_("by"), max_length=8, choices=Channel.choices)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.WAITING)

    class Meta:
        verbose_name = _("notice of an alert")
        verbose_name_plural = _("notices of alerts")
        indexes = [models.Index(fields=["not_before", "id"], condition=Q(state="waiting"), name="notice_due")]
        constraints = [models.UniqueConstraint(fields=["alert", "moment", "channel"], name="notice_once")]

    def __str__(self) -> str:
        return self.public_id
