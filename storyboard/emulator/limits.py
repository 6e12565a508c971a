"""How often the service may be asked, and how often it was.

The numbers are the vendor's for a personal account: 20 looks, 1 list and 20 deletes a second for the whole account, 180
creates a minute for each model. How the vendor counts is not known; here it is any second, and any minute, that ends
with the request, and a request that was refused doesn't count against the next.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Verb = Literal["CREATE", "GET", "LIST", "DELETE"]


@dataclass(frozen=True, slots=True)
class Rate:
    """At most so many within so many seconds, and the code of the refusal."""

    most: int
    seconds: float
    code: str


RATES: Mapping[Verb, Rate] = {
    "CREATE": Rate(180, 60, "ModelAccountRpmRateLimitExceeded"),
    "GET": Rate(20, 1, "AccountRateLimitExceeded"),
    "LIST": Rate(1, 1, "AccountRateLimitExceeded"),
    "DELETE": Rate(20, 1, "AccountRateLimitExceeded"),
}


@dataclass(slots=True)
class Window:
    """When something happened, as far back as `seconds`."""

    seconds: float
    times: deque[float] = field(default_factory=deque)

    def at(self, now: float) -> int:
        """How often it happened in the seconds that end now."""
        while self.times and self.times[0] <= now - self.seconds:
            self.times.popleft()
        return len(self.times)


@dataclass(slots=True)
class Tally:
    """How often something was asked: in all, and at the most within one second."""

    count: int = 0
    most: int = 0
    _window: Window = field(default_factory=lambda: Window(1.0))

    def add(self, now: float) -> None:
        """Once more."""
        self._window.times.append(now)
        self.count += 1
        self.most = max(self.most, self._window.at(now))


class Limiter:
    """Says no to what comes too often."""

    def __init__(self, rates: Mapping[Verb, Rate] = RATES) -> None:
        self._rates = rates
        self._windows: dict[tuple[Verb, str], Window] = {}

    def wait(self, verb: Verb, now: float, of: str = "") -> float:
        """How many seconds a request comes too early; one that comes in time (0) is counted. `of` is the model."""
        rate = self._rates[verb]
        window = self._windows.setdefault((verb, of), Window(rate.seconds))
        if window.at(now) < rate.most:
            window.times.append(now)
            return 0.0
        return window.times[0] + rate.seconds - now
