"""People who sign in: reviewers, auditors and operators."""

from django.contrib.auth.models import AbstractUser
from django.utils.translation import gettext_lazy as _


class StaffUser(AbstractUser):
    """A member of staff. Rights come from the groups Reviewer, Senior reviewer, Auditor and Operator."""

    class Meta:
        verbose_name = _("staff user")
        verbose_name_plural = _("staff users")
