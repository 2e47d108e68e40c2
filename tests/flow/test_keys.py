"""Data keys: one for each applicant, wrapped by the keyring's first key, rewrapped after a rotation, destroyed."""

import base64
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError
from structlog.testing import capture_logs

from tests.conftest import NOW, Road
from tests.services import report_of
from verification import audit, storage
from verification.actions import keys
from verification.crypto import Keyring, new_entry
from verification.models import Applicant, AuditEvent, DataKey

pytestmark = pytest.mark.django_db

OLD, NEW = new_entry("old"), new_entry("new")
Object = tuple[DataKey, storage.StoredObject]


@pytest.fixture
def stored(settings: Any) -> Object:
    """An object whose data key is wrapped by the old key."""
    settings.KEYRING = OLD
    key = storage.new_key()
    return key, storage.store(key, "photo", b"evidence")


def read(stored: Object) -> bytes:
    return storage.read(stored[1].name, sha256=stored[1].sha256)


def as_it_is(key: DataKey) -> DataKey:
    """Its row, read again."""
    return DataKey.objects.get(pk=key.pk)


def change(key: DataKey, **values: Any) -> None:
    DataKey.objects.filter(pk=key.pk).update(**values)


# --- The key of an applicant


def test_an_applicant_has_one_key_for_all_that_comes(road: Road) -> None:
    applicant = road.with_photo().applicant
    key = storage.key_of(applicant)
    assert storage.key_of(applicant) == key
    assert len(storage.copies(key)) == 2


def test_two_applicants_have_two_keys(road: Road) -> None:
    one, other = (storage.key_of(road.invited().applicant) for _ in range(2))
    assert one.public_id != other.public_id


def test_no_key_lies_open_in_the_database(stored: Object, settings: Any) -> None:
    key = stored[0]
    ring = Keyring.parse(settings.KEYRING)
    data_key = ring.unwrap(key.key_id, key.wrapped, key.public_id)
    assert data_key not in base64.b64decode(key.wrapped)


def test_an_erased_applicant_gets_no_new_key(road: Road) -> None:
    with_key, without = road.with_photo().applicant, road.invited().applicant
    storage.destroy(storage.key_of(with_key), now=NOW)
    Applicant.objects.filter(pk=without.pk).update(erased_at=NOW)
    for applicant in (with_key, without):
        with pytest.raises(storage.KeyDestroyed):
            storage.key_of(applicant)


# --- Faulty keys


def test_a_key_of_another_ring_lets_the_work_wait(stored: Object, settings: Any) -> None:
    settings.KEYRING = NEW
    with pytest.raises(storage.Unavailable):
        read(stored)
    with pytest.raises(storage.Unavailable):
        storage.store(stored[0], "photo", b"more")


@pytest.mark.parametrize("other", ["row", "owner", "key", "text"])
def test_a_key_that_does_not_open_lets_the_work_wait(stored: Object, settings: Any, other: str) -> None:
    """The likeliest reason is a wrong key under a known id, which does not mean that the object is damaged."""
    key, another = stored[0], storage.new_key()
    if other == "row":
        change(key, wrapped=another.wrapped)
    elif other == "owner":
        change(another, public_id="key_moved")
        change(key, public_id=another.public_id)
        change(DataKey.objects.get(public_id="key_moved"), public_id=key.public_id)
    elif other == "key":
        settings.KEYRING = NEW.replace("new:", "old:")
    else:
        change(key, wrapped="not Base64")
    with capture_logs() as logs, pytest.raises(storage.Unavailable):
        read(stored)
    assert [(line["event"], line["key"]) for line in logs] == [("storage.key_does_not_open", key.public_id)]
    with pytest.raises(storage.Unavailable):
        storage.store(as_it_is(key), "photo", b"more")


def test_a_row_that_is_gone_opens_nothing(stored: Object) -> None:
    stored[0].delete()
    with pytest.raises(storage.IntegrityError):
        read(stored)


# --- Rotation


def test_after_a_rotation_the_old_is_read_and_the_new_key_wraps(stored: Object, settings: Any) -> None:
    settings.KEYRING = f"{NEW},{OLD}"
    assert read(stored) == b"evidence"
    assert storage.new_key().key_id == "new"


def test_wrapped_anew_all_is_read_without_the_old_key(stored: Object, settings: Any) -> None:
    others = [storage.new_key() for _ in range(5)]
    settings.KEYRING = f"{NEW},{OLD}"
    assert keys.rewrap(by=audit.By.shell(), now=NOW) == (6, [])
    assert keys.rewrap(by=audit.By.shell(), now=NOW) == (0, [])
    settings.KEYRING = NEW
    assert read(stored) == b"evidence"
    for key in others:
        storage.store(as_it_is(key), "photo", b"more")


def test_a_rotation_does_not_touch_the_objects(stored: Object, settings: Any) -> None:
    path = Path(settings.DATA_DIR, "evidence", stored[1].name)
    before = (path.read_bytes(), path.stat().st_mtime_ns)
    settings.KEYRING = f"{NEW},{OLD}"
    keys.rewrap(by=audit.By.shell(), now=NOW)
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


