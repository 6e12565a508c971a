"""How long to wait, and when to give up."""

from __future__ import annotations

import pytest

from storyboard.errors import (
    NotFound,
    NotSent,
    ProviderError,
    RateLimited,
    Rejected,
    UnknownOutcome,
    Unreachable,
    Untrusted,
)
from storyboard.executor.polling import FEW, TOGETHER, looked_at_with, pause
from storyboard.executor.retry import LONGEST, wait_after
from storyboard.promises import Pace


@pytest.mark.parametrize("error", [UnknownOutcome("?"), Rejected("no"), Untrusted("who?")])
def test_what_may_have_been_taken_on_is_never_tried_again(error: ProviderError) -> None:
    """A paid request of unknown outcome, a no for good, and a stranger in the service's place end here."""
    assert wait_after(error, 1, 0.5) is None


@pytest.mark.parametrize("error", [NotSent("!"), Unreachable("!"), RateLimited("!")])
def test_waits_grow_up_to_a_minute(error: ProviderError) -> None:
    """Exponential, with jitter, and never longer than that."""
    waits = [wait_after(error, attempt, 1.0) for attempt in range(1, 8)]
    assert waits == [1, 2, 4, 8, 16, 32, LONGEST]


@pytest.mark.parametrize(("after", "wait"), [(0, 1.0), (-5, 1.0), (30, 30), (99_999_999, 600)])
def test_a_provider_may_say_how_long_within_reason(after: float, wait: float) -> None:
    """Retry-After is honoured up to ten minutes."""
    assert wait_after(RateLimited("slowly", after=after), 1, 1.0) == wait


@pytest.mark.parametrize(("waited", "next_look"), [(0, 5), (100, 10), (1000, 30)])
def test_looks_grow_rarer_with_age(waited: float, next_look: float) -> None:
    """A tenth of what was waited, within bounds."""
    assert pause(waited, Pace(5, 30)) == next_look


def test_a_task_may_be_unknown_for_a_moment() -> None:
    """A 404 about a task is asked about again a few times, and then believed."""
    gone = NotFound("not found", code="NotFound.Task", status=404)
    assert [wait_after(gone, attempt, 1.0) for attempt in range(1, 10)] == [1, 2, 4, 8, 16, 32, 60, None, None]


def waiting(count: int) -> dict[str, float]:
    """So many tasks, of which the last is due first."""
    return {f"cgt-{n}": 1000.0 - n for n in range(count)}


def test_few_tasks_are_looked_at_one_by_one() -> None:
    """A list could show them no sooner."""
    assert looked_at_with("cgt-0", waiting(FEW), FEW) == ("cgt-0",)


def test_of_many_tasks_those_that_are_due_next_come_along() -> None:
    """In the order in which they are due, behind the one whose time has come."""
    assert looked_at_with("cgt-1", waiting(4), FEW + 1) == ("cgt-1", "cgt-3", "cgt-2", "cgt-0")


def test_no_more_come_along_than_an_address_holds() -> None:
    """The others are looked at in the next list."""
    assert len(looked_at_with("cgt-0", waiting(1000), 1000)) == TOGETHER
