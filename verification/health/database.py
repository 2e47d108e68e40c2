"""The database: its version, size and connections, and whether its tables are those of this code."""

from datetime import datetime
from pathlib import Path
from typing import Final

from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from verification.health.fact import Fact, Tone

# Per cent of its connections: with more, the next worker or page may get none.
NEARLY_FULL: Final = 85


def facts(now: datetime) -> list[Fact]:
    server = _postgresql() if connection.vendor == "postgresql" else _sqlite()
    return [server, _tables()]


def _postgresql() -> Fact:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('server_version'), pg_database_size(current_database()), "
            "(SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'), "
            "current_setting('max_connections')::int"
        )
        version, size, used, most = cursor.fetchone()
    says = _("PostgreSQL %(version)s, %(size)s; %(used)s of %(most)s connections are open.") % {
        "version": version.split()[0],
        "size": filesizeformat(size),
        "used": used,
        "most": most,
    }
    title = gettext_lazy("Server")
    if used * 100 >= most * NEARLY_FULL:
        to_do = _("Raise max_connections, or put a pooler in between, before the next process finds none.")
        return Fact("database.server", title, Tone.WARN, says, to_do)
    return Fact("database.server", title, Tone.GOOD, says)


def _sqlite() -> Fact:
    file = Path(str(connection.settings_dict["NAME"]))
    size = filesizeformat(file.stat().st_size) if file.is_file() else _("in memory")
    says = _("SQLite, %(size)s: for the demo only.") % {"size": size}
    return Fact("database.server", gettext_lazy("Server"), Tone.GOOD, says)


def _tables() -> Fact:
    """Whether a migration is missing: then processes of this code meet tables of another."""
    executor = MigrationExecutor(connection)
    missing = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    title = gettext_lazy("Tables")
    if not missing:
        return Fact("database.tables", title, Tone.GOOD, _("All migrations are applied."))
    says = ngettext("%(n)s migration is not applied.", "%(n)s migrations are not applied.", missing) % {
        "n": missing
    }
    return Fact(
        "database.tables",
        title,
        Tone.BAD,
        says,
        _("Run manage.py migrate on a server, as docs/production.md says."),
    )
