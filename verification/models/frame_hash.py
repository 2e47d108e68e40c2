"""Hashes of a recording's pictures, by which recordings that look alike are found."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from verification.models.attempt import VerificationAttempt


class FrameHash(models.Model):
    """The hashes of one picture: `exact` of its very pixels, and two difference hashes of what it looks like.

    The coarse one (64 bits) serves to find a picture, the fine one (256 bits, hexadecimal) to compare it.
    """

    attempt = models.ForeignKey(VerificationAttempt, models.CASCADE, related_name="frame_hashes")
    number = models.PositiveSmallIntegerField(_("number"))
    exact = models.BigIntegerField(db_index=True)
    coarse = models.BigIntegerField(db_index=True)
    fine = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("frame hash")
        verbose_name_plural = _("frame hashes")
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["attempt", "number"], name="frame_hash_number_once_per_attempt")
        ]

    def __str__(self) -> str:
        return f"{self.attempt_id}/{self.number}"
