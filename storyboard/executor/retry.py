"""Given what failed so far: how long to wait, and what to say meanwhile, or to give up.

As long as nothing is lost by it a run goes on: a network that is away for a night, a service that is pressed. It gives
up when no task that it could be about lives any more. What is asked of a task's address is counted as well, since the
service counts it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from storyboard.errors import (
    NotFound,
    NotSent,
    NoWayOut,
    ProviderError,
    RateLimited,
    Unreachable,
    Untrusted,
    Unusable,
)

LONGEST = 60.0
"""Seconds between two attempts, at the most."""
LONGEST_ASKED = 600.0
"""Seconds for which we stay away because somebody says so, at the most."""
PATIENCE = 72 * 3600.0
"""Seconds for which one thing is tried: the longest life of a task."""
NOT_FOUND_MOST = 8
"""A task may be unknown for a moment after it was taken on."""
OFFLINE = 300.0
"""Seconds after which it isn't a hitch any more."""
IN_A_ROW = 20
"""Failures in a row after which what may be behind them is told as well."""
FETCHES_AN_HOUR, FETCHES_IN_ALL = 5, 40
"""How often a video is asked for: newer models' addresses answer a hundred times in all."""
HOUR = 3600.0


@dataclass(slots=True)
class Failures:
    """Failures in a row: how many, and since when (Unix seconds)."""

    count: int = 0
    since: float = 0.0

    def more(self, now: float) -> None:
        """One more."""
        self.since = self.since if self.count else now
        self.count += 1


def wait_after(error: ProviderError, failures: Failures, now: float, fraction: float) -> float | None:
    """Seconds to wait before the next attempt, with full jitter (`fraction` is chance, 0 to 1); None to give up.

    Only what costs nothing, or provably took nothing on, is ever tried again: not a paid request of unknown outcome,
    nor one that is refused for good, nor what has to be mended here first.
    """
    if isinstance(error, (Untrusted, NoWayOut)) or now - failures.since > PATIENCE:
        return None
    if not isinstance(error, (NotSent, RateLimited, Unreachable)) and not _may_be_late(error, failures.count):
        return None
    backoff = min(LONGEST, 2.0 ** min(failures.count - 1, 10)) * (0.5 + fraction / 2)
    return max(backoff, min(error.after, LONGEST_ASKED)) if isinstance(error, RateLimited) else backoff


def _may_be_late(error: ProviderError, attempts: int) -> bool:
    return isinstance(error, NotFound) and error.code.startswith("NotFound") and attempts < NOT_FOUND_MOST


def words_of_wait(error: ProviderError, failures: Failures, now: float, seconds: float) -> str:
    """What somebody who looks on is told of a wait: why, for how long, and since when nothing came of it."""
    lasts, said = now - failures.since, f"again in {seconds:.0f} s: {error.what}"
    if lasts >= OFFLINE and not isinstance(error, RateLimited):
        how = "without an answer that can be used" if isinstance(error, Unusable) else "offline"
        said = f"{how} for {lasts / 60:.0f} min, {said}"
    return f"{said} ({error.hint})" if failures.count >= IN_A_ROW and error.hint else said


def wait_to_fetch(missed: Sequence[float], now: float) -> float | None:
    """Seconds until a video may be asked for again, given when it came to nothing before (Unix seconds, the oldest
    first); None if it has been often enough."""
    if len(missed) >= FETCHES_IN_ALL:
        return None
    recent = [at for at in missed if now - HOUR < at <= now]
    return 0.0 if len(recent) < FETCHES_AN_HOUR else recent[-FETCHES_AN_HOUR] + HOUR - now
