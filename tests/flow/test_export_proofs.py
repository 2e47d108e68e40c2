"""A period export against the sealed trail: the verifier finds any event that is missing, changed or misplaced."""

import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.flow.exporting import export
from tests.flow.test_sealing import go_on_from_the_highest, seal_all
from tests.tampers import Parts, tampers, verdict
from verification import storage
from verification.actions import make_export
from verification.audit import trail_keys
from verification.exports import container, verify_pack
from verification.exports.period import log_range
from verification.exports.period.table import Period
from verification.models import AuditEvent, Checkpoint, Export

pytestmark = pytest.mark.django_db
START = datetime(2026, 11, 1, tzinfo=UTC)
END = datetime(2026, 12, 1, tzinfo=UTC)
NOW = datetime(2026, 12, 2, tzinfo=UTC)
TAMPERS = 500


def events(*days: float, first: int | None = None) -> None:
    """An event on each of these days of November, counted from 0; a part of a day is a time."""
    for number, day in enumerate(days):
        AuditEvent(
            pk=None if first is None else first + number,
            at=START + timedelta(days=day),
            kind="case.viewed",
            actor_kind="reviewer",
            actor_id="=ann",
            subject_kind="verification",
            subject_id=f"ver_{number}",
            data={"b": 'Zoë, "=1"', "a": [1, None, 2.5, 2**60], "😀": 1, "\uffff": 2},
        ).save(force_insert=True)
    go_on_from_the_highest()
    seal_all(now=NOW)


def content(made: Export) -> bytes:
    return storage.read(made.file_name, sha256=made.file_sha256)


def november(**more: Any) -> bytes:
    return content(export(Period(START, END), now=NOW, **more))


def keys() -> list[str]:
    return [str(key) for key in trail_keys.known()]


def lines(pack: bytes, name: str = verify_pack.EVENTS) -> list[dict[str, Any]]:
    return [json.loads(line) for line in Parts.of(pack).files[name].splitlines()]


def said(pack: bytes) -> list[str]:
    told: list[str] = []
    verify_pack.verify(
        verify_pack.Pack(io.BytesIO(pack)), keys(), None, lambda _mark, line: told.append(line)
    )
    return told


@pytest.mark.parametrize(
    "days",
    [
        (),
        (-1,),
        (31,),
        (0,),
        (-1, 0, 29.9, 30),
        (5, -3, 6, 40, 7),
        (10, 9, 8, 7),
        tuple(n / 10 for n in range(-50, 350)),
    ],
)
def test_an_export_that_nobody_touched_holds_whatever_the_order_of_times(days: tuple[float, ...]) -> None:
    events(*days)
    pack = november()
    assert verdict(pack, keys()) == ""
    assert len(lines(pack)) == sum(0 <= day < 30 for day in days)


def test_events_that_were_sealed_out_of_order_are_all_there() -> None:
    events(1, 2, first=1000)
    events(3, 4, first=500)
    events(5, first=1010)
    events(6, first=1005)
    pack = november()
    assert verdict(pack, keys()) == ""
    assert [row["id"] for row in lines(pack)] == [500, 501, 1000, 1001, 1005, 1010]


def test_one_sees_the_events_beside_the_period() -> None:
    events(*(-1 + n / 1000 for n in range(-150, 0)), 3, *(40 + n / 1000 for n in range(150)))
    beside = lines(november(), verify_pack.BESIDE)
    assert len(beside) == 2 * log_range.BESIDE
    assert {row["at"] < "2026-11-01" for row in beside} == {True, False}


Change = Callable[[list[dict[str, Any]]], Any]


def signed_again(pack: bytes, name: str, change: Change) -> bytes:
    """As the portal itself could make it: another table under a sound signature."""
    parts = Parts.of(pack)
    rows = [json.loads(line) for line in parts.files[name].splitlines()]
    change(rows)
    parts.files[name] = b"".join(json.dumps(row, sort_keys=True).encode() + b"\n" for row in rows)
    return parts.listed_anew().signed_by(next(iter(trail_keys.ring().values()))).zipped()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda rows: None, ""),
        (lambda rows: rows.reverse(), ""),
        (lambda rows: rows.pop(), "is missing"),
        (lambda rows: rows.pop(0), "is missing"),
        (lambda rows: rows.pop(7), "is missing"),
        (lambda rows: rows.append(rows[3]), "twice"),
        (lambda rows: rows.insert(4, rows[4]), "twice"),
        (lambda rows: rows.insert(4, {**rows[4], "id": 10**6, "actor_id": "eve"}), "twice"),
        (
            lambda rows: rows.__setitem__(slice(0, 0), [{**row, "actor_id": "eve"} for row in rows[:16]]),
            "twice",
        ),
        (lambda rows: rows[3].update(kind_in_words="Approved"), "other columns"),
        (lambda rows: rows[3].update(kind="case.opened"), "not as the trail holds it"),
        (lambda rows: rows[3].update(actor_id="eve"), "not as the trail holds it"),
        (lambda rows: rows[3]["data"].update(a=[1]), "not as the trail holds it"),
        (lambda rows: rows[3].update(at="2026-11-03T00:00:00.000001Z"), "not as the trail holds it"),
        (lambda rows: rows[3].update(at="2026-10-03T00:00:00.000000Z"), "does not belong here"),
        (lambda rows: rows[3].update(log_index=10**6), "outside of the range"),
        (lambda rows: rows[3].update(log_index="3"), "outside of the range"),
        (lambda rows: (rows[3].update(log_index=rows[4]["log_index"]), rows.pop(4)), "is missing"),
    ],
)
def test_not_even_the_portal_can_change_the_events_of_a_sealed_period(change: Change, told: str) -> None:
    events(*range(20))
    found = verdict(signed_again(november(), verify_pack.EVENTS, change), keys())
    assert told in found
    assert bool(told) == bool(found)


