"""A film may be one chain of thousands of scenes: nothing goes down it by calling itself."""

from __future__ import annotations

from functools import cache

import pytest

from storyboard.language.graph import Graph
from storyboard.planning.causes import root_causes
from storyboard.planning.lock import Block, Lockfile
from storyboard.planning.plan import PlanInputs
from storyboard.planning.planner import plan
from storyboard.planning.schedule import Schedule, UnitState
from storyboard.planning.selection import select
from storyboard.planning.status import statuses_of
from storyboard.planning.take import Take
from storyboard.planning.target import Unit
from tests.builders import graph_of
from tests.planning.values import ROWS, key, plan_inputs, take

LENGTH = 5000
LAST = f"s{LENGTH - 1}"


@cache
def chained(first: str = "A lighthouse.") -> Graph:
    """A chain of thousands of scenes that begins with a prompt."""
    later = "".join(f"  s{number}: {{chain: s{number - 1}}}\n" for number in range(1, LENGTH))
    return graph_of(f"storyboard: 1\nscenes:\n  s0: {{prompt: {first}}}\n{later}")


@cache
def all_made() -> PlanInputs:
    """A world in which all of the chain was made."""
    takes: dict[str, Take] = {}
    for id in chained().order:
        above = {parent: takes[parent] for parent in chained().parents[id]}
        takes[id] = take(id, key(id, chained(), above))
    return plan_inputs(Lockfile({("", id): Block({one.id: one}, one.id) for id, one in takes.items()}))


@pytest.mark.parametrize("state", ["failed", "held"])
def test_the_end_of_the_first_blocks_the_last(state: UnitState) -> None:
    """When the first scene fails, or is held, the last of thousands is blocked."""
    schedule = Schedule(plan(chained(), plan_inputs()), ROWS)
    schedule.start(Unit("s0"))
    schedule.end(Unit("s0"), state)
    assert (schedule.state(Unit(LAST)), schedule.ready) == ("blocked", ())


def test_why_the_last_is_stale() -> None:
    """The cause of the last scene's being stale is found at the first."""
    found = root_causes(LAST, plan(chained("A harbour."), all_made()))
    assert (len(found), found[-1][0], found[-1][1].kind) == (LENGTH, "s0", "prompt")


def test_every_scene_has_a_row() -> None:
    """All of a long chain is seen to be stale."""
    found = plan(chained("A harbour."), all_made())
    assert {status.state for status in statuses_of(found, all_made())} == {"stale"}


@pytest.mark.parametrize("word", [f"+{LAST}", "s0+"])
def test_all_of_it_is_selected_from_its_ends(word: str) -> None:
    """What the last needs, and what follows from the first, is the whole chain."""
    assert len(select([word], chained(), {})) == LENGTH


def test_the_last_alone_needs_all_above_it() -> None:
    """Where only the last scene is asked for, all that it is made from is made."""
    assert len(plan(chained(), plan_inputs(), frozenset({LAST})).makes) == LENGTH
