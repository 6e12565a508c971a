"""What keeps new submissions back: a signal, an account or a model that is refused, a failure where one is enough.

What has been submitted already isn't concerned: it is paid for, so it is waited for and fetched. Until the service has
answered a request of a model in some way that isn't a no to everybody, requests go one at a time: an account that is
refused whatever it asks is found out with one request, not with as many as there are scenes.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from storyboard.errors import (
    AccountRefused,
    ModelRefused,
    NotSent,
    NoWayOut,
    RateLimited,
    Rejected,
    StoryboardError,
    Untrusted,
)


class RunStopped(StoryboardError):
    """Nothing new is submitted; `what` says why."""


@dataclass(slots=True)
class SubmissionGate:
    """Whether anything new may be submitted, for all the scenes of a run."""

    why: StoryboardError | None = None
    """What refuses everything that is new."""
    interrupted: int = 0
    """The signal that said stop; 0 for none."""
    fail_fast: bool = False
    failed: bool = False
    _models: dict[str, ModelRefused] = field(default_factory=dict)
    _heard: set[str] = field(default_factory=set)
    _alone: asyncio.Lock = field(default_factory=asyncio.Lock)
    _halted: asyncio.Event = field(default_factory=asyncio.Event)
    _left: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def going(self) -> bool:
        """May anything new be begun?"""
        return self.why is None and not self.interrupted and not (self.fail_fast and self.failed)

    def halt(self, error: StoryboardError) -> None:
        """From now on nothing new is submitted; the first reason is the one that is told."""
        self.why = self.why or error
        self._halted.set()

    def fail(self) -> None:
        """A scene has failed; where one is enough, nothing new is submitted."""
        self.failed = True
        if self.fail_fast:
            self._halted.set()

    def interrupt(self, signal: int) -> None:
        """Somebody wants to leave."""
        self.interrupted = signal
        self._halted.set()
        self._left.set()

    def check(self, model: str = "") -> None:
        """Raise Stopped if nothing new may be submitted, or nothing of a model."""
        if self.why is not None:
            raise RunStopped(f"not submitted: {self.why.what}")
        if self.interrupted:
            raise RunStopped("not submitted: the run was interrupted")
        if not self.going:
            raise RunStopped("not submitted: another scene failed")
        if model in self._models:
            raise RunStopped(f"not submitted: {self._models[model].what}")

    async def until_halted(self, something: Coroutine[Any, Any, None]) -> None:
        """Wait for something, but no longer than anything new may be submitted at all."""
        await _first(something, self._halted)

    async def until_interrupted(self, something: Coroutine[Any, Any, None]) -> None:
        """Wait for something, but no longer than until somebody wants to leave."""
        await _first(something, self._left)

    @asynccontextmanager
    async def admit(self, model: str) -> AsyncIterator[None]:
        """Hold a request of a model back until it may go, and learn from how it ends. Raises Stopped if it may not."""
        async with AsyncExitStack() as stack:
            if model not in self._heard:
                await stack.enter_async_context(self._alone)
            if model in self._heard:
                await stack.aclose()
            self.check(model)
            try:
                yield
            except ModelRefused as error:
                self._models[model] = error
                raise
            except (AccountRefused, Untrusted, NoWayOut) as error:
                self.halt(error)
                raise
            except (NotSent, RateLimited):
                raise
            except Rejected:
                self._heard.add(model)
                raise
            self._heard.add(model)


async def _first(something: Coroutine[Any, Any, None], event: asyncio.Event) -> None:
    """Wait for something, or for an event if that is earlier; then it is let go of."""
    wanted, ended = asyncio.ensure_future(something), asyncio.ensure_future(event.wait())
    try:
        await asyncio.wait((wanted, ended), return_when=asyncio.FIRST_COMPLETED)
    finally:
        ended.cancel()
        wanted.cancel()
    if wanted.done() and not wanted.cancelled():
        wanted.result()
