"""What an auditor finds on the first page: the search of the trail, how far it is sealed, and the newest exports."""

from datetime import datetime
from typing import Any, Final

from verification import permissions
from verification.audit import log
from verification.exports.period.table import Period
from verification.health import trail as health
from verification.models import Export, ExportState, StaffUser
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
        "exports": [_shown(export, now) for export in Export.objects.all()[:EXPORTS]],
    }


def _shown(export: Export, now: datetime) -> dict[str, Any]:
    # One whose days are over counts as expired before the sweep has been there.
    over = export.state == ExportState.READY and export.expires_at <= now
    return {
        "export": export,
        "period": Period(export.period_start, export.period_end),
        "state": ExportState.EXPIRED.label if over else export.get_state_display(),
        "is_running": export.state == ExportState.RUNNING and export.rows_counted > 0,
    }
