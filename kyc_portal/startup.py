"""Refuses to start what would be unsafe: web servers and workers do not run Django's checks by themselves."""

import os
from pathlib import Path

import structlog
from django.conf import settings
from django.core import checks
from django.core.checks.registry import registry

log = structlog.get_logger(__name__)


class UnsafeInstallation(Exception):
    """The system checks found errors; the message lists them."""


# Of the addresses and of the staff site: they load every page, which takes a worker 45 MiB for nothing.
_OF_PAGES = {checks.Tags.urls, checks.Tags.admin}


def check_safe(*, serves_pages: bool = True) -> None:
    """Raise UnsafeInstallation if a system check finds an error; log its warnings."""
    left_out = {checks.Tags.database} if serves_pages else {checks.Tags.database, *_OF_PAGES}
    tests = [test for test in registry.get_checks() if not left_out.intersection(test.tags)]
    found = [message for test in tests for message in test(app_configs=None, databases=None)]
    found += _folder_of_evidence()
    errors = [str(message) for message in found if message.level >= checks.ERROR]
    if errors:
        raise UnsafeInstallation("\n".join(["This installation is not safe to start:", *errors]))
    for message in found:
        log.warning("startup.warning", check=message.id, text=message.msg, hint=message.hint)


def _folder_of_evidence() -> list[checks.CheckMessage]:
    """An error if this process may not write where evidence is kept. A command may: another user may enter it."""
    folder = settings.STORAGES["evidence"]["OPTIONS"]["objects"]["OPTIONS"].get("location", "")
    if settings.DEMO or not folder.startswith("/"):
        return []  # in a bucket, `location` is the beginning of names
    there = next(path for path in (Path(folder), *Path(folder).parents) if path.exists())
    if os.access(there, os.W_OK | os.X_OK):
        return []
    return [checks.Error(f"This process may not write to {there}, where evidence is kept.", id="kyc.E079")]
