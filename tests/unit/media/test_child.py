"""The confined child process: faults it survives, its access to the system, and its callers."""

import io
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from kyc_portal.sandbox.drawing import draw_photo
from tests.unit.media.hostile import small_clip
from tests.unit.media.misbehaviour import ATTEMPTS
from verification.media import (
    CheckedVideo,
    MediaUnavailable,
    UnusableMedia,
    VideoFacts,
    check_photo,
    check_video,
    child,
    confinement,
    frame_at,
    prepare_video,
    syscalls,
)

MISBEHAVIOUR = "tests.unit.media.misbehaviour:"
CONFINED = confinement.confinement() == "seccomp"
only_confined = pytest.mark.skipif(not CONFINED, reason="no system call filter on this system")


def run(function: str, *arguments: object, timeout: float = 30.0) -> object:
    return child.run(MISBEHAVIOUR + function, *arguments, timeout=timeout)


def refusal(function: str, *arguments: object, timeout: float = 30.0) -> str:
    with pytest.raises(UnusableMedia) as caught:
        run(function, *arguments, timeout=timeout)
    return caught.value.code


CODECS: dict[str, dict[str, Any]] = {
    "h264 mp4": {"fragmented": True},
    "vp8 webm": {"container": "webm", "codec": "libvpx"},
    "vp9 webm": {"container": "webm", "codec": "libvpx-vp9"},
    "av1 webm": {"container": "webm", "codec": "libsvtav1"},
    "hevc mp4": {"codec": "libx265"},
    "mpeg4 mp4": {"codec": "mpeg4"},
    "turned mp4": {"rotation": 90},
}


@pytest.mark.parametrize("kind", CODECS)
def test_every_recording_we_take_can_be_worked_on_in_confinement(kind: str) -> None:
    recording = small_clip(**CODECS[kind])
    checked, prepared = check_video(recording), prepare_video(recording)
    assert checked.facts == prepared.source
    assert len(checked.frame_hashes) == 24
    assert prepared.facts.size == len(prepared.mp4)
    assert frame_at(prepared.mp4, 1.0).startswith(b"\xff\xd8\xff")


@pytest.mark.parametrize("orientation", [None, 1, 6])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "MPO"])
def test_every_photo_we_take_can_be_worked_on_in_confinement(kind: str, orientation: int | None) -> None:
    photo = draw_photo(size=(300, 400), format="PNG" if kind == "PNG" else "JPEG", orientation=orientation)
    if kind == "MPO":  # as a phone with two lenses writes it
        out = io.BytesIO()
        with Image.open(io.BytesIO(photo)) as picture:
            picture.save(out, "MPO", save_all=True, append_images=[picture.copy()])
        photo = out.getvalue()
    assert max(check_photo(photo).width, check_photo(photo).height) == 400


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


@pytest.mark.parametrize("function", ["crash", "crash_in_c", "speak_nonsense"])
def test_a_child_that_dies_is_unusable_media_and_the_next_call_works(function: str) -> None:
    assert refusal(function) == "media_crashed"
    assert run("echo", "next") == "next"


def test_a_decoder_that_trips_over_a_file_would_do_so_again() -> None:
    assert refusal("trip") == "media_crashed"


def test_a_child_that_waits_until_it_is_killed_says_nothing_of_its_file() -> None:
    with pytest.raises(MediaUnavailable, match="starved"):
        run("hang", timeout=0.3)


def test_a_child_that_had_its_processor_time_and_is_late_is_the_files_fault() -> None:
    with pytest.raises(UnusableMedia, match="media_timeout"):
        child.run(MISBEHAVIOUR + "burn", timeout=0.3, cpu_seconds=1)


def test_a_child_may_be_given_less_processor_time_than_others() -> None:
    with pytest.raises(UnusableMedia, match="media_timeout"):
        child.run(MISBEHAVIOUR + "burn", cpu_seconds=1)


@only_confined
def test_a_call_that_waits_too_long_for_its_turn_is_our_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "PATIENCE", 0.01)
    helper = _helper_pid()
    with ThreadPoolExecutor(child.CHILDREN) as pool:
        jobs = [pool.submit(run, "hang") for _ in range(child.CHILDREN)]
        try:
            wait_for_children(helper, child.CHILDREN)
            with pytest.raises(MediaUnavailable, match="busy"):
                run("echo", None)
        finally:
            child._helper.give_up()
            for job in jobs:
                with suppress(MediaUnavailable):
                    job.result()
    assert run("echo", "free again") == "free again"


def wait_for_children(helper: int, count: int) -> None:
    waiting = threading.Event()
    for _ in range(3000):
        if len(Path(f"/proc/{helper}/task/{helper}/children").read_text().split()) >= count:
            return
        waiting.wait(0.01)
    raise AssertionError("too few children were started")


