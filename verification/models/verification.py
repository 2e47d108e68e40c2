"""One case: one applicant, one policy, one outcome."""

from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from verification.models.applicant import Applicant
from verification.models.ids import new_id
from verification.models.policy import Policy
from verification.models.staff import StaffUser
from verification.states import Band, DocumentState, Mode, Status

if TYPE_CHECKING:
    from verification.models.review import Review

_WAITING = Q(status=Status.IN_REVIEW)


class VerificationQuerySet(models.QuerySet["Verification"]):
    def locked(self, pk: int) -> "Verification":
        """The row as it is now, locked until the transaction ends, with its policy, applicant and proposal."""
        others = ("policy", "applicant", "proposal__by", "proposal__dissent__by", "assigned_to")
        rows = self.select_for_update(of=("self",)).select_related(*others)
        return rows.get(pk=pk)

    def locked_alone(self, pk: int) -> "Verification":
        """The same without the other rows."""
        return self.select_for_update().get(pk=pk)


class Verification(models.Model):
    """A case. Only `workflow` writes its status; the database refuses an approval or a refusal without proof."""

    public_id = models.CharField(max_length=40, unique=True, editable=False, default=partial(new_id, "ver"))
    applicant = models.ForeignKey(Applicant, models.PROTECT, related_name="verifications")
    policy = models.ForeignKey(Policy, models.PROTECT, related_name="+")
    client = models.ForeignKey("ApiClient", models.PROTECT, null=True, blank=True, related_name="+")
    # The file that it was invited by; its index below holds these cases alone.
    invited_by_file = models.ForeignKey(
        "InvitationFile", models.PROTECT, null=True, blank=True, related_name="verifications", db_index=False
    )
    mode = models.CharField(_("liveness mode"), max_length=8, choices=Mode.choices)
    status = models.CharField(_("status"), max_length=16, choices=Status.choices, default=Status.INVITED)
    version = models.PositiveIntegerField(default=1)

    link_hash = models.CharField(max_length=64, unique=True)
    link_expires_at = models.DateTimeField(_("link valid until"))
    link_revoked_at = models.DateTimeField(null=True, blank=True)
    # Browsers that did not begin with the link took the case over as often as they may: somebody else may have it.
    link_contested_at = models.DateTimeField(_("link contested at"), null=True, blank=True)
    # The browser that has the case; empty until one does something.
    browser_hash = models.CharField(max_length=64, blank=True)

    # The range of addresses in which the consent was given (`client_address.neighbourhood`); empty if it is not known.
    address_range = models.CharField(max_length=43, blank=True, db_default="")

    outcome = models.CharField(_("outcome"), max_length=20, blank=True)
    reasons = models.JSONField(_("reasons"), default=list, blank=True)
    hint = models.CharField(_("told the applicant"), max_length=40, blank=True)
    attempts_used = models.PositiveSmallIntegerField(_("attempts used"), default=0)

    # Bytes received through the link, stored or not (limit `receive_parts.QUOTA`).
    received_bytes = models.PositiveBigIntegerField(_("received (bytes)"), default=0, db_default=0)

    passing_call = models.ForeignKey("ProviderCall", models.PROTECT, null=True, blank=True, related_name="+")
    final_review = models.ForeignKey("Review", models.PROTECT, null=True, blank=True, related_name="+")

    # A verdict that waits for a second person. It is void once the evidence has changed.
    proposal = models.ForeignKey("Review", models.PROTECT, null=True, blank=True, related_name="+")

    claimed_by = models.ForeignKey("StaffUser", models.SET_NULL, null=True, blank=True, related_name="claims")
    claimed_until = models.DateTimeField(null=True, blank=True)

    # The reviewer that it is kept for: no colleague is given it, and none claims it.
    assigned_to = models.ForeignKey(
        "StaffUser",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="assigned",
        verbose_name=_("assigned to"),
    )
    assigned_at = models.DateTimeField(_("assigned at"), null=True, blank=True)

    created_at = models.DateTimeField(_("created at"))
    queued_at = models.DateTimeField(_("in review since"), null=True, blank=True)
    due_at = models.DateTimeField(_("review due"), null=True, blank=True)
    # For the queue's filters. Written with the move into review, because a page can't compute them for a million cases.
    band = models.CharField(_("band"), max_length=12, choices=Band.choices, blank=True, db_default="")
    main_reason = models.CharField(_("main reason"), max_length=40, blank=True, db_default="")
    # As it was when the case came into review or was last checked; `rules.document_check` knows it as it is now.
    document_state = models.CharField(
        _("document check"), max_length=8, choices=DocumentState.choices, blank=True, db_default=""
    )
    # Marks of the flags and hints that the case had when it came into review.
    marked_shared = models.BooleanField(default=False, db_default=False)
    marked_copied = models.BooleanField(default=False, db_default=False)
    marked_devices = models.BooleanField(default=False, db_default=False)
    marked_camera = models.BooleanField(default=False, db_default=False)
    snoozed_until = models.DateTimeField(_("snoozed until"), null=True, blank=True)
    escalated_at = models.DateTimeField(_("escalated at"), null=True, blank=True)
    # A reviewer asked the applicant for something, and it has not come yet.
    asked_again_at = models.DateTimeField(_("asked again at"), null=True, blank=True)
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)

    objects = VerificationQuerySet.as_manager()

    class Meta:
        verbose_name = _("verification")
        verbose_name_plural = _("verifications")
        indexes = [
            models.Index(fields=["status", "due_at"], name="verification_status_due"),
            models.Index(fields=["status", "link_expires_at"], name="verification_status_expiry"),
            models.Index(fields=["created_at"], name="verification_created"),
            models.Index(fields=["decided_at"], name="verification_decided"),
            # Each filter of the queue is the start of an index, in the order in which the queue shows its rows.
            models.Index(fields=["due_at", "id"], condition=_WAITING, name="queue_by_due"),
            models.Index(fields=["band", "due_at", "id"], condition=_WAITING, name="queue_by_band"),
            models.Index(fields=["main_reason", "due_at", "id"], condition=_WAITING, name="queue_by_reason"),
            models.Index(
                fields=["document_state", "due_at", "id"],
                condition=_WAITING & ~Q(document_state=""),
                name="queue_by_document",
            ),
            models.Index(
                fields=["claimed_by", "due_at", "id"],
                condition=_WAITING & Q(claimed_by__isnull=False),
                name="queue_by_owner",
            ),
            models.Index(
                fields=["assigned_to", "due_at", "id"],
                condition=_WAITING & Q(assigned_to__isnull=False),
                name="queue_by_assignment",
            ),
            models.Index(
                fields=["due_at", "id"],
                condition=_WAITING & Q(proposal__isnull=False),
                name="queue_second_look",
            ),
            models.Index(
                fields=["due_at", "id"],
                condition=_WAITING & Q(escalated_at__isnull=False),
                name="queue_escalated",
            ),
            models.Index(
                fields=["snoozed_until", "id"],
                condition=_WAITING & Q(snoozed_until__isnull=False),
                name="queue_snoozed",
            ),
            models.Index(
                fields=["asked_again_at", "id"],
                condition=Q(asked_again_at__isnull=False),
                name="queue_waiting_for_applicant",
            ),
            *(
                models.Index(
                    fields=["due_at", "id"], condition=_WAITING & Q(**{mark: True}), name=f"queue_{mark}"
                )
                for mark in ("marked_shared", "marked_copied", "marked_devices", "marked_camera")
            ),
            models.Index(
                fields=["address_range", "id"],
                condition=~Q(address_range=""),
                name="verification_address_range",
            ),
            models.Index(
                fields=["link_contested_at", "id"],
                condition=Q(link_contested_at__isnull=False),
                name="verification_contested",
            ),
            models.Index(
                fields=["invited_by_file", "id"],
                condition=Q(invited_by_file__isnull=False),
                name="verification_of_a_file",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="verification_known_status", condition=Q(status__in=[str(status) for status in Status])
            ),
            models.CheckConstraint(
                name="verification_approved_is_proved",
                condition=~Q(status=Status.APPROVED)
                | Q(passing_call__isnull=False)
                | Q(final_review__isnull=False),
            ),
            models.CheckConstraint(
                name="verification_approved_with_document",
                condition=~Q(status=Status.APPROVED) | Q(document_state__in=["", DocumentState.DONE]),
            ),
            models.CheckConstraint(
                name="verification_declined_by_a_person",
                condition=~Q(status=Status.DECLINED) | Q(final_review__isnull=False),
            ),
            models.CheckConstraint(
                name="verification_decided_has_a_time",
                condition=~Q(status__in=[Status.APPROVED, Status.DECLINED]) | Q(decided_at__isnull=False),
            ),
            models.CheckConstraint(
                name="verification_claim_is_whole",
                condition=Q(claimed_by__isnull=True, claimed_until__isnull=True)
                | Q(claimed_by__isnull=False, claimed_until__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    def holder(self, now: datetime) -> StaffUser | None:
        """The reviewer whose claim on it is running."""
        return self.claimed_by if self.claimed_until is not None and self.claimed_until > now else None

    @property
    def kept_for(self) -> StaffUser | None:
        """The reviewer that it is assigned to; nobody once their account is switched off."""
        return self.assigned_to if self.assigned_to is not None and self.assigned_to.is_active else None

    @property
    def dissent(self) -> "Review | None":
        """The second person's verdict on the open proposal, if the two differ: a third person decides then."""
        return getattr(self.proposal, "dissent", None)

    @property
    def attempts_left(self) -> int:
        return max(0, self.policy.max_attempts - self.attempts_used)
