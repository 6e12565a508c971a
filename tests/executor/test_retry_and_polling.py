"""How long to wait, and when to give up."""

from __future__ import annotations

import pytest

from storyboard.errors import (
    NotFound,
    NotSent,
    NoWayOut,
    ProviderError,
    RateLimited,
    Rejected,
    UnknownOutcome,
    Unreachable,
    Untrusted,
    Unusable,
)
from storyboard.executor.polling import FEW, TOGETHER, choose_batch, odd_after, pause
from storyboard.executor.retry import LONGEST, PATIENCE, Failures, wait_after, wait_to_fetch, words_of_wait
from storyboard.protocols import PollPolicy


def waited(error: ProviderError, attempts: int, lasts: float = 0.0) -> float | None:
    """The wait after this many failures in a row, the first of them this many seconds ago, with a random fraction of
    1."""
    return wait_after(error, Failures(attempts, 1000.0), 1000.0 + lasts, 1.0)


@pytest.mark.parametrize("error", [UnknownOutcome("?"), Rejected("no"), Untrusted("who?"), NoWayOut("no")])
def test_what_may_have_been_taken_on_is_never_tried_again(error: ProviderError) -> None:
    """A paid request of unknown outcome, a final refusal, and an untrusted server end the attempts."""
    assert waited(error, 1) is None


@pytest.mark.parametrize("error", [NotSent("!"), Unreachable("!"), RateLimited("!")])
def test_waits_grow_up_to_a_minute(error: ProviderError) -> None:
    """They grow exponentially, with jitter, and never exceed a minute."""
    waits = [waited(error, attempt) for attempt in range(1, 8)]
    assert waits == [1, 2, 4, 8, 16, 32, LONGEST]


@pytest.mark.parametrize(("after", "wait"), [(0, 1.0), (-5, 1.0), (30, 30), (99_999_999, 600)])
def test_a_provider_may_say_how_long_within_reason(after: float, wait: float) -> None:
    """Retry-After is honoured up to ten minutes."""
    assert waited(RateLimited("slowly", after=after), 1) == wait


@pytest.mark.parametrize(("waited", "next_look"), [(0, 5), (100, 10), (1000, 30)])
def test_looks_grow_rarer_with_age(waited: float, next_look: float) -> None:
    """The polling interval is a tenth of the time waited, within bounds."""
    assert pause(waited, PollPolicy(5, 30)) == next_look


@pytest.mark.parametrize("error", [NotSent("!"), Unreachable("!"), RateLimited("!")])
def test_a_run_goes_on_as_long_as_a_task_may_live(error: ProviderError) -> None:
    """A night without a network loses nothing; after three days no task is left to wait for."""
    assert [waited(error, 900, lasts) for lasts in (3600.0, PATIENCE, PATIENCE + 1)] == [LONGEST, LONGEST, None]


@pytest.mark.parametrize(
    ("error", "attempts", "lasts", "said"),
    [
        (NotSent("nobody", "hint"), 1, 0, "again in 8 s: nobody"),
        (NotSent("nobody", "hint"), 9, 299, "again in 8 s: nobody"),
        (NotSent("nobody", "hint"), 9, 300, "offline for 5 min, again in 8 s: nobody"),
        (Unreachable("nobody"), 30, 360, "offline for 6 min, again in 8 s: nobody"),
        (Unusable("odd", "a proxy?"), 19, 20, "again in 8 s: odd"),
        (Unusable("odd", "a proxy?"), 20, 20, "again in 8 s: odd (a proxy?)"),
        (Unusable("odd"), 20, 600, "without a usable answer for 10 min, again in 8 s: odd"),
        (RateLimited("slowly"), 9, 600, "again in 8 s: slowly"),
    ],
)
def test_what_is_told_of_a_wait(error: ProviderError, attempts: int, lasts: float, said: str) -> None:
    """After five minutes it contains the duration, and after twenty failures the possible cause."""
    assert words_of_wait(error, Failures(attempts, 1000.0), 1000.0 + lasts, 8.0) == said


def test_failures_in_a_row_begin_with_the_first() -> None:
    """The time of the first failure stays, however many follow."""
    failures = Failures()
    for now in (5.0, 6.0, 9.0):
        failures.more(now)
    assert failures == Failures(3, 5.0)


@pytest.mark.row(46)
@pytest.mark.parametrize(
    ("missed", "wait"),
    [
        ([], 0.0),
        ([-500.0, -400.0, -300.0, -200.0], 0.0),
        ([-500.0, -400.0, -300.0, -200.0, -100.0], 3100.0),
        ([-600.0, -500.0, -400.0, -300.0, -200.0, -100.0], 3100.0),
        ([-3600.0, -400.0, -300.0, -200.0, -100.0], 0.0),
        ([-9000.0] * 39, 0.0),
        ([-9000.0] * 40, None),
    ],
)
def test_a_video_is_asked_for_five_times_an_hour_and_forty_in_all(missed: list[float], wait: float | None) -> None:
    """A video is downloaded at most five times an hour and forty times in all, because the service counts each
    request."""
    assert wait_to_fetch(missed, 0.0) == wait


@pytest.mark.row(41)
def test_a_status_that_nobody_knows_is_looked_at_seldom() -> None:
    """A task with an unknown status is polled as seldom as possible."""
    assert pause(0, PollPolicy(5, 30), known=False) == 30


@pytest.mark.row(36, 41)
@pytest.mark.parametrize(
    ("before", "word", "odd"),
    [
        ("", "running", ""),
        ("queued", "succeeded", ""),
        ("running", "queued", "it was running before"),
        ("succeeded", "running", "it was succeeded before"),
        ("running", "pondering", "this version doesn't know that status"),
        ("pondering", "running", ""),
    ],
)
def test_what_is_odd_about_a_status(before: str, word: str, odd: str) -> None:
    """An unknown status, or one that can't follow the last, is odd."""
    assert odd_after(before, word) == odd


def test_a_task_may_be_unknown_for_a_moment() -> None:
    """A task that gives 404 is requested a few more times, and then counts as missing."""
    gone = NotFound("not found", code="NotFound.Task", status=404)
    assert [waited(gone, attempt) for attempt in range(1, 10)] == [1, 2, 4, 8, 16, 32, 60, None, None]


def waiting(count: int) -> dict[str, float]:
    """This many tasks, of which the last is due first."""
    return {f"cgt-{n}": 1000.0 - n for n in range(count)}


def test_few_tasks_are_looked_at_one_by_one() -> None:
    """A few tasks are polled individually, because a list could not show them sooner."""
    assert choose_batch("cgt-0", waiting(FEW), FEW) == ("cgt-0",)


def test_of_many_tasks_those_that_are_due_next_come_along() -> None:
    """In the order in which they are due, behind the task that is due now."""
    assert choose_batch("cgt-1", waiting(4), FEW + 1) == ("cgt-1", "cgt-3", "cgt-2", "cgt-0")


def test_no_more_come_along_than_an_address_holds() -> None:
    """Tasks that don't fit into the address are in the next list."""
    assert len(choose_batch("cgt-0", waiting(1000), 1000)) == TOGETHER
