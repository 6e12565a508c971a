"""Why a scene is stale, traced to where the change began."""

from __future__ import annotations

from storyboard.planning.causes import root_causes
from storyboard.planning.planner import plan
from tests.builders import graph_of
from tests.planning.values import made, plan_inputs

FILM = """\
storyboard: 1
scenes:
  storm: {extend: lamp}
  lamp: {chain: dusk}
  dusk: {prompt: A lighthouse at dusk., duration: 5}
"""
CHANGED = FILM.replace("duration: 5", "duration: 8")


def test_root_causes_lead_up_to_where_it_began() -> None:
    """Why the storm is stale: the lamp is, since the dusk is, since its duration was changed."""
    found = root_causes("storm", plan(graph_of(CHANGED), plan_inputs(made(graph_of(FILM)))))
    assert [(scene, reason.what) for scene, reason in found] == [
        ("storm", "lamp is made anew"),
        ("lamp", "dusk is made anew"),
        ("dusk", "duration 5 → 8"),
    ]


def test_a_cause_of_two_is_told_once() -> None:
    """A scene that two paths lead up to is listed once."""
    text = FILM + "  end-of-it: {references: [lamp, dusk]}\n"
    changed = text.replace("duration: 5", "duration: 8")
    found = root_causes("end-of-it", plan(graph_of(changed), plan_inputs(made(graph_of(text)))))
    assert [scene for scene, reason in found if not reason.upstream] == ["dusk"]


def test_what_is_kept_has_no_cause() -> None:
    """A scene that is kept has no causes, and neither has one that isn't selected."""
    graph = graph_of(FILM)
    assert root_causes("storm", plan(graph, plan_inputs(made(graph)))) == ()
    assert root_causes("storm", plan(graph, plan_inputs(), frozenset({"dusk"}))) == ()
