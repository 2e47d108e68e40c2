"""The rows of the configured accounts, kept in step with the settings."""

from typing import Any

from django.conf import settings

from verification.models import VendorAccount


def accounts() -> list[VendorAccount]:
    """Every configured account as it stands now; a row is made on first use. Rows of other accounts are left out."""
    names = settings.FACEID_ACCOUNTS
    rows = {row.name: row for row in VendorAccount.objects.filter(name__in=names)}
    return [_in_step(rows.get(name), name, configured) for name, configured in names.items()]


def _in_step(row: VendorAccount | None, name: str, configured: dict[str, Any]) -> VendorAccount:
    wanted = {field: configured[field] for field in ("rate", "daily_budget")}
    if row is None:
        row, _ = VendorAccount.objects.get_or_create(name=name, defaults=wanted)
    if any(getattr(row, field) != value for field, value in wanted.items()):
        # A changed budget starts its alerts anew.
        alert = 0 if row.daily_budget != wanted["daily_budget"] else row.budget_alert
        VendorAccount.objects.filter(pk=row.pk).update(budget_alert=alert, **wanted)
        row.refresh_from_db()
    return row
