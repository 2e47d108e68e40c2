"""The way of a call to the vendor: through which proxy, and which authorities vouch for the other end.

Nothing here comes from the environment: a variable such as HTTPS_PROXY or SSL_CERT_FILE, set for another program, would
show faces to whoever it names. This module knows nothing of the vendor.
"""

import ipaddress
import re
import ssl
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import httpx

from .codes import Billed
from .errors import Misconfigured

_HOST_NAME = re.compile(r"[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*\.?")
# The user or the password, percent-encoded where a URL needs it. Other characters mean different things to different
# libraries.
_PART = r"(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[2-7][0-9A-Fa-f])+"
_USER_AND_PASSWORD = re.compile(f"{_PART}:{_PART}")


def proxy_of(proxy: str, ca_file: str) -> httpx.Proxy | None:
    """The proxy for httpx; it gets no more than the host and port of a call, because the rest is inside TLS.

    Raises Misconfigured.
    """
    if not is_proxy(proxy):
        raise Misconfigured("proxy_malformed", billed=Billed.NO)
    if not proxy:
        return None
    return httpx.Proxy(proxy, ssl_context=tls_context(ca_file) if proxy.startswith("https:") else None)


@lru_cache(maxsize=4)
def tls_context(ca_file: str = "") -> ssl.SSLContext:
    """TLS that verifies the peer by the authorities in `ca_file`, PEM; without one, by those that browsers trust.

    Shared, because reading the authorities costs each client 20 ms and 0.7 MiB. Raises Misconfigured if the file is
    not fit.
    """
    try:
        context = (
            ssl.create_default_context(cafile=ca_file)
            if ca_file
            else httpx.create_ssl_context(trust_env=False)
        )
    except (OSError, ValueError):
        raise Misconfigured("ca_file_unusable", billed=Billed.NO) from None
    context.keylog_filename = None  # type: ignore[assignment]  # SSLKEYLOGFILE, which Python's ssl obeys
    context.minimum_version = ssl.TLSVersion.TLSv1_2  # even if the system's configuration allows less
    return context


def why_not_ca_file(path: str) -> str:
    """Why the file can't hold the authorities to trust, as the end of a sentence; "" if it can."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, ValueError):
        return "can't be read as a text file"
    if "PRIVATE KEY-----" in text:
        return "holds a private key, which belongs in no such file"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cadata=text)
    except (ssl.SSLError, ValueError):
        return "holds no certificates in PEM"
    return "" if context.cert_store_stats()["x509_ca"] else "holds no authority, only certificates of servers"


def is_host(host: str, port: int | None) -> bool:
    # httpx escapes an invalid host instead of refusing it, and accepts ports that do not exist.
    return (
        bool(address_of(host) or _HOST_NAME.fullmatch(host)) and 0 < (443 if port is None else port) < 2**16
    )


def address_of(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def is_proxy(proxy: str) -> bool:
    """Whether it is "" for none, or http(s)://host:port, with user:password@ before the host if needed."""
    if not proxy:
        return True
    try:
        parts = urlsplit(proxy)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    user, at, _ = parts.netloc.rpartition("@")
    bare = parts.path in ("", "/") and not {"?", "#"} & set(proxy)
    known = proxy.isascii() and unquote(proxy).isprintable() and proxy.startswith(("http://", "https://"))
    return known and bare and is_host(host, port) and (not at or bool(_USER_AND_PASSWORD.fullmatch(user)))
