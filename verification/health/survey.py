"""All facts, by section, whatever part of the installation is slow, away or broken."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final

import structlog
from django.db import DatabaseError, InterfaceError, connection, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from verification import outside
from verification.health import (
    backup,
    broker,
    database,
    host,
    keys,
    places,
    telling,
    trail,
    trouble,
    vendor,
    work,
    workers,
)
from verification.health.fact import Fact, Tone

log = structlog.get_logger(__name__)

# Seconds: for one question to the database or to what lies outside, and for all questions to the database.
EACH: Final = 2.0
IN_ALL: Final = 5.0


@dataclass(frozen=True)
class Section:
    """`in_database` is asked in the caller's transaction, `outside` in a thread of its own."""

    name: str
    title: Promise
    in_database: Callable[[datetime], list[Fact]] | None = None
    outside: Callable[[datetime], list[Fact]] | None = None


SECTIONS: Final = (
    Section("workers", gettext_lazy("Workers"), workers.facts),
    Section("work", gettext_lazy("Work"), work.facts),
    Section("trouble", gettext_lazy("Lately"), trouble.facts),
    Section("vendor", gettext_lazy("Vendor"), vendor.facts),
    Section("telling", gettext_lazy("Messages and alerts"), telling.facts),
    Section("trail", gettext_lazy("Audit trail"), trail.facts),
    Section("broker", gettext_lazy("Broker"), outside=broker.facts),
    Section("database", gettext_lazy("Database"), database.facts),
    Section("store", gettext_lazy("Evidence"), outside=places.facts),
    Section("backup", gettext_lazy("Backup"), outside=backup.facts),
    Section("keys", gettext_lazy("Keys"), keys.facts),
    Section("host", gettext_lazy("This server"), host.facts),
)


def facts(*, now: datetime) -> list[tuple[Section, list[Fact]]]:
    """Every section with its facts. Takes EACH for what lies outside, and IN_ALL for the database, at most."""
    asked = outside.ask({one.name: partial(one.outside, now) for one in SECTIONS if one.outside})
    until = time.monotonic() + IN_ALL
    found = {one.name: _in_database(one.in_database, until, now) for one in SECTIONS if one.in_database}
    answered = outside.answers(asked, EACH)
    found |= answered
    return [(one, found[one.name] or [_unknown(one)]) for one in SECTIONS]


def broken_places(*, now: datetime) -> list[Fact]:
    """What is broken about store and disks, as this host sees it. If they don't answer within EACH, what they answered
    before: a slow machine is not a broken one, and a bucket that is away takes longer to say so."""
    asked = outside.ask({"store": partial(places.facts, now)})
    found = outside.answers(asked, EACH)["store"]
    if found is None:
        found = asked["store"].earlier
    return [fact for fact in found or () if fact.tone == Tone.BAD]


def _in_database(probe: Callable[[datetime], list[Fact]], until: float, now: datetime) -> list[Fact] | None:
    """None if the database is too slow, or away."""
    seconds = min(EACH, until - time.monotonic())
    if seconds <= 0:
        return None
    try:
        with transaction.atomic():
            _limit(seconds)
            return probe(now)
    except (DatabaseError, InterfaceError) as error:
        log.warning("health.database_did_not_answer", error=type(error).__name__)
        return None


def _limit(seconds: float) -> None:
    """Each statement of this transaction ends after so long."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = %s", [max(1, int(seconds * 1000))])


def _unknown(section: Section) -> Fact:
    if section.in_database:
        says = _("Not known: the database did not answer in time.")
        to_do = _("See that the database runs and is not overloaded.")
    else:
        says, to_do = _("Not known: there was no answer in time."), _("Look again; see that its server runs.")
    return Fact(f"{section.name}.unknown", section.title, Tone.BAD, says, to_do)


def asking(found: list[tuple[Section, list[Fact]]]) -> list[Fact]:
    """Those that somebody has to do something about, the worst first."""
    asked: list[Any] = [fact for _section, lines in found for fact in lines if fact.asks]
    return sorted(asked, key=lambda fact: fact.tone != Tone.BAD)
