"""The browsers that had a case, one after the other."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from verification.models.verification import Verification
from verification.states import Device


class LinkBinding(models.Model):
    """From `at` on, the case was open in this browser. `number` is 0 for the first browser of a link, then rises by 1.

    `link` is the beginning of the link's hash: a new link counts anew. Cases never share a `browser_hash`; those that a
    browser had one after the other share `device_hash`, as far as its cookie still named the earlier one.
    """

    verification = models.ForeignKey(Verification, models.PROTECT, related_name="bindings")
    link = models.CharField(max_length=16)
    number = models.PositiveSmallIntegerField()
    browser_hash = models.CharField(max_length=64)
    device_hash = models.CharField(max_length=64, blank=True, db_default="", db_index=True)
    device = models.CharField(_("device"), max_length=10, choices=Device.choices)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("device of an applicant")
        verbose_name_plural = _("devices of applicants")
        ordering = ["pk"]
        indexes = [models.Index(fields=["browser_hash"], name="link_binding_browser")]
        constraints = [
            models.UniqueConstraint(
                fields=["verification", "link", "number"], name="link_binding_number_once_per_link"
            )
        ]

    def __str__(self) -> str:
        return f"{self.verification_id}: {self.number}"
