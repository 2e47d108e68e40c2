"""A recording that arrives in parts, so that a broken connection costs a part and not the recording."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from verification.models.attempt import VerificationAttempt


class RecordingUpload(models.Model):
    """The size and hash that the browser announced with the first part: no other recording completes this upload.

    So a recording is fixed when its upload begins, and a slow connection may take its time.
    """

    attempt = models.OneToOneField(VerificationAttempt, models.CASCADE, related_name="upload")
    sha256 = models.CharField(_("SHA-256 of the whole"), max_length=64)
    size = models.PositiveIntegerField(_("size of the whole (bytes)"))
    began_at = models.DateTimeField(_("began at"))

    class Meta:
        verbose_name = _("upload")
        verbose_name_plural = _("uploads")

    def __str__(self) -> str:
        return f"upload of {self.attempt_id}"


class RecordingPart(models.Model):
    """One part that has arrived; the parts of an upload follow each other without a gap."""

    upload = models.ForeignKey(RecordingUpload, models.CASCADE, related_name="parts")
    offset = models.PositiveIntegerField(_("offset (bytes)"))
    size = models.PositiveIntegerField(_("size (bytes)"))
    name = models.CharField(max_length=120)
    sha256 = models.CharField(_("SHA-256"), max_length=64)

    class Meta:
        verbose_name = _("part")
        verbose_name_plural = _("parts")
        ordering = ["offset"]
        constraints = [
            models.UniqueConstraint(fields=["upload", "offset"], name="recording_part_once_per_offset")
        ]

    def __str__(self) -> str:
        return f"{self.upload_id}+{self.offset}"
