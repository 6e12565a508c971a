"""What a take is made for: a scene's take in a storyboard and combination of profiles."""

from __future__ import annotations

from typing import NamedTuple


class Unit(NamedTuple):
    """The unit of work: a scene, and which of its takes (1, 2, …)."""

    scene: str
    ordinal: int = 1

    def __str__(self) -> str:
        return self.scene if self.ordinal == 1 else f"{self.scene}, take {self.ordinal}"


class Target(NamedTuple):
    """A unit of work, of a storyboard (its file's name without the ending) under a combination of profiles."""

    storyboard: str
    profile: str
    scene: str
    ordinal: int = 1

    @property
    def unit(self) -> Unit:
        """The scene and the take."""
        return Unit(self.scene, self.ordinal)
