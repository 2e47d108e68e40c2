"""People who sign in: reviewers, auditors and operators."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _


class StaffUser(AbstractUser):
    """A member of staff. Rights come from the groups Reviewer, Senior reviewer, Auditor and Operator."""

    # Browsers that were remembered before are known no longer.
    devices_since = models.DateTimeField(_("known devices since"), null=True, editable=False)

    class Meta:
        verbose_name = _("staff user")
        verbose_name_plural = _("staff users")
