"""Thousands of random changes by the owner of the database, and of period exports by who holds one, are all found."""

import random
from typing import Any

import pytest
import time_machine

from tests.conftest import NOW
from tests.database_tampers import tamper, triggers_off
from tests.flow.conftest import LATER
from tests.flow.exporting import export
from tests.flow.test_export_proofs import START, content, events, keys, november
from tests.flow.test_verify_trail import make, undone
from tests.tampers import tampers, verdict
from verification.audit import checking
from verification.exports.period.table import Period

pytestmark = pytest.mark.django_db

COUNT = 3_000


def test_whatever_the_owner_of_the_database_changes_is_found(road: Any, emulator: Any, staff: Any) -> None:
    with time_machine.travel(LATER, tick=False):
        make(road, emulator, staff)
    unnoticed = []
    for seed in range(COUNT):
        with undone(), triggers_off():
            changed = tamper(random.Random(seed))
            if next(checking.findings(), None) is None:
                unnoticed.append(f"{seed} {changed}")
    assert unnoticed == []
    assert next(checking.findings(), None) is None


def test_every_tampered_export_is_found() -> None:
    events(*range(-3, 33))
    sound, other = november(formats=("csv", "parquet", "xlsx")), content(export(Period(START, NOW), now=NOW))
    changed = tampers(sound, COUNT, seed=18, other=other)
    assert [each.name for each in changed if not verdict(each.content, keys())] == []
