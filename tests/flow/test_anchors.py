"""Checkpoints outside: every place gets the newest one, and a log that lost or changed its past is sealed no more."""

import base64
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from kyc_portal import env
from kyc_portal.celery import app
from tests import s3
from tests.certificates import Authority
from tests.conftest import NOW
from tests.contract.vendor_socket import VendorSocket, hang
from tests.flow import exporting
from tests.flow.test_packs import packed
from tests.flow.test_sealing import check_whole_log, event
from tests.mail_server import MailServer
from tests.outbound_proxy import TLSFront
from tests.tampers import verdict
from tests.time_stamps import TimeStamps
from tests.witness import Witness
from verification import alerts, anchors, audit, health, tasks
from verification.actions import make_export, restart_trail
from verification.actions import seal as sealing
from verification.anchors import comparing, kept
from verification.audit import checking, entries, log, trail_keys
from verification.audit import sealing as below
from verification.crypto import new_entry
from verification.exports import verify_pack
from verification.exports.period.table import Period
from verification.jobs import doorbell
from verification.messages import outgoing
from verification.models import Alert, Attestation, AuditEvent, Checkpoint, TrailAnchor
from verification.transparency import checkpoints, merkle, notes

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
Use = Callable[..., None]


@pytest.fixture
def use(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Use:
    """Ships to these places."""
    monkeypatch.setenv("KYC_TRAIL_ANCHOR_ACCESS_KEY_ID", s3.KEYS["aws_access_key_id"])
    monkeypatch.setenv("KYC_TRAIL_ANCHOR_SECRET_ACCESS_KEY", s3.KEYS["aws_secret_access_key"])

    def use(*places: str) -> None:
        monkeypatch.setenv("KYC_TRAIL_ANCHORS", ",".join(places))
        settings.TRAIL_ANCHORS = env.anchors("KYC_TRAIL_ANCHORS")
        for place in anchors.places():
            if isinstance(place, anchors.Kept):
                place.prepare()

    return use


@pytest.fixture
def folder(use: Use, tmp_path: Path) -> Path:
    use(f"file://{tmp_path}/outside")
    return tmp_path / "outside"


@pytest.fixture
def witness(use: Use, tmp_path: Path, settings: Any) -> Iterator[Witness]:
    authority = Authority(tmp_path)
    settings.CA_FILE = str(authority.file)
    with Witness() as witness, TLSFront(witness.url, authority.server("localhost")) as front:
        use(f"witness+{front.url}/log#{witness.vkey}")
        yield witness


def sealed(number: int = 3, now: datetime = NOW) -> Checkpoint | None:
    """What the task does once so many events were committed."""
    for _ in range(number):
        event()
    signed = sealing.seal(clock=lambda: now, stretch=5)
    shipped(now)
    return signed


def shipped(now: datetime = NOW) -> int:
    number = 0
    while anchors.ship_next(clock=lambda: now):
        number += 1
    return number


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*.checkpoint"))


def row() -> TrailAnchor:
    return TrailAnchor.objects.get()


def set_back(change: Callable[[], object]) -> None:
    """The database goes on from what it was before the change. What left it stays where it went."""
    before = transaction.savepoint()
    change()
    transaction.savepoint_rollback(before)


def rewritten() -> None:
    """Other events are sealed in place of those that were lost. Who rewrites does not look outside first."""
    for pk in range(500, 509):
        event(pk)
    below.seal(now=NOW + 2 * MINUTE)


def facts() -> dict[str, health.Fact]:
    """What the System page says of the trail, by code."""
    ((_section, found),) = [each for each in health.facts(now=NOW) if each[0].name == "trail"]
    return {fact.code: fact for fact in found}


def test_a_folder_gets_each_newest_checkpoint_once_under_a_name_made_from_its_size(folder: Path) -> None:
    first = sealed(3)
    assert shipped() == 0
    second = sealed(2, NOW + MINUTE)
    assert first
    assert second
    origin = trail_keys.origin()
    assert names(folder) == [
        f"{origin}/000/000/000/{each.size:03d}.checkpoint"
        for each in sorted([first, second], key=lambda it: it.size)
    ]
    for each in (first, second):
        content = (folder / kept.name_of(origin, each.size)).read_bytes()
        assert checkpoints.open_checkpoint(content, origin, trail_keys.known()).size == each.size


def test_the_newest_of_many_checkpoints_is_found(folder: Path) -> None:
    (place,) = anchors.places()
    assert isinstance(place, anchors.Kept)
    for size in (7, 999, 1_000, 999_999, 1_000_001, 123_456_789_012):
        path = folder / kept.name_of("a.example/trail", size)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("one")
        assert place.found("a.example/trail", None)[0].size == size


def test_a_bucket_keeps_checkpoints_and_says_whether_they_can_be_deleted(use: Use) -> None:
    with s3.running() as server:
        query = f"endpoint_url={server.url}&region_name={s3.REGION}&addressing_style=path"
        client = server.client()
        client.create_bucket(
            Bucket="locked",
            CreateBucketConfiguration={"LocationConstraint": s3.REGION},
            ObjectLockEnabledForBucket=True,
        )
        client.put_object_lock_configuration(
            Bucket="locked",
            ObjectLockConfiguration={
                "ObjectLockEnabled": "Enabled",
                "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 3650}},
            },
        )
        use(f"s3://locked/kyc?{query}", f"s3://{s3.BUCKET}?{query}")
        signed = sealed()
        assert signed
        name = kept.name_of(trail_keys.origin(), signed.size)
        assert client.get_object(Bucket="locked", Key=f"kyc/{name}")["Body"].read().decode() == signed.note
        assert server.raw(name).decode() == signed.note
        assert [each.error for each in TrailAnchor.objects.order_by("pk")] == ["", "not_locked"]
        set_back(lambda: sealed(2, NOW + MINUTE))
        assert sealed(1, NOW + 2 * MINUTE) is None


def test_a_mailbox_gets_one_checkpoint_a_day(use: Use, settings: Any) -> None:
    use("mailto:auditor@example.org")
    with MailServer() as server:
        settings.EMAIL = server.settings()
        signed = sealed()
        for hours in range(1, 30):
            sealed(1, NOW + timedelta(hours=hours))
        assert signed
        first, second = server.taken
        assert first.recipients == ["auditor@example.org"]
        text = first.email.get_content()
        assert signed.note in text.replace("\r\n", "\n")
        assert first.email["Message-ID"] != second.email["Message-ID"]


def test_a_witness_cosigns_and_its_signature_comes_with_every_proof(witness: Witness) -> None:
    signed = sealed()
    assert signed
    (kept_one,) = Attestation.objects.all()
    assert kept_one.at.timestamp() == witness.at
    made = AuditEvent.objects.filter(kind="sealing.tested").first()
    assert made
    proof = log.proof(made, signed)
    assert witness.name in proof.checkpoint
    proof.check(bytes(entries.Entry.of(made)), trail_keys.origin(), trail_keys.known())
    sealed(5, NOW + MINUTE)
    assert witness.seen[trail_keys.origin()][0] == row().size == log.newest().size


def test_a_witness_that_saw_another_checkpoint_last_gets_the_proof_from_there(witness: Witness) -> None:
    sealed()
    sealed(5, NOW + MINUTE)
    TrailAnchor.objects.update(size=0)  # as if its answer had been lost
    sealed(2, NOW + 2 * MINUTE)
    assert row().error == ""
    assert witness.seen[trail_keys.origin()][0] == log.newest().size


def test_what_a_witness_did_not_sign_is_not_kept(witness: Witness) -> None:
    witness.answer = (200, f"\u2014 {witness.name} {base64.b64encode(b'x' * 76).decode()}\n".encode())
    sealed()
    assert row().error == "not_cosigned"
    witness.answer = (200, b"<html>" * 100_000)
    shipped(NOW + 5 * MINUTE)
    assert row().error == "not_cosigned"
    assert not Attestation.objects.exists()


def test_a_time_stamp_is_kept_and_an_auditors_tool_verifies_it(
    use: Use, tmp_path: Path, settings: Any
) -> None:
    with TimeStamps(tmp_path / "tsa") as stamps:
        settings.TRAIL_TSA_CA_FILE = str(stamps.ca_file)
        use(f"tsa+{stamps.url}")
        signed = sealed()
        sealed(1, NOW + 10 * MINUTE)
        assert signed
        assert stamps.asked == 1  # once an hour
        (stamp,) = Attestation.objects.all()
        answer = base64.b64decode(stamp.content)
        assert stamps.verifies(answer, signed.note.encode())
        assert not stamps.verifies(answer, signed.note.encode() + b"x")


def test_a_time_stamp_of_somebody_else_or_of_something_else_is_not_kept(
    use: Use, tmp_path: Path, settings: Any
) -> None:
    with TimeStamps(tmp_path / "tsa") as stamps, TimeStamps(tmp_path / "other") as other:
        settings.TRAIL_TSA_CA_FILE = str(other.ca_file)
        use(f"tsa+{stamps.url}")
        sealed()
        assert row().error == "not_stamped"
        settings.TRAIL_TSA_CA_FILE = str(stamps.ca_file)
        for answer in (b"", b"<html>", b"\x30\x80" * 30_000):
            stamps.answer = (200, answer)
            TrailAnchor.objects.update(not_before=NOW)
            shipped()
            assert row().error == "not_stamped"
        stamps.answer = (503, b"")
        TrailAnchor.objects.update(not_before=NOW)
        shipped()
        assert row().error == "answered_503"
        assert not Attestation.objects.exists()


def test_places_that_fail_keep_neither_sealing_nor_each_other_waiting(
    use: Use, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparing, "PATIENCE", 0.3)
    authority = Authority(tmp_path)
    settings.CA_FILE = str(authority.file)
    with VendorSocket(hang) as silent, TLSFront(silent.url, authority.server("localhost")) as front:
        use(f"file://{tmp_path}/outside")
        sealed()
        vkey = Witness().vkey
        use(
            "s3://away?endpoint_url=http://127.0.0.1:9",
            f"witness+{front.url}#{vkey}",
            f"file://{tmp_path}/outside",
        )
        began = time.monotonic()
        event()
        signed = sealing.seal(clock=lambda: NOW + MINUTE, stretch=5)
        assert signed
        assert time.monotonic() - began < 2
        monkeypatch.setattr(comparing, "PATIENCE", 30)
        event()
        signed = sealing.seal(clock=lambda: NOW + MINUTE + timedelta(seconds=30), stretch=5)
        assert signed  # without those that were away just now
        assert time.monotonic() - began < 10
    assert {each.verdict for each in TrailAnchor.objects.all()} == {"away", "agrees"}
    monkeypatch.setattr("verification.webhooks.posting.DEADLINE", 0.3)
    shipped(NOW + MINUTE)
    by_address = {each.address.partition(":")[0]: each for each in TrailAnchor.objects.all()}
    assert by_address["file"].size == signed.size
    assert by_address["s3"].error == "not_reached"


def test_a_worker_that_dies_after_a_place_took_the_checkpoint_is_made_up_for(folder: Path) -> None:
    event()
    sealing.seal(clock=lambda: NOW, stretch=5)
    assert anchors.something_to_ship(now=NOW)
    newest = comparing.newest()
    assert newest
    (place,) = anchors.places()
    outgoing.claim(TrailAnchor.objects.all(), now=NOW)
    place.take(newest, 0)  # and no row is written
    assert shipped() == 0
    assert shipped(NOW + outgoing.LEASE) == 1
    assert len(names(folder)) == 1


def test_operators_are_told_when_a_checkpoint_has_not_got_out_for_a_day(folder: Path) -> None:
    (folder / ".kyc-objects").unlink()  # the disk is not mounted
    for hours in range(25):
        assert sealed(1, NOW + timedelta(hours=hours))
        alerts.watch(now=NOW + timedelta(hours=hours))
        assert Alert.objects.filter(kind="anchor_fails", begun_at__isnull=False).exists() == (hours == 24)
    assert row().error == "not_reached"
    with pytest.raises(CommandError, match="Not as it should be"):
        call_command("trail_anchors")


def test_the_command_tells_the_day_on_which_a_place_took_its_checkpoint(folder: Path, capsys: Any) -> None:
    sealed(now=datetime(2020, 2, 3, 4, 5, tzinfo=NOW.tzinfo))
    call_command("trail_anchors")
    assert "entries at 3 Feb 04:05 UTC; agrees with the log" in capsys.readouterr().out


def test_a_database_that_was_set_back_is_sealed_no_more(folder: Path) -> None:
    sealed()
    set_back(lambda: sealed(4, NOW + MINUTE))
    before = Checkpoint.objects.count()
    for minutes in (2, 3):
        assert sealed(1, NOW + minutes * MINUTE) is None
    assert Checkpoint.objects.count() == before
    assert len(names(folder)) == 2
    assert AuditEvent.objects.filter(kind="trail.contradicted").count() == 1
    alerts.watch(now=NOW + 3 * MINUTE)
    assert Alert.objects.get(kind="history_rewound").begun_at
    assert facts()["trail"].tone == health.Tone.BAD
    assert facts()[f"trail.anchor.{row().address}"].tone == health.Tone.BAD
    with pytest.raises(CommandError, match="Not as it should be"):
        call_command("trail_anchors")


def test_a_witness_alone_tells_that_the_database_was_set_back(witness: Witness) -> None:
    sealed()
    set_back(lambda: sealed(4, NOW + MINUTE))
    assert sealed(1, NOW + 2 * MINUTE) is None
    assert row().verdict == "contradicts"


def test_an_export_signs_no_fork_either(folder: Path) -> None:
    """It seals by itself, so that it has all that happened before."""
    sealed()
    set_back(lambda: sealed(4, NOW + MINUTE))
    before = Checkpoint.objects.count()
    event()
    with pytest.raises(make_export.NotMade, match="not_sealed"):
        exporting.export(Period(start=NOW - timedelta(days=1), end=NOW), now=NOW + MINUTE)
    assert Checkpoint.objects.count() == before


def test_an_unshipped_end_that_is_lost_does_not_stop_the_log(folder: Path) -> None:
    """What nobody outside has seen can be signed anew."""
    sealed()

    def unshipped() -> None:
        event()
        sealing.seal(clock=lambda: NOW + MINUTE, stretch=5)

    set_back(unshipped)
    assert sealed(1, NOW + 2 * MINUTE)


def test_a_history_that_was_rewritten_is_found_whatever_its_length(folder: Path) -> None:
    sealed()
    set_back(lambda: sealed(2, NOW + MINUTE))
    rewritten()
    assert sealed(1, NOW + 3 * MINUTE) is None
    assert row().verdict == "contradicts"


def test_a_rewritten_history_is_not_cosigned(witness: Witness) -> None:
    sealed()
    set_back(lambda: sealed(2, NOW + MINUTE))
    rewritten()
    shipped(NOW + 2 * MINUTE)
    assert row().verdict == "contradicts"
    assert not Attestation.objects.filter(checkpoint=log.newest()).exists()


def test_an_empty_database_does_not_begin_a_log_that_lies_outside(folder: Path) -> None:
    set_back(sealed)
    assert sealed(1, NOW + MINUTE) is None
    assert not Checkpoint.objects.exists()


def test_a_key_that_this_database_has_never_heard_of_stops_the_log(folder: Path, settings: Any) -> None:
    sealed()

    def rotated() -> None:
        settings.TRAIL_KEYS = f"{new_entry('2027')},{settings.TRAIL_KEYS}"
        sealed(1, NOW + MINUTE)

    before = settings.TRAIL_KEYS
    set_back(rotated)
    settings.TRAIL_KEYS = before
    assert sealed(1, NOW + 2 * MINUTE) is None
    assert row().verdict == "contradicts"


@pytest.mark.parametrize("content", ["", "no checkpoint\n", "other.example/trail\n999\n", "\0" * 2_000_000])
def test_what_is_no_checkpoint_is_told_and_stops_nothing(folder: Path, content: str) -> None:
    sealed()
    path = folder / kept.name_of(trail_keys.origin(), 999)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    assert sealed(1, NOW + MINUTE)
    assert row().verdict == "unreadable"
    alerts.watch(now=NOW + 2 * MINUTE)
    assert Alert.objects.get(kind="anchor_fails").begun_at
    # It hides nothing that lies behind it.
    set_back(lambda: sealed(4, NOW + 3 * MINUTE))
    assert sealed(1, NOW + 4 * MINUTE) is None


def test_a_checkpoint_with_a_forged_signature_of_our_key_stops_nothing(folder: Path) -> None:
    signed = sealed()
    assert signed
    note = notes.parse(signed.note)
    forged = checkpoints.Checkpoint(trail_keys.origin(), 999, merkle.EMPTY)
    path = folder / kept.name_of(trail_keys.origin(), 999)
    path.write_text(str(notes.Note(str(forged), note.signatures)))
    assert sealed(1, NOW + MINUTE)
    assert row().verdict == "unreadable"


def test_after_a_restart_the_log_goes_on_under_another_name_and_names_what_lies_outside(folder: Path) -> None:
    sealed()
    before = trail_keys.origin()
    set_back(lambda: sealed(4, NOW + MINUTE))
    assert sealed(1, NOW + 2 * MINUTE) is None
    newest_outside = (folder / names(folder)[-1]).read_text()
    call_command("trail_restart", reason="Restored the backup of the night")
    assert trail_keys.origin() != before
    later = datetime.now(NOW.tzinfo) + MINUTE
    signed = sealed(2, later)
    assert signed
    assert signed.note.startswith(trail_keys.origin() + "\n")
    check_whole_log()
    (told,) = AuditEvent.objects.filter(kind="trail.restarted")
    assert told.data["before"] == before
    assert told.data["outside"][0]["found"] == newest_outside
    assert log.place(told.pk) is not None
    assert any(name.startswith(trail_keys.origin()) for name in names(folder))
    # The old log's checkpoints and the new key's introduction can still be checked.
    (old,) = [key for key in trail_keys.known() if key.name == before]
    new = [each for each in trail_keys.known() if each.name == trail_keys.origin()]
    assert new
    introduced = Checkpoint.objects.order_by("size").first()
    assert introduced
    checkpoints.open_checkpoint(introduced.note, before, [old])
    call_command("trail_anchors")


def test_after_a_restart_packs_are_of_the_log_under_its_new_name(folder: Path) -> None:
    sealed()
    before, old = [str(key) for key in trail_keys.known()], log.newest()
    assert old
    set_back(lambda: sealed(4, NOW + MINUTE))
    sealed(1, NOW + 2 * MINUTE)
    call_command("trail_restart", reason="Restored the backup of the night")
    checkpoint = sealed(2, datetime.now(NOW.tzinfo) + MINUTE)
    assert checkpoint
    sound = packed(checkpoint)
    now = [str(key) for key in trail_keys.known() if key.name == trail_keys.origin()]
    assert verdict(sound, now) == ""
    assert "none of this trail's" in verdict(sound, before)
    for given in (now, []):
        with pytest.raises(verify_pack.NotInPack, match="in whose place"):
            verdict(sound, given, old.note.encode())
    assert list(checking.findings()) == []


def test_a_log_that_nothing_contradicts_is_not_begun_again(folder: Path) -> None:
    sealed()
    with pytest.raises(CommandError, match="nothing was done"):
        call_command("trail_restart", reason="I would like a new name")
    with pytest.raises(restart_trail.RestartRefused, match="Say why"):
        restart_trail.restart(by=audit.By.shell(), reason="  ", now=NOW)


def test_every_place_is_asked_again_before_long_though_nothing_is_sealed(folder: Path) -> None:
    sealed()
    assert not anchors.is_due(now=NOW + MINUTE)
    assert anchors.is_due(now=NOW + comparing.EVERY)
    assert anchors.is_due(now=NOW - MINUTE)  # the clock was set back


def test_without_a_place_the_portal_says_what_that_means(settings: Any) -> None:
    settings.TRAIL_ANCHORS = []
    assert "can rewrite it" in facts()["trail.anchors"].says
    with pytest.raises(CommandError, match="names no place"):
        call_command("trail_anchors")


def test_somebody_elses_witness_cosigns_the_log(use: Use, tmp_path: Path, settings: Any) -> None:
    aics = pytest.importorskip("aics_witness", reason="it needs Python 3.12")
    tlog = pytest.importorskip("aics_tlog")
    signed = sealed()
    assert signed
    authority = Authority(tmp_path)
    settings.CA_FILE = str(authority.file)
    key, _source, _made = aics.load_or_create_key(tmp_path / "witness.key", create=True)
    vkey = tlog.format_vkey(tlog.cosignature_vkey("w.example/1", key.public_key()))
    origin = trail_keys.origin()
    known = aics.LogConfig(origin=origin, vkeys=(tlog.parse_vkey(str(trail_keys.known()[0])),))
    with aics.WitnessStore(tmp_path / "witness.db", create=True) as store:
        server = aics.make_server(aics.Witness("w.example/1", key, store, [known]))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            with TLSFront(server.url, authority.server("localhost")) as front:
                use(f"witness+{front.url}#{vkey}")
                for minutes in (1, 2, 3):
                    assert sealed(300, NOW + minutes * MINUTE)
                    assert row().error == ""
                newest = log.newest()
                assert newest
                note = tlog.parse_note(log.cosigned(newest).encode())
                log_key, witness_key = tlog.parse_vkey(str(trail_keys.known()[0])), tlog.parse_vkey(vkey)
                assert tlog.verify_checkpoint(note, log_key, [witness_key], quorum=1).ok
                set_back(lambda: sealed(3, NOW + 4 * MINUTE))
                assert sealed(3, NOW + 5 * MINUTE) is None
                assert row().verdict == "contradicts"
        finally:
            server.shutdown()
            server.server_close()


def test_workers_ship_what_they_sealed_and_the_sweep_rings_for_what_is_left(
    folder: Path, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    rung: list[str] = []
    monkeypatch.setattr(app, "send_task", lambda task, **options: rung.append(task))
    event()
    with django_capture_on_commit_callbacks(execute=True):
        tasks.seal()
    with django_capture_on_commit_callbacks(execute=True):
        tasks.sweep()
    assert rung.count(doorbell.ANCHOR) == 2
    tasks.anchor()
    assert len(names(folder)) == 1
    rung.clear()
    with django_capture_on_commit_callbacks(execute=True):
        tasks.sweep()
    assert doorbell.ANCHOR not in rung
