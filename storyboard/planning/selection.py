"""The syntax of selections, which choose scenes.

storm         a scene            act1-*      a glob over ids
+storm        and what it needs  storm+      and what follows
tag:act1      by tag             state:stale by state
a b           either             a,b         both
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from typing import get_args

from storyboard.errors import UsageError
from storyboard.language.graph import Graph, ancestors, descendants
from storyboard.language.problem import nearest
from storyboard.planning.status import SceneState

STATES: tuple[SceneState, ...] = get_args(SceneState)


def select(words: Iterable[str], graph: Graph, states: Mapping[str, SceneState]) -> frozenset[str]:
    """Return the scenes that match any of the words.

    Raise UsageError for a name that matches no scene; a filter may match none.
    """
    chosen: frozenset[str] = frozenset()
    for word in words:
        parts = [_of_part(part, graph, states) for part in word.split(",")]
        chosen |= frozenset.intersection(*parts)
    return chosen


def names_state(words: Iterable[str]) -> bool:
    """Does a selection name a state of scenes?"""
    return any(part.removeprefix("+").startswith("state:") for word in words for part in word.split(","))


def _of_part(part: str, graph: Graph, states: Mapping[str, SceneState]) -> frozenset[str]:
    core = part.removeprefix("+").removesuffix("+")
    found = _of_core(core, graph, states)
    up = part.startswith("+")
    down = part.endswith("+") and len(part) > 1
    reach: list[Callable[[Graph, str], frozenset[str]]] = [
        way for way, asked in ((ancestors, up), (descendants, down)) if asked
    ]
    return found.union(*(way(graph, id) for way in reach for id in found))


def _of_core(core: str, graph: Graph, states: Mapping[str, SceneState]) -> frozenset[str]:
    sort, colon, value = core.partition(":")
    if colon and sort == "tag":
        return frozenset(id for id in graph.order if value in graph.scene(id).tags)
    if colon and sort == "state":
        if value not in STATES:
            raise UsageError(
                f'there is no state "{value}"', nearest(value, STATES) or f"states are: {', '.join(STATES)}"
            )
        return frozenset(id for id in graph.order if states.get(id) == value)
    found = frozenset(id for id in graph.order if fnmatchcase(id, core))
    if not found:
        hint = nearest(core, graph.order) or f"there are: {', '.join(graph.order[:20])}"
        raise UsageError(f'no scene is called "{core}"', hint)
    return found
