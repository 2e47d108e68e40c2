"""What is wrong now, by facts that other parts keep. Each condition reads a few rows and changes nothing."""

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from verification import anchors, health, messages
from verification.audit import sealing
from verification.jobs import answers
from verification.models import AlertKind, DataKey
from verification.vendor_accounts import pacing


@dataclass(frozen=True)
class Patience:
    """A trouble begins once it has been seen for `begins`, and is over once it has stayed away for `over`."""

    begins: timedelta
    over: timedelta


_SHORT: Final = timedelta(minutes=1)
_LONG: Final = timedelta(minutes=5)
# A silent queue has been silent for a minute and a half before anybody says so.
PATIENCE: Final[dict[str, Patience]] = {
    AlertKind.ACCOUNT_PAUSED: Patience(_SHORT, _LONG),
    AlertKind.BUDGET_SPENT: Patience(timedelta(0), _SHORT),
    AlertKind.NO_WORKER: Patience(_SHORT, _LONG),
    AlertKind.NO_BEAT: Patience(_SHORT, _LONG),
    AlertKind.STORE_DOWN: Patience(_SHORT, _LONG),
    AlertKind.DISK_LOW: Patience(_SHORT, _LONG),
    AlertKind.MESSAGES_FAIL: Patience(timedelta(0), _LONG),
    AlertKind.SEALING_STOPPED: Patience(_SHORT, _SHORT),
    AlertKind.HISTORY_REWOUND: Patience(timedelta(0), _SHORT),
    AlertKind.ANCHOR_FAILS: Patience(timedelta(0), _SHORT),
}
MAX_DETAIL, MAX_SUBJECT = 128, 80  # characters, as the columns have them


@dataclass(frozen=True)
class Trouble:
    kind: AlertKind
    subject: str = ""
    detail: str = ""

    @property
    def key(self) -> tuple[str, str]:
        return (str(self.kind), self.subject)


def troubles(*, now: datetime) -> list[Trouble]:
    return [*_accounts(now), *_queues(now), *_places(now), *_messages(now), *_trail(now)]


def _accounts(now: datetime) -> Iterator[Trouble]:
    for account in pacing.accounts():
        if account.paused_at is not None:
            yield Trouble(AlertKind.ACCOUNT_PAUSED, account.name, account.pause_reason)
        if pacing.budget_is_spent(account, now):
            yield Trouble(AlertKind.BUDGET_SPENT, account.name)


def _queues(now: datetime) -> Iterator[Trouble]:
    for name, answer in answers.states(now=now).items():
        if not answer.stands_still:
            continue
        if name != answers.BEAT:
            yield Trouble(AlertKind.NO_WORKER, name)
        elif answer.last is not None:  # before its first start, beat is not missed
            yield Trouble(AlertKind.NO_BEAT)


def _places(now: datetime) -> Iterator[Trouble]:
    """As the host sees it that looks. Others may see nothing of it: one alert for all, and it names one of them."""
    for fact in health.broken_places(now=now):
        if fact.code == "store" and not DataKey.objects.exists():
            continue  # nothing was ever stored, so the place need not be there
        kind = AlertKind.STORE_DOWN if fact.code == "store" else AlertKind.DISK_LOW
        yield Trouble(kind, detail=f"{fact.code} {socket.gethostname()}"[:MAX_DETAIL])


def _trail(now: datetime) -> Iterator[Trouble]:
    if code := sealing.stopped(now=now):
        yield Trouble(AlertKind.SEALING_STOPPED, detail=code)
    contradicting = anchors.contradicting()
    for place in contradicting:
        yield Trouble(AlertKind.HISTORY_REWOUND, place.short[:MAX_SUBJECT])
    for place in [] if contradicting else anchors.failing(now=now):
        yield Trouble(AlertKind.ANCHOR_FAILS, place.short[:MAX_SUBJECT], place.error or place.verdict)


def _messages(now: datetime) -> Iterator[Trouble]:
    if code := messages.failing(now=now):
        yield Trouble(AlertKind.MESSAGES_FAIL, detail=code)
