"""The rows of the configured accounts, kept in step with the settings, and as this process read them last."""

import copy
from typing import Any

from django.conf import settings

from verification.models import VendorAccount

_known: dict[str, VendorAccount] = {}


def accounts() -> list[VendorAccount]:
    """Every configured account as it stands now; a row is made on first use. Rows of other accounts are left out."""
    names = settings.FACEID_ACCOUNTS
    rows = {row.name: row for row in VendorAccount.objects.filter(name__in=names)}
    found = [_in_step(rows.get(name), name, configured) for name, configured in names.items()]
    for row in found:
        remember(row)
    return found


def account_now(name: str) -> VendorAccount:
    """The account as it stands now."""
    return next(row for row in accounts() if row.name == name)


def known_accounts() -> list[VendorAccount]:
    """Every configured account as it was read last, without a question to the database if all were read before.

    Whoever acts on it writes by compare-and-set, and reads again if that fails, or before he refuses something.
    """
    names = settings.FACEID_ACCOUNTS
    found = [_known.get(name) for name in names]
    known = [row for row in found if row is not None and _is_in_step(row, names[row.name])]
    return known if len(known) == len(names) else accounts()


def remember(row: VendorAccount) -> None:
    """The row as this process has just read or written it. Threads share it, so it is a copy that nobody changes."""
    _known[row.name] = copy.copy(row)


def forget() -> None:
    """Read again before the next decision: this process has just changed a row in another way."""
    _known.clear()


def _in_step(row: VendorAccount | None, name: str, configured: dict[str, Any]) -> VendorAccount:
    if row is None:
        row, _ = VendorAccount.objects.get_or_create(name=name, defaults=_wanted(configured))
    if not _is_in_step(row, configured):
        wanted = _wanted(configured)
        # A changed budget starts its alerts anew.
        alert = 0 if row.daily_budget != wanted["daily_budget"] else row.budget_alert
        VendorAccount.objects.filter(pk=row.pk).update(budget_alert=alert, **wanted)
        row.refresh_from_db()
    return row


def _is_in_step(row: VendorAccount, configured: dict[str, Any]) -> bool:
    return all(getattr(row, field) == value for field, value in _wanted(configured).items())


def _wanted(configured: dict[str, Any]) -> dict[str, Any]:
    return {field: configured[field] for field in ("rate", "daily_budget")}
