"""What counts as one client in limits by address. Knows no request."""

from ipaddress import IPv6Address, IPv6Network, ip_address


def network(address: str) -> str:
    """The address itself; of IPv6 its /64 network, because one client usually has all of its addresses."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if not isinstance(found, IPv6Address) or found.ipv4_mapped:
        return address
    return str(IPv6Network((int(found), 64), strict=False).network_address)
