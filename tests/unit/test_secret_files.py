"""Secrets in files are read again: a rotation needs no restart, and a half-done one breaks nothing."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import time as time_of_day
from typing import Any

import pytest
from structlog.testing import capture_logs

from verification.secret_files import KEPT, SETTLED, SIZE_LIMIT, WRITTEN, SecretFiles, Unreadable

OLD = {"id": "AKIDold", "key": "old-key", "token": "old-token"}
NEW = {"id": "AKIDnew", "key": "new-key", "token": "new-token"}


class Time:
    at = 1000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def secrets(tmp_path: Path, time: Time) -> SecretFiles:
    write(tmp_path, OLD)
    return SecretFiles(OLD, {name: str(tmp_path / name) for name in OLD}, clock=time)


def write(folder: Path, values: dict[str, str], *, age: float = 2 * WRITTEN) -> None:
    """Files that were written this many seconds ago."""
    for name, value in values.items():
        (folder / name).write_text(f"{value}\n")
        written = time_of_day() - age
        os.utime(folder / name, (written, written))


def test_secrets_without_files_stay_as_they_are() -> None:
    assert SecretFiles(OLD, {}).current() == OLD


def test_replaced_files_are_used_at_once(secrets: SecretFiles, tmp_path: Path) -> None:
    assert secrets.current() == OLD
    write(tmp_path, NEW)
    assert secrets.current() == NEW


def test_a_file_that_was_just_written_is_used_once_it_stays_as_it_is(
    secrets: SecretFiles, tmp_path: Path, time: Time
) -> None:
    write(tmp_path, NEW, age=0)
    assert secrets.current() == OLD
    time.at += WRITTEN - 0.1
    assert secrets.current() == OLD
    time.at += 0.1
    assert secrets.current() == NEW


@pytest.mark.parametrize("half", ["", "n", "new", "new-ke"])
def test_a_half_written_file_is_never_used(tmp_path: Path, time: Time, half: str) -> None:
    """An account's only file, written in two pieces."""
    file = tmp_path / "key"
    file.write_text("old-key")
    secrets = SecretFiles({"key": "old-key"}, {"key": str(file)}, clock=time)
    file.write_text(half)
    assert secrets.current() == {"key": "old-key"}
    time.at += WRITTEN - 0.1
    file.write_text("new-key")
    assert secrets.current() == {"key": "old-key"}
    time.at += WRITTEN
    assert secrets.current() == {"key": "new-key"}


def test_a_file_of_another_hosts_clock_is_used_once_it_stays_as_it_is(
    secrets: SecretFiles, tmp_path: Path, time: Time
) -> None:
    write(tmp_path, NEW, age=-3600)
    assert secrets.current() == OLD
    time.at += WRITTEN
    assert secrets.current() == NEW


def test_what_does_not_fit_counts_as_half_written(tmp_path: Path, time: Time) -> None:
    write(tmp_path, {"proxy": "http://old"})
    files = {"proxy": str(tmp_path / "proxy")}
    secrets = SecretFiles(
        {"proxy": "http://old"}, files, fits=lambda _, value: value.startswith("http://"), clock=time
    )
    write(tmp_path, {"proxy": "htt"})
    assert secrets.current() == {"proxy": "http://old"}
    time.at += KEPT
    with pytest.raises(Unreadable):
        secrets.current()
    write(tmp_path, {"proxy": "http://new"})
    assert secrets.current() == {"proxy": "http://new"}


