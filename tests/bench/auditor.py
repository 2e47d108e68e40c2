"""An auditor inside a portal: opens the trail's pages. See `reviewer`."""

import random
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from django.db.models import QuerySet
from django.test import Client
from django.urls import reverse

from tests.bench.reviewer import Open, answer
from tests.bench.trail_rows import (
    AUDITOR,
    COMMON_KIND,
    COMMON_PERSON,
    RARE_CASE,
    RARE_KIND,
    RARE_PERSON,
)
from verification.audit import viewing
from verification.models import AuditEvent, StaffUser

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def main() -> None:
    browser = Client(SERVER_NAME="127.0.0.1")
    browser.force_login(StaffUser.objects.get(username=AUDITOR))
    events = AuditEvent.objects.all()
    # Those of the bench itself do not count: they are all looks, and the newest.
    filled = events.filter(actor_kind="reviewer")
    first, last = (filled.order_by(order)[0].at for order in ("at", "-at"))
    day = (first + (last - first) / 2).date().isoformat()
    looks = filled.filter(kind__in=viewing.LOOKS)
    found: dict[str, tuple[QuerySet[AuditEvent], dict[str, str]]] = {
        "deeds": (filled.exclude(kind__in=viewing.LOOKS), {}),
        "looks": (looks, {"show": "looks"}),
        "all": (filled, {"show": "all"}),
        "kind": (filled.filter(kind=COMMON_KIND), {"kind": COMMON_KIND}),
        "kind_rare": (filled.filter(kind=RARE_KIND), {"kind": RARE_KIND}),
        "who": (filled.filter(actor_id=COMMON_PERSON), {"show": "all", "who": COMMON_PERSON}),
        "who_rare": (filled.filter(actor_id=RARE_PERSON), {"show": "all", "who": RARE_PERSON}),
        "about": (filled.filter(subject_id=RARE_CASE), {"show": "all", "about": RARE_CASE}),
        "who_kind": (
            filled.filter(actor_id=COMMON_PERSON, kind=COMMON_KIND),
            {"who": COMMON_PERSON, "kind": COMMON_KIND},
        ),
        "period": (filled, {"show": "all", "first": first.date().isoformat(), "last": day}),
    }
    pages: dict[str, Open] = {}
    for name, (rows, asked) in found.items():
        pages[name] = partial(browser.get, reverse("admin:trail"), asked)
        pages[f"{name}_deep"] = partial(
            browser.get, reverse("admin:trail"), {**asked, "after": _middle(rows)}
        )
    ids = list(filled.values_list("pk", flat=True)[:1000])
    answer(
        {
            **pages,
            "event": lambda: browser.get(reverse("admin:trail_event", args=[random.choice(ids)])),
            "sealing": lambda: browser.get(reverse("admin:trail_sealing")),
            "home": lambda: browser.get(reverse("admin:index")),
        }
    )


def _middle(rows: Any) -> str:
    """The position of a page in the middle of these."""
    there = rows.order_by("at")[rows.count() // 2]
    return f"{(there.at - _EPOCH) // timedelta(microseconds=1)}-{there.pk}"
