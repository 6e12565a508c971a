"""Scenes and their edges."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storyboard.language.graph import ancestors, build, descendants
from storyboard.language.source import Source
from storyboard.language.validator import parse_file, parse_storyboard
from tests.builders import SCHEMA, graph_of, judge

FILM = """\
storyboard: 1
scenes:
  storm: {extend: lamp}
  lamp: {chain: dusk}
  dusk: {prompt: A lighthouse at dusk.}
  ashore: {prompt: A boat., after: [storm]}
  end-of-it: {references: [lamp, {scene: dusk, at: first}]}
"""


def test_parents_hand_something_over_and_waits_add_those_after() -> None:
    """An `after` makes a scene wait, and provides no input."""
    graph = graph_of(FILM)
    assert (graph.parents["ashore"], graph.waits["ashore"]) == ((), ("storm",))


def test_children_are_the_other_end() -> None:
    """Who is handed something by a scene."""
    assert graph_of(FILM).children == {
        "storm": (),
        "lamp": ("storm", "end-of-it"),
        "dusk": ("lamp", "end-of-it"),
        "ashore": (),
        "end-of-it": (),
    }


def test_the_order_is_the_films_where_edges_leave_it_open() -> None:
    """A scene comes after those that it needs, else in the author's order."""
    assert graph_of(FILM).order == ("dusk", "lamp", "storm", "ashore", "end-of-it")


def test_a_scene_that_waits_stands_before_later_ones() -> None:
    """A scene that another provides an input for comes as early as the film has it."""
    text = "storyboard: 1\nscenes: {a: {prompt: A.}, b: {chain: a}, c: {prompt: C.}, d: {chain: c}}"
    assert graph_of(text).order == ("a", "b", "c", "d")


def test_what_a_scene_is_made_from() -> None:
    """Ancestors are found however far up, descendants however far down; `after` counts for neither."""
    graph = graph_of(FILM)
    assert (ancestors(graph, "storm"), descendants(graph, "dusk"), descendants(graph, "storm")) == (
        frozenset({"lamp", "dusk"}),
        frozenset({"lamp", "storm", "end-of-it"}),
        frozenset(),
    )


@pytest.mark.row(78)
@pytest.mark.parametrize(
    ("scenes", "path"),
    [
        ("a: {chain: c}, b: {chain: a}, c: {extend: b}", "a → b → c → a"),
        ("free: {prompt: F.}, a: {prompt: A., after: b}, b: {chain: a}", "a → b → a"),
        ("a: {prompt: A.}, b: {references: [a, c]}, c: {chain: b}", "b → c → b"),
    ],
)
def test_a_circle_is_told_as_its_path(scenes: str, path: str) -> None:
    """A cycle is reported as a path that ends where it begins, each scene after the one that it depends on."""
    sentences = [problem.sentence for problem in judge(f"storyboard: 1\nscenes: {{{scenes}}}").problems]
    assert sentences == [f"scenes wait for each other: {path}"]


def test_a_scene_that_waits_for_itself() -> None:
    """The shortest cycle is described in words."""
    problems = judge("storyboard: 1\nscenes: {a: {chain: a}}").problems
    assert [(problem.code, problem.sentence) for problem in problems] == [("SB310", 'scene "a" waits for itself')]


@st.composite
def dags(draw: st.DrawFn) -> tuple[list[str], dict[str, list[str]]]:
    """Scenes in the order of the file, and for each those it waits for: a graph without circles."""
    count = draw(st.integers(min_value=1, max_value=12))
    ids = [f"s{number}" for number in range(count)]
    edges = {
        id: draw(st.lists(st.sampled_from(ids[:number]), unique=True, max_size=4)) if number else []
        for number, id in enumerate(ids)
    }
    return draw(st.permutations(ids)), edges


def text_of(ids: list[str], edges: dict[str, list[str]]) -> str:
    """A storyboard of these scenes."""
    rows = [
        f"  {id}: {{prompt: P., after: [{', '.join(edges[id])}]}}" if edges[id] else f"  {id}: {{prompt: P.}}"
        for id in ids
    ]
    return "storyboard: 1\nscenes:\n" + "\n".join(rows) + "\n"


@settings(max_examples=40, deadline=None)
@given(dags())
def test_every_order_is_topological(dag: tuple[list[str], dict[str, list[str]]]) -> None:
    """For any edges, a scene comes after all that it waits for, and each scene once."""
    ids, edges = dag
    order = graph_of(text_of(ids, edges)).order
    late = [(id, other) for id in ids for other in edges[id] if order.index(other) > order.index(id)]
    assert (late, sorted(order)) == ([], sorted(ids))


@settings(max_examples=25, deadline=None)
@given(dags())
def test_every_circle_is_found(dag: tuple[list[str], dict[str, list[str]]]) -> None:
    """One edge back makes a cycle, and each step of the reported path is an edge."""
    ids, edges = dag
    edges = {**edges, "s0": [*edges["s0"], ids[-1]], ids[-1]: list(dict.fromkeys([*edges[ids[-1]], "s0"]))}
    storyboard = parse_storyboard(parse_file(Source("storyboard.yaml", text_of(ids, edges))), SCHEMA).storyboard
    assert storyboard is not None
    path = build(storyboard)
    assert isinstance(path, tuple)
    steps = pairwise(path)
    assert path[0] == path[-1]
    assert [step for step in steps if step[0] not in edges[step[1]]] == []
