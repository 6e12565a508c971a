"""What rooms expect of each other across floors: small protocols and values, no work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Literal, Protocol, TypeGuard
from urllib.parse import urlsplit

Realm = Literal["real", "emulated"]
"""Where a take came from: `emulated` if the service's address is loopback, else `real`. Never mixed."""


class Clock(Protocol):
    """Time, the only way it comes in."""

    def now(self) -> float:
        """Wall time, in Unix seconds."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds` of this clock."""
        ...


class Dice(Protocol):
    """Chance, the only way it comes in."""

    def token(self) -> str:
        """A new name that nobody can guess: 32 hexadecimal digits."""
        ...

    def fraction(self) -> float:
        """A number from 0 up to, but not including, 1."""
        ...


class Sink(Protocol):
    """Where the bytes of a download go."""

    def write(self, piece: bytes) -> None:
        """Take the next bytes."""
        ...


class Callbacks(Protocol):
    """Where a provider may say that something happened to a task: a hint to look, and no proof of anything."""

    def address(self) -> str:
        """A new address to be called back at, for one request."""
        ...

    def connect(self, hint: Callable[[str], object]) -> None:
        """Give each hint, a task's id, to `hint` from now on; it is called from another thread."""
        ...


@dataclass(frozen=True, slots=True)
class Secret:
    """A key. It is masked wherever it might be printed; `reveal` is called where it is sent, and only there."""

    _value: str = field(repr=False)

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__

    def reveal(self) -> str:
        """The key in clear."""
        return self._value


@dataclass(frozen=True, slots=True)
class Address:
    """An address that may carry a signature: the query is masked wherever it might be printed."""

    _url: str = field(repr=False)

    def __repr__(self) -> str:
        return f"Address({self.bare})"

    __str__ = __repr__

    def reveal(self) -> str:
        """The address with its query, for whoever fetches it."""
        return self._url

    @property
    def bare(self) -> str:
        """The address without query and fragment, fit to be shown."""
        if self._url.startswith("data:"):
            return self._url.partition(",")[0] + ",…"
        return self.origin + urlsplit(self._url).path if self.origin else "an address that can't be read"

    @property
    def origin(self) -> str:
        """Scheme, host and port; empty where that can't be read."""
        try:
            parts = urlsplit(self._url)
            return f"{parts.scheme}://{parts.hostname or ''}{_port(parts.port)}"
        except ValueError:
            return ""


def _port(port: int | None) -> str:
    return "" if port is None else f":{port}"


@dataclass(frozen=True, slots=True)
class Pace:
    """How often a task is asked after, in seconds: at first, and at the most as it grows old.

    `grace`: how long after a request it may still arrive, and its task be missing from a list. A short one is a bill:
    of 10,000 scenes with 30 % of answers lost, 60 s came to 101 doubles and 180 s to none, in a simulation.
    """

    first: float
    most: float
    grace: float = 180.0


@dataclass(frozen=True, slots=True)
class Account:
    """Who pays, and where: what a provider needs to know of keys and settings."""

    base_url: str
    key: Secret
    tasks_in_flight: int
    pace: Pace

    @property
    def realm(self) -> Realm:
        """`emulated` where the address is loopback."""
        return "emulated" if is_loopback(self.base_url) else "real"


def is_count(number: object) -> TypeGuard[int]:
    """Can something be counted by this number? It is whole, not negative, and one that JSON tells exactly (RFC 8259,
    *Numbers*): others are somebody's mistake, and a sum or a date that rests on them breaks."""
    return isinstance(number, int) and 0 <= number < 2**53


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
