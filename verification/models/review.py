"""A reviewer's verdict on a case."""

from functools import partial

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from verification.models.ids import new_id
from verification.models.staff import StaffUser
from verification.models.verification import Verification


class Verdict(models.TextChoices):
    APPROVE = "approve", _("Approve")
    DECLINE = "decline", _("Decline")
    ASK_AGAIN = "ask_again", _("Ask again")
    ESCALATE = "escalate", _("Escalate")
    SNOOZE = "snooze", _("Snooze")
    STEP_ASIDE = "step_aside", _("Step aside")
    HAND_BACK = "hand_back", _("Hand back")
    REOPEN = "reopen", _("Reopen")
    CANCEL = "cancel", _("Cancel")


# What ends a case in review, or sends it to the applicant.
DECISIONS = (Verdict.APPROVE, Verdict.DECLINE, Verdict.ASK_AGAIN)


class Stage(models.TextChoices):
    """A decision took effect at once; a proposal waits for a second person; a blind verdict was given before the score
    was shown. A second verdict is the one of the second person, if it differs from the proposal."""

    DECISION = "decision", _("Decision")
    PROPOSAL = "proposal", _("Proposal")
    BLIND = "blind", _("Blind verdict")
    SECOND = "second", _("Second verdict")


class Review(models.Model):
    """Append-only: what was judged (its hash), how, by whom and why. A changed mind is a new row.

    A decision that confirms a proposal, or the second verdict that differs from it, names it and who made it: never
    the same person. A second verdict names the proposal that it differs from in the same way.
    """

    public_id = models.CharField(max_length=40, unique=True, editable=False, default=partial(new_id, "rev"))
    verification = models.ForeignKey(Verification, models.PROTECT, related_name="reviews")
    stage = models.CharField(_("stage"), max_length=10, choices=Stage.choices, default=Stage.DECISION)
    verdict = models.CharField(_("verdict"), max_length=10, choices=Verdict.choices)
    reason_code = models.CharField(_("reason"), max_length=40)
    list_version = models.PositiveSmallIntegerField(
        _("version of the list of reasons"), default=1, db_default=1
    )
    note = models.TextField(_("note"), max_length=10_000, blank=True)
    evidence_sha256 = models.CharField(_("SHA-256 of the evidence judged"), max_length=64)
    confirms = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="confirmation", verbose_name=_("confirms")
    )
    differs_from = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="dissent", verbose_name=_("differs from")
    )
    proposed_by = models.ForeignKey(
        StaffUser, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("proposed by")
    )
    by = models.ForeignKey(StaffUser, models.PROTECT, related_name="+")
    at = models.DateTimeField(_("at"), db_index=True)

    class Meta:
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        ordering = ["at", "pk"]
        constraints = [
            models.CheckConstraint(
                name="review_nobody_confirms_their_own",
                condition=Q(proposed_by__isnull=True) | ~Q(proposed_by=F("by")),
            ),
            models.CheckConstraint(
                name="review_confirmation_is_whole",
                condition=Q(confirms__isnull=True, differs_from__isnull=True, proposed_by__isnull=True)
                | Q(confirms__isnull=False, proposed_by__isnull=False, stage=Stage.DECISION)
                | Q(differs_from__isnull=False, proposed_by__isnull=False, stage=Stage.SECOND),
            ),
            models.CheckConstraint(
                name="review_second_verdict_names_its_proposal",
                condition=~Q(stage=Stage.SECOND) | Q(differs_from__isnull=False),
            ),
            models.CheckConstraint(
                name="review_confirms_or_differs",
                condition=Q(confirms__isnull=True) | Q(differs_from__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return self.public_id
