"""A submission in doubt and a list of tasks: adopt, hold, or look again."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pytest

from storyboard.executor.reconcile import Adopt, Hold, LookAgain, Scan, Verdict, disagreement, time_in, verdict
from storyboard.planning.event import Attempt
from storyboard.providers.provider import Status, Task

AT = 1_780_000_000.0
MARK = 200_000
GRACE = 180.0
MODEL = "doubao-seedance-2-0-260128"
NO_TRACE = Hold("the service lists no task that bears its mark")


def attempt(**fields: Any) -> Attempt:
    """A submission of which nobody knows what came."""
    asked = {"model": MODEL, "duration": 8, "ratio": "16:9", "resolution": "720p", "sound": True}
    known: dict[str, Any] = {"at": AT, "marker": MARK, "asked": asked}
    return Attempt("i1", "dusk", "", {}, "in doubt", **{**known, **fields})


def task(id: str = "cgt-20260528212640-aaaaa", status: Status = "queued", **fields: Any) -> Task:
    """A task of the list that would fit."""
    known: dict[str, Any] = {"created_at": AT + 1, "expires_after": MARK, "model": MODEL}
    return Task(id, status, status, **{**known, **fields})


def said(*tasks: Task, began: float = AT + 10, owned: Collection[str] = (), looks: int = 0, **fields: Any) -> Verdict:
    """The verdict on such a list."""
    return verdict(attempt(**fields), Scan(began, tasks), owned, GRACE, looks)


def test_the_one_task_with_its_mark_is_adopted() -> None:
    """However it stands: its video may be made already."""
    assert {said(task(status=status)) for status in ("queued", "running", "succeeded", "failed")} == {
        Adopt("cgt-20260528212640-aaaaa")
    }


def test_two_tasks_with_its_mark_are_for_a_person() -> None:
    """Both are named."""
    assert said(task("cgt-20260528212640-aaaaa"), task("cgt-20260528212641-bbbbb")) == Hold(
        "2 tasks bear its mark", ("cgt-20260528212640-aaaaa", "cgt-20260528212641-bbbbb")
    )


def test_a_task_that_somebody_has_is_not_taken_from_him() -> None:
    """The other of two is adopted then."""
    twin = task("cgt-20260528212641-bbbbb")
    assert said(task(), twin, owned={task().id}) == Adopt(twin.id)


@pytest.mark.parametrize(
    "other",
    [
        task(expires_after=MARK + 1),
        task(expires_after=None),
        task(created_at=AT - 6),
        task(created_at=AT + GRACE + 6),
        task("cgt-20260101000000-aaaaa", created_at=0.0),
        task(model="doubao-seedance-1-5-pro-251215"),
    ],
    ids=["mark", "no mark", "too early", "too late", "too early by its id", "model"],
)
def test_a_task_that_differs_in_anything_is_not_it(other: Task) -> None:
    """Another mark, time or model: somebody else's."""
    assert said(other, began=AT + GRACE) == NO_TRACE


def test_a_task_without_a_time_is_known_by_its_id() -> None:
    """Ids hold the time of their creation in Beijing."""
    assert said(task("cgt-20260529042641-aaaaa", created_at=0.0)) == Adopt("cgt-20260529042641-aaaaa")


def test_a_task_of_no_time_at_all_may_be_it() -> None:
    """What doesn't say when it was created is not ruled out by that."""
    assert said(task("cgt-x", created_at=0.0)) == Adopt("cgt-x")


def test_an_endpoint_is_answered_by_a_model_of_another_name() -> None:
    """Of `ep-…` the service names the model behind it."""
    assert said(task(), asked={"model": "ep-2026"}) == Adopt(task().id)


def test_what_bears_no_mark_is_for_a_person() -> None:
    """Time alone would pick the wrong one of two twins."""
    assert said(task(), marker=None) == Hold("it bears no mark by which its task could be known")


@pytest.mark.parametrize(("looks", "after"), [(0, 15.0), (1, 30.0), (2, 60.0), (9, 170.0)])
def test_an_empty_list_proves_nothing_before_the_grace_is_over(looks: int, after: float) -> None:
    """It is looked at again, ever later, and once right after the grace."""
    assert said(looks=looks) == LookAgain(after)


def test_only_a_list_asked_for_after_the_grace_proves_absence() -> None:
    """One that began a moment before doesn't, whenever it came."""
    assert (said(began=AT + GRACE - 0.5), said(began=AT + GRACE)) == (LookAgain(0.5), NO_TRACE)


@pytest.mark.parametrize(
    ("id", "seconds"),
    [("cgt-20260101080000-abcde", 1_767_225_600.0), ("cgt-batch-20260101080000-abcde", 1_767_225_600.0)],
)
def test_an_id_says_when_it_was_given(id: str, seconds: float) -> None:
    """Eight o'clock in Beijing is midnight in Greenwich."""
    assert time_in(id) == seconds


@pytest.mark.parametrize("id", ["cgt-x", "cgt-20269999999999-abcde", ""])
def test_an_id_may_say_nothing(id: str) -> None:
    """One of another shape, or of no day that there is."""
    assert time_in(id) is None


def test_an_adopted_task_that_was_made_as_asked_stays_ours() -> None:
    """What it doesn't say doesn't count against it."""
    made = task(status="succeeded", duration=8, ratio="16:9", resolution="720p", sound=True)
    assert (disagreement(made, attempt()), disagreement(task(), attempt())) == ("", "")


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"duration": 5}, "its duration is 5, but 8 was asked for"),
        ({"ratio": "1:1"}, "its ratio is 1:1, but 16:9 was asked for"),
        ({"sound": False}, "its sound is False, but True was asked for"),
    ],
)
def test_a_stranger_is_known_when_it_is_made(fields: dict[str, Any], why: str) -> None:
    """The mark was the same by chance, what was asked for is not."""
    assert disagreement(task(status="succeeded", **fields), attempt()) == why


def test_what_was_left_to_the_model_cannot_disagree() -> None:
    """An adaptive ratio and a duration of -1 come out as they come."""
    open_to_all = attempt(asked={"duration": -1, "ratio": "adaptive"})
    assert disagreement(task(status="succeeded", duration=7, ratio="4:3"), open_to_all) == ""
