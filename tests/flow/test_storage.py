"""A stored object is read back unchanged or not at all, and is complete and encrypted on the disk."""

import errno
import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import File
from django.core.files.storage import storages
from django.db import OperationalError, connection

from kyc_portal.env import PROJECT
from tests.conftest import NOW, Road, clip, photo
from verification import storage
from verification.crypto.frames import FRAME, HEADER, SEALED
from verification.models import Applicant, DataKey
from verification.storage import files

pytestmark = pytest.mark.django_db

CONTENT = os.urandom(2 * FRAME + 1000)
# JPEG, MP4 and HEIC, WebM and Matroska, PNG, ZIP.
SIGNATURES = (b"\xff\xd8\xff", b"ftyp", b"\x1a\x45\xdf\xa3", b"\x89PNG", b"PK\x03\x04")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings: Any) -> Path:
    """The folder of this test's objects."""
    beneath = {"BACKEND": "verification.storage.files.DurableFileSystemStorage"}
    beneath["OPTIONS"] = {"location": str(tmp_path / "evidence")}  # type: ignore[assignment]
    evidence = {**settings.STORAGES["evidence"], "OPTIONS": {"objects": beneath}}
    settings.STORAGES = {**settings.STORAGES, "evidence": evidence}
    return tmp_path / "evidence"


@pytest.fixture
def key() -> DataKey:
    return storage.new_key()


def runs(content: bytes, length: int = 8) -> Iterator[bytes]:
    """Samples of the content."""
    return (content[start : start + length] for start in range(0, len(content) - length, 997))


@pytest.mark.parametrize("size", [0, 1, FRAME, FRAME + 1, len(CONTENT)])
def test_what_was_stored_is_read_again(key: DataKey, size: int) -> None:
    stored = storage.store(key, "photo", CONTENT[:size])
    assert stored.size == size
    assert storage.read(stored.name, sha256=stored.sha256) == CONTENT[:size]


def test_a_large_file_is_stored_from_its_start(key: DataKey) -> None:
    file = io.BytesIO(CONTENT)
    file.seek(100)
    stored = storage.store_file(key, "export", file)
    assert stored.size == len(CONTENT)
    with storage.open_checked(stored.name, sha256=stored.sha256) as opened:
        assert opened.read() == CONTENT


def test_a_part_is_read_without_the_rest(key: DataKey, folder: Path) -> None:
    """Even if the rest is damaged."""
    stored = storage.store(key, "video", CONTENT)
    damage(folder / stored.name, HEADER)
    with storage.open_unchecked(stored.name) as file:
        file.seek(FRAME + 10)
        assert file.read(500) == CONTENT[FRAME + 10 :][:500]
        file.seek(0)
        with pytest.raises(storage.IntegrityError):
            file.read(1)


def test_a_name_tells_the_kind_and_nothing_else(key: DataKey) -> None:
    names = {storage.store(key, "photo", b"the same").name for _ in range(20)}
    assert len(names) == 20
    assert all(name.startswith(f"{key.public_id}/photo-") and name.endswith(".bin") for name in names)


@pytest.mark.parametrize(
    "make", [photo, clip, lambda: clip(container="webm", codec="libvpx")], ids=["JPEG", "MP4", "WebM"]
)
def test_nothing_of_the_content_shows_on_the_disk(
    key: DataKey, folder: Path, make: Callable[[], bytes]
) -> None:
    content = make()
    raw = (folder / storage.store(key, "video", content).name).read_bytes()
    assert any(signature in content[:12] for signature in SIGNATURES)
    assert content[:12] not in raw
    assert not any(signature in start for signature in SIGNATURES for start in (raw[:12], raw[HEADER:][:12]))
    assert not any(run in raw for run in runs(content))


def test_only_the_owner_of_the_process_may_look(key: DataKey, folder: Path) -> None:
    stored = folder / storage.store(key, "photo", CONTENT).name
    assert stored.stat().st_mode & 0o777 == 0o600
    assert stored.parent.stat().st_mode & 0o777 == 0o700
    assert folder.stat().st_mode & 0o777 == 0o700


def damage(path: Path, place: int) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("place", [0, 4, HEADER, HEADER + SEALED, -1])
def test_a_changed_object_is_not_read(key: DataKey, folder: Path, place: int) -> None:
    stored = storage.store(key, "photo", CONTENT)
    damage(folder / stored.name, place)
    with pytest.raises(storage.IntegrityError):
        storage.read(stored.name, sha256=stored.sha256)
    with pytest.raises(storage.IntegrityError):
        storage.open_checked(stored.name, sha256=stored.sha256)


@pytest.mark.parametrize("length", [0, HEADER, HEADER + SEALED, HEADER + SEALED + 20, -1])
def test_an_object_that_was_cut_off_is_not_read(key: DataKey, folder: Path, length: int) -> None:
    stored = storage.store(key, "photo", CONTENT)
    path = folder / stored.name
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(storage.IntegrityError):
        storage.open_unchecked(stored.name)


