"""The scheduler: a state machine over units of work that decides which of them can start."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Literal, assert_never

from storyboard.language.capability import Capabilities
from storyboard.language.graph import Graph
from storyboard.planning.plan import Plan
from storyboard.planning.step import Hold, Idle, Keep, Make, Step
from storyboard.planning.target import Unit

UnitState = Literal["waiting", "running", "done", "failed", "held", "blocked"]


class Schedule:
    """The state of each unit of a plan. Scenes that others are made from come first; of those that could start, the one
    with the longest path still before it.

    Units of equal urgency come in an order derived from `salt`, which differs for each run: otherwise two copies of a
    project that run at the same moment would submit the same scenes in step. Without a salt they come in the plan's
    order.
    """

    def __init__(self, plan: Plan, rows: Capabilities, salt: str = "") -> None:
        self._salt = salt
        self._graph = plan.graph
        self._states = {unit: _begin(step) for unit, step in plan.steps.items()}
        self._units: dict[str, list[Unit]] = {}
        for unit in plan.steps:
            self._units.setdefault(unit.scene, []).append(unit)
        self._way = _ways(plan.graph, {step.scene for step in plan.makes}, rows)
        self._followers = plan.graph.children
        for unit in plan.steps:
            if self._states[unit] in ("held", "failed"):
                self._block(unit.scene)

    def state(self, unit: Unit) -> UnitState:
        """Return the state of a unit."""
        return self._states[unit]

    @property
    def ready(self) -> tuple[Unit, ...]:
        """The units that can start, the most urgent first."""
        found = [unit for unit, state in self._states.items() if state == "waiting" and self._may_start(unit)]
        return tuple(sorted(found, key=lambda unit: (-self._way[unit.scene], unit.ordinal, self._lot(unit))))

    def _lot(self, unit: Unit) -> bytes:
        return hashlib.sha256(f"{self._salt} {unit.scene}".encode()).digest() if self._salt else b""

    def start(self, unit: Unit) -> None:
        """Record that the unit is being worked on."""
        self._states[unit] = "running"

    def end(self, unit: Unit, state: UnitState) -> None:
        """Record that the unit is done, failed or held. Unless it is done, what is made from its scene is blocked."""
        self._states[unit] = state
        if state != "done":
            self._block(unit.scene)

    def _of(self, scene: str) -> tuple[UnitState, ...]:
        return tuple(self._states[unit] for unit in self._units[scene])

    def _may_start(self, unit: Unit) -> bool:
        handed = all(one == "done" for parent in self._graph.parents[unit.scene] for one in self._of(parent))
        others = (one for other in self._graph.waits[unit.scene] for one in self._of(other))
        return handed and all(one not in ("waiting", "running") for one in others)

    def _block(self, scene: str) -> None:
        todo = [scene]
        while todo:
            units = (unit for follower in self._followers[todo.pop()] for unit in self._units[follower])
            waiting = [unit for unit in units if self._states[unit] == "waiting"]
            self._states.update(dict.fromkeys(waiting, "blocked"))
            todo.extend(unit.scene for unit in waiting)


def _begin(step: Step) -> UnitState:
    match step:
        case Make():
            return "waiting"
        case Hold(above=above):
            return "blocked" if above else "held"
        case Keep() | Idle():
            return "done"
        case _:
            assert_never(step)


def _ways(graph: Graph, made: set[str], rows: Capabilities) -> Mapping[str, int]:
    """Return the seconds of video still to be made from each scene on, itself included, along the longest path."""
    ways: dict[str, int] = {}
    children = graph.children
    for id in reversed(graph.order):
        scene = graph.scene(id)
        asked = scene.parameters.duration
        own = (asked if asked > 0 else rows[scene.model.row].longest) if id in made else 0
        ways[id] = own + max((ways[child] for child in children[id]), default=0)
    return ways
