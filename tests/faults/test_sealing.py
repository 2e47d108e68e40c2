"""Two sealers at once, killed again and again, while transactions commit late or never: one log, no gap, no double."""

import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.processes import PROJECT
from tests.services import PostgreSQL, environment, skip_reason

KILLED = 6
LONG = 600  # seconds; all are ended before


def test_the_log_is_whole_whatever_happens_to_its_sealers(tmp_path: Path) -> None:
    if reason := skip_reason(PostgreSQL):
        pytest.skip(reason)
    with PostgreSQL() as server:
        variables = environment(server.url, "memory://", "http://127.0.0.1:9", tmp_path)

        def start(*arguments: object) -> subprocess.Popen[str]:
            command = [sys.executable, "-m", "tests.faults.sealing", *map(str, arguments)]
            return subprocess.Popen(command, cwd=PROJECT, env=variables, stdout=subprocess.PIPE, text=True)

        migrate = [sys.executable, "manage.py", "migrate", "--verbosity=0"]
        subprocess.run(migrate, cwd=PROJECT, env=variables, check=True)
        writers = [start("write", LONG, seed) for seed in range(4)]
        kill_sealers(start)
        for writer in writers:
            assert writer.poll() is None
            end(writer)
        checker = start("check")
        output, _ = checker.communicate(timeout=120)
        assert checker.returncode == 0
        assert int(output) > KILLED


def kill_sealers(start: Callable[..., subprocess.Popen[str]]) -> None:
    """Keep two sealers running, and kill each at any moment once it has sealed."""
    chance = random.Random(17)
    sealers = [start("seal", LONG), start("seal", LONG)]
    for _ in range(KILLED):
        victim = sealers.pop(0)
        assert victim.stdout is not None
        assert victim.stdout.readline() == "sealed\n"
        time.sleep(chance.random() / 10)
        end(victim)
        sealers.append(start("seal", LONG))
    for sealer in sealers:
        end(sealer)


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate(timeout=10)
