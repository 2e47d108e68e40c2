"""The organisation's own terms for a decision, as versioned data."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from verification.models.staff import StaffUser
from verification.states import DocumentCheckFor, DocumentKind, DocumentQuestion, Mode, SharedEvidence

PER_CENT = [MinValueValidator(0), MaxValueValidator(100)]


def every_kind() -> list[str]:
    return [str(kind) for kind in DocumentKind]


def every_question() -> list[str]:
    return [str(question) for question in DocumentQuestion]


class PolicyIsActive(Exception):
    """An active policy can't change: make a new version."""


class Policy(models.Model):
    """One version of the terms. Once `activated_at` is set the row never changes (the database refuses it too)."""

    version = models.PositiveIntegerField(_("version"), unique=True)
    approve_at = models.DecimalField(
        _("approve at similarity"),
        max_digits=5,
        decimal_places=2,
        default=80,
        validators=[MinValueValidator(70), MaxValueValidator(100)],
        help_text=_("The vendor documents a false acceptance rate of 0.1 % at 70 and of 0.01 % at 80."),
    )
    liveness_mode = models.CharField(
        _("liveness mode"), max_length=8, choices=Mode.choices, default=Mode.ACTION
    )
    action_count = models.PositiveSmallIntegerField(_("movements asked for"), default=2)
    max_attempts = models.PositiveSmallIntegerField(_("attempts"), default=3)
    link_days = models.PositiveSmallIntegerField(_("link valid for (days)"), default=14)
    review_hours = models.PositiveSmallIntegerField(_("review within (hours)"), default=24)
    retention_days = models.PositiveIntegerField(_("keep evidence for (days)"), default=365)
    qa_share = models.DecimalField(
        _("spot-check share (%)"),
        max_digits=5,
        decimal_places=2,
        default=0,
        validators=PER_CENT,
        help_text=_("Of what would pass by itself: judged by a person who does not see the score."),
    )

    second_for_override = models.BooleanField(
        _("second person to approve against the vendor"), default=True, db_default=True
    )
    second_for_flags = models.BooleanField(
        _("second person to approve what is flagged"), default=True, db_default=True
    )
    second_below = models.DecimalField(
        _("second person to approve below similarity"),
        max_digits=5,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(70), MaxValueValidator(100)],
        help_text=_("Empty: none is asked for."),
    )
    second_share = models.DecimalField(
        _("second person for a share of all decisions (%)"),
        max_digits=5,
        decimal_places=2,
        default=0,
        db_default=0,
        validators=PER_CENT,
    )

    second_for_declines = models.BooleanField(_("second person to decline"), default=False, db_default=False)

    document_check = models.CharField(
        _("a person looks at the document"),
        max_length=8,
        choices=DocumentCheckFor.choices,
        default=DocumentCheckFor.NEVER,
        db_default=DocumentCheckFor.NEVER,
    )
    document_share = models.DecimalField(
        _("share of documents that a person looks at (%)"),
        max_digits=5,
        decimal_places=2,
        default=0,
        db_default=0,
        validators=PER_CENT,
    )
    # Codes of `DocumentKind` and `DocumentQuestion`, in the order of these lists.
    document_kinds = models.JSONField(_("accepted documents"), default=every_kind)
    document_checklist = models.JSONField(_("checked on the document"), default=every_question)
    shared_evidence = models.CharField(
        _("photo or recording that another applicant sent"),
        max_length=16,
        choices=SharedEvidence.choices,
        default=SharedEvidence.REVIEW,
        db_default=SharedEvidence.REVIEW,
    )

    tell_invitation = models.BooleanField(_("e-mail: invitation"), default=False, db_default=False)
    tell_reminder = models.BooleanField(_("e-mail: reminder"), default=False, db_default=False)
    tell_again = models.BooleanField(_("e-mail: asked again"), default=False, db_default=False)
    tell_result = models.BooleanField(_("e-mail: result"), default=False, db_default=False)
    tell_delay = models.BooleanField(_("e-mail: review takes longer"), default=False, db_default=False)

    change_reason = models.CharField(_("why it is changed"), max_length=300, blank=True, db_default="")
    drafted_by = models.ForeignKey(StaffUser, models.PROTECT, null=True, blank=True, related_name="+")
    drafted_at = models.DateTimeField(_("drafted at"), null=True, blank=True)
    activated_by = models.ForeignKey(StaffUser, models.PROTECT, null=True, blank=True, related_name="+")
    activated_at = models.DateTimeField(_("active since"), null=True, blank=True)

    class Meta:
        verbose_name = _("policy")
        verbose_name_plural = _("policies")
        constraints = [
            models.CheckConstraint(
                name="policy_approve_at_from_70_to_100", condition=Q(approve_at__gte=70, approve_at__lte=100)
            ),
            models.CheckConstraint(
                name="policy_one_or_two_movements", condition=Q(action_count__gte=1, action_count__lte=2)
            ),
            models.CheckConstraint(
                name="policy_some_attempts", condition=Q(max_attempts__gte=1, max_attempts__lte=10)
            ),
            models.CheckConstraint(
                name="policy_shares_from_0_to_100",
                condition=Q(qa_share__gte=0, qa_share__lte=100, second_share__gte=0, second_share__lte=100),
            ),
            models.CheckConstraint(
                name="policy_share_of_documents",
                condition=Q(document_share__gte=0, document_share__lte=100)
                & (~Q(document_check=DocumentCheckFor.SHARE) | Q(document_share__gt=0)),
            ),
            models.CheckConstraint(
                name="policy_nobody_activates_their_own",
                condition=Q(activated_by__isnull=True)
                | (
                    Q(drafted_by__isnull=False, activated_at__isnull=False) & ~Q(activated_by=F("drafted_by"))
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"v{self.version}"

    def save(self, *args: object, **kwargs: object) -> None:
        if self.pk and Policy.objects.filter(pk=self.pk, activated_at__isnull=False).exists():
            raise PolicyIsActive(f"Policy v{self.version} is active and can't change.")
        super().save(*args, **kwargs)  # type: ignore[arg-type]

    @property
    def is_adopted(self) -> bool:
        """Whether people have put it into force. The first one came with the software: nobody chose it."""
        return self.activated_by_id is not None

    @classmethod
    def current(cls) -> "Policy":
        """The newest active version."""
        return cls.objects.filter(activated_at__isnull=False).latest("version")
