"""The cost of media work, compared with the ffmpeg command, decoding alone, Pillow alone, and an unencrypted folder.

The bench compares processor time, in turns on one CPU, because the machine may have other load.
"""

import io
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

import av
from PIL import Image

from kyc_portal.sandbox.drawing import draw_clip, draw_photo
from tests.bench.one_cpu import one_cpu
from tests.processes import PROJECT
from tests.services import environment
from verification import media
from verification.media import photo, probe, transcode, video

WARM_UP, ROUNDS = 2, 15
SIZE = (640, 480)
TARGETS = {
    "remux_vs_decode": "<= 1.3",
    "transcode_vs_ffmpeg": "<= 1.1",
    "transcode_vs_decode": "<= 3",
    "photo_vs_bare": "<= 1.3",
    "child_overhead_ms": "<= 20",
    "storage_write_mb_s": ">= 400",
    "storage_read_mb_s": ">= 400",
}
Work = Callable[[], float]


def run() -> dict[str, Any]:
    # The bit rate of browsers: the portal asks them for 2 Mbit/s.
    clip: dict[str, Any] = {"seconds": 5.0, "size": SIZE, "fps": 30, "bit_rate": 2_000_000}
    vp8 = draw_clip(container="webm", codec="libvpx", **clip)
    h264 = draw_clip(fragmented=True, **clip)
    twelve_megapixels = draw_photo(1, (3000, 4000), orientation=6)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        stack.enter_context(one_cpu())
        (folder / "clip.webm").write_bytes(vp8)
        facts = probe.probe_video(vp8)
        checked = video.check_video(h264)
        known = len(checked.frame_hashes), checked.facts.pixel_format
        ms = _in_turns(
            {
                "transcode": _cpu(
                    lambda: transcode.transcode(vp8, facts, transcode.MAX_BIT_RATE, transcode.USUAL_SIDES)
                ),
                "ffmpeg": lambda: _ffmpeg(folder),
                "decode": _cpu(lambda: _decode(vp8, "matroska")),
                "decode_h264": _cpu(lambda: _decode(h264, "mov")),
                # The whole job, of bytes of which nothing is known: every picture of the copy is decoded.
                "remux": _cpu(lambda: video.normalise_video(h264)),
                # As in the portal, where the check has decoded them already.
                "remux_of_checked": _cpu(lambda: video.normalise_video(h264, *known)),
                "check": _cpu(lambda: video.check_video(h264)),
                "photo": _cpu(lambda: photo.normalise_photo(twelve_megapixels)),
                "bare_photo": _cpu(lambda: _bare_photo(twelve_megapixels)),
                "in_process": _wall(lambda: video.normalise_video(h264, *known)),
                "in_child": _wall(lambda: media.prepare_video(h264, *known)),
            }
        )
    return {
        "transcode_vs_ffmpeg": round(ms["transcode"] / ms["ffmpeg"], 2),
        "transcode_vs_decode": round(ms["transcode"] / ms["decode"], 2),
        "remux_vs_decode": round(ms["remux"] / ms["decode_h264"], 2),
        "remux_of_checked_vs_decode": round(ms["remux_of_checked"] / ms["decode_h264"], 2),
        "check_vs_decode": round(ms["check"] / ms["decode_h264"], 2),
        "check_and_remux_vs_decode": round((ms["check"] + ms["remux_of_checked"]) / ms["decode_h264"], 2),
        "photo_vs_bare": round(ms["photo"] / ms["bare_photo"], 2),
        "child_overhead_ms": round(ms["in_child"] - ms["in_process"], 1),
        "remux_ms": round(ms["remux_of_checked"], 1),
        **_storage(),
        "ms": {name: round(value, 1) for name, value in ms.items()},
    }


def _in_turns(ways: dict[str, Work]) -> dict[str, float]:
    """Median milliseconds by variant."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(WARM_UP + ROUNDS):
        for name, way in ways.items():
            seconds = way()
            if turn >= WARM_UP:
                taken[name].append(seconds * 1000)
    return {name: median(values) for name, values in taken.items()}


def _cpu(work: Callable[[], Any]) -> Work:
    return lambda: _timed(work, time.process_time)


def _wall(work: Callable[[], Any]) -> Work:
    return lambda: _timed(work, time.perf_counter)


def _timed(work: Callable[[], Any], clock: Callable[[], float]) -> float:
    began = clock()
    work()
    return clock() - began


def _ffmpeg(folder: Path) -> float:
    """Seconds of processor time as ffmpeg reports them, without its start of 0.1 s."""
    steps = f"fps={transcode.RATE},scale={SIZE[0]}:{SIZE[1]}:flags=bicubic,format=yuv420p"
    command = ["ffmpeg", "-nostdin", "-y", "-benchmark", "-threads", "1", "-i", "clip.webm", "-an"]
    command += [
        "-filter_threads",
        "1",
        "-vf",
        steps,
        "-c:v",
        "libx264",
        "-preset",
        "ultrafast",
        "-threads",
        "1",
    ]
    command += [
        "-b:v",
        "3M",
        "-maxrate",
        "3M",
        "-bufsize",
        "1.5M",
        "-g",
        "50",
        "-movflags",
        "+faststart",
        "out.mp4",
    ]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    spent = re.search(r"bench: utime=([\d.]+)s stime=([\d.]+)s", done.stderr)
    assert spent is not None
    return float(spent[1]) + float(spent[2])


def _decode(clip: bytes, container: str) -> None:
    with av.open(io.BytesIO(clip), "r", format=container) as file:
        stream = file.streams.video[0]
        stream.thread_count = 1
        for _ in file.decode(stream):
            pass


def _bare_photo(data: bytes) -> bytes:
    """Decode, turn, shrink and encode as the portal does, and nothing else."""
    picture: Image.Image = Image.open(io.BytesIO(data))
    ratio = photo.MAX_SIDE / max(picture.size)
    target = round(picture.width * ratio), round(picture.height * ratio)
    picture.draft("RGB", target)
    shrunk = picture.resize(target, Image.Resampling.LANCZOS, reducing_gap=2.0)
    out = io.BytesIO()
    shrunk.transpose(Image.Transpose.ROTATE_270).save(out, "JPEG", quality=photo.QUALITIES[0])
    return out.getvalue()


def _storage() -> dict[str, Any]:
    """Measures in /dev/shm if it exists. The disk costs every variant the same; `fsync_ms` gives it separately."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        portal = environment(
            f"sqlite:///{folder}/db.sqlite3", "memory://localhost/", "http://127.0.0.1:9", Path(folder)
        )
        command = [sys.executable, "-m", "tests.bench.in_portal", "storing"]
        done = subprocess.run(command, cwd=PROJECT, env=portal, check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))
