"""Where evidence lies: whether the store answers and may be written to, and how much room its disk has.

Asked in a thread: a disk on a network, or a bucket, may hang.
"""

import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from verification import storage
from verification.health.fact import Fact, Tone

# Per cent free: somebody should look; a day of recordings may not fit.
LITTLE, VERY_LITTLE = 15, 5
MAKE_ROOM = gettext_lazy("Make room or add a disk: when it is full, no photo or recording can be taken.")


def facts(now: datetime) -> list[Fact]:
    return [_store(), *_disks()]


def _store() -> Fact:
    title = gettext_lazy("Store")
    what = _("The folder") if storage.folder() else _("The bucket")
    if storage.place_answers():
        return Fact("store", title, Tone.GOOD, _("%(what)s answers and takes files.") % {"what": what})
    says = _("%(what)s does not answer, or can't be written to: nobody can send a photo or a recording.")
    to_do = (
        _(
            "See that the disk is mounted, has its marker file and belongs to the portal's user (docs/keys.md)."
        )
        if storage.folder()
        else _("See that the bucket exists and its keys are right (docs/keys.md).")
    )
    return Fact("store", title, Tone.BAD, says % {"what": what}, to_do)


def _disks() -> list[Fact]:
    """The disks of the evidence, of the portal's other data and of temporary files, each once."""
    named: list[tuple[str, Any, Path | None]] = [
        ("disk.evidence", gettext_lazy("Disk of the evidence"), storage.folder()),
        ("disk.data", gettext_lazy("Disk of KYC_DATA_DIR"), settings.DATA_DIR),
        ("disk.temporary", gettext_lazy("Disk of temporary files"), Path(tempfile.gettempdir())),
    ]
    found: dict[int, Fact] = {}
    for code, title, folder in named:
        there = _existing(folder)
        if there is not None:
            found.setdefault(there.stat().st_dev, _disk(code, title, there))
    return list(found.values())


def _existing(folder: Path | None) -> Path | None:
    """The folder, or the one above that is there: it need not exist before its first file."""
    return next((one for one in (folder, *folder.parents) if one.exists()), None) if folder else None


def _disk(code: str, title: Any, folder: Path) -> Fact:
    room = storage.room(folder)
    share = 100 * room.free // room.total
    says = _("%(free)s of %(total)s are free (%(share)s %%).") % {
        "free": filesizeformat(room.free),
        "total": filesizeformat(room.total),
        "share": share,
    }
    if share >= LITTLE:
        return Fact(code, title, Tone.GOOD, says)
    return Fact(code, title, Tone.WARN if share >= VERY_LITTLE else Tone.BAD, says, str(MAKE_ROOM))
