"""A plan as a value: what it starts from, and a step for each unit of work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from storyboard.language.capability import Capabilities
from storyboard.language.facts import Facts
from storyboard.language.graph import Graph
from storyboard.planning.attempt import Attempt
from storyboard.planning.fingerprint import Components
from storyboard.planning.lock import Lockfile
from storyboard.planning.past import Past
from storyboard.planning.price import NOTHING, Cost
from storyboard.planning.step import Hold, Make, Step
from storyboard.planning.target import Unit


@dataclass(frozen=True, slots=True)
class PlanInputs:
    """What a plan starts from besides the graph: limits, files, takes, attempts, and the contents of the store.

    `uploads` is True if a local clip can be given an address; `alive` names the tasks whose own address is still valid.
    `storyboard` is the file's name without its extension; `others` are the locks of the other storyboards in its
    folder, by that name, and `boards` the names of all whose file exists. `provider` is the one that is used; empty for
    any.
    """

    rows: Capabilities
    facts: Facts
    lock: Lockfile
    past: Past
    stored: frozenset[str]
    uploads: bool = True
    alive: frozenset[str] = frozenset()
    storyboard: str = ""
    others: Mapping[str, Lockfile] = field(default_factory=dict)
    boards: frozenset[str] = frozenset()
    provider: str = ""
    notes: tuple[str, ...] = ()
    """Remarks for the author that came up while all this was read."""

    def owns(self, attempt: Attempt) -> bool:
        """Does an attempt belong to this storyboard, or only to storyboards that no longer exist?"""
        made_for = {target.storyboard for target in attempt.targets}
        return self.storyboard in made_for or not made_for & self.boards


@dataclass(frozen=True, slots=True)
class Plan:
    """A step for each unit of work, in the order in which they can be made."""

    graph: Graph
    steps: Mapping[Unit, Step]
    salvage: tuple[Attempt, ...] = ()
    """Attempts that may have a task whose video no scene needs any more: it is paid for, so it is fetched."""
    notes: tuple[str, ...] = field(default=())
    keys: Mapping[Unit, Components] = field(default_factory=dict)
    """The keys that are known before anything is made."""

    @property
    def written(self) -> tuple[Unit, ...]:
        """The units, in the order of their scenes in the storyboard."""
        place = {id: number for number, id in enumerate(self.graph.storyboard.scenes)}
        return tuple(sorted(self.steps, key=lambda unit: (place[unit.scene], unit.ordinal)))

    def step(self, scene: str, ordinal: int = 1) -> Step:
        """Return the step of a scene's take."""
        return self.steps[Unit(scene, ordinal)]

    @property
    def makes(self) -> tuple[Make, ...]:
        """The steps that make something."""
        return tuple(step for step in self.steps.values() if isinstance(step, Make))

    @property
    def holds(self) -> tuple[Hold, ...]:
        """The steps that wait for a person."""
        return tuple(step for step in self.steps.values() if isinstance(step, Hold))

    def attempt_ids_of(self, scene: str) -> frozenset[str]:
        """Return the ids of the attempts that it resumes for a scene, or that a person has to decide about."""
        resumed = (step.resumes for step in self.makes if step.scene == scene)
        held = (hold.attempt for hold in self.holds if hold.scene == scene)
        return frozenset(attempt.attempt_id for attempt in (*resumed, *held) if attempt)

    @property
    def cost(self) -> Cost:
        """The cost if every uncertain step is made."""
        return sum((step.cost for step in self.makes), NOTHING)
