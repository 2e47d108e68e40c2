"""Reads `.env`: lines of NAME=value, where the value may stand in double quotes, and lines of `# comment`.

A line that other programs would read in another way, or not at all, is refused.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from kyc_portal.env.flaws import flaw
from kyc_portal.env.problems import BadSetting, lines, noted, of_all

PROJECT: Final = Path(__file__).resolve().parents[2]
DOTENV: Final = PROJECT / ".env"
MAX_BYTES: Final = 65_536
# Every name that `.env` has, with its line, whether or not the environment has it too.
in_file: dict[str, int] = {}
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@noted(None)
def load_dotenv(path: Path = DOTENV) -> None:
    """Set the variables that the environment leaves out or empty. Raises BadSetting with everything that is wrong."""
    problems: dict[str, str] = {}
    seen: dict[str, int] = {}
    # In demo mode an empty variable stands for the demo's own: what `.env` says for an installation is not used.
    taken = {name for name, value in os.environ.items() if value or os.environ.get("KYC_MODE") == "demo"}
    for number, line in _lines(path):
        name, value, words = _parsed(line, number, seen)
        if words:
            problems.setdefault(
                name or f"line {number}", f".env, line {number}{name and f', {name}'}: {words}"
            )
        elif name and name not in taken:
            os.environ[name] = value
            lines[name] = number
    in_file.update(seen)
    if problems:
        raise of_all(problems)


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    if not path.exists():
        return
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise BadSetting(f".env can't be read: {error.strerror}.") from error
    if len(content) > MAX_BYTES:
        raise BadSetting(f".env has more than {MAX_BYTES} bytes.")
    yield from enumerate(content.split(b"\n"), start=1)


def _parsed(line: bytes, number: int, seen: dict[str, int]) -> tuple[str, str, str]:
    """Name, value and what is wrong; all empty for a comment and a line without text."""
    try:
        text = line.decode().strip(" \t\r")
    except UnicodeDecodeError:
        return "", "", "is not UTF-8. Save the file as UTF-8."
    if not text or text.startswith("#"):
        return "", "", ""
    name, found, value = text.partition("=")
    name = name.rstrip(" \t")
    if words := _wrong_line(name, found):
        return "", "", words
    if name in seen:
        return name, "", f"is there a second time, after line {seen[name]}. Keep one of them."
    seen[name] = number
    return name, _unquoted(value.strip(" \t")), ""


def _wrong_line(name: str, found: str) -> str:
    if words := flaw("", name):
        return f"the name {words}"
    if name.startswith("export "):
        return "begins with export. Write NAME=value alone."
    if not found:
        return "has no =. Write NAME=value, or # before a comment."
    return "" if _NAME.fullmatch(name) else "has no name of letters, digits and _ before the =."


def _unquoted(value: str) -> str:
    """A pair of double quotes belongs to the file and not to the value."""
    inside = value[1:-1]
    return inside if len(value) > 1 and value == f'"{inside}"' and '"' not in inside else value
