"""The form of Ark's task IDs."""

from __future__ import annotations

import time

import pytest

from storyboard.providers.ark.task_id import EXAMPLE, creation_time, is_task_id


@pytest.mark.parametrize(
    ("id", "seconds"),
    [("cgt-20260101080000-abcde", 1_767_225_600.0), ("cgt-batch-20260101080000-abcde", 1_767_225_600.0)],
)
def test_an_id_says_when_it_was_given(id: str, seconds: float) -> None:
    """Eight o'clock in Beijing is midnight in Greenwich."""
    assert creation_time(id) == seconds


def test_an_id_says_the_same_on_every_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the machine's own time zone is."""
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        assert creation_time("cgt-20260101080000-abcde") == 1_767_225_600.0
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize("id", ["cgt-x", "cgt-20269999999999-abcde", ""])
def test_an_id_may_say_nothing(id: str) -> None:
    """One of another shape, or of no day that there is."""
    assert creation_time(id) is None


@pytest.mark.parametrize(("value", "result"), [(EXAMPLE, True), ("film-7", False), ("", False), (7, False)])
def test_an_id_has_ark_s_form(value: object, result: bool) -> None:
    """Other values are none."""
    assert is_task_id(value) is result
