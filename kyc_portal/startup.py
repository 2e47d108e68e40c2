"""Refuses to start what would be unsafe: web servers and workers do not run Django's checks by themselves."""

from django.core import checks


class UnsafeInstallation(Exception):
    """The system checks found errors; the message lists them."""


def check_safe() -> None:
    """Raise UnsafeInstallation if any of Django's or our own checks finds an error."""
    errors = [str(found) for found in checks.run_checks() if found.level >= checks.ERROR]
    if errors:
        raise UnsafeInstallation("\n".join(["This installation is not safe to start:", *errors]))
