"""A photo or recording whose check costs processor time."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from verification.models.verification import Verification


class MediaTry(models.Model):
    """The check of one file: made before it begins, deleted unless the file was refused or the process died in it."""

    verification = models.ForeignKey(Verification, models.CASCADE, related_name="media_tries")
    kind = models.CharField(max_length=10)
    browser_hash = models.CharField(max_length=64, blank=True)
    at = models.DateTimeField(db_index=True)
    # Why the file was of no use; empty while it is checked.
    code = models.CharField(max_length=40, blank=True, db_default="")

    class Meta:
        verbose_name = _("check of a file")
        verbose_name_plural = _("checks of files")

    def __str__(self) -> str:
        return f"{self.kind} of {self.verification_id}"
