"""Which addresses may be reached for a user: those of the public internet, unless the operator allows others.

The judgement falls on the address a socket is about to be connected to, after all names are resolved. No
second look-up follows it, so a name that answers differently the next time (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from aiohttp import AddrInfoType

_GLOBAL_UNICAST = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")
_FAMILIES = (socket.AF_INET, socket.AF_INET6)


class AddressRefusedError(OSError):
    """The address is not one of the public internet."""


def is_public(address: str) -> bool:
    """Whether an IP address, as a resolver spells it, belongs to the public internet."""
    try:
        # A zone such as `%eth0` only ever belongs to a link-local address.
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    inner = _carried(parsed) if isinstance(parsed, IPv6Address) else parsed
    return _is_public_4(inner) if isinstance(inner, IPv4Address) else _is_public_6(inner)


def guarded_socket(address: AddrInfoType) -> socket.socket:
    """A socket for an address that `getaddrinfo` gave, as aiohttp's `socket_factory`.

    Raises:
        AddressRefusedError: when it is not public.
    """
    family, kind, protocol, _, place = address
    if family not in _FAMILIES or not is_public(str(place[0])):
        raise AddressRefusedError("The address is not a public one.")
    made = socket.socket(family, kind, protocol)
    made.setblocking(False)
    return made


def _carried(address: IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address inside one that only wraps it: mapped, 6to4 or NAT64; else the address itself."""
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _is_public_4(address: IPv4Address) -> bool:
    return address.is_global and not address.is_multicast and not address.is_reserved


def _is_public_6(address: IPv6Address) -> bool:
    # Only this block is assigned to the public internet; `is_global` alone lets old and odd blocks through.
    return address in _GLOBAL_UNICAST and address.is_global
