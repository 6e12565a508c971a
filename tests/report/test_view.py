"""Everything known → rows to look at."""

from __future__ import annotations

import json

from storyboard.planning.attempt import Attempt, AttemptState
from storyboard.planning.past import Past
from storyboard.planning.planner import plan
from storyboard.report.view import Row, root_causes, rows
from tests.planning.worlds import digest, key, made, take, world
from tests.reading import graph_of

FILM = """\
storyboard: 1
scenes:
  storm: {extend: lamp}
  lamp: {chain: dusk}
  dusk: {prompt: A lighthouse at dusk., duration: 5}
"""
CHANGED = FILM.replace("duration: 5", "duration: 8")


def states(found: tuple[Row, ...]) -> dict[str, str]:
    """Each scene's state."""
    return {row.scene: row.state for row in found}


def with_attempt(state: AttemptState) -> dict[str, str]:
    """The states after one attempt at the first scene."""
    graph = graph_of(FILM)
    known = world(past=Past({"i": Attempt("i", "dusk", "", key("dusk", graph), state)}))
    return states(rows(plan(graph, known), known))


def test_rows_stand_in_the_authors_order() -> None:
    """Rows follow the storyboard, not the order of making."""
    graph = graph_of(FILM)
    assert list(states(rows(plan(graph, world()), world()))) == ["storm", "lamp", "dusk"]


def test_nothing_was_made() -> None:
    """Scenes without a take are new."""
    graph = graph_of(FILM)
    assert set(states(rows(plan(graph, world()), world())).values()) == {"new"}


def test_everything_was_made() -> None:
    """Scenes whose takes are good are kept, each with its take and how many it has."""
    graph = graph_of(FILM)
    known = world(made(graph))
    found = [(row.state, row.takes, row.take and row.take.digest) for row in rows(plan(graph, known), known)]
    assert found == [("kept", 1, digest("storm")), ("kept", 1, digest("lamp")), ("kept", 1, digest("dusk"))]


def test_a_change_makes_all_below_it_stale() -> None:
    """What would be made anew is stale, and shows the take that it still has."""
    known = world(made(graph_of(FILM)))
    found = rows(plan(graph_of(CHANGED), known), known)
    assert [(row.state, row.take is not None) for row in found] == [("stale", True)] * 3


def test_a_stale_scene_that_nobody_asked_for_is_shown_as_such() -> None:
    """What is used as it is, though it would be made anew, is stale."""
    known = world(made(graph_of(FILM)))
    found = states(rows(plan(graph_of(CHANGED), known, frozenset({"lamp"})), known))
    assert found == {"storm": "kept", "lamp": "kept", "dusk": "stale"}


def test_a_lost_answer_holds_and_blocks() -> None:
    """A scene in doubt is held, what is made from it is blocked."""
    assert with_attempt("in doubt") == {"storm": "blocked", "lamp": "blocked", "dusk": "held"}


def test_a_task_is_running() -> None:
    """A scene that the provider has taken on is running."""
    assert with_attempt("accepted")["dusk"] == "running"


def test_a_failure_is_shown() -> None:
    """A scene whose last attempt came to nothing has failed."""
    assert with_attempt("failed")["dusk"] == "failed"


def test_takes_are_counted() -> None:
    """A row says how many takes a scene has."""
    graph = graph_of(FILM)
    known = world(made(graph).with_take("", "dusk", take("other", {}), select=False))
    assert [row.takes for row in rows(plan(graph, known), known)] == [1, 1, 2]


def test_root_causes_lead_up_to_where_it_began() -> None:
    """Why the storm is stale: the lamp is, since the dusk is, since its duration was changed."""
    found = root_causes("storm", plan(graph_of(CHANGED), world(made(graph_of(FILM)))))
    assert [(scene, reason.what) for scene, reason in found] == [
        ("storm", "lamp is made anew"),
        ("lamp", "dusk is made anew"),
        ("dusk", "duration 5 → 8"),
    ]


def test_a_cause_of_two_is_told_once() -> None:
    """A scene that two ways lead up to is told once."""
    text = FILM + "  end-of-it: {references: [lamp, dusk]}\n"
    changed = text.replace("duration: 5", "duration: 8")
    found = root_causes("end-of-it", plan(graph_of(changed), world(made(graph_of(text)))))
    assert [scene for scene, reason in found if not reason.upstream] == ["dusk"]


def test_what_is_kept_has_no_cause() -> None:
    """There is no why for a scene that is good, and none for one that nobody asked for."""
    graph = graph_of(FILM)
    assert root_causes("storm", plan(graph, world(made(graph)))) == ()
    assert root_causes("storm", plan(graph, world(), frozenset({"dusk"}))) == ()


def test_a_row_is_readable_by_programs() -> None:
    """A row can be written as JSON, its reasons with their places."""
    known = world(made(graph_of(FILM)))
    value = json.loads(json.dumps(rows(plan(graph_of(CHANGED), known), known)[2].value()))
    assert value == {
        "scene": "dusk",
        "state": "stale",
        "takes": 1,
        "take": {"id": "ark:cgt-dusk", "digest": digest("dusk"), "seconds": 5.04, "task": "cgt-dusk", "tokens": 108900},
        "reasons": [
            {
                "kind": "parameter",
                "what": "duration 5 → 8",
                "place": {"file": "storyboard.yaml", "line": 5, "column": 51},
                "upstream": "",
            }
        ],
        "hint": "",
    }
