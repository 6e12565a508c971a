"""Given a failure and the attempts so far: how long to wait, or to give up."""

from __future__ import annotations

from storyboard.errors import NotFound, NotSent, ProviderError, RateLimited, Unreachable, Untrusted

LONGEST = 60.0
MOST: dict[type[ProviderError], int] = {NotSent: 8, RateLimited: 30, Unreachable: 40}
NOT_FOUND_MOST = 8
"""A task may be unknown for a moment after it was taken on."""
"""Attempts after which the run gives up; what was begun goes on in the next run."""


def wait_after(error: ProviderError, attempts: int, fraction: float) -> float | None:
    """Seconds to wait before the next attempt, with full jitter (`fraction` is chance, 0 to 1); None to give up.

    Only what costs nothing, or provably took nothing on, is ever tried again: a paid request of unknown outcome is
    not in the table.
    """
    if isinstance(error, Untrusted):
        return None
    most = next((count for kind, count in MOST.items() if isinstance(error, kind)), 0)
    if isinstance(error, NotFound) and error.code.startswith("NotFound"):
        most = NOT_FOUND_MOST
    if attempts >= most:
        return None
    backoff = min(LONGEST, 2.0 ** min(attempts - 1, 10)) * (0.5 + fraction / 2)
    return max(backoff, min(error.after, 600.0)) if isinstance(error, RateLimited) else backoff
