"""What the host of an address is."""

import re
import socket
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final
from urllib.parse import SplitResult, urlsplit

_LABEL: Final = r"(?!-)[a-z0-9-]{1,63}(?<!-)"
_NAME: Final = re.compile(rf"{_LABEL}(\.{_LABEL})*")


def split(address: str) -> SplitResult:
    """Its parts; all empty if it can't be read."""
    try:
        parts = urlsplit(address)
        _ = parts.port  # read only when asked for
    except ValueError:
        return urlsplit("")
    return parts


def is_bare(address: str) -> bool:
    """Whether an address is a scheme and a host alone, without a port and in small letters."""
    parts = split(address)
    return bool(parts.hostname) and address == f"{parts.scheme}://{parts.hostname}"


def is_public_name(host: str | None) -> bool:
    """Whether it looks like a name that others can resolve: two labels or more, and no IP address."""
    name = host or ""
    return bool(_NAME.fullmatch(name)) and "." in name and not (_ip(name) or is_this_machine(name))


def is_host(host: str) -> bool:
    """Whether it is a name or an IP address, and not an address with a scheme, a port or a path."""
    return bool(_NAME.fullmatch(host.lower())) or _ip(host.strip("[]")) is not None


def is_this_machine(host: str | None) -> bool:
    """Whether it is loopback in any spelling, or the address that stands for every address of this machine."""
    name = (host or "").lower().strip("[]").rstrip(".")
    address = _ip(name)
    if address is None:
        return name == "localhost" or name.endswith(".localhost")
    return address.is_loopback or address.is_unspecified


def _ip(host: str) -> IPv4Address | IPv6Address | None:
    """Also as the C library reads it: 127.1, 0x7f.1, 2130706433 and ::ffff:127.0.0.1 are 127.0.0.1."""
    try:
        return ip_address(socket.inet_aton(host))
    except (OSError, ValueError):
        pass
    try:
        address = ip_address(host)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
