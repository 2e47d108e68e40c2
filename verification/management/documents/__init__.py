"""The documents that are generated from the code's own tables, by the path that they are written to."""

from verification.management.documents.architecture import architecture
from verification.management.documents.audit_events import audit_events
from verification.management.documents.codes import codes
from verification.management.documents.export_columns import export_columns
from verification.management.documents.limits import limits
from verification.management.documents.openapi import openapi
from verification.management.documents.permissions import permissions
from verification.management.documents.states import states
from verification.management.documents.statistics import statistics

DOCUMENTS = {
    "docs/architecture.md": architecture,
    "docs/audit_events.md": audit_events,
    "docs/codes.md": codes,
    "docs/export_columns.md": export_columns,
    "docs/limits.md": limits,
    "docs/openapi.json": openapi,
    "docs/permissions.md": permissions,
    "docs/states.md": states,
    "docs/statistics.md": statistics,
}
