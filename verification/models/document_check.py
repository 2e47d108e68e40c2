"""What a reviewer found on the ID photo."""

from functools import partial

from django.db import models
from django.utils.translation import gettext_lazy as _

from verification.models.document import Document
from verification.models.ids import new_id
from verification.models.staff import StaffUser
from verification.models.verification import Verification


class DocumentCheck(models.Model):
    """Append-only: one check of one photo against the name of the invited person. A changed mind is a new row.

    `answers` holds an answer for each question that was answered. `name_digest` is keyed: it tells whether the name is
    still the one that was compared, and nothing about the name.
    """

    public_id = models.CharField(max_length=40, unique=True, editable=False, default=partial(new_id, "dck"))
    verification = models.ForeignKey(Verification, models.PROTECT, related_name="document_checks")
    document = models.ForeignKey(
        Document, models.PROTECT, related_name="checks", verbose_name=_("ID photo that was checked")
    )
    kind = models.CharField(_("kind of document"), max_length=20, blank=True)
    answers = models.JSONField(_("answers"))
    list_version = models.PositiveSmallIntegerField(_("version of the list of questions"))
    note = models.TextField(_("note"), max_length=10_000, blank=True)
    evidence_sha256 = models.CharField(_("SHA-256 of the photo that was checked"), max_length=64)
    name_digest = models.CharField(max_length=64, editable=False)
    by = models.ForeignKey(StaffUser, models.PROTECT, related_name="+")
    at = models.DateTimeField(_("at"), db_index=True)

    class Meta:
        verbose_name = _("document check")
        verbose_name_plural = _("document checks")
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return self.public_id
