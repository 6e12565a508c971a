"""Repeat free requests to the provider until it answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from storyboard.errors import (
    AccountRefused,
    NotFound,
    NoWayOut,
    ProviderError,
    Rejected,
    Unreachable,
    Untrusted,
)
from storyboard.executor.context import RunContext
from storyboard.executor.job import Job
from storyboard.executor.retry import Failures, wait_after, words_of_wait
from storyboard.planning.event import Waiting

T = TypeVar("T")


async def wait_or_raise(
    error: ProviderError, failures: Failures, job: Job, context: RunContext, *, paid: bool = False, least: float = 0.0
) -> None:
    """Wait for the next attempt, at least `least` seconds, and report the wait as an event. Raise the error if no
    attempt may follow: the wait is over, the run was interrupted, or a paid request got NotFound, because a missing
    address or model is still missing a moment later."""
    if isinstance(error, (AccountRefused, Untrusted, NoWayOut)):
        context.gate.halt(error)
    now = context.clock.now()
    seconds = wait_after(error, failures, now, context.dice.fraction())
    if seconds is None or context.gate.interrupted or (paid and isinstance(error, NotFound)):
        raise error
    seconds = max(seconds, least)
    context.tell(Waiting(job.scene, words_of_wait(error, failures, now, seconds), now + seconds))
    waiting = context.clock.sleep(seconds)
    await (context.gate.until_halted(waiting) if paid else context.gate.until_interrupted(waiting))


async def ask_patiently(job: Job, context: RunContext, question: Callable[[], Awaitable[T]]) -> T:
    """Repeat a free request until it is answered. Raise the error if waiting can't help."""
    failures = Failures()
    while True:
        try:
            return await question()
        except (Unreachable, Rejected) as error:
            failures.more(context.clock.now())
            await wait_or_raise(error, failures, job, context)
