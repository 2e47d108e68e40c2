"""Where a call may go: over TLS to any host, over plain HTTP to this machine alone.

A wrong address would disclose faces and a signature. This module does not know which host is the vendor's, because an
emulator stands in for it on any; in production `verification.checks` lets the portal start with the vendor's alone.
"""

import httpx

from .codes import Billed
from .errors import Misconfigured
from .route import address_of, is_host


def check_endpoint(endpoint: str) -> httpx.URL:
    """The address to post to; raises Misconfigured unless it is https, or http on this very machine."""
    try:
        url = httpx.URL(endpoint)
    except (httpx.InvalidURL, TypeError):
        url = httpx.URL("")
    if url.scheme != "https" and not (url.scheme == "http" and _is_loopback(url.host)):
        raise Misconfigured("endpoint_not_https", billed=Billed.NO)
    if url.userinfo or url.raw_path != b"/" or url.fragment or not is_host(url.host, url.port):
        raise Misconfigured("endpoint_not_a_bare_host", billed=Billed.NO)
    return url


def _is_loopback(host: str) -> bool:
    address = address_of(host)
    return address.is_loopback if address else host == "localhost"
