"""How often a provider may be asked: when the next request of a kind may go, and waiting until then.

The decision is a function of when the last ones went and of now; `Paced` is the thin doing around it, one for all the
scenes of a run. A question counts from when it is sent until a window after it is *answered*: the service counted it
somewhere between, and two that were sent a second apart may arrive at a busy one together. A paid request is different:
its turn is waited for before it is written down, since what is written down and then not sent would be in doubt for
nothing; it counts from its turn on, and its window is a minute.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from email.utils import parsedate_to_datetime
from typing import Literal, TypeVar

from storyboard.errors import RateLimited
from storyboard.promises import Address, Clock, Sink
from storyboard.providers.provider import EVERYTHING, Order, Page, Provider, Task, TaskQuery

T = TypeVar("T")
Verb = Literal["create", "get", "list", "delete"]
LONGEST_WAIT = 600.0
"""Seconds beyond which nobody is believed who asks us to stay away."""
MARGIN = 1.05
"""Windows are taken this much longer than the service's: creates don't arrive as evenly as they were sent."""


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `count` requests in any `seconds`."""

    count: int
    seconds: float


RATES: Mapping[Verb, Rate] = {
    "create": Rate(180, 60.0),
    "get": Rate(20, 1.0),
    "list": Rate(1, 1.0),
    "delete": Rate(20, 1.0),
}
"""Ark's limits for an account, creates as for an individual's (the vendor's limits page, October 2026)."""
EMBEDDED: Mapping[Verb, Rate] = {**RATES, "list": Rate(20, 1.0)}
"""Those of an emulator of our own process, which nobody else asks: a list before each request keeps nobody waiting."""


def wait_for_turn(sent: Sequence[float], now: float, rate: Rate, held: tuple[float, float] = (0.0, 0.0)) -> float:
    """Seconds until the next request may go, given when earlier ones did (Unix seconds, the oldest first), and since
    and until when we were asked to stay away.

    What lies in the future doesn't count: a wall clock may be set back.
    """
    past = [at for at in sent if at <= now]
    room = past[-rate.count] + rate.seconds * MARGIN - now if len(past) >= rate.count else 0.0
    since, until = held
    return max(0.0, room, until - now if since <= now else 0.0)


def asked_to_wait(retry_after: str, date: str) -> float:
    """For how many seconds a `Retry-After` asks us to stay away, up to `LONGEST_WAIT`; 0 for what makes no sense.

    It is seconds, or an HTTP date, which is read by the server's own clock: its `Date`.
    """
    if re.fullmatch(r"\s*[0-9]+(\.[0-9]+)?\s*", retry_after):
        return min(float(retry_after), LONGEST_WAIT)
    then, now = instant_of(retry_after), instant_of(date)
    return max(0.0, min(then - now, LONGEST_WAIT)) if then and now else 0.0


def instant_of(date: str) -> float:
    """An HTTP date as Unix seconds; 0 for what is none."""
    try:
        return parsedate_to_datetime(date).timestamp()
    except (ValueError, TypeError, OverflowError):
        return 0.0


@dataclass(slots=True)
class _Turns:
    """When requests of a kind went (those that are answered: when they were), how many are not answered yet, since and
    until when there may be none, and a queue for the next turn."""

    sent: deque[float]
    under_way: int = 0
    held: tuple[float, float] = (0.0, 0.0)
    queue: asyncio.Lock = field(default_factory=asyncio.Lock)
    answered: asyncio.Event = field(default_factory=asyncio.Event)


class Paced:
    """A provider that is asked no faster than it likes."""

    def __init__(self, provider: Provider, clock: Clock, rates: Mapping[Verb, Rate] = RATES) -> None:
        self._provider = provider
        self._clock = clock
        self._rates = rates
        self._turns = {verb: _Turns(deque(maxlen=rate.count)) for verb, rate in rates.items()}

    @property
    def origin(self) -> str:
        """Scheme, host and port of the service."""
        return self._provider.origin

    async def turn(self, verb: Verb) -> None:
        """Return when the next request of this kind may go: it counts as sent. First come, first served."""
        turns = self._turns[verb]
        async with turns.queue:
            await self._room(verb)
            turns.sent.append(self._clock.now())

    async def _room(self, verb: Verb) -> None:
        """Return when one more may go."""
        turns, rate = self._turns[verb], self._rates[verb]
        while True:
            turns.answered.clear()
            if turns.under_way >= rate.count:
                await turns.answered.wait()
                continue
            left = replace(rate, count=rate.count - turns.under_way)
            wait = wait_for_turn(turns.sent, self._clock.now(), left, turns.held)
            if not wait:
                return
            await self._clock.sleep(wait)

    def body(self, order: Order) -> bytes:
        """The exact bytes that would be sent."""
        return self._provider.body(order)

    async def submit(self, body: bytes, attempt_id: str) -> str:
        """Send a paid request once, and at once: whoever pays has waited for its `turn("create")` before."""
        return await self._heeding("create", lambda: self._provider.submit(body, attempt_id))

    async def look(self, task: str) -> Task:
        """How a task stands."""
        return await self._ask("get", lambda: self._provider.look(task))

    async def list(self, query: TaskQuery = EVERYTHING) -> Page:
        """The tasks of the last days of which every filter that is set is true."""
        return await self._ask(
            "list",
            lambda: self._provider.list(query),
        )

    async def cancel(self, task: str) -> None:
        """Cancel a queued task, or remove the record of an ended one."""
        await self._ask("delete", lambda: self._provider.cancel(task))

    async def fetch(self, address: Address, sink: Sink) -> None:
        """The bytes at an address that a task gave."""
        await self._provider.fetch(address, sink)

    async def _ask(self, verb: Verb, question: Callable[[], Awaitable[T]]) -> T:
        """Ask in its turn; it counts until its answer, and for a window from then on."""
        turns = self._turns[verb]
        async with turns.queue:
            await self._room(verb)
            turns.under_way += 1
        try:
            return await self._heeding(verb, question)
        finally:
            turns.under_way -= 1
            turns.sent.append(self._clock.now())
            turns.answered.set()

    async def _heeding(self, verb: Verb, question: Callable[[], Awaitable[T]]) -> T:
        """Ask; where the answer says how long to stay away, that holds for everybody who asks the same."""
        try:
            return await question()
        except RateLimited as error:
            now, turns = self._clock.now(), self._turns[verb]
            turns.held = (now, now + max(error.after, wait_for_turn((), now, self._rates[verb], turns.held)))
            raise
