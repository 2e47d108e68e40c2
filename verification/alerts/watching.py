"""Sees what began and what is over, and writes the notices of it. Two processes that look at once write them once."""

from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction

from verification import audit
from verification.alerts.conditions import PATIENCE, Trouble, troubles
from verification.messages import mail
from verification.models import Alert, AlertNotice

# Open alerts are few: accounts, queues and the like.
MAX_OPEN = 200
# One that has not begun is forgotten after so long. Not at once: another host may not see it.
FORGOTTEN_AFTER = timedelta(minutes=1)

log = structlog.get_logger(__name__)


def open_alerts() -> list[Alert]:
    """Those that have begun and are not over, the newest first."""
    begun = Alert.objects.filter(begun_at__isnull=False, over_at__isnull=True)
    return list(begun.order_by("-begun_at")[:MAX_OPEN])


def watch(*, now: datetime) -> None:
    found = {trouble.key: trouble for trouble in troubles(now=now)}
    known = {
        (alert.kind, alert.subject): alert
        for alert in Alert.objects.filter(over_at__isnull=True).order_by("pk")[:MAX_OPEN]
    }
    for key, trouble in found.items():
        alert = known.get(key) or _first_seen(trouble, now)
        if alert is not None:
            _go_on(alert, trouble, now)
    for key, alert in known.items():
        if key not in found:
            _stay_away(alert, now)


def _first_seen(trouble: Trouble, now: datetime) -> Alert | None:
    """None if another process was quicker."""
    try:
        with transaction.atomic():
            return Alert.objects.create(kind=trouble.kind, subject=trouble.subject, seen_at=now)
    except IntegrityError:
        return None


def _go_on(alert: Alert, trouble: Trouble, now: datetime) -> None:
    open_one = Alert.objects.filter(pk=alert.pk, over_at__isnull=True)
    if alert.away_since is not None:
        open_one.update(away_since=None)
    if alert.begun_at is None and now - alert.seen_at >= PATIENCE[alert.kind].begins:
        _tell(alert, AlertNotice.Moment.BEGUN, now, detail=trouble.detail)


def _stay_away(alert: Alert, now: datetime) -> None:
    open_one = Alert.objects.filter(pk=alert.pk, over_at__isnull=True)
    if alert.away_since is None:
        open_one.filter(away_since__isnull=True).update(away_since=now)
    elif alert.begun_at is None:
        if now - alert.away_since >= FORGOTTEN_AFTER:
            open_one.filter(begun_at__isnull=True).delete()
    elif now - alert.away_since >= PATIENCE[alert.kind].over:
        _tell(alert, AlertNotice.Moment.OVER, now)


def _tell(alert: Alert, moment: AlertNotice.Moment, now: datetime, **fields: str) -> None:
    """Write the moment, its event and its notices in one transaction; nothing if another process did."""
    at = f"{moment}_at"
    with transaction.atomic():
        if not Alert.objects.filter(pk=alert.pk, **{f"{at}__isnull": True}).update(**{at: now}, **fields):
            return
        facts = {"alert": alert.kind, "of": alert.subject}
        audit.record(f"alert.{moment}", by=audit.By.system(), subject=alert, at=now, **facts)
        AlertNotice.objects.bulk_create(
            AlertNotice(
                alert=alert, moment=moment, channel=channel, created_at=now, due_at=now, not_before=now
            )
            for channel in _channels()
        )
    log.error(f"alert.{moment}", alert=alert.kind, subject=alert.subject)


def _channels() -> list[AlertNotice.Channel]:
    email = [AlertNotice.Channel.EMAIL] if settings.ALERT_EMAIL and mail.is_set_up() else []
    return [*email, *([AlertNotice.Channel.WEBHOOK] if settings.ALERT_WEBHOOK else [])]
