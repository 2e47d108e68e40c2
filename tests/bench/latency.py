"""How long a person waits on an idle portal: from the recording's last byte to its decision, without the vendor's time.

One recording after another goes through the real web server, in parts as the page sends them, to the demo (SQLite, its
worker inside the web process) and to the processes of docs/production.md. Beside them, in turns, runs what no portal
can do without, in this process: the recording is checked, made into an MP4 and sent once.
"""

import io
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import Any

import av
import httpx

from kyc_portal.sandbox.drawing import draw_clip, draw_photo
from tests.bench import progress
from tests.bench.recordings import Applicant
from tests.bench.senders import bare
from tests.processes import Process
from tests.services import (
    SHIPPED,
    Emulator,
    PostgreSQL,
    Redis,
    ask,
    beat,
    environment,
    free_port,
    gunicorn,
    manage,
    migrated,
    worker,
)
from verification.media import transcode, video

WARM_UP, ROUNDS = 2, 20
LATENCY_MS = 200  # of the vendor
ARTISTS = 2  # processes that draw
SHIPPED_DEMO = ("--config", "python:kyc_portal.sandbox.server", "--log-level", "info", "kyc_portal.wsgi")
# As a phone and as a desktop browser record: the portal asks for 2 Mbit/s.
CLIP: dict[str, Any] = {"seconds": 5.0, "size": (640, 480), "fps": 30, "bit_rate": 2_000_000}
CODECS: dict[str, dict[str, Any]] = {
    "h264": {"fragmented": True},
    "vp8": {"container": "webm", "codec": "libvpx"},
}
MOST_MS = {"h264": 100, "vp8": 500}
SET_UPS = ("embedded", "postgresql_redis")
TARGETS = {f"{name}.{codec}.p50_ms": f"<= {most}" for name in SET_UPS for codec, most in MOST_MS.items()}
# The steps in their order, each with what ends it. The vendor's is no part of the latency.
STEPS = {
    "store_part": "part_answered",
    "check": "submitted",
    "media_queue": "media_took",
    "prepare": "prepared",
    "liveness_queue": "liveness_took",
    "slot": "arrived",
    "vendor": "vendor_answered",
    "decide": "decided",
}
Steps = Mapping[str, float]


@dataclass
class Portal:
    url: str
    emulator: str
    database: str
    key: str

    def invite(self, reference: str) -> str:
        """The link of a new case."""
        person = {"reference": reference, "name": "Alice Example", "mode": "ACTION"}
        headers = {"Authorization": f"Bearer {self.key}"}
        answer = httpx.post(f"{self.url}/api/v1/verifications", json=person, headers=headers)
        return str(answer.raise_for_status().json()["link"])

    def decide(self, number: int, photo: bytes, recording: bytes) -> Steps:
        """Milliseconds by step, from the recording's last byte to its decision."""
        with Applicant(self.url, self.invite(f"LATENCY-{number}")) as applicant:
            attempt = applicant.come_to_recording(photo)
            with progress.Progress(self.database, attempt) as watched:
                sent = applicant.send(recording)
                times = {**asdict(sent), **watched.wait(), **self._vendor_times()}
        ends = [times["last_byte"], *(times[end] for end in STEPS.values())]
        pairs = zip(STEPS, pairwise(ends), strict=True)
        return {name: (until - since) * 1000 for name, (since, until) in pairs}

    def _vendor_times(self) -> dict[str, float]:
        call = ask("GET", f"{self.emulator}/_emulator/ledger?last=1")["calls"][0]
        return {
            "arrived": datetime.fromisoformat(call["arrived_at"]).timestamp(),
            "vendor_answered": datetime.fromisoformat(call["finished_at"]).timestamp(),
        }


def run() -> dict[str, Any]:
    people = _people()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        portals = {
            "embedded": stack.enter_context(_embedded(folder / "embedded")),
            "postgresql_redis": stack.enter_context(_postgresql_redis(folder / "postgresql_redis")),
        }
        sink = Process(sys.executable, "-m", "tests.bench.sink", ready=r"listening on \S+")
        url = stack.enter_context(sink).wait_for_output(r"listening on (\S+)")[1]
        taken = _in_turns(portals, bare.sender(url), people)
    bare_ms = {codec: median(taken.pop(("bare", codec))) for codec in CODECS}
    figures: dict[str, Any] = {name: {} for name in SET_UPS}
    for (name, codec), recordings in taken.items():
        figures[name][codec] = _figures(recordings, bare_ms[codec])
    return {**figures, "bare_ms": {codec: round(ms, 1) for codec, ms in bare_ms.items()}}


