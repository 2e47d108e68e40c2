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
    # The queue opens with it for everybody who chose nothing else.
    opens_for_all = models.BooleanField(default=False, db_default=False)
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("saved filter")
        verbose_name_plural = _("saved filters")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "name"], name="saved_filter_name_once_per_owner"),
            models.UniqueConstraint(
                fields=["opens_for_all"],
                condition=models.Q(opens_for_all=True),
                name="saved_filter_one_opens_for_all",
            ),
            models.CheckConstraint(
                name="saved_filter_for_all_is_shared",
                condition=models.Q(opens_for_all=False) | models.Q(shared=True),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class QueueStart(models.Model):
    """What the queue opens with for one person: a filter, or (empty) the whole queue."""

    user = models.OneToOneField(StaffUser, models.CASCADE, related_name="queue_start")
    saved = models.ForeignKey(SavedFilter, models.CASCADE, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = _("start of the queue")
        verbose_name_plural = _("starts of the queue")

    def __str__(self) -> str:
        return str(self.user_id)