def test_nor_hide_an_event_among_those_beside_the_period() -> None:
    events(*range(-5, 35))
    parts = Parts.of(november())
    first, *rest = parts.files[verify_pack.EVENTS].splitlines(keepends=True)
    parts.files[verify_pack.EVENTS] = b"".join(rest)
    parts.files[verify_pack.BESIDE] += first
    signer = next(iter(trail_keys.ring().values()))
    assert "does not belong here" in verdict(parts.listed_anew().signed_by(signer).zipped(), keys())


def test_nor_leave_out_the_table_of_events() -> None:
    events(*range(5))
    parts = Parts.of(november())
    del parts.files[verify_pack.EVENTS]
    signer = next(iter(trail_keys.ring().values()))
    assert (
        verdict(parts.listed_anew().signed_by(signer).zipped(), keys()) == "events.jsonl: the file is missing"
    )


def with_range(pack: bytes, first: int, end: int) -> bytes:
    """As the portal could make it: only what the log has at these places, under a sound signature and proof."""
    parts = Parts.of(pack)
    for name in (verify_pack.EVENTS, verify_pack.BESIDE):
        kept = [row for row in lines(pack, name) if first <= row["log_index"] < end]
        parts.files[name] = b"".join(json.dumps(row, sort_keys=True).encode() + b"\n" for row in kept)
    parts.files[verify_pack.RANGE] = container.range_facts(first, end, parts.manifest["trail"]["size"])
    return parts.listed_anew().signed_by(next(iter(trail_keys.ring().values()))).zipped()


def test_nor_show_a_part_of_the_period_as_all_of_it() -> None:
    events(*(-1 + n / 1000 for n in range(200)), *(n / 10 for n in range(250)), *(30 + n for n in range(200)))
    pack = november()
    first, end = (json.loads(Parts.of(pack).files[verify_pack.RANGE])[name] for name in ("first", "end"))
    assert (first, end) == (100, 550)
    assert verdict(with_range(pack, first, end), keys()) == ""
    assert "it begins at place 300" in verdict(with_range(pack, 300, end), keys())
    assert "it ends before place 400" in verdict(with_range(pack, first, 400), keys())
    # As if nothing had happened in it: what stands beside it on one side alone.
    for part in ((first, 200), (450, end)):
        with pytest.raises(verify_pack.NotInPack, match="do not show that it begins and ends there"):
            verdict(with_range(pack, *part), keys())


def test_nor_hide_all_of_it() -> None:
    events(*(n / 10 for n in range(250)))
    pack = november()
    size = Parts.of(pack).manifest["trail"]["size"]
    for place in (0, 100, size):
        with pytest.raises(verify_pack.NotInPack, match="do not show"):
            verdict(with_range(pack, place, place), keys())


def test_nor_show_what_stands_around_a_late_event_for_all_of_it() -> None:
    events(*(-1 + n / 1000 for n in range(200)), *(n / 10 for n in range(250)))
    events(*(30 + n / 1000 for n in range(200)), -1, *(31 + n / 1000 for n in range(100)), 5)
    events(*(31 + n / 1000 for n in range(100, 300)))
    pack = november()
    assert verdict(pack, keys()) == ""
    late = max(row["log_index"] for row in lines(pack))
    [october] = [
        row["log_index"]
        for row in lines(pack, verify_pack.BESIDE)
        if 500 < row["log_index"] < late and row["at"] < "2026-11"
    ]
    # Around the late one of November; and around the late one of October, as if November had none.
    for part in ((late - 100, late + 101), (october - 80, october + 60)):
        with pytest.raises(verify_pack.NotInPack, match="do not show"):
            verdict(with_range(pack, *part), keys())


