"""What counts as one client in limits by address. Knows no request."""

from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address


def neighbourhood(address: str) -> str:
    """The range that an address shares with its neighbours: /24 of IPv4, /48 of IPv6; "" if it is no address.

    One provider or office, as a rule. Many people share one.
    """
    try:
        found = ip_address(address)
    except ValueError:
        return ""
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is None:
            return str(IPv6Network((int(found), 48), strict=False))
        found = found.ipv4_mapped
    return str(IPv4Network((int(found), 24), strict=False))


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
