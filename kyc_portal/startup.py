"""Refuses to start what would be unsafe: web servers and workers do not run Django's checks by themselves."""

import structlog
from django.core import checks

log = structlog.get_logger(__name__)


class UnsafeInstallation(Exception):
    """The system checks found errors; the message lists them."""


def check_safe() -> None:
    """Raise UnsafeInstallation if a system check finds an error; log its warnings."""
    found = checks.run_checks()
    errors = [str(message) for message in found if message.level >= checks.ERROR]
    if errors:
        raise UnsafeInstallation("\n".join(["This installation is not safe to start:", *errors]))
    for message in found:
        log.warning("startup.warning", check=message.id, text=message.msg, hint=message.hint)
