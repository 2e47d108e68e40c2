"""The e-mails that the demo wrote into files instead of sending them."""

from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

from django.conf import settings

MAX_SHOWN = 10
# Django's backend writes this line behind each e-mail of a file.
_END = b"\n" + b"-" * 79 + b"\n"


@dataclass(frozen=True)
class Email:
    to: str
    subject: str
    at: str
    text: str


def newest() -> list[Email]:
    """The newest e-mails first; none if the settings name a real mail server."""
    folder = settings.EMAIL.get("OPTIONS", {}).get("file_path")
    files = sorted(Path(folder).glob("*.log"), reverse=True) if folder else []
    found: list[Email] = []
    for file in files:
        found += reversed(list(_of(file)))
        if len(found) >= MAX_SHOWN:
            break
    return found[:MAX_SHOWN]


def _of(file: Path) -> Iterator[Email]:
    for raw in file.read_bytes().split(_END):
        if raw.strip():
            email: Any = message_from_bytes(raw, policy=policy.default)
            yield Email(email["To"], email["Subject"], email["Date"], email.get_content())
