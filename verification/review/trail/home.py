"""What an auditor finds on the first page: the search of the trail, how far it is sealed, and the newest exports."""

from datetime import datetime
from typing import Any, Final

from verification import permissions
from verification.audit import log
from verification.health import trail as health
from verification.models import Export, ExportState, StaffUser
from verification.review import exports
from verification.review.trail.page import choices

EXPORTS: Final = 5


def of(user: StaffUser, now: datetime) -> dict[str, Any] | None:
    """None for people who make no exports: their work is elsewhere."""
    if not permissions.can_export(user):
        return None
    return {
        "kinds": choices(),
        "facts": health.facts(now),
        "newest": log.newest(),
        "exports": [_shown(export, user, now) for export in Export.objects.all()[:EXPORTS]],
    }


def _shown(export: Export, user: StaffUser, now: datetime) -> dict[str, Any]:
    row = exports.shown(export, user, now)
    is_running = export.state == ExportState.RUNNING and export.rows_counted > 0
    return {**row, "words": ExportState(row["state"]).label, "is_running": is_running}
