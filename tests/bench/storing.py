"""The speed of the evidence store, compared with Django's FileSystemStorage. Runs inside a portal."""

import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.core.management import call_command

from verification import storage

SIZE, WARM_UP, ROUNDS = 6_000_000, 3, 30


def main() -> None:
    """Prints the figures as JSON. Only our store also computes and checks the SHA-256."""
    call_command("migrate", verbosity=0)
    key, data = storage.new_key(), os.urandom(SIZE)
    with tempfile.TemporaryDirectory(dir=settings.DATA_DIR) as folder:
        plain = FileSystemStorage(folder)
        stored = storage.store(key, "bench", data)
        laid = plain.save("laid", ContentFile(data))
        seconds = _in_turns(
            {
                "write": lambda: storage.store(key, "bench", data),
                "plain_write": lambda: plain.save("bench", ContentFile(data)),
                "read": lambda: storage.read(stored.name, sha256=stored.sha256),
                "plain_read": lambda: _read(plain, laid),
            }
        )
    figures = {f"storage_{name}_mb_s": round(SIZE / 1e6 / taken) for name, taken in seconds.items()}
    print(json.dumps({**figures, "fsync_ms": _fsync_ms(data)}))


def _read(plain: FileSystemStorage, name: str) -> bytes:
    with plain.open(name) as file:
        return bytes(file.read())


def _in_turns(ways: dict[str, Callable[[], Any]]) -> dict[str, float]:
    """Median seconds by variant."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(WARM_UP + ROUNDS):
        for name, way in ways.items():
            began = time.perf_counter()
            way()
            if turn >= WARM_UP:
                taken[name].append(time.perf_counter() - began)
    return {name: median(values) for name, values in taken.items()}


def _fsync_ms(data: bytes) -> float:
    """Median milliseconds of one fsync of an object: the disk's share, the same for every store that calls fsync."""
    taken = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(10):
            with Path(folder, str(number)).open("wb") as file:
                file.write(data)
                file.flush()
                began = time.perf_counter()
                os.fsync(file.fileno())
                taken.append(time.perf_counter() - began)
    return round(median(taken) * 1000, 1)
