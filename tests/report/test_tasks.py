"""The owner of a task, by the record and the lock."""

from __future__ import annotations

from dataclasses import replace

import pytest

from storyboard.planning.attempt import Attempt
from storyboard.planning.lock import Lockfile
from storyboard.planning.past import Past, StoredTake
from storyboard.protocols import Address
from storyboard.providers.provider import Task
from storyboard.report.tasks import Owned, date_of, find_owner
from tests.planning.values import digest, take

TASK = Task("cgt-dusk", "succeeded", "succeeded", expires_after=170_001)


def attempt(scene: str, task: str = "", marker: int | None = None) -> Attempt:
    """An attempt of which a task is known, or none."""
    return Attempt(scene, scene, "", {}, "accepted" if task else "in doubt", task, marker=marker)


def test_a_task_belongs_to_the_scene_that_submitted_it() -> None:
    """By the record; its video is stored once its bytes are."""
    past = Past({"i": attempt("dusk", "cgt-dusk")}, (StoredTake("", "", "dusk", take("dusk", {})),))
    assert find_owner(TASK, past, {}, ()) == Owned(TASK, "dusk")
    assert find_owner(TASK, past, {}, {digest("dusk")}) == Owned(TASK, "dusk", stored=True)


def test_a_colleague_s_task_is_known_from_the_lock() -> None:
    """With the profile that it was made under, and the storyboard whose lock it is."""
    lock = Lockfile().with_take("draft", "dusk", take("dusk", {}), select=True)
    found = find_owner(TASK, Past(), {"other": Lockfile(), "film": lock}, {digest("dusk")})
    assert (found, found.whose) == (Owned(TASK, "dusk", "draft", "film", stored=True), "dusk (draft)")
    assert found.value()["storyboard"] == "film"


def test_a_task_belongs_to_the_storyboard_that_submitted_it() -> None:
    """By the record, even if a lock has its take as well."""
    lock = Lockfile().with_take("", "sea", take("dusk", {}), select=True)
    past = Past({"i": replace(attempt("dusk", "cgt-dusk"), storyboard="film")})
    assert find_owner(TASK, past, {"other": lock}, ()) == Owned(TASK, "dusk", "", "film")


def test_a_mark_names_the_scenes_in_doubt() -> None:
    """All that its marker fits, and none without a marker."""
    past = Past({"a": attempt("a", marker=170_001), "b": attempt("b", marker=1), "c": attempt("c")})
    found = find_owner(TASK, past, {}, ())
    assert (found.may_be, found.whose, find_owner(TASK, Past(), {}, ()).whose) == (("a",), "a?", "")


def test_no_value_holds_a_signature() -> None:
    """Addresses are given without their query."""
    address = Address("https://films.example/a.mp4?X-Tos-Signature=secret")
    value = Owned(Task("cgt-1", "succeeded", "succeeded", video=address, frame=address, expires=5.0)).value()
    assert (value["video"], value["last_frame"]) == ("https://films.example/a.mp4",) * 2
    assert "secret" not in str(value)


@pytest.mark.parametrize(("instant", "date"), [(0.0, ""), (1_790_856_000.0, "2026-10-01 12:00:00"), (1e15, "")])
def test_an_instant_is_a_date(instant: float, date: str) -> None:
    """If the calendar has one."""
    assert date_of(instant) == date