@only_confined
def test_a_process_forked_while_all_turns_are_taken_has_its_own() -> None:
    with ExitStack() as stack:
        for _ in range(child.CHILDREN):
            stack.enter_context(child._helper.turn(child.PATIENCE))
        worker = get_context("fork").Process(target=_in_daemon, daemon=True)
        worker.start()
        worker.join()
    assert worker.exitcode == 0


def test_a_child_answers_once() -> None:
    assert refusal("answer_twice") == "media_crashed"


def test_a_call_out_of_time_leaves_a_helper_that_still_answers_to_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pid = _helper_pid()
    monkeypatch.setattr(child, "GRACE", -0.9)
    monkeypatch.setattr(child._helper, "answers", lambda answers=child._helper.answers: _patiently(answers))
    with pytest.raises(MediaUnavailable, match="child_stuck"):
        run("hang", timeout=1.0)
    assert _helper_pid() == pid


def _patiently(answers: Callable[[], bool]) -> bool:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(child, "GRACE", 15.0)
        return answers()


def test_a_child_that_burns_its_processor_time_is_killed() -> None:
    with pytest.raises(UnusableMedia, match="media_timeout"):
        child.run("tests.unit.media.in_a_hurry:burn_cpu")


def test_a_child_that_eats_memory_is_refused() -> None:
    assert refusal("eat_memory") == "media_out_of_memory"


@only_confined
@pytest.mark.parametrize("name", ATTEMPTS)
def test_a_child_that_was_taken_over_cannot(name: str) -> None:
    assert run("attempt", name) in ("PermissionError", "RuntimeError", "ValueError")


@only_confined
@pytest.mark.skipif(os.uname().machine != "x86_64", reason="these numbers are of x86")
@pytest.mark.parametrize("function", ["use_32_bit_numbers", "use_x32_numbers"])
def test_a_child_that_speaks_to_the_kernel_in_other_numbers_is_killed(function: str) -> None:
    with pytest.raises(UnusableMedia) as caught:
        run(function)
    assert (caught.value.code, caught.value.detail) == ("media_crashed", {"exit": -signal.SIGSYS})


@only_confined
def test_a_thread_that_a_module_has_started_is_confined_too() -> None:
    work = "tests.unit.media.with_a_thread:have_it_read"
    assert child.run(work, "/etc/passwd", threads=True) == "PermissionError"


@only_confined
def test_a_module_that_was_not_loaded_before_is_our_fault() -> None:
    with pytest.raises(MediaUnavailable, match="ImportError"):
        run("load_a_module")


def test_both_kinds_of_processor_are_left_the_same_calls() -> None:
    intel, arm = (syscalls._ARCHITECTURES[name] for name in ("x86_64", "aarch64"))
    assert set(intel.allowed) - {"time"} == set(arm.allowed)  # the newer versions never had it
    assert set(intel.mapping) == set(arm.mapping)


def test_a_child_that_cannot_be_confined_does_not_start() -> None:
    with pytest.raises(MediaUnavailable, match="child_not_started"):
        child.run("tests.unit.media.unconfined:work")


@only_confined
def test_a_kernel_that_takes_no_filter_is_noticed() -> None:
    # A child's own filter forbids it to install another one.
    assert child.run("verification.media.confinement:confinement") == "refused"


@pytest.mark.parametrize("reason", ["<script>", ["video_corrupt"], None])
def test_a_reason_that_is_not_ours_is_not_passed_on(reason: object) -> None:
    assert refusal("refuse_with", reason) == "media_crashed"


def test_facts_of_the_wrong_shape_are_not_believed() -> None:
    wrong: tuple[object, ...] = ({}, [], {"width": "1"}, dict.fromkeys(VideoFacts.__dataclass_fields__, "x"))
    for values in wrong:
        with pytest.raises(ValueError, match="than expected"):
            VideoFacts.from_plain(values)


LIKELY: dict[str, Any] = {
    "container": "mov",
    "codec": "h264",
    "pixel_format": "yuv420p",
    "rotation": 90,
    "mirrored": True,
    "pixel_aspect": 1.3333,
    "width": 640,
    "height": 480,
    "duration": 2.4,
    "frames": 24,
    "size": 10_000,
}
UNLIKELY: dict[str, dict[str, Any]] = {
    "a length that is no number": {"duration": float("nan")},
    "a length of hours": {"duration": 36_000.0},
    "a negative count": {"frames": -3},
    "a size of a thousand digits": {"size": 10**1000},
    "an angle": {"rotation": 45},
    "a mirror that is a number": {"mirrored": 1},
    "pixels a hundred times as wide as high": {"pixel_aspect": 100.0},
    "a long word": {"codec": "x" * 101},
    "letters that are not shown": {"codec": "h264\0"},
    "letters of other scripts": {"container": "m\u043ev"},
}


@pytest.mark.parametrize("kind", UNLIKELY)
def test_facts_that_cannot_be_are_not_believed(kind: str) -> None:
    assert VideoFacts.from_plain(LIKELY).rotation == 90
    with pytest.raises(ValueError, match="than expected"):
        VideoFacts.from_plain(LIKELY | UNLIKELY[kind])