def test_a_secret_of_the_same_length_and_time_is_seen_too(secrets: SecretFiles, tmp_path: Path) -> None:
    before = {name: (tmp_path / name).stat() for name in OLD}
    write(tmp_path, NEW)
    for name, stat in before.items():
        os.utime(tmp_path / name, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert secrets.current() == NEW


def test_a_folder_that_kubernetes_swaps_changes_all_of_them(tmp_path: Path) -> None:
    for name, values in {"..1": OLD, "..2": NEW}.items():
        (tmp_path / name).mkdir()
        write(tmp_path / name, values)
    data = tmp_path / "..data"
    data.symlink_to("..1")
    for name in OLD:
        (tmp_path / name).symlink_to(f"..data/{name}")
    secrets = SecretFiles(OLD, {name: str(tmp_path / name) for name in OLD})
    assert secrets.current() == OLD
    (tmp_path / "..swap").symlink_to("..2")
    (tmp_path / "..swap").replace(data)
    assert secrets.current() == NEW


def test_files_replaced_one_after_another_are_taken_up_together(
    secrets: SecretFiles, tmp_path: Path, time: Time
) -> None:
    seen = []
    for name in NEW:
        write(tmp_path, {name: NEW[name]})
        time.at += SETTLED / 4
        seen.append(secrets.current())
    assert seen == [OLD, OLD, NEW]


def test_one_file_that_changes_alone_is_taken_up_after_a_while(
    secrets: SecretFiles, tmp_path: Path, time: Time
) -> None:
    write(tmp_path, {"key": "corrected"})
    assert secrets.current() == OLD
    time.at += SETTLED - 0.1
    assert secrets.current() == OLD
    time.at += 0.1
    assert secrets.current() == OLD | {"key": "corrected"}


def test_each_change_waits_for_itself(secrets: SecretFiles, tmp_path: Path, time: Time) -> None:
    write(tmp_path, {"key": "first"})
    secrets.current()
    write(tmp_path, {"key": OLD["key"]})
    secrets.current()
    time.at += SETTLED
    write(tmp_path, {"key": "second"})
    assert secrets.current() == OLD


def test_a_change_that_changes_again_unseen_waits_anew(
    secrets: SecretFiles, tmp_path: Path, time: Time
) -> None:
    write(tmp_path, {"key": "first"})
    secrets.current()
    time.at += SETTLED
    write(tmp_path, {"key": "second"})
    assert secrets.current() == OLD
    time.at += SETTLED
    assert secrets.current() == OLD | {"key": "second"}


def test_who_was_refused_need_not_wait(secrets: SecretFiles, tmp_path: Path) -> None:
    write(tmp_path, {"key": "corrected"})
    assert secrets.current(settled=False) == OLD | {"key": "corrected"}


BROKEN: dict[str, Any] = {
    "missing": lambda file: file.unlink(),
    "empty": lambda file: file.write_bytes(b""),
    "blank": lambda file: file.write_bytes(b" \n"),
    "two lines": lambda file: file.write_bytes(b"new\nkey"),
    "not text": lambda file: file.write_bytes(b"\xff\xfe\x00"),
    "too large": lambda file: file.write_bytes(b"k" * (SIZE_LIMIT + 1)),
    "a folder": lambda file: (file.unlink(), file.mkdir()),
}


@pytest.mark.parametrize("damage", BROKEN.values(), ids=BROKEN)
def test_a_file_that_holds_no_secret_leaves_the_last_ones_in_use_for_a_while(
    secrets: SecretFiles, tmp_path: Path, time: Time, damage: Any
) -> None:
    write(tmp_path, NEW)
    assert secrets.current() == NEW
    damage(tmp_path / "key")
    assert secrets.current(settled=False) == NEW
    time.at += KEPT - 0.1
    assert secrets.current() == NEW
    time.at += 0.1
    with pytest.raises(Unreadable, match="key"):
        secrets.current()


def test_a_file_that_is_whole_again_begins_the_time_anew(
    secrets: SecretFiles, tmp_path: Path, time: Time
) -> None:
    for _ in range(3):
        (tmp_path / "key").write_text("")
        secrets.current()
        time.at += KEPT - 1
        secrets.current()
        write(tmp_path, NEW)
        assert secrets.current() == NEW


def test_a_token_file_may_stay_empty(tmp_path: Path) -> None:
    values = {"key": "old-key", "token": ""}
    write(tmp_path, values)
    secrets = SecretFiles(values, {name: str(tmp_path / name) for name in values})
    assert secrets.current() == values
    write(tmp_path, {"token": "new-token"})
    assert secrets.current(settled=False) == {"key": "old-key", "token": "new-token"}


def test_it_warns_once_however_many_ask(secrets: SecretFiles, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("")
    together = threading.Barrier(8)

    def ask(_: int) -> None:
        together.wait()
        secrets.current()

    with capture_logs() as lines, ThreadPoolExecutor(8) as threads:
        list(threads.map(ask, range(8)))
    assert [line["event"] for line in lines] == ["secrets.file_unusable"]


def test_no_value_is_told(secrets: SecretFiles, tmp_path: Path, time: Time) -> None:
    with capture_logs() as lines:
        write(tmp_path, NEW)
        secrets.current()
        (tmp_path / "key").write_text("half a key")
        secrets.current()
        time.at += KEPT
        with pytest.raises(Unreadable) as raised:
            secrets.current()
    told = f"{lines} {secrets!r} {raised.value}"
    assert len(lines) == 2
    assert not any(value in told for value in [*OLD.values(), *NEW.values(), "half a"])


def test_a_value_is_read_without_the_space_around_it(secrets: SecretFiles, tmp_path: Path) -> None:
    write(tmp_path, {name: f"  {value} \r\n" for name, value in NEW.items()})
    assert secrets.current() == NEW
