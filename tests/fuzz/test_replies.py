"""A short version of `make fuzz-replies`."""

from __future__ import annotations

import json
from typing import Any

import pytest

from storyboard.errors import Rejected
from storyboard.providers.ark import wire
from storyboard.providers.provider import Page, Task
from tests.fuzz.replies import KEY, READERS, SIGNATURE, Case, Tally, case_of, tally, wrong_with

EXECUTIONS = 6000


@pytest.fixture(scope="module")
def found() -> Tally:
    """The totals of the first cases."""
    return tally(range(EXECUTIONS))


def test_no_reply_breaks_those_who_read_it(found: Tally) -> None:
    """Any answer leads to a value or a declared error that can be recorded, without a key or a signature."""
    assert found.failures == []


def test_every_outcome_is_met(found: Tally) -> None:
    """Each request gets every kind of answer, so that all reading code is tested."""
    no = ("Rejected", "RateLimited", "AccountRefused")
    sorts = {
        "create": ("str", "UnknownOutcome", *no),
        "get": ("Task", "Unreachable", *no),
        "list": ("Page", "Unreachable", *no),
        "delete": ("NoneType", "Unreachable", *no),
    }
    expected = {f"{asked} {sort}" for asked, names in sorts.items() for sort in names}
    assert expected - set(found.outcomes) == set()


def test_a_case_follows_from_its_seed() -> None:
    """The same number gives the same case again."""
    assert case_of(7) == case_of(7)


def test_a_foreign_exception_is_found_and_told_with_its_seed() -> None:
    """An error that occurs with one rare input is caught, with the numbers of the cases that show it."""

    def tripping(status: int, body: bytes) -> Any:
        if b"web_search" in body:
            raise KeyError("planted")
        return wire.parse_task(status, body)

    broken = tally(range(2000), READERS | {"get": tripping})
    cases = [case_of(seed) for seed in range(2000)]
    seeds = [case.seed for case in cases if case.asked == "get" and b"web_search" in case.body]
    assert [seed for seed, _ in broken.failures] == seeds != []


@pytest.mark.parametrize("word", [KEY, f"…/v.mp4?X-Tos-Signature={SIGNATURE}", "\ud800"])
def test_a_word_that_must_not_come_out_is_found(word: str) -> None:
    """A sentence with a key, a signature or half a character is wrong."""
    case = Case(0, "get", 400, json.dumps({"error": {"code": "C"}}).encode())
    assert wrong_with(case, Rejected("no")) == ""
    assert wrong_with(case, Rejected(f"no: {word}")) != ""


@pytest.mark.parametrize(
    "task",
    [
        Task("cgt-1", "running", "running", tokens=-1),
        Task("cgt-1", "running", "running", duration=10**400),
        Task("cgt-1", "running", "running", expires_after=-1),
    ],
    ids=["tokens", "duration", "life"],
)
def test_a_number_that_nothing_is_counted_by_is_found(task: Task) -> None:
    """In a single task, and in one of a page."""
    case = Case(0, "list", 200, b"")
    assert wrong_with(case, Page((Task("cgt-1", "running", "running", tokens=7),), 1)) == ""
    assert (wrong_with(case, task) != "", wrong_with(case, Page((task,), 1)) != "") == (True, True)