@pytest.mark.parametrize("hashes", [["zz"], ["A" * 96], ["0" * 96] * 2401, [1]])
def test_hashes_of_another_form_or_number_are_not_believed(hashes: list[object]) -> None:
    assert CheckedVideo.from_plain({"facts": LIKELY, "frame_hashes": ["0" * 96] * 2400}).frame_hashes
    with pytest.raises(ValueError, match="than expected"):
        CheckedVideo.from_plain({"facts": LIKELY, "frame_hashes": hashes})


def test_a_child_finds_no_secret_in_its_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    child._helper.give_up()
    monkeypatch.setenv("DATABASE_PASSWORD", "secret")
    environment = run("see_environment")
    assert isinstance(environment, dict)
    assert set(environment) <= {"PATH", "LANG"}


@only_confined
@pytest.mark.skipif(os.geteuid() != 0, reason="only root may look into a process that can't be dumped")
def test_a_child_is_held_and_has_no_descriptor_but_its_socket_and_nowhere() -> None:
    with open(os.devnull) as file:
        os.set_inheritable(file.fileno(), True)
        with hanging_child() as pid:
            status = Path(f"/proc/{pid}/status").read_text()
            open_files = sorted(os.readlink(link) for link in Path(f"/proc/{pid}/fd").iterdir())
            environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    assert {"Seccomp:\t2", "NoNewPrivs:\t1", "Threads:\t1"} <= set(status.splitlines())
    assert open_files[:3] == ["/dev/null"] * 3
    assert [name.partition(":")[0] for name in open_files[3:]] == ["socket"]
    assert {entry.partition(b"=")[0] for entry in environment} <= {
        *(b"PATH", b"LANG", b"PYTHONPATH", b"OMP_NUM_THREADS", b"GLIBC_TUNABLES", b"")
    }


@only_confined
def test_no_program_that_collects_cores_is_given_one_of_a_child() -> None:
    code = (  # 3 is PR_GET_DUMPABLE
        "import os; from verification.media import confinement;"
        "confinement._die_with(os.getppid()); print(confinement._libc.prctl(3, 0, 0, 0, 0))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "0\n"


@contextmanager
def hanging_child() -> Iterator[int]:
    """The process id of a confined child that hangs; the end of the block ends it and its helper."""
    helper = _helper_pid()
    with ThreadPoolExecutor(1) as pool:
        job = pool.submit(run, "hang")
        try:
            yield confined_child_of(helper)
        finally:
            child._helper.give_up()
            with suppress(MediaUnavailable):
                job.result()


def confined_child_of(helper: int) -> int:
    """Waits until the helper has a confined child; returns its process id."""
    waiting = threading.Event()
    for _ in range(3000):
        pids = Path(f"/proc/{helper}/task/{helper}/children").read_text().split()
        for pid in pids:
            if "Seccomp:\t2" in Path(f"/proc/{pid}/status").read_text():
                return int(pid)
        waiting.wait(0.01)
    raise AssertionError("no child was confined")


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
    child._helper._process.wait()
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


@only_confined
def test_a_child_does_not_outlive_its_helper() -> None:
    with hanging_child() as pid:
        watched = os.pidfd_open(pid)
        os.kill(_helper_of(os.getpid()), signal.SIGKILL)
        assert ended(watched)


@only_confined
def test_nothing_is_left_of_a_caller_that_is_killed() -> None:
    code = f"from verification.media.child import run; run('{MISBEHAVIOUR}hang')"
    caller = subprocess.Popen([sys.executable, "-c", code], cwd=Path.cwd())
    helper = _helper_of(caller.pid)
    watched = [os.pidfd_open(helper), os.pidfd_open(confined_child_of(helper))]
    caller.kill()
    caller.wait()
    assert all(ended(each) for each in watched)


def _helper_of(caller: int) -> int:
    """Waits until the caller has started its helper."""
    waiting = threading.Event()
    for _ in range(3000):
        for task in Path(f"/proc/{caller}/task").iterdir():
            for pid in (task / "children").read_text().split():
                if b"verification.media.server" in Path(f"/proc/{pid}/cmdline").read_bytes():
                    return int(pid)
        waiting.wait(0.01)
    raise AssertionError("no helper was started")


def ended(pidfd: int) -> bool:
    """Waits until the process has ended."""
    try:
        return bool(select.select([pidfd], [], [], 30)[0])
    finally:
        os.close(pidfd)


@pytest.mark.parametrize("missing", [1 << 31, 1 << 62])
def test_a_file_that_claims_any_size_is_called_corrupt_and_not_a_crash(missing: int) -> None:
    box = b"\0\0\0\1" + b"mdat" + (missing + 16).to_bytes(8) + b"a picture, they say"
    with pytest.raises(UnusableMedia) as refused:
        check_video(b"\0\0\0\x10ftypisom\0\0\0\0" + box)
    assert (refused.value.code, refused.value.detail["missing_bytes"]) == ("video_corrupt", missing - 19)
