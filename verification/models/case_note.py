"""What colleagues write to each other about a case, without a verdict."""

from functools import partial

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from verification.models.ids import new_id
from verification.models.staff import StaffUser
from verification.models.verification import Verification


class CaseNote(models.Model):
    """Append-only, but erasing the applicant empties its text. A question has mentions, and answers name it.

    `informed`: its author had given a verdict on the case, or seen one of a colleague, so that the note may tell it.
    """

    public_id = models.CharField(max_length=40, unique=True, editable=False, default=partial(new_id, "note"))
    verification = models.ForeignKey(Verification, models.PROTECT, related_name="notes")
    text = models.TextField(_("text"), max_length=2000, blank=True)
    question = models.BooleanField(_("question"), default=False)
    answers = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="answered_by", verbose_name=_("answers")
    )
    informed = models.BooleanField(default=False, editable=False)
    by = models.ForeignKey(StaffUser, models.PROTECT, related_name="+")
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("note on a case")
        verbose_name_plural = _("notes on cases")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                name="case_note_asks_or_answers", condition=Q(question=False) | Q(answers__isnull=True)
            )
        ]

    def __str__(self) -> str:
        return self.public_id


class NoteMention(models.Model):
    """A colleague whom a note addresses: it is on their board until they saw it, a question until they answered."""

    note = models.ForeignKey(CaseNote, models.PROTECT, related_name="mentions")
    user = models.ForeignKey(StaffUser, models.PROTECT, related_name="+")
    seen_at = models.DateTimeField(_("seen at"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)

    class Meta:
        verbose_name = _("colleague asked")
        verbose_name_plural = _("colleagues asked")
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["note", "user"], name="note_mention_once")]
        indexes = [
            models.Index(fields=["user", "id"], condition=Q(closed_at__isnull=True), name="note_mention_open")
        ]

    def __str__(self) -> str:
        return f"{self.note_id}: {self.user_id}"
