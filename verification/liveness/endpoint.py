"""Where a call may go: over TLS to any host, over plain HTTP to this machine alone.

A wrong address would disclose faces and a signature. This module does not know which host is the vendor's, because an
emulator stands in for it on any; in production `verification.checks` lets the portal start with the vendor's alone.
"""

import ipaddress
import re
import ssl
from functools import lru_cache

import httpx

from .codes import Billed
from .errors import Misconfigured

_HOST_NAME = re.compile(r"[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*\.?")


def check_endpoint(endpoint: str) -> httpx.URL:
    """The address to post to; raises Misconfigured unless it is https, or http on this very machine."""
    try:
        url = httpx.URL(endpoint)
    except (httpx.InvalidURL, TypeError):
        url = httpx.URL("")
    if url.scheme != "https" and not (url.scheme == "http" and _is_loopback(url.host)):
        raise Misconfigured("endpoint_not_https", billed=Billed.NO)
    if url.userinfo or url.raw_path != b"/" or url.fragment or not _is_host(url.host, url.port):
        raise Misconfigured("endpoint_not_a_bare_host", billed=Billed.NO)
    return url


@lru_cache(maxsize=1)
def tls_context() -> ssl.SSLContext:
    """TLS that verifies the peer; shared, because reading the roots costs each client 20 ms and 0.7 MiB."""
    context = httpx.create_ssl_context(verify=True, trust_env=False)
    context.minimum_version = ssl.TLSVersion.TLSv1_2  # even if the system's configuration allows less
    return context


def _is_loopback(host: str) -> bool:
    address = _address(host)
    return address.is_loopback if address else host == "localhost"


def _is_host(host: str, port: int | None) -> bool:
    # httpx escapes an invalid host instead of refusing it, and accepts ports that do not exist.
    return bool(_address(host) or _HOST_NAME.fullmatch(host)) and 0 < (port or 443) < 2**16


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
