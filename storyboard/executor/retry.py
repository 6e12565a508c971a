"""Decide after a failure how long to wait, which message to show, or whether to give up.

A run continues as long as waiting loses nothing: the network may be away for a night, or the service overloaded. It
gives up once every task that the request could concern has expired. Requests to a task's address are limited too,
because the service counts them.
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
"""Upper bound on the seconds between two attempts."""
LONGEST_ASKED = 600.0
"""Upper bound on Retry-After, in seconds."""
PATIENCE = 72 * 3600.0
"""Seconds for which one request is retried: the longest life of a task."""
NOT_FOUND_MOST = 8
"""Attempts for which NotFound is retried: a task may be unknown for a moment after it was accepted."""
OFFLINE = 300.0
"""Seconds after which a failure is no longer a short interruption."""
IN_A_ROW = 20
"""Failures in a row after which the message also names the possible cause."""
FETCHES_AN_HOUR, FETCHES_IN_ALL = 5, 40
"""Limits on the downloads of one video, per hour and in all. Addresses of newer models answer a hundred times in all.
"""
HOUR = 3600.0


@dataclass(slots=True)
class Failures:
    """Failures in a row: their number, and the time of the first (Unix seconds)."""

    count: int = 0
    since: float = 0.0

    def more(self, now: float) -> None:
        """Count one more failure."""
        self.since = self.since if self.count else now
        self.count += 1


def wait_after(error: ProviderError, failures: Failures, now: float, fraction: float) -> float | None:
    """Return the seconds to wait before the next attempt, with full jitter (`fraction` is random, 0 to 1); None to give
    up.

    Only a free request, or a paid one that provably was not accepted, is retried. A paid request of unknown outcome is
    not, nor one that is refused for good, nor one that needs a repair on this machine first.
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
    """Return the message about a wait: the reason, the duration, and how long the failures have lasted."""
    lasts, said = now - failures.since, f"again in {seconds:.0f} s: {error.what}"
    if lasts >= OFFLINE and not isinstance(error, RateLimited):
        how = "without a usable answer" if isinstance(error, Unusable) else "offline"
        said = f"{how} for {lasts / 60:.0f} min, {said}"
    return f"{said} ({error.hint})" if failures.count >= IN_A_ROW and error.hint else said


def wait_to_fetch(missed: Sequence[float], now: float) -> float | None:
    """Return the seconds until a video may be downloaded again, given the times of earlier failures (Unix seconds, the
    oldest first); None if the limit is reached."""
    if len(missed) >= FETCHES_IN_ALL:
        return None
    recent = [at for at in missed if now - HOUR < at <= now]
    return 0.0 if len(recent) < FETCHES_AN_HOUR else recent[-FETCHES_AN_HOUR] + HOUR - now
