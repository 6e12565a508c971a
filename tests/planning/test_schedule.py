"""What can start, what waits, and what is blocked."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storyboard.planning.attempt import Attempt
from storyboard.planning.past import Past
from storyboard.planning.planner import plan
from storyboard.planning.schedule import Schedule
from storyboard.planning.target import Unit
from tests.builders import graph_of
from tests.planning.values import ROWS, key, made, plan_inputs

FILM = """\
storyboard: 1
scenes:
  short: {prompt: A boat., duration: 15}
  dusk: {prompt: A lighthouse at dusk.}
  lamp: {chain: dusk}
  storm: {extend: lamp, duration: 8}
  ashore: {prompt: A quay., after: dusk}
"""


def schedule(text: str = FILM) -> Schedule:
    """The schedule of a storyboard of which nothing was made."""
    return Schedule(plan(graph_of(text), plan_inputs()), ROWS)


def ready(found: Schedule) -> tuple[str, ...]:
    """The scenes that can start, each of which has one take to make."""
    assert all(unit.ordinal == 1 for unit in found.ready)
    return tuple(unit.scene for unit in found.ready)


def test_the_longest_way_goes_first() -> None:
    """Of the scenes that can start, the one with the most seconds before it comes first: dusk with 5 + 5 + 8."""
    assert ready(schedule()) == ("dusk", "short")


@pytest.mark.parametrize(
    ("model", "first"), [("seedance-2.0", "long"), ("seedance-2.5", "auto"), ("seedance-1.5-pro", "long")]
)
def test_a_scene_whose_model_decides_counts_at_its_models_longest(model: str, first: str) -> None:
    """A scene of duration -1 counts 15 s, or 30 s where the model's row has that: more than 5 + 14 s, or less."""
    scenes = f"  auto: {{prompt: Waves., duration: -1, model: {model}}}\n  long: {{prompt: A quay., duration: 14}}\n"
    found = schedule(f"storyboard: 1\nscenes:\n{scenes}  after: {{chain: long}}\n")
    assert ready(found)[0] == first


def test_a_scene_waits_for_what_it_is_made_from() -> None:
    """A chained scene can start when its parent is done, not when it has begun."""
    found = schedule()
    found.start(Unit("dusk"))
    before = ready(found)
    found.end(Unit("dusk"), "done")
    assert (before, ready(found)) == (("short",), ("short", "lamp", "ashore"))


def test_a_failure_blocks_what_is_made_from_it() -> None:
    """What needs a failed scene is blocked, however far down; all else goes on."""
    found = schedule()
    found.start(Unit("dusk"))
    found.end(Unit("dusk"), "failed")
    assert [found.state(Unit(id)) for id in ("dusk", "lamp", "storm", "ashore", "short")] == [
        "failed",
        "blocked",
        "blocked",
        "waiting",
        "waiting",
    ]


def test_after_waits_only_until_it_is_settled() -> None:
    """A scene that only comes after another starts when that has failed, too."""
    found = schedule()
    found.start(Unit("dusk"))
    found.end(Unit("dusk"), "failed")
    assert ready(found) == ("short", "ashore")


def test_a_held_scene_blocks_as_well() -> None:
    """A scene that is held during a run blocks what is made from it."""
    found = schedule()
    found.start(Unit("dusk"))
    found.end(Unit("dusk"), "held")
    assert (found.state(Unit("dusk")), found.state(Unit("storm"))) == ("held", "blocked")


def test_what_a_plan_holds_never_starts() -> None:
    """A scene that the plan holds, and what is made from it, are not among those that can start."""
    graph = graph_of(FILM)
    past = Past({"i": Attempt("i", "dusk", "", key("dusk", graph), "in doubt")})
    assert ready(Schedule(plan(graph, plan_inputs(past=past)), ROWS)) == ("short", "ashore")


def test_what_is_kept_is_done() -> None:
    """Nothing can start in a film that was made."""
    graph = graph_of(FILM)
    found = Schedule(plan(graph, plan_inputs(made(graph))), ROWS)
    assert (ready(found), found.state(Unit("storm"))) == ((), "done")


def test_what_was_not_asked_for_is_passed_over() -> None:
    """A scene outside the selection blocks no other."""
    found = Schedule(plan(graph_of(FILM), plan_inputs(), frozenset({"ashore"})), ROWS)
    assert ready(found) == ("ashore",)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_every_run_comes_to_an_end(data: st.DataObject) -> None:
    """Whatever starts first, and however it ends, in the end each scene is done, failed or blocked."""
    found = schedule()
    running: list[Unit] = []
    while running or found.ready:
        starts = bool(found.ready) and (not running or data.draw(st.booleans()))
        if starts:
            running.append(data.draw(st.sampled_from(found.ready)))
            found.start(running[-1])
        else:
            unit = running.pop(data.draw(st.integers(min_value=0, max_value=len(running) - 1)))
            found.end(unit, data.draw(st.sampled_from(["done", "failed"])))
    standings = {found.state(Unit(id)) for id in ("short", "dusk", "lamp", "storm", "ashore")}
    assert standings <= {"done", "failed", "blocked"}
