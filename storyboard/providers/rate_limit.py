"""Keeps requests to a provider below the service's rate limits.

The decision when the next request may be sent is a function of the times of the last ones; `RateLimitedProvider`
applies it for all the scenes of a run. A free request counts from when it is sent until a window after its *reply*: the
service counted it at some time between, and two that were sent a second apart may arrive at a busy service together. A
paid request waits for its turn before it is recorded, since one that is recorded and then not sent would be in doubt
without need; it counts from its turn on, and its window is a minute.
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
from storyboard.protocols import Address, Clock, Sink
from storyboard.providers.provider import EVERYTHING, Order, Page, Provider, Task, TaskQuery

T = TypeVar("T")
Verb = Literal["create", "get", "list", "delete"]
LONGEST_WAIT = 600.0
"""Upper bound on Retry-After, in seconds."""
MARGIN = 1.05
"""Factor by which windows are longer than the service's: creates don't arrive as evenly as they were sent."""


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
"""The limits of an emulator in this process, which serves no other client: a list before each request costs no time."""


def wait_for_turn(sent: Sequence[float], now: float, rate: Rate, held: tuple[float, float] = (0.0, 0.0)) -> float:
    """Return the seconds until the next request may be sent.

    `sent` are the times of earlier requests (Unix seconds, the oldest first); `held` is since and until when the
    service asked to send none. Times in the future don't count: a wall clock may be set back.
    """
    past = [at for at in sent if at <= now]
    room = past[-rate.count] + rate.seconds * MARGIN - now if len(past) >= rate.count else 0.0
    since, until = held
    return max(0.0, room, until - now if since <= now else 0.0)


def wait_after_reply(retry_after: str, date: str) -> float:
    """Return the seconds that a `Retry-After` header asks for, at most `LONGEST_WAIT`; 0 if it can't be read.

    It is a number of seconds, or an HTTP date, which is relative to the server's clock: its `Date` header.
    """
    if re.fullmatch(r"\s*[0-9]+(\.[0-9]+)?\s*", retry_after):
        return min(float(retry_after), LONGEST_WAIT)
    then, now = instant_of(retry_after), instant_of(date)
    return max(0.0, min(then - now, LONGEST_WAIT)) if then and now else 0.0


def instant_of(date: str) -> float:
    """Return an HTTP date as Unix seconds; 0 if it can't be read."""
    try:
        return parsedate_to_datetime(date).timestamp()
    except (ValueError, TypeError, OverflowError):
        return 0.0


@dataclass(slots=True)
class _Turns:
    """The requests of one kind.

    `sent` is when paid ones were sent and free ones were answered, `under_way` the number of unanswered free ones,
    `held` since and until when none may be sent, and `queue` the order of the next turns.
    """

    sent: deque[float]
    under_way: int = 0
    held: tuple[float, float] = (0.0, 0.0)
    queue: asyncio.Lock = field(default_factory=asyncio.Lock)
    answered: asyncio.Event = field(default_factory=asyncio.Event)


class RateLimitedProvider:
    """A provider whose requests stay below its rate limits."""

    def __init__(self, provider: Provider, clock: Clock, rates: Mapping[Verb, Rate] = RATES) -> None:
        self._provider = provider
        self._clock = clock
        self._rates = rates
        self._turns = {verb: _Turns(deque(maxlen=rate.count)) for verb, rate in rates.items()}

    @property
    def origin(self) -> str:
        """The scheme, host and port of the service."""
        return self._provider.origin

    async def turn(self, verb: Verb) -> None:
        """Wait until the next request of this kind may be sent, and count it as sent. First come, first served."""
        turns = self._turns[verb]
        async with turns.queue:
            await self._wait_for_room(verb)
            turns.sent.append(self._clock.now())

    async def _wait_for_room(self, verb: Verb) -> None:
        """Wait until one more request may be sent."""
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
        """Return the exact bytes to be sent."""
        return self._provider.body(order)

    async def submit(self, body: bytes, attempt_id: str) -> str:
        """Send a paid request once, without waiting: the caller has awaited `turn("create")` before."""
        return await self._with_retry_after("create", lambda: self._provider.submit(body, attempt_id))

    async def get_task(self, task: str) -> Task:
        """Return a task."""
        return await self._ask("get", lambda: self._provider.get_task(task))

    async def list(self, query: TaskQuery = EVERYTHING) -> Page:
        """Return a page of the tasks of the last days that match the query."""
        return await self._ask("list", lambda: self._provider.list(query))

    async def cancel(self, task: str) -> None:
        """Cancel a queued task, or remove the record of an ended one."""
        await self._ask("delete", lambda: self._provider.cancel(task))

    async def fetch(self, address: Address, sink: Sink) -> None:
        """Write the bytes at a task's address to a sink."""
        await self._provider.fetch(address, sink)

    async def _ask(self, verb: Verb, question: Callable[[], Awaitable[T]]) -> T:
        """Send a free request in its turn; it counts until its reply, and for a window from then on."""
        turns = self._turns[verb]
        async with turns.queue:
            await self._wait_for_room(verb)
            turns.under_way += 1
        try:
            return await self._with_retry_after(verb, question)
        finally:
            turns.under_way -= 1
            turns.sent.append(self._clock.now())
            turns.answered.set()

    async def _with_retry_after(self, verb: Verb, question: Callable[[], Awaitable[T]]) -> T:
        """Send a request; a `Retry-After` in the reply holds for all requests of that kind."""
        try:
            return await question()
        except RateLimited as error:
            now, turns = self._clock.now(), self._turns[verb]
            turns.held = (now, now + max(error.after, wait_for_turn((), now, self._rates[verb], turns.held)))
            raise
