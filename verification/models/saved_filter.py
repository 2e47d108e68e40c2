"""A saved filter of the review queue."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from verification.models.staff import StaffUser


class SavedFilter(models.Model):
    """`query` is the query string of the queue page. A shared one is shown to all reviewers."""

    owner = models.ForeignKey(StaffUser, models.CASCADE, related_name="saved_filters")
    name = models.CharField(_("name"), max_length=60)
    query = models.CharField(_("filter"), max_length=300)
    shared = models.BooleanField(_("shown to all reviewers"), default=False)
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("saved filter")
        verbose_name_plural = _("saved filters")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "name"], name="saved_filter_name_once_per_owner")
        ]

    def __str__(self) -> str:
        return self.name
