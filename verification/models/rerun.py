"""The same evidence sent to the vendor once more, because somebody doubts the answer."""

from functools import partial

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from verification.models.attempt import VerificationAttempt
from verification.models.ids import new_id
from verification.models.staff import StaffUser
from verification.models.verification import Verification


class RerunState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    ANSWERED = "answered", _("Answered")
    FAILED = "failed", _("No answer")
    # The request, or a part of it, was sent and no answer came back: it may have been charged.
    UNKNOWN = "unknown", _("Outcome unknown")


class Rerun(models.Model):
    """One call more for a finished attempt, with the very bytes that were sent then. It decides nothing, and changes
    neither the case nor the attempt. What the vendor says stands in its call.

    The row is the queue, as an attempt's is. `number` counts those of a case: a form that is sent twice names the same.
    """

    public_id = models.CharField(max_length=40, unique=True, editable=False, default=partial(new_id, "rer"))
    verification = models.ForeignKey(Verification, models.PROTECT, related_name="reruns")
    attempt = models.ForeignKey(VerificationAttempt, models.PROTECT, related_name="reruns")
    number = models.PositiveSmallIntegerField(_("number"))
    state = models.CharField(_("state"), max_length=8, choices=RerunState.choices, default=RerunState.WAITING)
    reason = models.TextField(_("reason"), max_length=1000)
    requested_by = models.ForeignKey(
        StaffUser, models.PROTECT, related_name="+", verbose_name=_("asked for by")
    )
    requested_at = models.DateTimeField(_("asked for at"))

    lease_until = models.DateTimeField(null=True, blank=True)
    fence = models.PositiveIntegerField(default=0)
    not_before = models.DateTimeField(_("next try not before"), null=True, blank=True)

    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    # Why there is no answer; empty if there is one.
    code = models.CharField(_("code"), max_length=128, blank=True)
    # Of the vendor's frame, prepared as the attempt's was; the picture itself is not kept a second time.
    best_frame_sha256 = models.CharField(_("SHA-256 of the best frame"), max_length=64, blank=True)
    best_frame_note = models.CharField(_("what was wrong with the vendor's frame"), max_length=40, blank=True)

    class Meta:
        verbose_name = _("comparison made again")
        verbose_name_plural = _("comparisons made again")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["verification", "number"], name="rerun_number_once_per_verification"
            ),
            models.UniqueConstraint(
                fields=["verification"],
                condition=Q(state=RerunState.WAITING),
                name="rerun_one_under_way_per_verification",
            ),
            models.CheckConstraint(
                name="rerun_ended_has_a_time",
                condition=Q(state=RerunState.WAITING, ended_at__isnull=True)
                | (~Q(state=RerunState.WAITING) & Q(ended_at__isnull=False)),
            ),
        ]
        indexes = [
            models.Index(
                fields=["requested_at"], condition=Q(state=RerunState.WAITING), name="rerun_waiting"
            ),
        ]

    def __str__(self) -> str:
        return self.public_id
