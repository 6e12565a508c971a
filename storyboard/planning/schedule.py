"""A state machine that is told what happened and says which scenes can start (the scheduler)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from storyboard.language.graph import Graph
from storyboard.planning.plan import Hold, Keep, Make, Plan

Standing = Literal["waiting", "running", "done", "failed", "held", "blocked"]


class Schedule:
    """Where each scene of a plan stands. Scenes that hand something over come first; of those that could start,
    the one with the longest way still before it."""

    def __init__(self, plan: Plan) -> None:
        self._graph = plan.graph
        self._standing: dict[str, Standing] = {}
        for id, step in plan.steps.items():
            self._standing[id] = _begin(step)
        self._way = _ways(plan.graph, {step.scene for step in plan.makes})
        self._followers = plan.graph.children
        for id in plan.graph.order:
            if self._standing[id] in ("held", "failed"):
                self._block(id)

    def standing(self, id: str) -> Standing:
        """Where a scene stands."""
        return self._standing[id]

    @property
    def ready(self) -> tuple[str, ...]:
        """The scenes that can start, the most urgent first."""
        found = [id for id in self._graph.order if self._standing[id] == "waiting" and self._may_start(id)]
        return tuple(sorted(found, key=lambda id: -self._way[id]))

    @property
    def over(self) -> bool:
        """Is there nothing running and nothing that could start?"""
        return "running" not in self._standing.values() and not self.ready

    def start(self, id: str) -> None:
        """The scene is being worked on."""
        self._standing[id] = "running"

    def end(self, id: str, standing: Standing) -> None:
        """The scene is done, failed or held; what is made from it is blocked unless it is done."""
        self._standing[id] = standing
        if standing != "done":
            self._block(id)

    def _may_start(self, id: str) -> bool:
        handed = all(self._standing[parent] == "done" for parent in self._graph.parents[id])
        return handed and all(self._standing[other] not in ("waiting", "running") for other in self._graph.waits[id])

    def _block(self, id: str) -> None:
        todo = [id]
        while todo:
            waiting = [other for other in self._followers[todo.pop()] if self._standing[other] == "waiting"]
            self._standing.update(dict.fromkeys(waiting, "blocked"))
            todo.extend(waiting)


def _begin(step: object) -> Standing:
    match step:
        case Make():
            return "waiting"
        case Hold(above=above):
            return "blocked" if above else "held"
        case Keep():
            return "done"
        case _:
            return "done"


def _ways(graph: Graph, made: set[str]) -> Mapping[str, int]:
    """Seconds of video still to be made from each scene on, itself included, along the longest path."""
    ways: dict[str, int] = {}
    children = graph.children
    for id in reversed(graph.order):
        asked = graph.scene(id).parameters.duration
        own = (asked if asked > 0 else 15) if id in made else 0
        ways[id] = own + max((ways[child] for child in children[id]), default=0)
    return ways
