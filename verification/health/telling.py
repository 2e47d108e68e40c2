"""Whether applicants and operators can be told anything: e-mail, and who gets the alerts."""

from datetime import datetime
from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from verification import messages
from verification.health.fact import Fact, Tone
from verification.models import Policy

MAX_COUNTED: Final = 10_000


def facts(now: datetime) -> list[Fact]:
    return [_mail(now), _alerts()]


def _mail(now: datetime) -> Fact:
    title = gettext_lazy("Messages to applicants")
    if not settings.EMAIL:
        says = _("E-mail is not set up.")
        if not messages.tells(Policy.current()):
            return Fact("telling.mail", title, Tone.QUIET, says)
        to_do = _("The policy says that applicants are told: set KYC_EMAIL_URL.")
        return Fact("telling.mail", title, Tone.WARN, says, to_do)
    if code := messages.failing(now=now):
        says = _("They can't be sent: %(code)s.") % {"code": code.replace("_", " ")}
        return Fact("telling.mail", title, Tone.BAD, says, _("The Messages page says which and why."))
    late = messages.late(now=now, most=MAX_COUNTED + 1)
    many = f"{MAX_COUNTED:,}+" if late > MAX_COUNTED else f"{late:,}"
    says = _("Sent as they come; due and waiting: %(many)s.") % {"many": many}
    return Fact("telling.mail", title, Tone.GOOD, says)


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
