"""Messages to applicants, and the links that they carry."""

from functools import partial

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from verification.models.ids import new_id
from verification.models.outgoing import Outgoing
from verification.models.verification import Verification


class MessageKind(models.TextChoices):
    INVITATION = "invitation", _("Invitation")
    REMINDER = "reminder", _("Reminder")
    AGAIN = "again", _("Asked again")
    RESULT = "result", _("Result")
    DELAY = "delay", _("Review takes longer")


class Channel(models.TextChoices):
    EMAIL = "email", _("E-mail")
    SMS = "sms", _("SMS")


class MessageState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Not sent")
    BOUNCED = "bounced", _("Came back")
    DROPPED = "dropped", _("Not needed")


class Message(Outgoing):
    """One message to the applicant of a case, written in the transaction of what it tells: the outbox.

    It holds neither name nor address nor text. `about` says which link, question or decision it is about, so that
    nothing is told twice, and nothing that is no longer true. `address_hash` is that of the address it went to, to know
    it again if the message comes back.
    """

    public_id = models.CharField(max_length=40, unique=True, editable=False, default=partial(new_id, "msg"))
    verification = models.ForeignKey(Verification, models.PROTECT, related_name="messages")
    kind = models.CharField(_("kind"), max_length=12, choices=MessageKind.choices)
    channel = models.CharField(_("by"), max_length=8, choices=Channel.choices)
    about = models.CharField(max_length=40)
    state = models.CharField(
        _("state"), max_length=8, choices=MessageState.choices, default=MessageState.WAITING
    )
    locale = models.CharField(_("language"), max_length=16, blank=True)
    address_hash = models.CharField(max_length=64, blank=True)

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        indexes = [
            models.Index(fields=["not_before", "id"], condition=Q(state="waiting"), name="message_due"),
            models.Index(fields=["state", "-created_at"], name="message_by_state"),
            models.Index(fields=["-created_at"], name="message_newest"),
            models.Index(fields=["address_hash"], condition=Q(state="bounced"), name="message_came_back"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["verification", "kind", "about"], name="message_once"),
            models.CheckConstraint(
                name="message_known_state", condition=Q(state__in=[str(state) for state in MessageState])
            ),
            models.CheckConstraint(
                name="message_sent_has_a_time",
                condition=~Q(state__in=["sent", "bounced"]) | Q(sent_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.public_id


class KeptLink(models.Model):
    """The link of an open case, sealed under the applicant's key, while a message may still have to carry it.

    `link` is the beginning of the link's hash, as `links.link_prefix` has it.
    """

    verification = models.OneToOneField(Verification, models.CASCADE, related_name="kept_link")
    link = models.CharField(max_length=16)
    sealed = models.CharField(max_length=200)

    class Meta:
        verbose_name = _("kept link")
        verbose_name_plural = _("kept links")

    def __str__(self) -> str:
        return self.link
