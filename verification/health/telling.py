"""Whether applicants and operators can be told anything: e-mail, and who gets the alerts."""

from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from verification import messages
from verification.health.fact import Fact, Tone
from verification.models import Policy


def facts(now: datetime) -> list[Fact]:
    return [_mail(), _alerts()]


def _mail() -> Fact:
    title = gettext_lazy("E-mail")
    if settings.EMAIL:
        return Fact("telling.mail", title, Tone.GOOD, _("It is set up."))
    says = _("It is not set up.")
    if not messages.tells(Policy.current()):
        return Fact("telling.mail", title, Tone.QUIET, says)
    to_do = _("The policy says that applicants are told by e-mail: set KYC_EMAIL_URL.")
    return Fact("telling.mail", title, Tone.WARN, says, to_do)


def _alerts() -> Fact:
    title = gettext_lazy("Alerts to operators")
    by_mail = settings.ALERT_EMAIL if settings.EMAIL else []
    told = [
        ngettext("%(n)s e-mail address", "%(n)s e-mail addresses", len(by_mail)) % {"n": len(by_mail)}
        if by_mail
        else "",
        _("a webhook") if settings.ALERT_WEBHOOK else "",
    ]
    if any(told):
        says = _("They go to %(whom)s.") % {"whom": _(" and ").join(filter(None, told))}
        return Fact("telling.alerts", title, Tone.GOOD, says)
    says = _("Nobody is told when something breaks.")
    if settings.DEMO:
        return Fact("telling.alerts", title, Tone.QUIET, says)
    to_do = _("Set KYC_ALERT_EMAIL or KYC_ALERT_WEBHOOK (docs/messages.md).")
    return Fact("telling.alerts", title, Tone.WARN, says, to_do)
