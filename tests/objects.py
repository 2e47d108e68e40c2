"""The stored objects as whoever can reach the disk sees them."""

from pathlib import Path

from django.conf import settings


def folder() -> Path:
    """Where the tests' portal keeps its evidence."""
    return Path(settings.STORAGES["evidence"]["OPTIONS"]["objects"]["OPTIONS"]["location"])


def files() -> list[Path]:
    return [path for path in folder().rglob("*") if path.is_file()]


def damage(name: str) -> None:
    """One bit of an object turns over, in the midst of it."""
    path = folder() / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
