"""What a plan does for one unit of work: it keeps a take, makes one, holds, or stays idle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from storyboard.planning.attempt import Attempt
from storyboard.planning.price import NOTHING, Cost
from storyboard.planning.reason import Reason
from storyboard.planning.take import Take
from storyboard.planning.takes import TakeMatch
from storyboard.planning.target import Unit


@dataclass(frozen=True, slots=True)
class Keep:
    """The scene has a take that is good for its current inputs.

    `found` names where it was found, if it isn't the scene's own yet: under its earlier name, another profile or
    another storyboard. `stale` holds the reasons for which it would be remade if the scene were selected.
    """

    unit: Unit
    take: Take
    found: TakeMatch | None = None
    stale: tuple[Reason, ...] = ()

    @property
    def scene(self) -> str:
        """The scene."""
        return self.unit.scene


@dataclass(frozen=True, slots=True)
class Make:
    """The scene is made. `certain` is False if it is kept after all should its inputs come out the same.

    `resumes` is an attempt that already has a task, or one in doubt whose task is looked for by its marker, so nothing
    is submitted. `fetches` is a take of which only the file is missing, and `found` where it was found.
    """

    unit: Unit
    reasons: tuple[Reason, ...]
    cost: Cost = NOTHING
    certain: bool = True
    resumes: Attempt | None = None
    fetches: Take | None = None
    found: TakeMatch | None = None

    @property
    def scene(self) -> str:
        """The scene."""
        return self.unit.scene


@dataclass(frozen=True, slots=True)
class Hold:
    """The scene can't be made before a person decides or provides something: for it, or for `above`, which it is made
    from."""

    unit: Unit
    why: str
    hint: str = ""
    reasons: tuple[Reason, ...] = ()
    above: str = ""
    attempt: Attempt | None = None
    """The submission that a person decides about, if there is one."""

    @property
    def scene(self) -> str:
        """The scene."""
        return self.unit.scene


@dataclass(frozen=True, slots=True)
class Idle:
    """The scene is not selected, and no selected scene needs it."""

    unit: Unit

    @property
    def scene(self) -> str:
        """The scene."""
        return self.unit.scene


Step: TypeAlias = "Keep | Make | Hold | Idle"
