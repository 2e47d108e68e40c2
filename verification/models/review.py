"""A reviewer's word on a case."""

from functools import partial

from django.db import models
from django.utils.translation import gettext_lazy as _

from verification.models.ids import new_id
from verification.models.staff import StaffUser
from verification.models.verification import Verification


class Verdict(models.TextChoices):
    APPROVE = "approve", _("Approve")
    DECLINE = "decline", _("Decline")
    ASK_AGAIN = "ask_again", _("Ask again")
    REOPEN = "reopen", _("Reopen")


# What a case in review can be given; a decided one can only be reopened.
DECISIONS = (Verdict.APPROVE, Verdict.DECLINE, Verdict.ASK_AGAIN)


class Review(models.Model):
    """Append-only: what was judged (its hash), how, by whom and why. A changed mind is a new row."""

    public_id = models.CharField(max_length=40, unique=True, editable=False, default=partial(new_id, "rev"))
    verification = models.ForeignKey(Verification, models.PROTECT, related_name="reviews")
    stage = models.CharField(
        _("stage"),
        max_length=10,
        choices=[("proposal", _("Proposal")), ("decision", _("Decision"))],
        default="decision",
    )
    verdict = models.CharField(_("verdict"), max_length=10, choices=Verdict.choices)
    reason_code = models.CharField(_("reason"), max_length=40)
    note = models.TextField(_("note"), max_length=10_000, blank=True)
    evidence_sha256 = models.CharField(_("SHA-256 of the evidence judged"), max_length=64)
    by = models.ForeignKey(StaffUser, models.PROTECT, related_name="+")
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        ordering = ["at"]

    def __str__(self) -> str:
        return self.public_id
