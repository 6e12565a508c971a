"""Chooses the take, or the unfinished attempt, that serves a scene: by its key first, then by its name.

A take of this folder and realm that was made from exactly a scene's key is used before anything is bought, whatever
profile, storyboard or earlier name it was made under. Within one storyboard and combination of profiles a take, or an
attempt, serves one scene: two scenes that are meant to be alike get two videos. Across them it is shared.

All scenes with one key fit every take of that key, so their order doesn't matter: however they choose, the same number
of takes is bought. The choice is the one that changes least: a scene's own take, then that of its earlier name, of
another profile, of another storyboard, the oldest first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from storyboard.planning.attempt import BINDING, OVER, Attempt
from storyboard.planning.fingerprint import Components, Key, is_pending, key_of
from storyboard.planning.lock import Lockfile
from storyboard.planning.past import Past
from storyboard.planning.take import Take
from storyboard.planning.target import Target, Unit

Origin = Literal["own", "earlier name", "other scene", "other profile", "other storyboard"]
"""Where a take comes from, as seen from the scene that uses it. `other scene` is one that still exists, but whose
inputs have changed."""

_RANKS: Mapping[Origin, int] = {
    "own": 0,
    "earlier name": 1,
    "other scene": 2,
    "other profile": 3,
    "other storyboard": 4,
}


@dataclass(frozen=True, slots=True)
class TakeMatch:
    """A take, what it was made for, and how that relates to the scene that uses it."""

    take: Take
    target: Target
    origin: Origin = "own"


Use = Literal["selected", "passed over", "never used"]
"""Whether a take is the selected one of its block, lies beside a selected one, or is in a block without a selection. A
take of the last kind was fetched only because it was paid for, and nothing was ever made from it."""

_USES: Mapping[Use, int] = {"selected": 0, "passed over": 1, "never used": 2}


class Shelved(NamedTuple):
    """A take, what it was made for, and how it is used there."""

    take: Take
    target: Target
    use: Use


@dataclass(frozen=True, slots=True)
class Shelf:
    """All takes of a folder in one realm, by their key, the oldest first."""

    by_key: Mapping[Key, tuple[Shelved, ...]]

    def with_key(self, components: Components) -> tuple[Shelved, ...]:
        """Return the takes of a key; none if the key depends on something that is still to be made."""
        return () if is_pending(components) else self.by_key.get(key_of(components), ())

    def has_another(self, take: Take, storyboard: str, profile: str, scene: str) -> bool:
        """Is there another take of this take's key that was made for anything but this scene?"""
        scene_of = storyboard, profile, scene
        return any(one.take.id != take.id and one.target[:3] != scene_of for one in self.with_key(take.components))


def shelf_of(storyboard: str, lock: Lockfile, others: Mapping[str, Lockfile], past: Past) -> Shelf:
    """Return the takes in a storyboard's lock, in the locks of the other storyboards in its folder, and in their
    record."""
    found: dict[Key, dict[tuple[str, Target], Shelved]] = {}
    ages = {one.take.id: age for age, one in enumerate(past.takes)}
    locked: set[str] = set()
    for one in _of_locks({storyboard: lock, **others}):
        locked.add(one.take.id)
        found.setdefault(key_of(one.take.components), {})[one.take.id, one.target] = one
    for stored in past.takes:
        take = stored.take
        if take.id not in locked:  # a crash prevented writing it into its lock
            target = Target(stored.storyboard, stored.profile, stored.scene, take.ordinal)
            row = Shelved(take, target, "never used")
            found.setdefault(key_of(take.components), {})[take.id, target] = row
    youngest = len(ages)
    return Shelf(
        {
            key: tuple(sorted(rows.values(), key=lambda row: ages.get(row.take.id, youngest)))
            for key, rows in found.items()
        }
    )


def _of_locks(locks: Mapping[str, Lockfile]) -> Iterator[Shelved]:
    for storyboard, lock in locks.items():
        for (profile, scene), block in lock.blocks.items():
            for take in block.takes.values():
                target = Target(storyboard, profile, scene, take.ordinal)
                use: Use = "passed over" if block.selected else "never used"
                yield Shelved(take, target, "selected" if take.id == block.selected else use)


