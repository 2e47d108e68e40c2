"""The ID photo."""

from functools import partial
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from verification.models.ids import new_id
from verification.models.verification import Verification


class DocumentQuerySet(models.QuerySet["Document"]):
    def current(self) -> Self:
        """The photos that no later one has superseded: at most one in each case."""
        return self.filter(superseded_at__isnull=True)


class Document(models.Model):
    """One uploaded photo and its normalised copy. A new upload supersedes the row, it never changes it."""

    public_id = models.CharField(max_length=40, unique=True, editable=False, default=partial(new_id, "doc"))
    verification = models.ForeignKey(Verification, models.PROTECT, related_name="documents")
    kind = models.CharField(_("kind"), max_length=20, default="id_photo")
    original_name = models.CharField(max_length=120)
    original_sha256 = models.CharField(_("SHA-256 as uploaded"), max_length=64)
    original_size = models.PositiveIntegerField(_("size as uploaded (bytes)"))
    normalised_name = models.CharField(max_length=120)
    normalised_sha256 = models.CharField(_("SHA-256 as normalised"), max_length=64)
    normalised_size = models.PositiveIntegerField(_("size as normalised (bytes)"))
    facts = models.JSONField(_("facts"), default=dict)
    # The browser that sent it, as in `Verification`; empty if that is not known.
    browser_hash = models.CharField(max_length=64, blank=True, db_default="")
    uploaded_at = models.DateTimeField(_("uploaded at"))
    # When the applicant kept it although they were told what may be wrong with it.
    used_anyway_at = models.DateTimeField(_("used in spite of advice"), null=True, blank=True)
    superseded_at = models.DateTimeField(_("superseded at"), null=True, blank=True)

    objects = DocumentQuerySet.as_manager()

    class Meta:
        verbose_name = _("document")
        verbose_name_plural = _("documents")
        # Has anybody sent this very photo, or one with these very pixels? The oldest comes first.
        indexes = [
            models.Index(fields=["original_sha256", "id"], name="document_same_bytes"),
            models.Index(fields=["normalised_sha256", "id"], name="document_same_pixels"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["verification"],
                condition=Q(superseded_at__isnull=True),
                name="document_one_current_per_verification",
            )
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def advice(self) -> list[str]:
        """Codes of what may be wrong with it, as `media.PhotoAdvice` found."""
        return list(self.facts.get("advice", {}).get("codes", []))

    @property
    def awaits_choice(self) -> bool:
        """Has the applicant still to choose between another photo and this one, in spite of the advice?"""
        return bool(self.advice) and self.used_anyway_at is None
