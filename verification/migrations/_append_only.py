"""Triggers that refuse a statement on a table, for SQLite and PostgreSQL. Used by migrations only.

SQLite alters a table by copying it, and the triggers are gone with the old one: a migration that alters such a table
begins with `RefusedAgainOnTheWayBack(…)` and ends with `Refusals(…, only_sqlite=True)`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import migrations


@dataclass(frozen=True)
class Rule:
    """`statement` on `table` is refused with `message`, where `condition` (SQL, about OLD or NEW) holds."""

    table: str
    statement: str
    message: str
    condition: str = ""
    label: str = "refuse"

    @property
    def name(self) -> str:
        return f"{self.table}_{self.label}_{self.statement.lower()}"


def create_on_sqlite(rule: Rule) -> list[str]:
    when = f"WHEN {rule.condition} " if rule.condition else ""
    return [
        f"CREATE TRIGGER IF NOT EXISTS {rule.name} BEFORE {rule.statement} ON {rule.table} {when}"
        f"BEGIN SELECT RAISE(ABORT, '{rule.message}'); END"
    ]


def create_on_postgresql(rule: Rule) -> list[str]:
    # Asked inside the function: a trigger's own WHEN can't look into a table.
    refuse = f"RAISE EXCEPTION '{rule.message}' USING ERRCODE = 'integrity_constraint_violation';"
    body = f"IF {rule.condition} THEN {refuse} END IF;" if rule.condition else refuse
    passed = "OLD" if rule.statement == "DELETE" else "NEW"
    statements = [
        f"CREATE FUNCTION {rule.name}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN {body} RETURN {passed}; END $$",
        f"CREATE TRIGGER {rule.name} BEFORE {rule.statement} ON {rule.table} "
        f"FOR EACH ROW EXECUTE FUNCTION {rule.name}()",
    ]
    if rule.statement == "DELETE" and not rule.condition:
        statements.append(
            f"CREATE TRIGGER {rule.table}_refuse_truncate BEFORE TRUNCATE ON {rule.table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {rule.name}()"
        )
    return statements


def drop_on_sqlite(rule: Rule) -> list[str]:
    return [f"DROP TRIGGER IF EXISTS {rule.name}"]


def drop_on_postgresql(rule: Rule) -> list[str]:
    truncate = [f"DROP TRIGGER {rule.table}_refuse_truncate ON {rule.table}"]
    return [
        *(truncate if rule.statement == "DELETE" and not rule.condition else []),
        f"DROP TRIGGER {rule.name} ON {rule.table}",
        f"DROP FUNCTION {rule.name}()",
    ]


_CREATE = {"sqlite": create_on_sqlite, "postgresql": create_on_postgresql}
_DROP = {"sqlite": drop_on_sqlite, "postgresql": drop_on_postgresql}


class Refusals(migrations.RunPython):
    """Create the triggers of `rules`; dropped again on the way back."""

    def __init__(self, rules: Iterable[Rule], *, only_sqlite: bool = False) -> None:
        kept = tuple(rules)

        def create(apps: Any, schema_editor: Any) -> None:
            vendor = schema_editor.connection.vendor
            for rule in kept if vendor == "sqlite" or not only_sqlite else ():
                for statement in _CREATE[vendor](rule):
                    schema_editor.execute(statement)

        def drop(apps: Any, schema_editor: Any) -> None:
            vendor = schema_editor.connection.vendor
            for rule in () if only_sqlite else kept:
                for statement in _DROP[vendor](rule):
                    schema_editor.execute(statement)

        super().__init__(create, drop)


class RefusedAgainOnTheWayBack(migrations.RunPython):
    """The first step of a migration that alters such a table, and so the last one back, where SQLite copies it too."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        kept = tuple(rules)

        def create(apps: Any, schema_editor: Any) -> None:
            for rule in kept if schema_editor.connection.vendor == "sqlite" else ():
                for statement in create_on_sqlite(rule):
                    schema_editor.execute(statement)

        super().__init__(migrations.RunPython.noop, create)
