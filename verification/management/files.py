"""The file that a command writes for somebody to take away: it overwrites nothing, and is its owner's alone."""

import shutil
from argparse import ArgumentParser
from pathlib import Path
from typing import IO

from django.core.management.base import CommandError


def add_output(parser: ArgumentParser) -> None:
    parser.add_argument("--output", required=True, type=Path, help="File to write; it must not exist yet.")


def check_output(output: Path) -> None:
    """Call it before the work, which may take long. Raises CommandError."""
    if output.exists():
        raise CommandError(f"{output} exists already.")
    if not output.parent.is_dir():
        raise CommandError(f"There is no folder {output.parent}.")


def write(source: IO[bytes], output: Path) -> None:
    """Copy the source, which is closed then, to the new file."""
    with source, output.open("xb") as target:
        output.chmod(0o600)
        shutil.copyfileobj(source, target)
