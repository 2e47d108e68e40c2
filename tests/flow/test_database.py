"""Changes that the database itself refuses, from any user."""

import pytest
from django.db import IntegrityError, connection, transaction

from tests.conftest import NOW, Road
from verification.models import AuditEvent, Verification
from verification.states import Status


@pytest.mark.parametrize("change", ["update", "delete"])
def test_the_database_refuses_to_change_the_trail(road: Road, change: str) -> None:
    road.invited()
    events = AuditEvent.objects.all()
    make_it = {
        "update": lambda: events.update(kind="nothing"),
        "delete": lambda: events._raw_delete(events.db),
    }
    with pytest.raises(IntegrityError), transaction.atomic():
        make_it[change]()


def test_the_database_refuses_an_approval_without_a_proof(road: Road) -> None:
    verification = road.invited()
    with pytest.raises(IntegrityError), transaction.atomic():
        Verification.objects.filter(pk=verification.pk).update(status=Status.APPROVED, decided_at=NOW)


def test_the_database_refuses_to_change_an_active_policy(road: Road) -> None:
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE verification_policy SET approve_at = 70")
