"""How requests leave this machine, by the settings: through which proxy, and by which authorities' word.

The vendor edge and the object store both ask here, for each request, because the proxy's password may be in a file that
was replaced. This module makes no request.
"""

from dataclasses import dataclass
from functools import cache

from django.conf import settings

from verification.liveness import is_proxy
from verification.secret_files import SecretFiles


@dataclass(frozen=True, slots=True, repr=False)
class Route:
    """`proxy` is http(s)://user:password@host:port, a secret, or "" for none. `ca_file` is a path, or "" for the
    authorities that browsers trust; with a path, those in that file alone are trusted."""

    proxy: str
    ca_file: str


def route() -> Route:
    """The route as it is now. Raises secret_files.Unreadable if the proxy's file has not been usable for long."""
    files = tuple(settings.OUTBOUND_PROXY_FILES.items())
    return Route(_proxy(settings.OUTBOUND_PROXY, files).current()["proxy"], settings.CA_FILE)


@cache
def _proxy(value: str, files: tuple[tuple[str, str], ...]) -> SecretFiles:
    return SecretFiles({"proxy": value}, dict(files), fits=lambda name, value: is_proxy(value))
