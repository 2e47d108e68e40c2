"""Exports in the background: who makes which, how far it is, cancelling, and what a process that dies leaves behind."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group as DjangoGroup
from django.test import Client

from tests.flow.exporting import AUDITOR, asked, export, made
from tests.flow.test_export import exported
from verification import tasks
from verification.actions import export as action
from verification.actions import make_export
from verification.exports.period.progress import Progress
from verification.exports.period.table import Period
from verification.jobs import doorbell, export_leases
from verification.models import AuditEvent, Export, StaffUser
from verification.permissions import Group

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
MONTH = Period(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC))
LEASE = export_leases.LEASE


def waiting(now: datetime = NOW, **more: Any) -> Export:
    return asked(MONTH, now=now, **more)


def claimed(now: datetime = NOW) -> Export:
    found = export_leases.claim(now=now)
    assert found is not None
    return found


def test_asking_rings_for_a_worker(rung: Any) -> None:
    assert rung(waiting) == [doorbell.EXPORT]


def test_exports_are_made_one_after_the_other_the_oldest_first() -> None:
    first, second = waiting(), waiting(NOW + timedelta(seconds=1))
    assert claimed() == first
    assert export_leases.claim(now=NOW) is None
    assert not export_leases.waits(now=NOW)
    make_export.make(claimed_again(first), Progress(), clock=lambda: NOW)
    assert claimed() == second


def claimed_again(export: Export) -> Export:
    export.refresh_from_db()
    return export


def test_the_work_of_a_process_that_died_begins_anew_and_there_is_one_file() -> None:
    kept, first = exported(), waiting()
    dead = claimed()
    assert export_leases.claim(now=NOW + LEASE - timedelta(seconds=1)) is None
    alive = claimed(NOW + LEASE)
    assert (alive.pk, alive.fence) == (first.pk, dead.fence + 1)
    make_export.make(alive, Progress(), clock=lambda: NOW)
    with pytest.raises(make_export.Overtaken):
        make_export.make(dead, Progress(), clock=lambda: NOW)
    assert exported() == kept + 1
    assert AuditEvent.objects.filter(kind="export.created").count() == 1


def test_a_process_that_was_only_slow_leaves_no_second_file(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = exported()
    waiting()
    slow = claimed()
    write = make_export._write

    def overtaken_meanwhile(*args: Any) -> Any:
        with monkeypatch.context() as patch:
            patch.setattr(make_export, "_write", write)
            make_export.make(claimed(NOW + LEASE), Progress(), clock=lambda: NOW)
        return write(*args)

    monkeypatch.setattr(make_export, "_write", overtaken_meanwhile)
    with pytest.raises(make_export.Overtaken):
        make_export.make(slow, Progress(), clock=lambda: NOW)
    assert exported() == kept + 1


def test_after_three_processes_died_nobody_tries_again() -> None:
    waiting()
    at = NOW
    for _ in range(export_leases.MAX_STARTS):
        claimed(at)
        at += LEASE
    assert export_leases.claim(now=at) is None
    assert action.give_up(now=at) == 1
    lost = Export.objects.get()
    assert (lost.state, lost.fault) == ("failed", "lost")
    assert AuditEvent.objects.latest("pk").kind == "export.failed"
    waiting(at)
    assert export_leases.waits(now=at), "the next one has its turn"


def test_a_cancelled_export_that_waits_is_never_made() -> None:
    cancelled = waiting()
    action.cancel(cancelled, by=AUDITOR, now=NOW)
    assert export_leases.claim(now=NOW) is None
    with pytest.raises(action.NotUnderWay):
        action.cancel(cancelled, by=AUDITOR, now=NOW)
    assert AuditEvent.objects.filter(kind="export.cancelled").count() == 1


def test_an_export_can_be_cancelled_while_it_is_made() -> None:
    kept, progress = exported(), Progress()
    waiting()
    running = claimed()
    beat = export_leases.Beat(running, progress.stop)

    def cancelled(done: int, counted: int) -> None:
        beat.note(done, counted)
        if done == 0:
            action.cancel(running, by=AUDITOR, now=NOW)
        beat.once()

    progress.tell = cancelled
    with pytest.raises(make_export.Overtaken):
        make_export.make(running, progress, clock=lambda: NOW)
    action.expire(now=NOW)
    assert exported() == kept
    assert Export.objects.get().state == "cancelled"
    with pytest.raises(action.ExportExpired):
        action.download(running, by=AUDITOR, now=NOW)


def test_the_row_says_how_far_it_is() -> None:
    waiting()
    running, seen = claimed(), list[tuple[int, int]]()
    progress = Progress()

    def noted(done: int, counted: int) -> None:
        assert export_leases.renew(running, done=done, counted=counted, now=NOW)
        row = Export.objects.get()
        seen.append((row.rows, row.rows_counted))

    progress.tell = noted
    ready = make_export.make(running, progress, clock=lambda: NOW)
    assert seen[0] == (0, 0)
    assert seen[-1] == (ready.rows, ready.rows)
    assert seen == sorted(seen)


def test_a_lease_is_renewed_by_its_holder_alone() -> None:
    waiting()
    first = claimed()
    second = claimed(NOW + LEASE)
    assert not export_leases.renew(first, done=1, counted=1, now=NOW + LEASE)
    assert export_leases.renew(second, done=1, counted=2, now=NOW + LEASE)


def test_only_so_many_wait() -> None:
    for _ in range(action.MAX_UNDER_WAY):
        waiting()
    with pytest.raises(action.UnusableRequest, match="Too many"):
        waiting()


def test_the_task_starts_a_process_for_what_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Export] = []
    monkeypatch.setattr(export_leases, "start", started.append)
    tasks.export()
    assert started == []
    waiting(datetime.now(UTC))
    tasks.export()
    tasks.export()
    assert [each.fence for each in started] == [1]


# The pages


@pytest.fixture
def auditor(signed_in: Any) -> Client:
    client: Client = signed_in("Auditor")
    return client


def page_of(client: Client, export: Export) -> str:
    return client.get(f"/admin/exports/{export.public_id}/").content.decode()


def test_the_page_of_an_export_says_where_it_is(auditor: Client) -> None:
    before, asked_for = waiting(), waiting(NOW + timedelta(seconds=1))
    assert "Waiting: 1 export is made before it." in page_of(auditor, asked_for)
    assert "begins within seconds" in page_of(auditor, before)
    running = claimed()
    assert "Sealing the trail" in page_of(auditor, running)
    export_leases.renew(running, done=400, counted=1000, now=NOW)
    page = page_of(auditor, running)
    assert "400 of 1,000 rows (40 %)" in page
    assert 'http-equiv="refresh"' in page
    export_leases.renew(running, done=1000, counted=1000, now=NOW)
    assert "being put together" in page_of(auditor, running)
    assert action.fail(running, "no_room", now=NOW)
    page = page_of(auditor, running)
    assert "no room for temporary files" in page
    assert 'http-equiv="refresh"' not in page


def test_an_auditor_cancels_by_the_page(auditor: Client) -> None:
    under_way = waiting()
    for told in ("is cancelled", "cancelled already"):
        answer = auditor.post(f"/admin/exports/{under_way.public_id}/cancel", follow=True)
        assert told in answer.content.decode()
    event = AuditEvent.objects.get(kind="export.cancelled")
    assert (event.actor_kind, event.actor_id) == ("auditor", "auditor")


WANTED = {"first": "2026-11-01", "last": "2026-11-30", "purpose": "audit", "reason": "Annual audit"}


@pytest.mark.parametrize("name", ["notes", "addresses"])
def test_sensitive_columns_take_a_group_of_their_own(auditor: Client, name: str) -> None:
    assert auditor.post("/admin/exports/", {**WANTED, name: "on"}).status_code == 403
    assert not Export.objects.exists()
    sensitive = export(MONTH, now=datetime.now(UTC), **{name: True})
    assert auditor.get(f"/admin/exports/{sensitive.public_id}/download").status_code == 403
    assert "ready, with sensitive columns" in page_of(auditor, sensitive)
    StaffUser.objects.get(username="auditor").groups.add(DjangoGroup.objects.get(name=Group.SENSITIVE))
    assert auditor.post("/admin/exports/", {**WANTED, name: "on"}).status_code == 302
    taken = auditor.get(f"/admin/exports/{sensitive.public_id}/download")
    assert (taken.status_code, len(taken.getvalue())) == (200, sensitive.file_size)


def test_the_page_does_not_take_more_than_may_wait(auditor: Client) -> None:
    for _ in range(action.MAX_UNDER_WAY):
        waiting()
    answer = auditor.post("/admin/exports/", WANTED)
    assert answer.status_code == 409
    assert "Too many exports are waiting" in answer.content.decode()


def test_an_export_without_a_purpose_is_not_asked_for(auditor: Client) -> None:
    assert auditor.post("/admin/exports/", {**WANTED, "purpose": ""}).status_code == 422
    assert not Export.objects.exists()


def test_made_is_what_was_asked_for() -> None:
    ready = made(waiting(formats=("xlsx", "csv")), now=NOW)
    assert ready.formats == ["csv", "xlsx"]
