"""Decide which kind of host an address names: this machine, a private network, or the open internet."""

from __future__ import annotations

from ipaddress import IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit


def is_loopback(url: str) -> bool:
    """Does this address point at this very machine, by its spelling and without asking a resolver?"""
    try:
        host = (urlsplit(url).hostname or "").lower()
    except ValueError:
        return False
    if host in ("localhost", "::1"):
        return True
    parts = host.split(".")
    return len(parts) == 4 and parts[0] == "127" and all(part.isdecimal() and int(part) < 256 for part in parts)


def is_private(url: str) -> bool:
    """Does this address, by its spelling, point at a machine that is nobody's on the open net?"""
    try:
        host = (urlsplit(url).hostname or "").lower()
    except ValueError:
        return True
    try:
        return not ip_address(host).is_global
    except ValueError:
        last = host.rpartition(".")[2]
        return is_loopback(url) or "." not in host or last.isdecimal() or last.startswith("0x")


_CARRIES_V4 = IPv6Network("64:ff9b::/96")
"""Addresses through which a gateway of some nets reaches an IPv4 address, their last 32 bits (RFC 6052)."""


def is_public(ip: str) -> bool:
    """Is this IP address somebody's on the open net, also when it is seen through to one that it carries inside?"""
    try:
        found = ip_address(ip.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo and found.teredo[1])
        if found in _CARRIES_V4:
            inner = ip_address(int(found) & 0xFFFF_FFFF)  # type: ignore[assignment]  # 32 bits make an IPv4 address
        if inner:
            return is_public(str(inner))
        if found.is_site_local:
            return False
    odd = found.is_multicast or found.is_reserved or found.is_unspecified or found.is_loopback or found.is_link_local
    return found.is_global and not odd
