"""Access to the stored objects on the disk."""

from pathlib import Path

from django.conf import settings


def folder() -> Path:
    """The folder in which the portal of the tests stores evidence."""
    return Path(settings.STORAGES["evidence"]["OPTIONS"]["objects"]["OPTIONS"]["location"])


def files() -> list[Path]:
    return [path for path in folder().rglob("*") if path.is_file()]


def damage(name: str, *, last: bool = False) -> None:
    """Flips one bit of an object, in its middle or in its last byte."""
    path = folder() / name
    content = bytearray(path.read_bytes())
    content[-1 if last else len(content) // 2] ^= 1
    path.write_bytes(content)
