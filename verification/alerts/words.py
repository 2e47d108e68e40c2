"""What operators read of an alert, in e-mails, webhooks and on pages: what is wrong, and what to do."""

from collections.abc import Mapping

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from verification.health import workers
from verification.health.places import MAKE_ROOM
from verification.jobs import answers
from verification.models import Alert, AlertKind, AlertNotice

_WHAT: Mapping[str, Promise] = {
    AlertKind.ACCOUNT_PAUSED: gettext_lazy("Calls of account %(subject)s are paused"),
    AlertKind.BUDGET_SPENT: gettext_lazy("Account %(subject)s has spent its budget of the day"),
    AlertKind.NO_WORKER: gettext_lazy("No worker answers for the queue %(subject)s"),
    AlertKind.NO_BEAT: gettext_lazy("Beat, which starts the regular work, stands still"),
    AlertKind.STORE_DOWN: gettext_lazy("The store of the evidence does not answer"),
    AlertKind.DISK_LOW: gettext_lazy("A disk is nearly full"),
    AlertKind.MESSAGES_FAIL: gettext_lazy("Messages to applicants can't be sent"),
    AlertKind.SEALING_STOPPED: gettext_lazy("The audit trail is not sealed"),
    AlertKind.HISTORY_REWOUND: gettext_lazy("The audit trail does not begin with what %(subject)s has of it"),
    AlertKind.ANCHOR_FAILS: gettext_lazy("Checkpoints of the audit trail are not safe at %(subject)s"),
}
_TO_DO: Mapping[str, Promise] = {
    AlertKind.ACCOUNT_PAUSED: gettext_lazy(
        "The Vendor page says why and what to do. Nothing is lost meanwhile: recordings wait."
    ),
    AlertKind.BUDGET_SPENT: gettext_lazy(
        "Calling goes on at 00:00 UTC by itself; recordings wait until then."
    ),
    AlertKind.STORE_DOWN: gettext_lazy(
        "The System page says what to look at. Nobody can send a photo or a recording meanwhile."
    ),
    AlertKind.DISK_LOW: MAKE_ROOM,
    AlertKind.MESSAGES_FAIL: gettext_lazy(
        "The Messages page says which and why. They are tried again by themselves."
    ),
    AlertKind.SEALING_STOPPED: gettext_lazy(
        "The System page says why. Work goes on, and its events wait for their place in the log."
    ),
    AlertKind.HISTORY_REWOUND: gettext_lazy(
        "Somebody changed the database, or an older copy of it was put back. Nothing is sealed until you have found "
        "out which: docs/trail.md, When the history was rewound."
    ),
    AlertKind.ANCHOR_FAILS: gettext_lazy(
        "manage.py trail_anchors says what is wrong. The trail is sealed meanwhile, but the newest part of it lies "
        "here alone."
    ),
}


def what(alert: Alert) -> str:
    """In one line, without a full stop."""
    return str(_WHAT[alert.kind]) % {"subject": alert.subject}


def to_do(alert: Alert) -> str:
    if alert.kind == AlertKind.NO_WORKER:
        return workers.to_do(alert.subject)
    if alert.kind == AlertKind.NO_BEAT:
        return workers.to_do(answers.BEAT)
    return str(_TO_DO[alert.kind])


def subject(notice: AlertNotice) -> str:
    if notice.moment == AlertNotice.Moment.OVER:
        return _("Over: %(what)s") % {"what": what(notice.alert)}
    return _("Needs you: %(what)s") % {"what": what(notice.alert)}


def text(notice: AlertNotice) -> str:
    """Of an e-mail. It names no applicant and no secret."""
    alert = notice.alert
    lines = [f"{what(alert)}.", "", _("First seen %(at)s UTC.") % {"at": _at(alert.seen_at)}]
    if notice.moment == AlertNotice.Moment.OVER and alert.over_at is not None:
        lines.append(_("Over since %(at)s UTC.") % {"at": _at(alert.away_since or alert.over_at)})
    else:
        lines += [_("Code: %(code)s") % {"code": alert.detail}] if alert.detail else []
        lines += ["", to_do(alert), "", _("You get one more e-mail when it is over.")]
    return "\n".join([*lines, "", f"{settings.PUBLIC_URL}/admin/", ""])


def _at(moment: object) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"