def test_wrapping_anew_goes_on_where_it_was_broken_off(
    stored: Object, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(6):
        storage.new_key()
    settings.KEYRING = f"{NEW},{OLD}"
    storage.rewrap(most=3)
    assert DataKey.objects.filter(key_id="new").count() == 3
    monkeypatch.setattr(keys, "BATCH", 2)
    assert keys.rewrap(by=audit.By.shell(), now=NOW) == (4, [])
    assert [event.data["number"] for event in AuditEvent.objects.filter(kind="keys.rewrapped")] == [2, 2]


def test_a_key_that_does_not_open_does_not_hold_up_the_others(
    stored: Object, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "BATCH", 1)
    tampered, foreign, sound = (storage.new_key() for _ in range(3))
    change(tampered, wrapped=sound.wrapped)
    change(foreign, key_id="lost")
    settings.KEYRING = f"{NEW},{OLD}"
    assert keys.rewrap(by=audit.By.shell(), now=NOW) == (2, [tampered, foreign])
    assert set(DataKey.objects.filter(key_id="new")) == {stored[0], sound}


def test_wrapping_anew_is_an_event_without_any_key(stored: Object, settings: Any) -> None:
    settings.KEYRING = f"{NEW},{OLD}"
    keys.rewrap(by=audit.By.shell(), now=NOW)
    event = AuditEvent.objects.get(kind="keys.rewrapped")
    assert (event.actor_kind, event.subject_id, event.at) == ("shell", stored[0].public_id, NOW)
    assert event.data == {"first": stored[0].public_id, "number": 1, "wrapped_by": "new"}


def test_a_destroyed_key_is_not_wrapped_anew(stored: Object, settings: Any) -> None:
    storage.destroy(stored[0], now=NOW)
    settings.KEYRING = f"{NEW},{OLD}"
    assert keys.rewrap(by=audit.By.shell(), now=NOW) == (0, [])
    with pytest.raises(storage.KeyDestroyed):
        read(stored)


# --- Destruction


def test_a_destroyed_key_opens_nothing_however_it_is_asked(stored: Object) -> None:
    key, name = stored[0], stored[1].name
    storage.destroy(key, now=NOW)
    asked: list[Callable[[], object]] = [
        lambda: read(stored),
        lambda: storage.open_unchecked(name),
        lambda: storage.open_checked(name, sha256=stored[1].sha256),
        lambda: storage.store(as_it_is(key), "photo", b"more"),
    ]
    for ask in asked:
        with pytest.raises(storage.KeyDestroyed):
            ask()


def test_nothing_of_a_destroyed_key_is_left(stored: Object) -> None:
    storage.destroy(stored[0], now=NOW)
    key = DataKey.objects.get(pk=stored[0].pk)
    assert (key.key_id, key.wrapped, key.destroyed_at) == ("", "", NOW)


def test_a_key_is_destroyed_once(stored: Object) -> None:
    for at in (NOW, NOW.replace(year=2030)):
        storage.destroy(stored[0], now=at)
    assert DataKey.objects.get(pk=stored[0].pk).destroyed_at == NOW


def test_the_database_refuses_a_key_that_is_half_destroyed(stored: Object) -> None:
    with pytest.raises(IntegrityError):
        change(stored[0], destroyed_at=NOW)


# --- Concurrency


@pytest.fixture(scope="module")
def races() -> Any:
    """The report of `key_races` on a PostgreSQL of its own."""
    return report_of("tests.flow.key_races")


def test_no_read_and_no_write_fails_while_keys_are_rotated(races: Any) -> None:
    workers = races["rotation"]["workers"]
    assert [worker["failures"] for worker in workers] == [[]] * 8
    assert all(worker["rounds"] >= 20 for worker in workers)


def test_after_the_rotation_the_old_key_is_needed_no_more(races: Any) -> None:
    first, again = races["rotation"]["rewrapped"]
    assert (first >= 40, again) == (True, 0)
    assert races["rotation"]["wrapped_by"] == ["new"]


def test_first_uploads_at_once_give_one_key(races: Any) -> None:
    got = races["first_uploads"]["got"]
    assert len(got) == 6
    assert all(len(set(keys_of_one)) == 1 for keys_of_one in zip(*got, strict=True))
    assert races["first_uploads"]["unused"] == []


def test_no_destroyed_key_comes_back_by_a_rotation(races: Any) -> None:
    assert races["destroyed"] == {"read": ["KeyDestroyed"] * 60, "left": 0}


# --- The commands


def run(command: str, *arguments: str) -> list[str]:
    out = StringIO()
    call_command(command, *arguments, stdout=out)
    return out.getvalue().splitlines()


def test_new_key_prints_an_entry_and_keeps_it_nowhere(settings: Any) -> None:
    (one,), (other,) = run("new_key", "--id", "2026-12"), run("new_key", "--id", "2026-12")
    assert one != other
    ring = Keyring.parse(f"{one},{settings.KEYRING}")
    assert ring.primary == "2026-12"


@pytest.mark.parametrize(("key_id", "sentence"), [("old", "another id"), ("two words", "1 to 40")])
def test_new_key_refuses_an_id_that_cannot_be_used(settings: Any, key_id: str, sentence: str) -> None:
    settings.KEYRING = OLD
    with pytest.raises(CommandError, match=sentence):
        run("new_key", "--id", key_id)


def test_rewrap_keys_says_how_many_it_were(stored: Object, settings: Any) -> None:
    settings.KEYRING = f"{NEW},{OLD}"
    assert run("rewrap_keys")[0] == "1 data keys wrapped anew with new."
    assert run("rewrap_keys")[0] == "0 data keys wrapped anew with new."


def test_rewrap_keys_warns_of_a_key_that_does_not_open(stored: Object, settings: Any) -> None:
    settings.KEYRING = NEW
    with pytest.raises(CommandError, match=rf"take no key off the ring. {stored[0]} \(wrapped with old\)"):
        run("rewrap_keys")
