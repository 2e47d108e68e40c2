"""When the last backup was made. The portal makes none itself: whatever makes it touches a file."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from verification import times
from verification.health.fact import Fact, Tone

# One a day, and two hours for it.
LATE_AFTER, LOST_AFTER = timedelta(hours=26), timedelta(hours=74)
MAX_LINE: Final = 200  # characters
_TITLE = gettext_lazy("Last backup")


def facts(now: datetime) -> list[Fact]:
    """Of the file that KYC_BACKUP_STAMP_FILE names: when it was written, and its first line."""
    if settings.DEMO and not settings.BACKUP_STAMP_FILE:
        return [Fact("backup", _TITLE, Tone.QUIET, _("A demo has none."))]
    if not settings.BACKUP_STAMP_FILE:
        to_do = _("Set KYC_BACKUP_STAMP_FILE, and have your backup touch that file (docs/production.md).")
        return [Fact("backup", _TITLE, Tone.WARN, _("The portal is told of no backup."), to_do)]
    stamp = Path(settings.BACKUP_STAMP_FILE)
    try:
        made, note = datetime.fromtimestamp(stamp.stat().st_mtime, UTC), _first_line(stamp)
    except OSError:
        says = _("Never told of one: the file that a backup touches is not there, or can't be read.")
        return [Fact("backup", _TITLE, Tone.BAD, says, _("See that the backup runs and touches the file."))]
    return [_fact(now - made, times.moment(made, now), note)]


def _fact(age: timedelta, made: str, note: str) -> Fact:
    says = _("%(made)s UTC, %(ago)s ago.") % {"made": made, "ago": times.short_span(age)}
    details = (note,) if note else ()
    if age <= LATE_AFTER:
        return Fact("backup", _TITLE, Tone.GOOD, says, details=details)
    tone = Tone.WARN if age <= LOST_AFTER else Tone.BAD
    return Fact("backup", _TITLE, tone, says, _("See why the backup did not run since."), details)


def _first_line(stamp: Path) -> str:
    """What the backup wrote about itself, if anything."""
    with stamp.open("rb") as file:
        text = file.read(MAX_LINE * 4).decode(errors="replace")
    printable = "".join(sign for sign in text.partition("\n")[0] if sign.isprintable())
    return printable[:MAX_LINE].strip()
