"""Sends the notices of alerts. What can't be sent is tried again; it never keeps other work waiting."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import structlog
from django.conf import settings
from django.db.models import QuerySet

from verification import webhooks
from verification.alerts import words
from verification.jobs.connections import let_go_of_database
from verification.messages import MailServer, outgoing
from verification.messages.errors import NotTaken, Refused
from verification.messages.mail import Email
from verification.models import AlertNotice

log = structlog.get_logger(__name__)


def something_to_tell(*, now: datetime) -> bool:
    return outgoing.due(_waiting(), now=now).exists()


def tell_next(*, clock: Callable[[], datetime]) -> bool:
    """Send the notice that is due first; False if none is."""
    notice = outgoing.claim(_waiting().select_related("alert"), now=clock())
    if notice is None:
        return False
    if notice.moment == AlertNotice.Moment.BEGUN and notice.alert.over_at is not None:
        # Its pause may be an hour: told after the end, it would call people to what is over.
        outgoing.finish(notice, state=AlertNotice.State.FAILED, error="over_before")
        return True
    let_go_of_database()
    try:
        _send(notice)
    except (NotTaken, Refused, webhooks.NotTaken) as error:
        _put_off(notice, error.code, clock())
    else:
        now = clock()
        outgoing.finish(notice, state=AlertNotice.State.SENT, sent_at=now, error="")
    return True


def _waiting() -> QuerySet[AlertNotice]:
    return AlertNotice.objects.filter(state=AlertNotice.State.WAITING)


def _send(notice: AlertNotice) -> None:
    if notice.channel == AlertNotice.Channel.EMAIL:
        with MailServer() as server:
            # One e-mail to all: an address that is refused keeps no other from being told, and nobody is told twice.
            server.send(
                Email(settings.ALERT_EMAIL, words.subject(notice), words.text(notice), notice.public_id)
            )
    else:
        webhook = webhooks.Webhook(settings.ALERT_WEBHOOK, settings.ALERT_WEBHOOK_SECRET)
        webhooks.send(webhook, json.dumps(_body(notice)).encode(), message_id=notice.public_id)


def _body(notice: AlertNotice) -> dict[str, Any]:
    """As docs/messages.md describes it; `text` is what chat programs show."""
    alert = notice.alert
    at = alert.begun_at if notice.moment == AlertNotice.Moment.BEGUN else alert.over_at
    return {
        "type": f"alert.{notice.moment}",
        "timestamp": (at or notice.created_at).astimezone(UTC).isoformat(timespec="seconds"),
        "text": words.subject(notice),
        "data": {
            "id": alert.public_id,
            "alert": alert.kind,
            "subject": alert.subject,
            "code": alert.detail,
            "since": alert.seen_at.astimezone(UTC).isoformat(timespec="seconds"),
            "portal": settings.PUBLIC_URL,
        },
    }


def _put_off(notice: AlertNotice, code: str, now: datetime) -> None:
    log.warning("alert.not_told", notice=notice.public_id, channel=notice.channel, code=code)
    if outgoing.gives_up(notice, now=now):
        outgoing.finish(notice, state=AlertNotice.State.FAILED, error=code)
    else:
        outgoing.finish(notice, error=code, not_before=outgoing.next_try(notice, now=now))
