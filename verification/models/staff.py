"""People who sign in: reviewers, auditors and operators."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _


class StaffUser(AbstractUser):
    """A member of staff. Rights come from the groups Reviewer, Senior reviewer, Auditor and Operator."""

    # Set if one person alone appointed this account or gave it new credentials: it counts as another account of theirs.
    same_person_as = models.ForeignKey(
        "self", models.PROTECT, null=True, editable=False, related_name="+", verbose_name=_("counts as")
    )
    # A password that was handed out: until when it signs in, and who else has seen it. Empty once it was changed.
    first_password_until = models.DateTimeField(_("first password until"), null=True, editable=False)
    first_password_seen_by = models.ForeignKey(
        "self", models.SET_NULL, null=True, editable=False, related_name="+", verbose_name=_("handed out by")
    )
    # The code that sets up the first second step: its hash, its end, and who else has seen it. Empty once it was used.
    enrolment_sha256 = models.CharField(
        _("hash of the enrolment code"), max_length=64, blank=True, editable=False
    )
    enrolment_until = models.DateTimeField(_("enrolment code until"), null=True, editable=False)
    enrolment_seen_by = models.ForeignKey(
        "self", models.SET_NULL, null=True, editable=False, related_name="+", verbose_name=_("code given by")
    )
    # Browsers that were remembered before are known no longer.
    devices_since = models.DateTimeField(_("known devices since"), null=True, editable=False)

    class Meta:
        verbose_name = _("staff user")
        verbose_name_plural = _("staff users")

    def person(self) -> "StaffUser":
        """The account that stands for the person behind this one. No query for an account that stands for itself."""
        account, seen = self, {self.pk}
        while account.same_person_as is not None and account.same_person_as_id not in seen:
            account = account.same_person_as
            seen.add(account.pk)
        return account

    def accounts(self) -> list["StaffUser"]:
        """Every account of the person behind this one, its own among them."""
        found = [self.person()]
        while more := StaffUser.objects.filter(same_person_as__in=found).exclude(
            pk__in=[one.pk for one in found]
        ):
            found += more
        return found
