"""The trail's log: every committed event gets one place, whenever it was committed, and nothing else does."""

import random
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Max

from tests.conftest import NOW
from verification.audit import entries, log, sealing, trail_keys
from verification.crypto import new_entry
from verification.models import AuditEvent, Checkpoint, LogRun, LogTile, TrailKey
from verification.transparency import checkpoints, merkle, notes

pytestmark = pytest.mark.django_db


def event(pk: int | None = None) -> AuditEvent:
    made = AuditEvent(
        pk=pk,
        at=NOW,
        kind="sealing.tested",
        actor_kind="system",
        actor_id="",
        subject_kind="verification",
        subject_id="ver_test",
        data={"n": pk or 0},
    )
    made.save(force_insert=True)
    go_on_from_the_highest()
    return made


def go_on_from_the_highest() -> None:
    """The next event gets the number above all that are there. SQLite gives it that by itself."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT setval('verification_auditevent_id_seq', max(id)) FROM verification_auditevent"
            )


def seal_all(now: Any = NOW, most: int = 1000) -> Checkpoint | None:
    newest = None
    while signed := sealing.seal(now=now, most=most):
        newest = signed
    return newest


def in_the_log() -> list[int]:
    return [run.first_event + at for run in LogRun.objects.order_by("pk") for at in range(run.count)]


def check_whole_log() -> None:
    """The log holds each event once, and its newest checkpoint is of just these entries."""
    placed = in_the_log()
    assert sorted(placed) == sorted(AuditEvent.objects.values_list("pk", flat=True))
    by_id = {event.pk: bytes(entries.Entry.of(event)) for event in AuditEvent.objects.all()}
    leaves = [merkle.leaf_hash(by_id[pk]) for pk in placed]
    newest = log.newest()
    assert newest is not None
    assert (newest.size, newest.root) == (len(leaves), merkle.root_of(leaves).hex())
    opened = checkpoints.open_checkpoint(newest.note, trail_keys.origin(), trail_keys.known())
    assert (opened.size, opened.root.hex()) == (newest.size, newest.root)


def test_events_get_their_places_and_a_checkpoint_is_signed_over_them() -> None:
    for _ in range(3):
        event()
    seal_all()
    seal_all()
    # The introduction of the first key is an event too.
    assert AuditEvent.objects.filter(kind="trail.key_introduced").count() == 1
    check_whole_log()


def test_each_event_is_proven_by_the_checkpoint() -> None:
    made = [event() for _ in range(30)]
    seal_all(most=7)
    newest = log.newest()
    assert newest is not None
    for each in made:
        proof = log.proof(each, newest)
        proof.check(bytes(entries.Entry.of(each)), trail_keys.origin(), trail_keys.known())


@pytest.mark.parametrize("seed", range(20))
def test_events_that_are_committed_late_get_one_place_each(seed: int) -> None:
    """Ids come in order and commits in any order; some never come."""
    chance = random.Random(seed)
    event(1)
    seal_all()
    first = (AuditEvent.objects.aggregate(most=Max("pk"))["most"] or 0) + 1
    waiting = list(range(first, first + 60))
    lost = set(chance.sample(waiting, 8))
    now = NOW
    while waiting:
        pk = waiting.pop(min(int(chance.expovariate(0.2)), len(waiting) - 1))
        # The sealer's own events take the highest id so far and one, which may be one of these.
        if pk not in lost and not AuditEvent.objects.filter(pk=pk).exists():
            event(pk)
        now += timedelta(minutes=chance.choice([0, 1, 50, 90]))
        if chance.random() < 0.3:
            sealing.seal(now=now, most=chance.choice([1, 5, 100]))
    seal_all(now + timedelta(hours=2))
    check_whole_log()


def test_nothing_to_seal_signs_nothing() -> None:
    event()
    seal_all()
    before = Checkpoint.objects.count()
    assert sealing.seal(now=NOW) is None
    assert Checkpoint.objects.count() == before


def test_the_log_is_consistent_from_each_checkpoint_to_the_next() -> None:
    for _ in range(20):
        event()
        sealing.seal(now=NOW, most=3)
    rows = list(Checkpoint.objects.order_by("size"))
    for old in rows:
        for new in rows:
            if old.size <= new.size:
                proof = log.consistency(old.size, new.size)
                merkle.check_consistency(
                    old.size, new.size, proof, bytes.fromhex(old.root), bytes.fromhex(new.root)
                )


class Killed(BaseException):
    """The process ends here."""


def dies_at(statement: int) -> Any:
    """A wrapper of statements that ends the process at the given one, counted from 0."""
    count = iter(range(10_000))

    def wrapper(execute: Any, sql: str, *arguments: Any) -> Any:
        # In a test, a savepoint stands for the transaction, whose end is no statement.
        if "SAVEPOINT" not in sql and next(count) == statement:
            raise Killed
        return execute(sql, *arguments)

    return connection.execute_wrapper(wrapper)


def test_a_sealer_that_dies_at_any_statement_leaves_nothing_half_done() -> None:
    deaths = 0
    for statement in range(200):
        event(AuditEvent.objects.aggregate(most=Max("pk"))["most"] + 2 if statement else None)
        before = Checkpoint.objects.count()
        try:
            with dies_at(statement):
                sealing.seal(now=NOW)
        except Killed:
            deaths += 1
            assert Checkpoint.objects.count() == before
        else:
            break
    assert deaths > 8
    seal_all()
    check_whole_log()


def test_a_clock_that_was_set_back_keeps_nothing_from_being_sealed() -> None:
    event()
    seal_all()
    event()
    earlier = NOW - timedelta(days=300)
    assert sealing.is_due(now=earlier)
    seal_all(earlier)
    check_whole_log()


def test_a_clock_that_was_ahead_hides_no_hour_without_a_checkpoint() -> None:
    event()
    seal_all(NOW + timedelta(days=30))
    event()
    assert sealing.stopped(now=NOW) == "late"
    seal_all()
    assert sealing.stopped(now=NOW) == ""


def test_an_idle_hour_has_its_checkpoint_after_a_clock_was_ahead() -> None:
    event()
    seal_all(NOW + timedelta(days=30))
    before = Checkpoint.objects.count()
    assert sealing.is_due(now=NOW)
    seal_all()
    assert Checkpoint.objects.count() == before + 1
    assert not sealing.is_due(now=NOW)


def test_an_idle_hour_signs_a_checkpoint_of_its_own() -> None:
    event()
    seal_all()
    before = Checkpoint.objects.count()
    later = NOW + sealing.WHEN_IDLE
    assert not sealing.is_due(now=later - timedelta(seconds=1))
    assert sealing.is_due(now=later)
    seal_all(later)
    assert Checkpoint.objects.count() == before + 1
    assert AuditEvent.objects.filter(kind="trail.alive").count() == 1


def test_the_head_of_a_fresh_installation_is_sealed_soon() -> None:
    assert sealing.is_due(now=NOW)
    assert sealing.stopped(now=NOW) == ""
    event()
    assert sealing.stopped(now=NOW + sealing.LATE + timedelta(seconds=1)) == "never_sealed"
    seal_all()
    assert sealing.stopped(now=NOW + sealing.LATE) == "late"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE verification_logrun SET first_event = 9",
        "DELETE FROM verification_logrun",
        "DELETE FROM verification_logtile",
        "UPDATE verification_logtile SET level = 3",
        "UPDATE verification_checkpoint SET root = ''",
        "DELETE FROM verification_checkpoint",
        "UPDATE verification_trailkey SET vkey = 'x'",
        "DELETE FROM verification_trailkey",
        "DELETE FROM verification_trailhead",
        "UPDATE verification_trailhead SET size = 0",
        "UPDATE verification_trailhead SET watermark = 0",
    ],
)
def test_the_database_refuses_to_change_the_log(statement: str) -> None:
    event()
    seal_all()
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_a_tile_may_grow_and_not_change() -> None:
    event()
    seal_all()
    tile = LogTile.objects.get(level=0)
    LogTile.objects.filter(pk=tile.pk).update(hashes=bytes(tile.hashes) + bytes(32))
    for hashes in (bytes(32) + bytes(tile.hashes)[32:], bytes(tile.hashes)[:32]):
        with pytest.raises(IntegrityError), transaction.atomic():
            LogTile.objects.filter(pk=tile.pk).update(hashes=hashes)


RING = [new_entry(f"key-{number}") for number in range(3)]


def ring(settings: Any, *numbers: int) -> None:
    settings.TRAIL_KEYS = ",".join(RING[number] for number in numbers)


def test_a_new_key_is_introduced_by_the_one_before_it(settings: Any) -> None:
    for numbers in ((0,), (1, 0), (2, 1)):
        ring(settings, *numbers)
        event()
        seal_all()
    first, second, third = trail_keys.known()
    for key, before in ((second, first), (third, second)):
        row = TrailKey.objects.get(vkey=str(key))
        note, signers = notes.open_note(row.introduction, [before])
        assert note.text == trail_keys.introduction_text(trail_keys.origin(), str(key))
        assert signers == [before]
    check_whole_log()
    assert AuditEvent.objects.filter(kind="trail.key_introduced").count() == 3


def test_a_key_that_nobody_introduces_signs_nothing(settings: Any) -> None:
    ring(settings, 0)
    event()
    seal_all()
    for numbers in ((1,), (1, 2)):
        ring(settings, *numbers)
        event()
        with pytest.raises(trail_keys.NotIntroduced, match="lacks the key"):
            sealing.seal(now=NOW)
    assert len(trail_keys.known()) == 1


def test_a_process_with_an_older_ring_signs_nothing(settings: Any) -> None:
    for numbers in ((0,), (1, 0)):
        ring(settings, *numbers)
        event()
        seal_all()
    ring(settings, 0)
    event()
    with pytest.raises(trail_keys.NotIntroduced, match="newer key"):
        sealing.seal(now=NOW)


def test_the_log_keeps_its_name_when_the_portal_moves(settings: Any) -> None:
    event()
    seal_all()
    name = trail_keys.origin()
    settings.PUBLIC_URL = "https://another.example"
    event()
    seal_all()
    assert trail_keys.origin() == name
    check_whole_log()
