"""The ledger of paid calls."""

from functools import partial

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from verification.models.account import VendorAccount
from verification.models.attempt import VerificationAttempt
from verification.models.ids import new_id
from verification.models.rerun import Rerun


class CallState(models.TextChoices):
    SENDING = "sending", _("Sending")
    ANSWERED = "answered", _("Answered")
    NOT_SENT = "not_sent", _("Not sent")
    UNKNOWN = "unknown", _("Unknown")


class AnswerKind(models.TextChoices):
    """What an answer was worth. Blank while there is none."""

    USABLE = "usable", _("Usable")
    FAILED = "failed", _("Vendor failed")
    # The vendor could not read or compress the recording: a smaller copy may do.
    VIDEO = "video", _("Recording refused")
    # Throttled, or the account is at fault: the vendor refused the call and checked nothing.
    REFUSED = "refused", _("Turned away")


class Billed(models.TextChoices):
    YES = "yes", _("Yes")
    NO = "no", _("No")
    UNKNOWN = "unknown", _("Unknown")


class ProviderCall(models.Model):
    """One call to the vendor, committed as `sending` before its first byte is sent."""

    public_id = models.CharField(max_length=40, unique=True, editable=False, default=partial(new_id, "call"))
    attempt = models.ForeignKey(VerificationAttempt, models.PROTECT, related_name="calls")
    # The call was made again for a finished attempt; nothing follows from its answer.
    rerun = models.ForeignKey(
        Rerun, models.PROTECT, null=True, blank=True, related_name="calls", verbose_name=_("made again for")
    )
    account = models.ForeignKey(VendorAccount, models.PROTECT, related_name="+")
    number = models.PositiveSmallIntegerField(_("number"))
    region = models.CharField(_("region"), max_length=20)
    state = models.CharField(_("state"), max_length=10, choices=CallState.choices, default=CallState.SENDING)
    answer = models.CharField(_("answer"), max_length=8, choices=AnswerKind.choices, blank=True)
    # The call was entered, but its slot passed before a byte was sent.
    slot_missed = models.BooleanField(_("slot missed"), default=False)
    body_sha256 = models.CharField(_("SHA-256 as sent"), max_length=64)
    body_size = models.PositiveIntegerField(_("size as sent (bytes)"))
    started_at = models.DateTimeField(_("started at"))
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    request_id = models.CharField(_("RequestId"), max_length=128, blank=True)
    code = models.CharField(_("code"), max_length=128, blank=True)
    description = models.CharField(_("description"), max_length=300, blank=True)
    similarity = models.DecimalField(_("similarity"), max_digits=5, decimal_places=2, null=True, blank=True)
    # False if the code and the similarity contradict each other, or the answer does in another way.
    consistent = models.BooleanField(_("answer consistent"), default=True, db_default=True)
    billed = models.CharField(_("billed"), max_length=8, choices=Billed.choices, default=Billed.UNKNOWN)
    latency_ms = models.PositiveIntegerField(_("latency (ms)"), null=True, blank=True)

    class Meta:
        verbose_name = _("provider call")
        verbose_name_plural = _("provider calls")
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["attempt", "number"], name="call_number_once_per_attempt"),
            models.UniqueConstraint(
                fields=["attempt"],
                condition=Q(state=CallState.SENDING),
                name="call_one_under_way_per_attempt",
            ),
            models.CheckConstraint(
                name="call_ended_has_a_time",
                condition=Q(state=CallState.SENDING, ended_at__isnull=True)
                | (~Q(state=CallState.SENDING) & Q(ended_at__isnull=False)),
            ),
        ]
        indexes = [
            # Whether an account or a region is failing, and what a day has cost.
            models.Index(fields=["account", "region", "ended_at"], name="call_by_account_and_region"),
            models.Index(fields=["started_at"], name="call_by_start"),
            # What the vendor's support asks for.
            models.Index(fields=["request_id"], condition=~Q(request_id=""), name="call_by_request_id"),
            models.Index(fields=["started_at"], condition=Q(state=CallState.SENDING), name="call_under_way"),
        ]

    def __str__(self) -> str:
        return self.public_id
