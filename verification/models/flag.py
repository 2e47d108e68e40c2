"""What is odd about a case: for a person to weigh, never a verdict by itself."""

from functools import partial

from django.db import models
from django.utils.translation import gettext_lazy as _

from verification.models.attempt import VerificationAttempt
from verification.models.ids import new_id
from verification.models.verification import Verification
from verification.states import Flag


class RiskFlag(models.Model):
    """One observation; `attempt` is the one it was made on, `facts` hold ids and numbers only.

    `other` is the case of another applicant that the observation is about, if there is one: it had this evidence too.
    """

    public_id = models.CharField(max_length=40, unique=True, editable=False, default=partial(new_id, "flg"))
    verification = models.ForeignKey(Verification, models.PROTECT, related_name="flags")
    attempt = models.ForeignKey(VerificationAttempt, models.PROTECT, related_name="flags")
    other = models.ForeignKey(
        Verification, models.PROTECT, null=True, blank=True, related_name="flags_elsewhere"
    )
    code = models.CharField(_("flag"), max_length=20, choices=Flag.choices)
    facts = models.JSONField(_("facts"), default=dict)
    raised_at = models.DateTimeField(_("raised at"))

    class Meta:
        verbose_name = _("risk flag")
        verbose_name_plural = _("risk flags")
        ordering = ["raised_at", "pk"]

    def __str__(self) -> str:
        return self.public_id
