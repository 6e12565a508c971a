"""Which take, or which unfinished attempt, serves a scene: found by its key first, and then by its name.

A take of this folder and realm that was made from exactly a scene's key is used before anything is bought, under
whatever profile, storyboard or earlier name it was made. Within one storyboard and combination of profiles a take, or
an attempt, serves one scene: two scenes that are meant to be alike get two videos. Across them it is shared.

All scenes of one key are alike to every take of that key, so whoever comes first may choose: however it chooses, no
more is bought. What is chosen is what changes least: a scene's own take, that of its earlier name, of another profile,
of another storyboard, the oldest first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from storyboard.planning.fingerprint import Components, is_pending
from storyboard.planning.history import BINDING, OVER, Attempt, Key, Past, key_of
from storyboard.planning.lock import Lock
from storyboard.planning.take import Take
from storyboard.planning.target import Target, Unit

Origin = Literal["own", "earlier name", "other scene", "other profile", "other storyboard"]
"""Where a take comes from, as seen from the scene that uses it; `other scene` is one that is still there, and whose
inputs have changed."""
_RANKS: Mapping[Origin, int] = {
    "own": 0,
    "earlier name": 1,
    "other scene": 2,
    "other profile": 3,
    "other storyboard": 4,
}


@dataclass(frozen=True, slots=True)
class Found:
    """A take, what it was made for, and how that stands to the scene that uses it."""

    take: Take
    target: Target
    origin: Origin = "own"


@dataclass(frozen=True, slots=True)
class Shelf:
    """All takes that a folder has in one realm, by the key that they were made from, the oldest first."""

    by_key: Mapping[Key, tuple[tuple[Take, Target], ...]]

    def with_key(self, components: Components) -> tuple[tuple[Take, Target], ...]:
        """The takes of a key; none of one that waits for something that is still to be made."""
        return () if is_pending(components) else self.by_key.get(key_of(components), ())


def shelf_of(storyboard: str, lock: Lock, others: Mapping[str, Lock], past: Past) -> Shelf:
    """What a storyboard's lock, the locks of the other storyboards in its folder, and their record know of takes."""
    found: dict[Key, dict[tuple[str, Target], tuple[Take, Target]]] = {}
    ages = {one.take.id: age for age, one in enumerate(past.takes)}
    locked: set[str] = set()
    for take, target in _of_locks({storyboard: lock, **others}):
        locked.add(take.id)
        found.setdefault(key_of(take.components), {})[take.id, target] = (take, target)
    for one in past.takes:
        if one.take.id not in locked:  # a crash came before it was written into its lock
            target = Target(one.storyboard, one.profile, one.scene, one.take.ordinal)
            found.setdefault(key_of(one.take.components), {})[one.take.id, target] = (one.take, target)
    youngest = len(ages)
    return Shelf(
        {
            key: tuple(sorted(rows.values(), key=lambda row: ages.get(row[0].id, youngest)))
            for key, rows in found.items()
        }
    )


def _of_locks(locks: Mapping[str, Lock]) -> Iterator[tuple[Take, Target]]:
    for storyboard, lock in locks.items():
        for (profile, scene), block in lock.blocks.items():
            for take in block.takes.values():
                yield take, Target(storyboard, profile, scene, take.ordinal)


class Claims:
    """Which takes and attempts serve which scene of one storyboard and combination of profiles, as they are chosen."""

    def __init__(
        self, storyboard: str, profile: str, scenes: Mapping[str, object], shelf: Shelf, stored: frozenset[str]
    ) -> None:
        """`scenes` are those of the storyboard as it is now; `stored`, the digests of what is in the store."""
        self._storyboard = storyboard
        self._profile = profile
        self._scenes = scenes
        self._shelf = shelf
        self._stored = stored
        self._takes: dict[str, Unit] = {}
        self._attempts: dict[str, Unit] = {}
        self._made: dict[Unit, Key] = {}

    def claim_take(self, take: Take, unit: Unit) -> None:
        """The take serves this unit from now on."""
        self._takes[take.id] = unit

    def claim_attempt(self, attempt: Attempt, unit: Unit) -> None:
        """The attempt, and the take that it comes to, serve this unit from now on."""
        self._attempts[attempt.intent] = unit

    def claim_key(self, unit: Unit, components: Components) -> None:
        """The unit is made from this key: the attempts at it that are begun from now on are its own."""
        self._made[unit] = key_of(components)

    def is_free(self, attempt: Attempt, unit: Unit) -> bool:
        """May this unit go on with the attempt?"""
        owner = attempt.target.unit if attempt.target[:2] == (self._storyboard, self._profile) else unit
        if owner != unit and self._made.get(owner) == key_of(attempt.components):
            return False
        return self._attempts.get(attempt.intent, unit) == unit

    def take_for(self, unit: Unit, lock: Lock, components: Components) -> Found | None:
        """The take that serves a unit of this key; None if there is none that is free."""
        if is_pending(components):
            return None
        own = lock.block(self._profile, unit.scene)
        for take in own.made_from(components):
            if self._is_free(take, unit):
                return Found(take, Target(self._storyboard, self._profile, *unit))
        found = [row for row in self._elsewhere(unit, components) if self._is_free(row.take, unit)]
        return min(found, key=lambda row: self._preference(row, unit), default=None)

    def has_own(self, unit: Unit, lock: Lock, past: Past, components: Components) -> bool:
        """Has the unit a take, or an attempt that is not over, of its own for this key?"""
        if any(self._is_free(take, unit) for take in lock.block(self._profile, unit.scene).made_from(components)):
            return True
        own = past.of(self._storyboard, self._profile, unit.scene)
        return any(attempt.state not in OVER and dict(attempt.components) == dict(components) for attempt in own)

    def attempts_for(self, unit: Unit, past: Past, components: Components) -> tuple[Attempt, ...]:
        """The attempts of this key that bind a unit: its own, or else those of others that may still come to something.

        Failed, refused, cancelled or given up, an attempt binds only what it was made for.
        """
        own = [
            attempt
            for attempt in past.of(self._storyboard, self._profile, unit.scene)
            if dict(attempt.components) == dict(components) and self.is_free(attempt, unit)
        ]
        if any(attempt.state not in OVER for attempt in own) or is_pending(components):
            return tuple(own)
        others = [
            attempt
            for attempt in past.with_key(components)
            if attempt.state in BINDING and attempt not in own and self.is_free(attempt, unit)
        ]
        return (*own, *sorted(others, key=lambda attempt: _RANKS[self._origin(attempt.target)]))

    def _is_free(self, take: Take, unit: Unit) -> bool:
        return self._takes.get(take.id, unit) == unit

    def _elsewhere(self, unit: Unit, components: Components) -> Iterator[Found]:
        for take, target in self._shelf.with_key(components):
            if target[:3] != (self._storyboard, self._profile, unit.scene):
                yield Found(take, target, self._origin(target))

    def _origin(self, target: Target) -> Origin:
        if target.storyboard != self._storyboard:
            return "other storyboard"
        if target.profile != self._profile:
            return "other profile"
        return "other scene" if target.scene in self._scenes else "earlier name"

    def _preference(self, found: Found, unit: Unit) -> tuple[int, bool, bool]:
        """What is preferred, smallest first; takes of one preference stay in their order, the oldest first."""
        return _RANKS[found.origin], found.take.digest not in self._stored, found.target.scene != unit.scene
