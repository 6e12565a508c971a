"""The attempts and stored takes that a realm's events amount to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from storyboard.planning.attempt import Attempt
from storyboard.planning.fingerprint import Components, Key, key_of
from storyboard.planning.take import Take


class StoredTake(NamedTuple):
    """A take, and what it was stored for."""

    storyboard: str
    profile: str
    scene: str
    take: Take


@dataclass(frozen=True)
class Past:
    """The attempts of a realm in their order, and the takes that were stored."""

    attempts: Mapping[str, Attempt] = field(default_factory=dict)
    takes: tuple[StoredTake, ...] = ()
    renamed_files: Mapping[str, str] = field(default_factory=dict)
    """Names that storyboards no longer have, each with its file's name since."""

    def of(self, storyboard: str, profile: str, scene: str) -> tuple[Attempt, ...]:
        """Return the attempts that serve a scene."""
        return self._by_scene.get((storyboard, profile, scene), ())

    def with_key(self, components: Components) -> tuple[Attempt, ...]:
        """Return the attempts with exactly this key, for any scene."""
        return self._by_key.get(key_of(components), ())

    @cached_property
    def _by_scene(self) -> dict[tuple[str, str, str], tuple[Attempt, ...]]:
        found: dict[tuple[str, str, str], list[Attempt]] = {}
        for attempt in self.attempts.values():
            for target in attempt.targets:
                found.setdefault(target[:3], []).append(attempt)
        return {target: tuple(attempts) for target, attempts in found.items()}

    @cached_property
    def _by_key(self) -> dict[Key, tuple[Attempt, ...]]:
        found: dict[Key, list[Attempt]] = {}
        for attempt in self.attempts.values():
            found.setdefault(key_of(attempt.components), []).append(attempt)
        return {key: tuple(attempts) for key, attempts in found.items()}

    @property
    def unfinished(self) -> tuple[Attempt, ...]:
        """Attempts whose video is not stored yet, and that have a task or a marker by which one can be found."""
        return tuple(a for a in self.attempts.values() if a.state in ("accepted", "made") or _may_be_found(a))


def _may_be_found(attempt: Attempt) -> bool:
    return attempt.state == "in doubt" and bool(attempt.carried)