def test_an_object_in_anothers_place_is_not_read(key: DataKey, folder: Path) -> None:
    """Neither another object of the same owner nor one of another owner."""
    mine, other = storage.store(key, "photo", CONTENT), storage.store(key, "photo", b"other")
    somebodys = storage.store(storage.new_key(), "photo", CONTENT)
    for name in (other.name, somebodys.name):
        (folder / mine.name).write_bytes((folder / name).read_bytes())
        with pytest.raises(storage.IntegrityError):
            storage.open_unchecked(mine.name)


def test_an_older_object_in_its_own_place_is_not_read(key: DataKey) -> None:
    """It decrypts, because this key sealed it under this name; the hash in the row reveals the swap."""
    stored = storage.store(key, "photo", CONTENT)
    with pytest.raises(storage.IntegrityError):
        storage.read(stored.name, sha256="0" * 64)
    with pytest.raises(storage.IntegrityError):
        storage.open_checked(stored.name, sha256="0" * 64)


def test_a_missing_object_is_no_longer_what_was_stored(key: DataKey, folder: Path) -> None:
    stored = storage.store(key, "photo", CONTENT)
    storage.delete(stored.name)
    assert not (folder / stored.name).exists()
    with pytest.raises(storage.IntegrityError):
        storage.read(stored.name, sha256=stored.sha256)


@pytest.mark.parametrize("mount_point", [False, True])
def test_a_disk_that_is_not_mounted_says_nothing_about_an_object(
    key: DataKey, folder: Path, mount_point: bool
) -> None:
    """It also stores no object and confirms no deletion."""
    stored = storage.store(key, "photo", CONTENT)
    folder.rename(folder.with_name("elsewhere"))
    if mount_point:
        folder.mkdir()
    another = storage.new_key()
    uses: list[Callable[[], object]] = [
        lambda: storage.read(stored.name, sha256=stored.sha256),
        lambda: storage.store(key, "photo", CONTENT),
        lambda: storage.store(another, "photo", CONTENT),
        lambda: storage.delete(stored.name),
        lambda: storage.copies(key),
        lambda: storages["evidence"].exists(stored.name),
    ]
    for use in uses:
        with pytest.raises(storage.Unavailable):
            use()
    assert not folder.exists() or not list(folder.iterdir())
    if mount_point:
        folder.rmdir()
    folder.with_name("elsewhere").rename(folder)
    assert storage.read(stored.name, sha256=stored.sha256) == CONTENT


@pytest.mark.parametrize("there_before", [None, "lost+found"])
def test_the_place_is_made_with_the_very_first_key(folder: Path, there_before: str | None) -> None:
    if there_before:
        (folder / there_before).mkdir(parents=True)
    first = storage.new_key()
    assert [path.name for path in folder.iterdir() if path.is_file()] == [files.MARKER]
    assert storage.copies(first) == []


def test_a_place_that_cannot_be_made_leaves_no_key_behind(folder: Path) -> None:
    folder.write_bytes(b"in the way")
    with pytest.raises(storage.Unavailable):
        storage.new_key()
    assert not DataKey.objects.exists()


