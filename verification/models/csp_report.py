"""What browsers say that the content security policy stopped."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class CspReport(models.Model):
    """How often one thing was stopped on one day. `page` is a pattern of an address, which holds no id and no token.

    Anybody can send a report, so this is a hint, never a proof.
    """

    day = models.DateField(_("day"))
    directive = models.CharField(_("directive"), max_length=40)
    page = models.CharField(_("page"), max_length=200)
    blocked = models.CharField(_("origin that was blocked"), max_length=150)
    count = models.PositiveIntegerField(_("reports"), default=1)

    class Meta:
        verbose_name = _("report of the content security policy")
        verbose_name_plural = _("reports of the content security policy")
        ordering = ["-day", "-count", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["day", "directive", "page", "blocked"], name="csp_report_once_a_day"
            )
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.directive}"
