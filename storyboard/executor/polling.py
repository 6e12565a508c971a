"""Polling intervals, and which tasks are polled together."""

from __future__ import annotations

from collections.abc import Mapping

from storyboard.protocols import PollPolicy
from storyboard.providers.ark.wire import LIFE

FEW = 10
"""Number of tasks in flight up to which each is polled individually. The service answers 20 such requests a second, but
only one list, and the content of a list may change a moment later."""
TOGETHER = 100
"""Number of task IDs in one list request. Their IDs make an address of 4 KB, and many gateways refuse one of 8 KB."""


def pause(waited: float, poll_policy: PollPolicy, *, known: bool = True) -> float:
    """Return the seconds until the next poll: a tenth of the time waited, within the pace's bounds. For a status that
    isn't `known`, return the upper bound, because its next status is unknown."""
    return min(poll_policy.most, max(poll_policy.first, waited / 10)) if known else poll_policy.most


def odd_after(before: str, word: str) -> str:
    """Return what is unexpected about a status, given the one before (empty for none); empty if nothing is."""
    if word not in LIFE:
        return "this version doesn't know that status"
    return f"it was {before} before" if before in LIFE and word not in _after(before) else ""


def _after(status: str) -> frozenset[str]:
    """Return every status that may follow a given one, now or later."""
    found, todo = set[str](), [status]
    while todo:
        following = set(LIFE.get(todo.pop(), ())) - found  # type: ignore[call-overload]  # any word may be asked for
        found |= following
        todo += following
    return frozenset(found)


def choose_batch(task: str, due: Mapping[str, float], watched: int) -> tuple[str, ...]:
    """Return the tasks that are polled together with `task`: only itself if few are watched, otherwise those that are
    due next as well.

    `watched` is the number of tasks being watched. `due` maps each task that may be included to the time of its next
    poll. A list costs the same for one task and for many. So tasks that are not due yet are included, and from then on
    they are due together.
    """
    if watched <= FEW:
        return (task,)
    others = sorted((other for other in due if other != task), key=lambda other: due[other])
    return (task, *others[: TOGETHER - 1])