def test_a_disk_that_fails_says_nothing_about_an_object(
    key: DataKey, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = storage.store(key, "photo", CONTENT)
    path = folder / stored.name
    path.unlink()
    path.mkdir()  # reading it raises an OSError, even for root
    with pytest.raises(storage.Unavailable):
        storage.read(stored.name, sha256=stored.sha256)


@pytest.mark.parametrize("failing", ["fsync", "rename"])
def test_what_cannot_be_written_leaves_nothing_behind(
    key: DataKey, folder: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    def fail(*args: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, failing, fail)
    with pytest.raises(storage.Unavailable):
        storage.store(key, "photo", CONTENT)
    assert objects_in(folder) == []


def objects_in(folder: Path) -> list[Path]:
    """All files but the store's marker file."""
    return [path for path in folder.rglob("*") if path.is_file() and path.name != files.MARKER]


def test_an_object_under_anothers_name_is_not_stored(key: DataKey, folder: Path) -> None:
    """It could never be decrypted."""
    (folder / key.public_id).mkdir(parents=True)
    (folder / key.public_id / "photo-1.bin").write_bytes(b"there before")
    with pytest.raises(storage.Unavailable):
        storages["evidence"].save(f"{key.public_id}/photo-1.bin", File(io.BytesIO(CONTENT)))
    assert [path.read_bytes() for path in folder.rglob("*.bin")] == [b"there before"]


class ReadingStorage(files.DurableFileSystemStorage):
    """A storage that reads the content in another way than by its chunks."""

    def _save(self, name: str, content: "File[Any]") -> str:
        return super()._save(name, File(io.BytesIO(content.read())))


def test_no_storage_gets_at_the_content_in_clear(key: DataKey, folder: Path, settings: Any) -> None:
    beneath = {"BACKEND": f"{__name__}.ReadingStorage", "OPTIONS": {"location": str(folder)}}
    evidence = {**settings.STORAGES["evidence"], "OPTIONS": {"objects": beneath}}
    settings.STORAGES = {**settings.STORAGES, "evidence": evidence}
    with pytest.raises(AttributeError):
        storage.store(key, "photo", CONTENT)
    assert objects_in(folder) == []


def test_stored_objects_have_no_address_and_are_never_written_again(key: DataKey) -> None:
    stored = storage.store(key, "photo", CONTENT)
    with pytest.raises(NotImplementedError):
        storages["evidence"].url(stored.name)
    for mode in ("wb", "ab", "r+b"):
        with pytest.raises(ValueError, match="never written again"):
            storages["evidence"].open(stored.name, mode)


@pytest.mark.parametrize("damaged", [False, True])
def test_no_file_stays_open(key: DataKey, folder: Path, damaged: bool) -> None:
    stored = storage.store(key, "photo", CONTENT)
    if damaged:
        damage(folder / stored.name, -1)
        # A reference to the error keeps unclosed files alive.
        with pytest.raises(storage.IntegrityError) as held:
            storage.open_unchecked(stored.name)
        assert held
    else:
        storage.open_unchecked(stored.name).close()
    assert str(folder / stored.name) not in map(os.path.realpath, Path("/dev/fd").glob("*"))


def fails_with(error: type[Exception], key: DataKey, work: Callable[[storage.Store], None]) -> None:
    owner = Applicant.objects.create(reference="REF-1", name="Alice Example", data_key=key, created_at=NOW)
    with pytest.raises(error), storage.dropped_on_error(owner) as store:
        work(store)


def test_objects_are_dropped_when_the_work_fails(key: DataKey, folder: Path) -> None:
    def work(store: storage.Store) -> None:
        store("photo", CONTENT)
        store("photo", CONTENT)
        raise ZeroDivisionError

    fails_with(ZeroDivisionError, key, work)
    assert storage.copies(key) == []


def test_objects_stay_when_a_row_may_know_them(key: DataKey) -> None:
    def work(store: storage.Store) -> None:
        store("photo", CONTENT)
        raise OperationalError("server closed the connection unexpectedly")

    fails_with(OperationalError, key, work)
    assert len(storage.copies(key)) == 1


def test_what_cannot_be_dropped_does_not_hide_what_happened(key: DataKey, folder: Path) -> None:
    def work(store: storage.Store) -> None:
        first, _ = store("photo", CONTENT), store("photo", CONTENT)
        (folder / first.name).unlink()
        (folder / first.name / "in the way").mkdir(parents=True)
        raise ZeroDivisionError

    fails_with(ZeroDivisionError, key, work)
    assert storage.copies(key) == []


KILLED = """
import os, signal, sys
import django
from django.core.files.base import File

django.setup()
from verification.storage.files import DurableFileSystemStorage

def die(*args):
    os.kill(os.getpid(), signal.SIGKILL)

class Content(File):
    def chunks(self, chunk_size=None):
        yield b"half"
        if point == "writing":
            die()
        yield b"whole"

location, point = sys.argv[1:]
storage = DurableFileSystemStorage(location=location)
storage.initialise()
if point != "writing":
    setattr(os, point, die)
storage.save("key_a/photo-1.bin", Content(None, "photo"))
"""


@pytest.mark.parametrize("point", ["writing", "fsync", "rename"])
def test_a_killed_writer_leaves_no_half_object_under_its_name(folder: Path, point: str) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, str(folder), point], cwd=PROJECT, timeout=60)
    assert done.returncode == -9
    left = list((folder / "key_a").iterdir())
    assert not [path for path in left if not path.name.startswith(files.TEMPORARY)]


def test_what_a_killed_writer_left_is_erased_with_the_rest(key: DataKey, folder: Path) -> None:
    storage.store(key, "photo", CONTENT)
    (folder / key.public_id / f"{files.TEMPORARY}abc").write_bytes(b"half")
    assert len(storage.copies(key)) == 2
    assert storage.erase(key, now=key.created_at) == 2
    assert storage.copies(key) == []


def test_a_row_is_written_after_its_objects_are_on_the_disk(
    road: Road, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file, its name and its folder are synced before the row is written."""
    happened: list[str] = []

    def recorded(what: str, do: Callable[..., Any]) -> Callable[..., Any]:
        def record(*args: Any, **kwargs: Any) -> Any:
            done = do(*args, **kwargs)
            happened.append(what)
            return done

        return record

    def record_rows(execute: Any, query: str, *args: Any) -> Any:
        if "verification_document" in query and query.startswith("INSERT"):
            happened.append("row")
        return execute(query, *args)

    for what in ("_flush", "_flush_folder"):
        monkeypatch.setattr(files, what, recorded(what, getattr(files, what)))
    monkeypatch.setattr(os, "rename", recorded("rename", os.rename))
    with connection.execute_wrapper(record_rows):
        road.with_photo()
    an_object = ["_flush", "rename", "_flush", "_flush_folder"]
    end = happened.index("row")
    assert happened[end - 8 : end] == an_object * 2
