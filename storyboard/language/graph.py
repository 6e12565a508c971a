"""Scenes and their edges as a DAG, or the path of a cycle.

A plain in-degree pass finds the order, or that there is none. networkx is loaded only in the second case, and where a
graph is analysed. This is the only module that imports it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from heapq import heappop, heappush

from storyboard.language.inputs import Input, SceneVideo, inputs_of
from storyboard.language.scene import Scene, Storyboard


@dataclass(frozen=True, slots=True)
class Graph:
    """A valid storyboard's scenes, with their inputs and the scenes that they wait for.

    `order` has every scene after those that it needs, and otherwise in the order of the film. `parents` provide an
    input; `waits` are the parents and the scenes named by `after`.
    """

    storyboard: Storyboard
    inputs: Mapping[str, tuple[Input, ...]]
    order: tuple[str, ...]
    parents: Mapping[str, tuple[str, ...]]
    waits: Mapping[str, tuple[str, ...]]

    def scene(self, id: str) -> Scene:
        """The scene of that id."""
        return self.storyboard.scenes[id]

    @property
    def children(self) -> dict[str, tuple[str, ...]]:
        """The scenes that each scene provides an input for."""
        found: dict[str, list[str]] = {id: [] for id in self.order}
        for id in self.order:
            for parent in self.parents[id]:
                found[parent].append(id)
        return {id: tuple(ids) for id, ids in found.items()}


def build(storyboard: Storyboard) -> Graph | tuple[str, ...]:
    """Return the graph, or the path of a cycle, whose first scene is repeated at the end."""
    inputs = {id: inputs_of(scene, storyboard) for id, scene in storyboard.scenes.items()}
    parents = {id: _unique(_scenes_of(items)) for id, items in inputs.items()}
    waits = {
        id: _unique((*parents[id], *(ref.word for ref in scene.after if ref.word in storyboard.scenes)))
        for id, scene in storyboard.scenes.items()
    }
    order = _order(waits)
    if order is None:
        return _cycle(waits)
    return Graph(storyboard, inputs, order, parents, waits)


def _scenes_of(items: Iterable[Input]) -> Iterable[str]:
    return (item.origin.scene for item in items if isinstance(item.origin, SceneVideo))


def _unique(ids: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(ids))


def _order(waits: Mapping[str, tuple[str, ...]]) -> tuple[str, ...] | None:
    """Kahn's order, the earliest written first of those that could be next; None if some wait for each other."""
    missing = {id: len(ids) for id, ids in waits.items()}
    followers: dict[str, list[str]] = {id: [] for id in waits}
    for id, others in waits.items():
        for other in others:
            followers[other].append(id)
    ids = list(waits)
    written = {id: number for number, id in enumerate(ids)}
    ready = [number for number, id in enumerate(ids) if not missing[id]]  # sorted, and so a heap
    order: list[str] = []
    while ready:
        id = ids[heappop(ready)]
        order.append(id)
        for follower in followers[id]:
            missing[follower] -= 1
            if not missing[follower]:
                heappush(ready, written[follower])
    return tuple(order) if len(order) == len(waits) else None


def _cycle(waits: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    import networkx

    graph: networkx.DiGraph[str] = networkx.DiGraph((other, id) for id, ids in waits.items() for other in ids)
    edges = networkx.find_cycle(graph)
    path = [str(edge[0]) for edge in edges]
    written = {id: number for number, id in enumerate(waits)}
    first = min(range(len(path)), key=lambda index: written[path[index]])
    turned = path[first:] + path[:first]
    return (*turned, turned[0])


def ancestors(graph: Graph, id: str) -> frozenset[str]:
    """Everything a scene is made from, however far up."""
    return _reach(graph.parents, id)


def descendants(graph: Graph, id: str) -> frozenset[str]:
    """Everything that is made from a scene, however far down."""
    return _reach(graph.children, id)


def _reach(steps: Mapping[str, tuple[str, ...]], start: str) -> frozenset[str]:
    seen: set[str] = set()
    todo = list(steps[start])
    while todo:
        id = todo.pop()
        if id not in seen:
            seen.add(id)
            todo.extend(steps[id])
    return frozenset(seen)
