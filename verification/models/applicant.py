"""The person whose identity is verified."""

from functools import partial

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from verification.models.data_key import DataKey
from verification.models.ids import new_id


class Applicant(models.Model):
    """One person as the asking system knows them; `reference` is that system's own id, opaque to us.

    Each client has references of its own, and so have those whom staff invite, who have no client: what one system
    uses tells another nothing.
    """

    public_id = models.CharField(max_length=40, unique=True, editable=False, default=partial(new_id, "app"))
    client = models.ForeignKey(
        "ApiClient", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("calling system")
    )
    reference = models.CharField(_("reference"), max_length=200)
    name = models.CharField(_("name"), max_length=200)
    email = models.EmailField(_("e-mail"), blank=True)
    locale = models.CharField(_("language"), max_length=16, default="en")
    data_key = models.OneToOneField(DataKey, models.PROTECT, null=True, blank=True, related_name="applicant")
    created_at = models.DateTimeField(_("created at"))
    erased_at = models.DateTimeField(_("erased at"), null=True, blank=True)
    legal_hold = models.BooleanField(_("legal hold"), default=False)

    class Meta:
        verbose_name = _("applicant")
        verbose_name_plural = _("applicants")
        # Staff search by the reference alone.
        indexes = [
            models.Index(fields=["reference"], name="applicant_reference"),
            # By how it begins: PostgreSQL's usual order of letters can't be searched for that.
            models.Index(
                fields=["reference"], name="applicant_reference_begins", opclasses=["varchar_pattern_ops"]
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["client", "reference"], name="applicant_once_per_client"),
            # In a unique constraint no NULL equals another.
            models.UniqueConstraint(
                fields=["reference"], condition=Q(client__isnull=True), name="applicant_once_without_client"
            ),
        ]

    def __str__(self) -> str:
        return self.public_id
