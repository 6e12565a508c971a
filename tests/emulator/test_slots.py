"""Who starts when, where only so many may run at once."""

from __future__ import annotations

from math import inf
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storyboard.emulator.app import EmulatorConfig
from storyboard.emulator.slots import Slots, replay
from storyboard.emulator.tasks import Line, history, next_change
from storyboard.testing.clock import VirtualClock
from storyboard.testing.emulator import emulator
from tests.http_client import TASKS, ask, create, listed, look, order

FAST = "doubao-seedance-2-0-fast-260128"


def line(number: int, at: float, model: str = "m", **body: Any) -> Line:
    """A task taken on at a time: 4 seconds, which take 8 to get ready and 72 to run."""
    whole = {"duration": 4, "content": [], **body}
    return Line(f"cgt-{number}", at, model, "", "", "", whole, {}, (864, 496))


def starts(lines: list[Line], running: float, until: float = inf, cancelled: tuple[Line, ...] = ()) -> list[float]:
    """When each of them starts; -1: it doesn't."""
    slots = replay(lines, cancelled, 1.0, running)
    slots.advance(min(until, 1e9))
    return [slots.starts.get(each.task_id, -1) for each in lines]


def test_without_a_limit_nobody_waits() -> None:
    """Each starts when it is ready."""
    assert starts([line(number, number) for number in range(5)], inf) == [8, 9, 10, 11, 12]


def test_with_a_limit_the_others_wait_for_a_place() -> None:
    """In order of creation."""
    assert starts([line(number, number) for number in range(5)], 2) == [8, 9, 80, 81, 152]


def test_the_limit_is_of_each_model() -> None:
    """Another model's tasks don't stand in line with them."""
    assert starts([line(1, 0), line(2, 0, "other"), line(3, 0)], 1) == [8, 8, 80]


def test_a_higher_priority_goes_first() -> None:
    """Among those that wait; nobody who runs is stopped."""
    assert starts([line(1, 0), line(2, 0), line(3, 0, priority=9)], 1) == [80, 152, 8]
    assert starts([line(1, 0), line(2, 0), line(3, 1, priority=9)], 1) == [8, 152, 80]


def test_a_cancelled_task_gives_its_place_in_line_away() -> None:
    """And never starts."""
    lines = [line(1, 0), line(2, 0), line(3, 0)]
    assert starts(lines, 1, cancelled=(lines[1],)) == [8, -1, 80]


def test_a_task_that_expires_waiting_never_starts() -> None:
    """Its place is the next one's."""
    lines = [line(1, 0), line(2, 0, execution_expires_after=60), line(3, 0)]
    assert starts(lines, 1) == [8, -1, 80]


def test_a_task_that_expires_running_frees_its_place() -> None:
    """When it does, not when it would have been done."""
    lines = [line(1, 0, execution_expires_after=60), line(2, 0)]
    assert starts(lines, 1) == [8, 60]


def test_a_place_is_never_two_tasks_at_once() -> None:
    """At the instant at which one expires and the next starts, either: the first has ended."""
    lines = [line(1, 0, execution_expires_after=60), line(2, 0)]
    slots = replay(lines, (), 1.0, 1)
    slots.advance(60)
    stand = [history(each, 60, 1.0, slots.starts.get(each.task_id))[-1].status for each in lines]
    assert stand == ["expired", "running"]


@st.composite
def days(draw: st.DrawFn) -> list[Line]:
    """Tasks of a busy day, in the order of their creation."""
    count = draw(st.integers(1, 12))
    gaps = draw(st.lists(st.integers(0, 60), min_size=count, max_size=count))
    at, lines = 0, []
    for number, gap in enumerate(gaps):
        at += gap
        body = {
            "duration": draw(st.integers(4, 15)),
            "priority": draw(st.integers(0, 2)),
            "execution_expires_after": draw(st.sampled_from([100, 200, 3600])),
        }
        lines.append(line(number, at, draw(st.sampled_from(["m", "n"])), **body))
    return lines


@given(lines=days(), running=st.integers(1, 3), looks=st.lists(st.integers(0, 5000), max_size=30))
def test_when_somebody_looks_changes_nothing(lines: list[Line], running: int, looks: list[int]) -> None:
    """A service that was asked all along, and one that was started anew at the end, tell the same."""
    asked = Slots(1.0, running)
    pending = list(lines)
    for now in sorted(looks):
        while pending and pending[0].at <= now:
            asked.take(pending.pop(0))
        asked.advance(now)
    for late in pending:
        asked.take(late)
    anew = replay(lines, (), 1.0, running)
    asked.advance(9000)
    anew.advance(9000)
    assert asked.starts == anew.starts


@given(lines=days(), running=st.integers(1, 3), now=st.integers(0, 6000))
def test_never_more_run_than_may(lines: list[Line], running: int, now: int) -> None:
    """Of one model, at any time."""
    slots = replay(lines, (), 1.0, running)
    slots.advance(now)
    last = [history(each, now, 1.0, slots.starts.get(each.task_id))[-1].status for each in lines if each.model == "m"]
    assert last.count("running") <= running


@given(lines=days(), running=st.integers(1, 3), now=st.integers(0, 6000))
def test_nothing_changes_before_the_next_change(lines: list[Line], running: int, now: int) -> None:
    """Whoever sleeps until then misses nothing."""
    slots = replay(lines, (), 1.0, running)
    slots.advance(now)
    for each in (each for each in lines if each.at <= now):
        begun = slots.starts.get(each.task_id)
        past = history(each, now, 1.0, begun)
        if past[-1].status in ("queued", "running"):
            change = next_change(each, now, 1.0, begun, slots.next_start(each))
            later = replay(lines, (), 1.0, running)
            before = max(float(now), change - 0.5)
            later.advance(before)
            assert history(each, before, 1.0, later.starts.get(each.task_id)) == past


def test_a_third_task_waits_at_the_service_too(tmp_path: Path) -> None:
    """It says so, and can still be cancelled; a service that was started anew says the same."""
    clock = VirtualClock()
    conditions = EmulatorConfig(speed=1, running=2)
    statuses = []
    with emulator(tmp_path / "ledger", clock=clock, conditions=conditions) as emulated:
        tasks = [create(emulated.base_url, order(str(number))) for number in range(4)]
        tasks.append(create(emulated.base_url, order("other", model=FAST)))
        clock.advance(50)
        statuses.append([look(emulated.base_url, task)["status"] for task in tasks])
        assert ask("DELETE", f"{emulated.base_url}{TASKS}/{tasks[2]}").status == 200
    clock.advance(40)
    with emulator(tmp_path / "ledger", clock=clock, conditions=conditions) as emulated:
        statuses.append([look(emulated.base_url, task)["status"] for task in tasks])
    assert statuses == [
        ["running", "running", "queued", "queued", "running"],
        ["succeeded", "succeeded", "cancelled", "running", "succeeded"],
    ]


@pytest.mark.parametrize(("seconds", "count"), [(86_399, 1), (86_400, 0)])
def test_a_cancelled_task_is_forgotten_after_a_day(tmp_path: Path, seconds: int, count: int) -> None:
    """Sooner than others."""
    clock = VirtualClock()
    with emulator(tmp_path / "ledger", speed=1, clock=clock) as emulated:
        task = create(emulated.base_url, order())
        ask("DELETE", f"{emulated.base_url}{TASKS}/{task}")
        clock.advance(seconds)
        assert listed(emulated.base_url)["total"] == count
