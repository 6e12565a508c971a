"""Where each scene stands."""

from __future__ import annotations

from storyboard.planning.attempt import Attempt, AttemptState
from storyboard.planning.past import Past
from storyboard.planning.planner import plan
from storyboard.planning.status import SceneStatus, statuses_of
from tests.builders import graph_of
from tests.planning.values import digest, key, made, plan_inputs, take

FILM = """\
storyboard: 1
scenes:
  storm: {extend: lamp}
  lamp: {chain: dusk}
  dusk: {prompt: A lighthouse at dusk., duration: 5}
"""
CHANGED = FILM.replace("duration: 5", "duration: 8")


def states(found: tuple[SceneStatus, ...]) -> dict[str, str]:
    """Each scene's state."""
    return {status.scene: status.state for status in found}


def with_attempt(state: AttemptState) -> dict[str, str]:
    """The states after one attempt at the first scene."""
    graph = graph_of(FILM)
    known = plan_inputs(past=Past({"i": Attempt("i", "dusk", "", key("dusk", graph), state)}))
    return states(statuses_of(plan(graph, known), known))


def test_rows_stand_in_the_authors_order() -> None:
    """Statuses follow the storyboard, not the order of making."""
    graph = graph_of(FILM)
    assert list(states(statuses_of(plan(graph, plan_inputs()), plan_inputs()))) == ["storm", "lamp", "dusk"]


def test_nothing_was_made() -> None:
    """Scenes without a take are new."""
    graph = graph_of(FILM)
    assert set(states(statuses_of(plan(graph, plan_inputs()), plan_inputs())).values()) == {"new"}


def test_everything_was_made() -> None:
    """Scenes whose takes are good are kept, each with its take and how many it has."""
    graph = graph_of(FILM)
    known = plan_inputs(made(graph))
    found = [
        (status.state, status.takes, status.take and status.take.digest)
        for status in statuses_of(plan(graph, known), known)
    ]
    assert found == [("kept", 1, digest("storm")), ("kept", 1, digest("lamp")), ("kept", 1, digest("dusk"))]


def test_a_change_makes_all_below_it_stale() -> None:
    """A scene that would be remade is stale, and keeps its take."""
    known = plan_inputs(made(graph_of(FILM)))
    found = statuses_of(plan(graph_of(CHANGED), known), known)
    assert [(status.state, status.take is not None) for status in found] == [("stale", True)] * 3


def test_a_stale_scene_that_nobody_asked_for_is_shown_as_such() -> None:
    """A scene that is used as it is, though it would be remade, is stale."""
    known = plan_inputs(made(graph_of(FILM)))
    found = states(statuses_of(plan(graph_of(CHANGED), known, frozenset({"lamp"})), known))
    assert found == {"storm": "kept", "lamp": "kept", "dusk": "stale"}


def test_a_lost_answer_holds_and_blocks() -> None:
    """A scene in doubt is held, what is made from it is blocked."""
    assert with_attempt("in doubt") == {"storm": "blocked", "lamp": "blocked", "dusk": "held"}


def test_a_task_is_running() -> None:
    """A scene whose task the provider has accepted is running."""
    assert with_attempt("accepted")["dusk"] == "running"


def test_a_failure_is_shown() -> None:
    """A scene whose last attempt produced no video has failed."""
    assert with_attempt("failed")["dusk"] == "failed"


def test_takes_are_counted() -> None:
    """A status counts the takes of its scene."""
    graph = graph_of(FILM)
    known = plan_inputs(made(graph).with_take("", "dusk", take("other", {}), select=False))
    assert [status.takes for status in statuses_of(plan(graph, known), known)] == [1, 1, 2]