def _in_turns(
    portals: Mapping[str, Portal],
    send: Callable[[bytes, bytes], None],
    people: list[tuple[bytes, dict[str, bytes]]],
) -> dict[tuple[str, str], list[Any]]:
    taken: dict[tuple[str, str], list[Any]] = {}
    for number, (photo, clips) in enumerate(people):
        for codec, clip in clips.items():
            measured: dict[str, Any] = {"bare": _bare_ms(send, photo, codec, clip)}
            for name, portal in portals.items():
                measured[name] = portal.decide(2 * number + (codec == "vp8"), photo, clip)
            for name, value in measured.items():
                if number >= WARM_UP:
                    taken.setdefault((name, codec), []).append(value)
    return taken


def _figures(recordings: list[Steps], bare_ms: float) -> dict[str, Any]:
    totals = [sum(steps.values()) - steps["vendor"] for steps in recordings]
    return {
        "p50_vs_bare": round(median(totals) / bare_ms, 2),
        "p50_ms": round(median(totals), 1),
        "p95_ms": round(quantiles(totals, n=20, method="inclusive")[-1], 1),
        "ms": {name: round(median(steps[name] for steps in recordings), 1) for name in STEPS},
    }


def _people() -> list[tuple[bytes, dict[str, bytes]]]:
    """Photo and recordings by codec. No two recordings show the same person: the portal would note that."""
    with ProcessPoolExecutor(ARTISTS, get_context("spawn")) as artists:
        return list(artists.map(_person, range(WARM_UP + ROUNDS)))


def _person(number: int) -> tuple[bytes, dict[str, bytes]]:
    clips = {
        codec: draw_clip(seed=2 * number + other, **CLIP, **look)
        for other, (codec, look) in enumerate(CODECS.items())
    }
    return draw_photo(number), clips


def _bare_ms(send: Callable[[bytes, bytes], None], photo: bytes, codec: str, clip: bytes) -> float:
    began = time.perf_counter()
    facts = video.check_video(clip).facts
    if codec == "h264":
        mp4 = _remuxed(clip)
    else:
        mp4 = transcode.transcode(clip, facts, transcode.MAX_BIT_RATE, transcode.USUAL_SIDES)
    send(photo, mp4)
    return (time.perf_counter() - began) * 1000


def _remuxed(clip: bytes) -> bytes:
    out = io.BytesIO()
    with (
        av.open(io.BytesIO(clip), "r") as source,
        av.open(out, "w", format="mp4") as target,
    ):
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    return out.getvalue()


@contextmanager
def _embedded(folder: Path) -> Iterator[Portal]:
    """The demo, without its cases."""
    database, endpoint = f"sqlite:///{folder / 'portal.sqlite3'}", f"http://127.0.0.1:{free_port()}"
    folder.mkdir()
    variables = environment(database, "memory://localhost/", endpoint, folder)
    with _served(variables, SHIPPED_DEMO) as portal:
        ask("POST", f"{endpoint}/_emulator/default", {"latency_ms": LATENCY_MS})
        yield portal


@contextmanager
def _postgresql_redis(folder: Path) -> Iterator[Portal]:
    """As docs/production.md says, on a database that flushes to the disk."""
    with (
        PostgreSQL(flushes=True) as database,
        Redis() as broker,
        Emulator(latency_ms=LATENCY_MS) as emulator,
    ):
        variables = environment(database.url, broker.url, emulator.url, folder)
        with (
            _served(variables, SHIPPED) as portal,
            worker(variables, "media"),
            worker(variables, "liveness", "--pool", "threads", "--concurrency", "64"),
            beat(variables),
        ):
            yield portal


@contextmanager
def _served(variables: Mapping[str, str], options: tuple[str, ...]) -> Iterator[Portal]:
    migrated(variables)
    progress.prepare(variables["DATABASE_URL"])
    key = manage(variables, "create_api_client", "--name", "bench").split()[-1]
    with gunicorn(variables, *options) as (_process, (host, port)):
        url = f"http://{host}:{port}"
        ask("GET", f"{url}/healthz")  # answered as soon as everything in the process runs
        yield Portal(url, variables["KYC_FACEID_ENDPOINT"], variables["DATABASE_URL"], key)
