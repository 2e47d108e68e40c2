"""Hashes of an ID photo, by which photos that look the same are found. Erasing the applicant deletes them."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from verification.models.document import Document


class PhotoHash(models.Model):
    """What `media.PhotoLooks` and `media.FaceLooks` say of one photo, as hexadecimal digits; `face` may be empty."""

    document = models.OneToOneField(Document, models.CASCADE, related_name="looks")
    whole = models.CharField(max_length=512)
    centre = models.CharField(max_length=512)
    face = models.CharField(max_length=512, blank=True, db_default="")

    class Meta:
        verbose_name = _("photo hash")
        verbose_name_plural = _("photo hashes")

    def __str__(self) -> str:
        return str(self.document_id)


class PhotoKey(models.Model):
    """A part of a photo's hash that is looked up as it is: photos that look the same share some of theirs."""

    looks = models.ForeignKey(PhotoHash, models.CASCADE, related_name="keys")
    key = models.BigIntegerField()

    class Meta:
        verbose_name = _("photo key")
        verbose_name_plural = _("photo keys")
        indexes = [models.Index(fields=["key", "id"], name="photo_key")]

    def __str__(self) -> str:
        return f"{self.looks_id}: {self.key}"


class AlikePhoto(models.Model):
    """Two photos of different applicants look the same: they differ in `bits` of their hashes.

    Found when the later one was uploaded. `face`: what surrounds the faces is the same, the edges are not.
    """

    later = models.ForeignKey(Document, models.CASCADE, related_name="alike_earlier")
    earlier = models.ForeignKey(Document, models.CASCADE, related_name="alike_later")
    face = models.BooleanField(default=False, db_default=False)
    bits = models.PositiveSmallIntegerField(_("bits that differ"))

    class Meta:
        verbose_name = _("alike photos")
        verbose_name_plural = _("alike photos")
        constraints = [models.UniqueConstraint(fields=["later", "earlier"], name="alike_photo_once")]

    def __str__(self) -> str:
        return f"{self.later_id} and {self.earlier_id}: {self.bits}"
