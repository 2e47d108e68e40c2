"""The key under which one owner's objects are encrypted."""

from functools import partial

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from verification.models.ids import new_id


class DataKey(models.Model):
    """The own key of an applicant, an export or a file of invitations, wrapped by a key of the keyring. Destroyed, it
    leaves an empty row.

    Its `public_id` is the folder in which the owner's objects lie.
    """

    public_id = models.CharField(max_length=40, unique=True, editable=False, default=partial(new_id, "key"))
    key_id = models.CharField(_("wrapped by"), max_length=40, blank=True)
    wrapped = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField(_("created at"), default=timezone.now)
    destroyed_at = models.DateTimeField(_("destroyed at"), null=True, blank=True)

    class Meta:
        verbose_name = _("data key")
        verbose_name_plural = _("data keys")
        constraints = [
            models.CheckConstraint(
                name="data_key_is_whole_or_destroyed",
                condition=Q(destroyed_at__isnull=False, wrapped="", key_id="")
                | (Q(destroyed_at__isnull=True) & ~Q(wrapped="") & ~Q(key_id="")),
            ),
        ]

    def __str__(self) -> str:
        return self.public_id
