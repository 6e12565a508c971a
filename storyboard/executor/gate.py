"""Block new submissions after a signal, a refused account or model, or a failure with `fail_fast`.

Submitted tasks are not affected: they are paid for, so they are waited for and downloaded. Until the service has
answered a request of a model with anything but a general refusal, requests are sent one at a time. A refused account is
thus detected with one request instead of one per scene.
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
    """No new request is submitted; `what` gives the reason."""


@dataclass(slots=True)
class SubmissionGate:
    """Whether new requests may be submitted, for all scenes of a run."""

    why: StoryboardError | None = None
    """The error that blocks all new requests."""
    interrupted: int = 0
    """The signal that interrupted the run; 0 for none."""
    fail_fast: bool = False
    failed: bool = False
    _models: dict[str, ModelRefused] = field(default_factory=dict)
    _heard: set[str] = field(default_factory=set)
    _alone: asyncio.Lock = field(default_factory=asyncio.Lock)
    _halted: asyncio.Event = field(default_factory=asyncio.Event)
    _left: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def going(self) -> bool:
        """Whether new work may begin."""
        return self.why is None and not self.interrupted and not (self.fail_fast and self.failed)

    def halt(self, error: StoryboardError) -> None:
        """Block new requests from now on. Only the first reason is kept and reported."""
        self.why = self.why or error
        self._halted.set()

    def fail(self) -> None:
        """Record that a scene failed; with `fail_fast` this blocks new requests."""
        self.failed = True
        if self.fail_fast:
            self._halted.set()

    def interrupt(self, signal: int) -> None:
        """Record that a signal interrupted the run."""
        self.interrupted = signal
        self._halted.set()
        self._left.set()

    def check(self, model: str = "") -> None:
        """Raise Stopped if no new request may be submitted, or none of a model."""
        if self.why is not None:
            raise RunStopped(f"not submitted: {self.why.what}")
        if self.interrupted:
            raise RunStopped("not submitted: the run was interrupted")
        if not self.going:
            raise RunStopped("not submitted: another scene failed")
        if model in self._models:
            raise RunStopped(f"not submitted: {self._models[model].what}")

    async def until_halted(self, something: Coroutine[Any, Any, None]) -> None:
        """Wait for something, but no longer than until new requests are blocked."""
        await _first(something, self._halted)

    async def until_interrupted(self, something: Coroutine[Any, Any, None]) -> None:
        """Wait for something, but no longer than until the run is interrupted."""
        await _first(something, self._left)

    @asynccontextmanager
    async def admit(self, model: str) -> AsyncIterator[None]:
        """Hold a request of a model until it may be sent, and learn from its result. Raise Stopped if it may not be
        sent."""
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
    """Wait for something, or for an event if that comes first; then cancel the other."""
    wanted, ended = asyncio.ensure_future(something), asyncio.ensure_future(event.wait())
    try:
        await asyncio.wait((wanted, ended), return_when=asyncio.FIRST_COMPLETED)
    finally:
        ended.cancel()
        wanted.cancel()
    if wanted.done() and not wanted.cancelled():
        wanted.result()
