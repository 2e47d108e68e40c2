"""Portals that a bench makes, and what it runs inside of them: see `in_portal`."""

import subprocess
import sys
from pathlib import Path

from tests.processes import PROJECT
from tests.services import environment, manage

Portal = dict[str, str]


def empty(url: str, folder: Path) -> Portal:
    """A portal on this database, with its tables made. It has neither broker nor vendor."""
    portal = environment(url, "memory://localhost/", "http://127.0.0.1:9", folder, LOG_LEVEL="ERROR")
    manage(portal, "migrate", "-v0")
    return portal


def start(portal: Portal, module: str, *arguments: object) -> subprocess.Popen[str]:
    """Begin to run a module of the bench in the portal."""
    command = [sys.executable, "-m", "tests.bench.in_portal", module, *map(str, arguments)]
    return subprocess.Popen(
        command, cwd=PROJECT, env=portal, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def run(portal: Portal, module: str, *arguments: object) -> str:
    """What the module prints. Raises RuntimeError if it fails."""
    return output(start(portal, module, *arguments))


def output(process: subprocess.Popen[str]) -> str:
    """What it has printed when it ends. Raises RuntimeError if it fails."""
    printed, _ = process.communicate()
    if process.returncode:
        raise RuntimeError("A process of the bench failed.")
    return printed