class Claims:
    """Which takes and attempts serve which scene of one storyboard and combination of profiles, as they are chosen."""

    def __init__(
        self, storyboard: str, profile: str, scenes: Mapping[str, object], shelf: Shelf, stored: frozenset[str]
    ) -> None:
        """`scenes` are the storyboard's current scenes; `stored`, the digests of the files in the store."""
        self._storyboard = storyboard
        self._profile = profile
        self._scenes = scenes
        self._shelf = shelf
        self._stored = stored
        self._takes: dict[str, Unit] = {}
        self._attempts: dict[str, Unit] = {}
        self._made: dict[Unit, Key] = {}

    def claim_take(self, take: Take, unit: Unit) -> None:
        """Let the take serve this unit from now on."""
        self._takes[take.id] = unit

    def claim_attempt(self, attempt: Attempt, unit: Unit) -> None:
        """Let the attempt, and the take that results from it, serve this unit from now on."""
        self._attempts[attempt.attempt_id] = unit

    def claim_key(self, unit: Unit, components: Components) -> None:
        """Record that the unit is made from this key: attempts at it that begin from now on are its own."""
        self._made[unit] = key_of(components)

    def is_free(self, attempt: Attempt, unit: Unit) -> bool:
        """May this unit resume the attempt?"""
        owner = attempt.target.unit if attempt.target[:2] == (self._storyboard, self._profile) else unit
        if owner != unit and self._made.get(owner) == key_of(attempt.components):
            return False
        return self._attempts.get(attempt.attempt_id, unit) == unit

    def take_for(self, unit: Unit, lock: Lockfile, components: Components) -> TakeMatch | None:
        """Return the take that serves a unit of this key, or None if none is free."""
        if is_pending(components):
            return None
        own = lock.block(self._profile, unit.scene)
        for take in own.find_made_from(components) if own.selected else ():
            if self._is_free(take, unit):
                return TakeMatch(take, Target(self._storyboard, self._profile, *unit))
        found = [row for row in self._rows(unit, lock, components) if self._is_free(row.take, unit)]
        best = min(found, key=lambda row: self._preference(row, unit), default=None)
        return best and TakeMatch(best.take, best.target, self._origin_for(best.target, unit))

    def has_own(self, unit: Unit, lock: Lockfile, past: Past, components: Components) -> bool:
        """Does the unit have a take, or an attempt that is not over, of its own for this key?"""
        if any(self._is_free(take, unit) for take in lock.block(self._profile, unit.scene).find_made_from(components)):
            return True
        own = past.of(self._storyboard, self._profile, unit.scene)
        return any(attempt.state not in OVER and dict(attempt.components) == dict(components) for attempt in own)

    def attempts_for(self, unit: Unit, past: Past, components: Components) -> tuple[Attempt, ...]:
        """Return the attempts of this key that bind a unit: its own, or else those of others that may still succeed.

        A failed, refused, cancelled or given-up attempt binds only what it was made for.
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

    def to_go_on_with(self, unit: Unit, past: Past, components: Components) -> tuple[Attempt, ...]:
        """Return the attempts of this key that bind a unit, in the order in which it would resume them.

        Those whose tasks were found only by their markers come last: another copy of the project submitted them, or
        their markers fit by chance.
        """
        return tuple(sorted(self.attempts_for(unit, past, components), key=lambda attempt: attempt.found_by_marker))

    def _is_free(self, take: Take, unit: Unit) -> bool:
        return self._takes.get(take.id, unit) == unit

    def _rows(self, unit: Unit, lock: Lockfile, components: Components) -> Iterator[Shelved]:
        """Yield the takes of this key in the unit's own block, in its current state, and elsewhere."""
        own = Target(self._storyboard, self._profile, *unit)
        for take in lock.block(self._profile, unit.scene).find_made_from(components):
            yield Shelved(take, own, "never used")
        for one in self._shelf.with_key(components):
            if one.target[:3] != own[:3]:
                yield one

    def _origin_for(self, target: Target, unit: Unit) -> Origin:
        own = target[:3] == (self._storyboard, self._profile, unit.scene)
        return "own" if own else self._origin(target)

    def _origin(self, target: Target) -> Origin:
        if target.storyboard != self._storyboard:
            return "other storyboard"
        if target.profile != self._profile:
            return "other profile"
        return "other scene" if target.scene in self._scenes else "earlier name"

    def _preference(self, one: Shelved, unit: Unit) -> tuple[bool, int, bool, int, bool]:
        """Return the sort key of a take, the most preferred first; takes of equal preference stay in their order, the
        oldest first.

        Two takes have one key if two copies of a project submitted a scene at the same moment. Scenes chained to it
        were made from the one that was used: with the other one they would be bought again.
        """
        origin = self._origin_for(one.target, unit)
        missing = one.take.digest not in self._stored
        return one.use == "never used", _RANKS[origin], missing, _USES[one.use], one.target.scene != unit.scene
