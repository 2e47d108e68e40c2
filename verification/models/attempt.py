"""One recording and what became of it."""

from functools import partial
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from verification.models.document import Document
from verification.models.ids import new_id
from verification.models.verification import Verification
from verification.states import AttemptStatus, Mode, Outcome


class AttemptQuerySet(models.QuerySet["VerificationAttempt"]):
    def finished(self) -> Self:
        return self.filter(status=AttemptStatus.FINISHED)

    def newest_finished(self) -> "VerificationAttempt | None":
        """Of one case: the attempt that a verdict is about."""
        return self.finished().order_by("-number").first()


class VerificationAttempt(models.Model):
    """One challenge, one recording, one outcome. The row is the queue: lease and fence say who works on it."""

    public_id = models.CharField(max_length=40, unique=True, editable=False, default=partial(new_id, "att"))
    verification = models.ForeignKey(Verification, models.PROTECT, related_name="attempts")
    number = models.PositiveSmallIntegerField(_("number"))
    status = models.CharField(
        _("status"), max_length=12, choices=AttemptStatus.choices, default=AttemptStatus.ISSUED
    )

    mode = models.CharField(_("liveness mode"), max_length=8, choices=Mode.choices)
    actions = models.CharField(_("movements asked for"), max_length=8, blank=True)
    nonce_sha256 = models.CharField(max_length=64)
    # The browser that asked for it, as in `Verification`; empty if that is not known.
    browser_hash = models.CharField(max_length=64, blank=True, db_default="")
    issued_at = models.DateTimeField(_("issued at"))
    expires_at = models.DateTimeField(_("valid until"))
    submitted_at = models.DateTimeField(_("submitted at"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    document = models.ForeignKey(Document, models.PROTECT, null=True, blank=True, related_name="attempts")
    original_name = models.CharField(max_length=120, blank=True)
    original_sha256 = models.CharField(_("SHA-256 as uploaded"), max_length=64, blank=True)
    original_size = models.PositiveIntegerField(_("size as uploaded (bytes)"), default=0)
    normalised_name = models.CharField(max_length=120, blank=True)
    normalised_sha256 = models.CharField(_("SHA-256 as normalised"), max_length=64, blank=True)
    normalised_size = models.PositiveIntegerField(_("size as normalised (bytes)"), default=0)
    # Of the request's body with this photo and this recording; empty if it is not known beforehand.
    request_sha256 = models.CharField(_("SHA-256 to be sent"), max_length=64, blank=True, db_default="")
    facts = models.JSONField(_("media facts"), default=dict, blank=True)
    signals = models.JSONField(_("capture signals"), default=dict, blank=True)

    lease_until = models.DateTimeField(null=True, blank=True)
    fence = models.PositiveIntegerField(default=0)
    # Leases that ran out instead of being given back: each time a worker died or hung over the attempt.
    lost_leases = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField(_("next try not before"), null=True, blank=True)

    outcome = models.CharField(_("outcome"), max_length=20, choices=Outcome.choices, blank=True)
    similarity = models.DecimalField(_("similarity"), max_digits=5, decimal_places=2, null=True, blank=True)
    result_code = models.CharField(_("code"), max_length=128, blank=True)
    counted = models.BooleanField(_("counted"), default=False)
    best_frame_name = models.CharField(max_length=120, blank=True)
    best_frame_sha256 = models.CharField(max_length=64, blank=True)
    best_frame_source = models.CharField(_("best frame from"), max_length=12, blank=True)
    best_frame_note = models.CharField(_("what was wrong with the vendor's frame"), max_length=40, blank=True)

    # False only if `leases` found none when it claimed the attempt.
    has_calls: bool = True

    objects = AttemptQuerySet.as_manager()

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(
                fields=["verification", "number"], name="attempt_number_once_per_verification"
            ),
            models.UniqueConstraint(
                fields=["verification"],
                condition=Q(status__in=[AttemptStatus.SUBMITTED, AttemptStatus.READY]),
                name="attempt_one_in_work_per_verification",
            ),
            models.CheckConstraint(
                name="attempt_known_status", condition=Q(status__in=[str(status) for status in AttemptStatus])
            ),
            models.CheckConstraint(
                name="attempt_action_names_movements",
                condition=Q(mode=Mode.SILENT, actions="") | (Q(mode=Mode.ACTION) & ~Q(actions="")),
            ),
            models.CheckConstraint(
                name="attempt_finished_has_an_outcome",
                condition=~Q(status=AttemptStatus.FINISHED) | (Q(finished_at__isnull=False) & ~Q(outcome="")),
            ),
            models.CheckConstraint(
                name="attempt_submitted_has_evidence",
                condition=Q(status__in=[AttemptStatus.ISSUED, AttemptStatus.ABANDONED])
                | (Q(submitted_at__isnull=False, document__isnull=False) & ~Q(original_sha256="")),
            ),
            models.CheckConstraint(
                name="attempt_similarity_from_0_to_100",
                condition=Q(similarity__isnull=True) | Q(similarity__gte=0, similarity__lte=100),
            ),
        ]
        indexes = [
            models.Index(
                fields=["lease_until"],
                condition=Q(status__in=[AttemptStatus.SUBMITTED, AttemptStatus.READY]),
                name="attempt_in_work",
            ),
            # Has anybody sent these very bytes before?
            models.Index(
                fields=["original_sha256"],
                condition=~Q(original_sha256=""),
                name="attempt_original_sha256",
            ),
            # Which attempt has waited longest.
            models.Index(
                fields=["status", "submitted_at"],
                condition=Q(status__in=[AttemptStatus.SUBMITTED, AttemptStatus.READY]),
                name="attempt_waiting",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def is_smaller_copy(self) -> bool:
        """Does the vendor get a smaller copy of the recording, because it did not take the usual one?"""
        return "smaller_because" in self.facts
