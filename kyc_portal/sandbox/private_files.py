"""Files in the demo's data folder that nobody but their owner may read: passwords, and a link that opens a case."""

from pathlib import Path
from tempfile import NamedTemporaryFile

from django.conf import settings


def read(name: str) -> str:
    """What the file holds, or "" if there is none."""
    path = Path(settings.DATA_DIR, name)
    return path.read_text(encoding="utf-8") if path.exists() else ""


def write(name: str, text: str) -> None:
    """All at once, so that nobody reads half of it."""
    folder = Path(settings.DATA_DIR)
    # A temporary file has mode 0600 from its first moment.
    with NamedTemporaryFile("w", dir=folder, encoding="utf-8", delete=False) as fresh:
        fresh.write(text)
    Path(fresh.name).replace(folder / name)
