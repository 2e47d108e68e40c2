"""The limited child process: what it survives, what it sees, and from where it can be used."""

import os
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from kyc_portal.sandbox.drawing import draw_photo
from tests.unit.media.hostile import small_clip
from verification.media import (
    MediaUnavailable,
    UnusableMedia,
    VideoFacts,
    check_photo,
    check_video,
    child,
    frame_at,
    prepare_video,
)

MISBEHAVIOUR = "tests.unit.media.misbehaviour:"


def run(function: str, *arguments: object, timeout: float = 30.0) -> object:
    return child.run(MISBEHAVIOUR + function, *arguments, timeout=timeout)


def refusal(function: str, *arguments: object, timeout: float = 30.0) -> str:
    with pytest.raises(UnusableMedia) as caught:
        run(function, *arguments, timeout=timeout)
    return caught.value.code


def test_the_front_doors_do_the_work_in_the_child(tmp_path: Path) -> None:
    source, target = tmp_path / "in", tmp_path / "out.mp4"
    source.write_bytes(small_clip(fragmented=True))
    assert check_video(source).codec == "h264"
    assert prepare_video(source, target).size == target.stat().st_size
    assert frame_at(target, 1.0).startswith(b"\xff\xd8\xff")
    assert check_photo(draw_photo(size=(300, 400))).width == 300


def test_a_refusal_comes_back_with_its_code_and_detail() -> None:
    with pytest.raises(UnusableMedia) as caught:
        check_photo(b"\0\0\0\x18ftypheic" + bytes(64))
    assert (caught.value.code, caught.value.detail) == ("unsupported_image_type", {"found": "heic"})


def test_the_calling_process_loads_no_decoder() -> None:
    code = "import sys, verification.media; print({'av', 'PIL', 'django'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


@pytest.mark.parametrize("value", [None, True, 1.5, "ä", [1, ["x"]], {"a": b"\0\xff"}, b"x" * 3_000_000])
def test_plain_values_go_there_and_back(value: object) -> None:
    assert run("echo", value) == value


@pytest.mark.parametrize("function", ["crash", "kill_itself", "speak_nonsense"])
def test_a_child_that_dies_is_unusable_media_and_the_next_call_works(function: str) -> None:
    assert refusal(function) == "media_crashed"
    assert run("echo", "next") == "next"


def test_a_decoder_that_trips_over_a_file_would_do_so_again() -> None:
    assert refusal("trip") == "media_crashed"


def test_a_child_that_hangs_is_killed() -> None:
    assert refusal("hang", timeout=0.3) == "media_timeout"


def test_a_child_that_burns_its_processor_time_is_killed() -> None:
    assert refusal("burn_cpu") == "media_timeout"


def test_a_child_that_eats_memory_is_refused() -> None:
    assert refusal("eat_memory") == "media_out_of_memory"


def test_a_child_cannot_write_large_files() -> None:
    with pytest.raises(MediaUnavailable, match="OSError"):
        run("write_too_much")


@pytest.mark.parametrize("reason", ["<script>", ["video_corrupt"], None])
def test_a_reason_that_is_not_ours_is_not_passed_on(reason: object) -> None:
    assert refusal("refuse_with", reason) == "media_crashed"


def test_a_full_disk_is_our_fault(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    with pytest.raises(MediaUnavailable, match="FileNotFoundError"):
        run("echo", None)


def test_a_fault_of_ours_is_not_blamed_on_the_media(tmp_path: Path) -> None:
    with pytest.raises(MediaUnavailable, match="FileNotFoundError"):
        check_video(tmp_path / "missing")


def test_facts_of_the_wrong_shape_are_not_believed() -> None:
    for values in ({}, [], {"width": "1"}, dict.fromkeys(VideoFacts.__dataclass_fields__, "x")):
        with pytest.raises(ValueError, match="than expected"):
            VideoFacts.from_plain(values)


def test_a_child_sees_no_secrets_no_files_of_others_and_an_empty_directory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DATABASE_PASSWORD", "secret")
    with open(os.devnull) as file:
        os.set_inheritable(file.fileno(), True)
        seen = run("see_surroundings")
    assert isinstance(seen, dict)
    assert set(seen["environment"]) <= {"PATH", "LANG", "TMPDIR"}
    assert seen["environment"]["TMPDIR"] == seen["directory"]
    # The three standard ones, the way back to the parent, and the listing of the descriptors itself.
    assert len(seen["descriptors"]) == 5


def test_the_childs_directory_is_gone_afterwards() -> None:
    seen = run("see_surroundings")
    assert isinstance(seen, dict)
    assert not Path(seen["directory"]).exists()


def test_nothing_is_left_of_a_video_that_could_not_be_prepared(tmp_path: Path) -> None:
    source, target = tmp_path / "in", tmp_path / "out.mp4"
    source.write_bytes(b"nothing of the kind")
    target.write_bytes(b"half of it")
    with pytest.raises(UnusableMedia):
        prepare_video(source, target)
    assert not target.exists()


def test_many_threads_can_use_it_at_once() -> None:
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda number: run("echo", number), range(40))) == list(range(40))


def test_one_childs_crash_does_not_disturb_another() -> None:
    with ThreadPoolExecutor(4) as pool:
        crashing = [pool.submit(refusal, "crash") for _ in range(8)]
        echoing = [pool.submit(run, "echo", number) for number in range(8)]
        assert [job.result() for job in echoing] == list(range(8))
        assert {job.result() for job in crashing} == {"media_crashed"}


def _helper_pid() -> int:
    run("echo", None)
    process = child._helper._process
    assert process is not None
    return process.pid


def test_a_helper_that_died_is_started_again() -> None:
    pid = _helper_pid()
    os.kill(pid, signal.SIGKILL)
    child._helper._process.wait()  # type: ignore[union-attr]
    assert run("echo", "again") == "again"
    assert _helper_pid() != pid


def test_a_helper_that_cannot_start_is_our_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    child._helper.give_up()
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(MediaUnavailable):
        run("echo", None)


def _in_daemon() -> None:
    sys.exit(0 if run("echo", "daemon") == "daemon" else 1)


def test_a_forked_daemonic_worker_uses_a_helper_of_its_own() -> None:
    pid = _helper_pid()
    worker = get_context("fork").Process(target=_in_daemon, daemon=True)
    worker.start()
    worker.join()
    assert worker.exitcode == 0
    assert _helper_pid() == pid


def test_a_child_does_not_outlive_a_caller_that_is_killed(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    code = f"from verification.media.child import run; run('{MISBEHAVIOUR}hold_open', {str(fifo)!r})"
    # Killed like this, it cannot tidy up after itself: let it leave its directory in ours.
    caller = subprocess.Popen([sys.executable, "-c", code], env=os.environ | {"TMPDIR": str(tmp_path)})
    with fifo.open("rb") as pipe:
        assert pipe.readline() == b"here\n"
        caller.kill()
        caller.wait()
        assert pipe.read() == b""  # comes back only when the child, which holds the other end, is gone
