"""What can start, what waits, and what is blocked."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from storyboard.planning.event import Attempt, Past
from storyboard.planning.plan import plan
from storyboard.planning.schedule import Schedule
from tests.planning.worlds import key, made, world
from tests.reading import graph_of

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
    return Schedule(plan(graph_of(text), world()))


def test_the_longest_way_goes_first() -> None:
    """Of what can start the scene with the most seconds still before it is the first: dusk with 5 + 5 + 8."""
    assert schedule().ready == ("dusk", "short")


def test_a_scene_waits_for_what_it_is_made_from() -> None:
    """A chained scene can start when its parent is done, not when it has begun."""
    found = schedule()
    found.start("dusk")
    before = found.ready
    found.end("dusk", "done")
    assert (before, found.ready) == (("short",), ("short", "lamp", "ashore"))


def test_a_failure_blocks_what_is_made_from_it() -> None:
    """What needs a failed scene is blocked, however far down; all else goes on."""
    found = schedule()
    found.start("dusk")
    found.end("dusk", "failed")
    assert [found.standing(id) for id in ("dusk", "lamp", "storm", "ashore", "short")] == [
        "failed",
        "blocked",
        "blocked",
        "waiting",
        "waiting",
    ]


def test_after_waits_only_until_it_is_settled() -> None:
    """A scene that only comes after another starts when that has failed, too."""
    found = schedule()
    found.start("dusk")
    found.end("dusk", "failed")
    assert found.ready == ("short", "ashore")


def test_a_held_scene_blocks_as_well() -> None:
    """A scene that is held during a run blocks what is made from it."""
    found = schedule()
    found.start("dusk")
    found.end("dusk", "held")
    assert (found.standing("dusk"), found.standing("storm")) == ("held", "blocked")


def test_what_a_plan_holds_never_starts() -> None:
    """A scene that the plan holds, and what is made from it, are not among those that can start."""
    graph = graph_of(FILM)
    past = Past({"i": Attempt("i", "dusk", "", key("dusk", graph), "in doubt")})
    assert Schedule(plan(graph, world(past=past))).ready == ("short", "ashore")


def test_what_is_kept_is_done() -> None:
    """Of a film that was made there is nothing to do."""
    graph = graph_of(FILM)
    found = Schedule(plan(graph, world(made(graph))))
    assert (found.ready, found.over, found.standing("storm")) == ((), True, "done")


def test_what_was_not_asked_for_is_passed_over() -> None:
    """A scene outside the selection holds nobody up."""
    found = Schedule(plan(graph_of(FILM), world(), frozenset({"ashore"})))
    assert found.ready == ("ashore",)


def test_it_is_not_over_while_something_runs() -> None:
    """A run is over when nothing runs and nothing can start."""
    found = schedule("storyboard: 1\nscenes: {a: {prompt: Waves.}}")
    over = [found.over]
    found.start("a")
    over.append(found.over)
    found.end("a", "failed")
    assert [*over, found.over] == [False, False, True]


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_every_run_comes_to_an_end(data: st.DataObject) -> None:
    """Whatever starts first, and however it ends, in the end each scene is done, failed or blocked."""
    found = schedule()
    running: list[str] = []
    while not found.over:
        starts = bool(found.ready) and (not running or data.draw(st.booleans()))
        if starts:
            running.append(data.draw(st.sampled_from(found.ready)))
            found.start(running[-1])
        else:
            id = running.pop(data.draw(st.integers(min_value=0, max_value=len(running) - 1)))
            found.end(id, data.draw(st.sampled_from(["done", "failed"])))
    standings = {found.standing(id) for id in ("short", "dusk", "lamp", "storm", "ashore")}
    assert standings <= {"done", "failed", "blocked"}
