"""A reviewer inside a portal: opens each page named on standard input and prints the milliseconds it took.

For "PAGE count" it prints the number of database queries instead.
"""

import json
import random
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.bench.cases import REVIEWER
from verification.models import StaffUser, Verification
from verification.states import Band, Status

Open = Callable[[], Any]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def main() -> None:
    browser = signed_in()
    waiting = Verification.objects.filter(status=Status.IN_REVIEW)
    # Cases from the middle of the queue, to open in random order.
    last = waiting.latest("pk").pk
    # Plain cases only: a proposal, a spot check or an escalation adds queries, whatever the size of the tables.
    plain = {"proposal": None, "claimed_by": None, "escalated_at": None}
    alike = waiting.filter(pk__gt=last // 2, band=Band.BELOW, **plain)
    ids = list(alike[:400].values_list("public_id", flat=True))
    middle = waiting.filter(pk__gt=last // 2).earliest("pk")
    place = f"{(middle.due_at - _EPOCH) // timedelta(microseconds=1)}-{middle.pk}"
    queue = reverse("admin:queue")
    answer(
        {
            "board": lambda: browser.get(reverse("admin:index")),
            "queue": lambda: browser.get(queue),
            "queue_band": lambda: browser.get(queue, {"band": "below"}),
            "queue_mark": lambda: browser.get(queue, {"mark": "copied"}),
            "queue_deep": lambda: browser.get(queue, {"after": place}),
            "case": lambda: browser.get(reverse("admin:case", args=[random.choice(ids)])),
            "shared": lambda: browser.get(reverse("admin:shared", args=[random.choice(ids)])),
            "search_part": lambda: browser.post(reverse("admin:search"), {"q": "CUST-9"}),
            "take_next": lambda: browser.post(reverse("admin:take_next")),
        }
    )


def signed_in() -> Client:
    browser = Client(SERVER_NAME="127.0.0.1")
    browser.force_login(StaffUser.objects.get(username=REVIEWER))
    return browser


def answer(pages: Mapping[str, Open]) -> None:
    for line in sys.stdin:
        name, *count = line.split()
        print(json.dumps(_queries(pages[name]) if count else _milliseconds(pages[name])), flush=True)


def _milliseconds(page: Open) -> float:
    began = time.perf_counter()
    response = page()
    taken = time.perf_counter() - began
    assert response.status_code in {200, 302}, response.status_code
    return taken * 1000


def _queries(page: Open) -> int:
    # The first request adds queries that a process or a session makes only once.
    page()
    with CaptureQueriesContext(connection) as queries:
        page()
    return len(queries)
