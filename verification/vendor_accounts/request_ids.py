"""The alarm when a RequestId comes twice: the vendor makes a new one for each call, so one of two answers is not ours.

A cache or a gateway on the way, or a mix-up at the vendor, may hand one applicant's answer to another. The check is
made after the call's outcome was committed: of two calls that end at the same moment, the one that commits last sees
the other, so no constraint is needed, and none can keep an answer from being recorded.
"""

from datetime import datetime

import structlog
from django.db import transaction
from django.db.models import QuerySet

from verification import audit
from verification.models import AuditEvent, ProviderCall

EVENT = "call.request_id_repeated"

log = structlog.get_logger(__name__)


def check(call: ProviderCall, request_id: str | None, *, now: datetime) -> bool:
    """Was the RequestId given to another call too? Then the trails of both say so, once for each call."""
    if not request_id:
        return False
    earlier = others(call, request_id).order_by("pk").first()
    if earlier is None:
        return False
    log.error(EVENT, call=call.public_id, other=earlier.public_id, vendor_request_id=request_id)
    with transaction.atomic(durable=True):
        _note(call, earlier, request_id, now)
        _note(earlier, call, request_id, now)
    return True


def others(call: ProviderCall, request_id: str) -> QuerySet[ProviderCall]:
    """The other calls that were given the RequestId; none if it is empty."""
    # SQLite uses the index, which leaves out empty ones, only if the query leaves them out too.
    same = ProviderCall.objects.filter(request_id=request_id).exclude(request_id="")
    return same.exclude(pk=call.pk)


def _note(call: ProviderCall, other: ProviderCall, request_id: str, now: datetime) -> None:
    if not AuditEvent.objects.filter(kind=EVENT, subject_id=call.public_id).exists():
        facts = {"request_id": request_id, "other": other.public_id, "account": call.account.name}
        audit.record(EVENT, by=audit.By.system(), subject=call, at=now, **facts)
