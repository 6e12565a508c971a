"""Given how long we have waited: when to look again; given who waits: whom to look at together."""

from __future__ import annotations

from collections.abc import Mapping

from storyboard.promises import Pace
from storyboard.providers.ark.wire import LIFE

FEW = 10
"""Tasks in flight up to which each is looked at by itself: the service answers 20 such questions a second, but one
list, which may show anything a moment later."""
TOGETHER = 100
"""Tasks that one list asks after: their ids make an address of 4 KB, and many a gateway refuses one of 8."""


def pause(waited: float, pace: Pace, *, known: bool = True) -> float:
    """Seconds until the next look: a tenth of what was waited, within the pace's bounds; at a status that isn't
    `known`, as long as may be, since nobody can say what it is about to become."""
    return min(pace.most, max(pace.first, waited / 10)) if known else pace.most


def odd_after(before: str, word: str) -> str:
    """What is odd about a status, given the one before (empty for none); empty if nothing is."""
    if word not in LIFE:
        return "this version doesn't know that status"
    return f"it was {before} before" if before in LIFE and word not in _after(before) else ""


def _after(status: str) -> frozenset[str]:
    """Every status that may follow one, now or later."""
    found, todo = set[str](), [status]
    while todo:
        following = set(LIFE.get(todo.pop(), ())) - found  # type: ignore[call-overload]  # any word may be asked for
        found |= following
        todo += following
    return frozenset(found)


def looked_at_with(task: str, due: Mapping[str, float], watched: int) -> tuple[str, ...]:
    """The tasks that are looked at when `task` is: itself alone among few, else with those that are due next.

    `watched` is how many tasks are waited for; `due` says of those that may come along when they are to be looked at.
    A list costs the same for one and for many, so that those who are not due yet come along, and are due together from
    then on.
    """
    if watched <= FEW:
        return (task,)
    others = sorted((other for other in due if other != task), key=lambda other: due[other])
    return (task, *others[: TOGETHER - 1])