def with_period(pack: bytes, **told: str) -> bytes:
    """Under another period in the manifest, with each event in the table where it then belongs."""
    parts = Parts.of(pack)
    period = parts.manifest["facts"]["period"] | told
    parts.manifest["facts"]["period"] = period
    rows = [row for name in (verify_pack.EVENTS, verify_pack.BESIDE) for row in lines(pack, name)]
    for name in (verify_pack.EVENTS, verify_pack.BESIDE):
        there = [
            row
            for row in rows
            if (period["start"] <= row["at"] < period["end"]) == (name == verify_pack.EVENTS)
        ]
        parts.files[name] = b"".join(json.dumps(row, sort_keys=True).encode() + b"\n" for row in there)
    return parts.listed_anew().signed_by(next(iter(trail_keys.ring().values()))).zipped()


@pytest.mark.parametrize(
    "told",
    [
        {"start": "2026-11-10T00:00:00.000000Z"},
        {"end": "2026-11-20T00:00:00.000000Z"},
        {"end": "2026-11-01T00:00:00.000000Z"},
        {"last_day": "2026-12-30"},
        {"start": "2026-11-01T23:59:59.999999Z"},
        {"end": "2026-11-30T00:00:00.000001Z"},
        {"start": "2026-11-01T00:00:00Z"},
        {"start": "2026-11-01T00:00:00.000000X"},
        {"start": "2026-11-10T00:00:00.000000+23:59Z", "end": "2026-11-09T12:00:00.000000+00:00Z"},
    ],
)
def test_nor_name_another_period_than_the_one_it_shows(told: dict[str, str]) -> None:
    events(*range(20))
    found = verdict(with_period(november(), **told), keys())
    assert "different periods" in found or found == "ValueError"


def test_the_verifier_says_where_the_trail_ends_if_the_period_goes_on() -> None:
    events(1, 2, 3)
    assert not any("before the period does" in line for line in said(november()))
    early = content(export(Period(NOW, NOW + timedelta(days=9)), now=NOW))
    assert any("before the period does" in line for line in said(early))


def test_an_event_that_is_dated_ahead_does_not_end_a_period() -> None:
    events(1, 2, 40, 3)
    assert any("too few to tell" in line for line in said(november()))
    events(*(31 + n / 1000 for n in range(100)))
    assert not any("too few to tell" in line for line in said(november()))


def test_every_tamper_is_found() -> None:
    events(*range(-3, 33))
    sound, other = november(formats=("csv", "parquet", "xlsx")), content(export(Period(START, NOW), now=NOW))
    changed = tampers(sound, TAMPERS, seed=17, other=other)
    assert [each.name for each in changed if not verdict(each.content, keys())] == []


def test_an_export_continues_the_trail_of_the_one_before_it() -> None:
    events(1, 2)
    before = export(Period(START, END), now=NOW)
    events(3)
    after = export(Period(START, END), now=NOW)
    assert before.log_size is not None
    assert after.earlier_log_size == before.log_size < (after.log_size or 0)
    kept = Checkpoint.objects.get(size=before.log_size).note.encode()
    assert verdict(content(after), keys(), kept) == ""


def test_an_export_continues_the_trail_of_each_that_somebody_may_have_kept() -> None:
    exports = []
    for day in range(4):
        events(day)
        exports.append(export(Period(START, END), now=NOW + timedelta(minutes=day)))
    for kept in exports:
        note = Checkpoint.objects.get(size=kept.log_size).note.encode()
        assert verdict(content(exports[-1]), keys(), note) == ""


def test_what_is_not_sealed_yet_is_in_the_next_export(monkeypatch: pytest.MonkeyPatch) -> None:
    """An event that another transaction commits after the sealing, and before the snapshot."""
    events(1, 2)

    def seal_and_write(*_: Any) -> None:
        seal_all(now=NOW)
        AuditEvent(
            at=START, kind="case.viewed", actor_kind="system", subject_kind="x", subject_id="late"
        ).save(force_insert=True)

    with monkeypatch.context() as patch:
        patch.setattr(make_export, "_seal", seal_and_write)
        pack = november()
    assert [row["subject_id"] for row in lines(pack)] == ["ver_0", "ver_1"]
    assert verdict(pack, keys()) == ""
    assert "late" in [row["subject_id"] for row in lines(november())]


def test_the_verifier_says_how_many_events_it_found() -> None:
    events(1, 2, 3)
    told = "all 3 events of the period from 2026-11-01T00:00:00.000000Z until 2026-12-01T00:00:00.000000Z are there"
    assert any(told in line for line in said(november()))


def test_data_too_large_for_an_entry_are_checked_by_their_hash() -> None:
    AuditEvent(
        at=START,
        kind="case.viewed",
        actor_kind="system",
        subject_kind="x",
        subject_id="y",
        data={"a": "x" * 70_000},
    ).save(force_insert=True)
    seal_all(now=NOW)
    assert verdict(november(), keys()) == ""
