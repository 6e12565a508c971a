"""Protocols and small values that modules of different layers share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeGuard
from urllib.parse import urlsplit

from storyboard.hosts import is_loopback

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
class PollPolicy:
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
    poll_policy: PollPolicy

    @property
    def realm(self) -> Realm:
        """`emulated` where the address is loopback."""
        return "emulated" if is_loopback(self.base_url) else "real"


def is_count(number: object) -> TypeGuard[int]:
    """Can something be counted by this number? It is whole, not negative, and one that JSON tells exactly (RFC 8259,
    *Numbers*): others are somebody's mistake, and a sum or a date that rests on them breaks."""
    return isinstance(number, int) and 0 <= number < 2**53
