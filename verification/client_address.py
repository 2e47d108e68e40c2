"""What counts as one client in limits by address. Knows no request."""

from ipaddress import IPv6Address, IPv6Network, ip_address


def network(address: str) -> str:
    """The IPv4 address; of IPv6 the /64 network, because one client usually has all of its addresses."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return address
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(IPv6Network((int(found), 64), strict=False).network_address)
