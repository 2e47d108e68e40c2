"""The database itself refuses to change what must never change: the trail, reviews, and an active policy."""

from typing import Any

from django.db import migrations

# table, statement, extra condition on the old row, message
RULES = (
    ("verification_auditevent", "UPDATE", "", "audit events are append-only"),
    ("verification_auditevent", "DELETE", "", "audit events are append-only"),
    ("verification_review", "UPDATE", "", "reviews are append-only"),
    ("verification_review", "DELETE", "", "reviews are append-only"),
    ("verification_consent", "UPDATE", "", "consents are append-only"),
    ("verification_policy", "UPDATE", "OLD.activated_at IS NOT NULL", "an active policy never changes"),
    ("verification_policy", "DELETE", "OLD.activated_at IS NOT NULL", "an active policy never changes"),
)


def _name(table: str, statement: str) -> str:
    return f"{table}_refuse_{statement.lower()}"


def _sqlite(table: str, statement: str, condition: str, message: str) -> list[str]:
    when = f"WHEN {condition} " if condition else ""
    return [
        f"CREATE TRIGGER {_name(table, statement)} BEFORE {statement} ON {table} {when}"
        f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
    ]


def _postgresql(table: str, statement: str, condition: str, message: str) -> list[str]:
    name = _name(table, statement)
    when = f"WHEN ({condition}) " if condition else ""
    statements = [
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{message}' USING ERRCODE = 'integrity_constraint_violation'; END $$",
        f"CREATE TRIGGER {name} BEFORE {statement} ON {table} FOR EACH ROW {when}EXECUTE FUNCTION {name}()",
    ]
    if statement == "DELETE" and not condition:
        statements.append(
            f"CREATE TRIGGER {table}_refuse_truncate BEFORE TRUNCATE ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
        )
    return statements


def create(apps: Any, schema_editor: Any) -> None:
    write = {"sqlite": _sqlite, "postgresql": _postgresql}[schema_editor.connection.vendor]
    for rule in RULES:
        for statement in write(*rule):
            schema_editor.execute(statement)


def drop(apps: Any, schema_editor: Any) -> None:
    on_table = schema_editor.connection.vendor == "postgresql"
    for table, statement, condition, _ in RULES:
        name = _name(table, statement)
        if on_table and statement == "DELETE" and not condition:
            schema_editor.execute(f"DROP TRIGGER {table}_refuse_truncate ON {table}")
        schema_editor.execute(f"DROP TRIGGER {name} ON {table}" if on_table else f"DROP TRIGGER {name}")
        if on_table:
            schema_editor.execute(f"DROP FUNCTION {name}()")


class Migration(migrations.Migration):
    dependencies = [("verification", "0001_initial")]
    operations = [migrations.RunPython(create, drop)]
