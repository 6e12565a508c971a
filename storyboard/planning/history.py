"""Adds up the events of a realm, one by one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import assert_never

from storyboard.planning.attempt import Attempt, attempt_after, attempt_begun
from storyboard.planning.event import (
    Assigned,
    AttemptEvent,
    Disowned,
    FileRenamed,
    Imported,
    Intended,
    NotMine,
    OfAttempt,
    Recorded,
    RunClosed,
    RunOpened,
    Stored,
    Unrecognised,
)
from storyboard.planning.fingerprint import Components, Key, key_of
from storyboard.planning.past import Past, StoredTake
from storyboard.planning.target import Target


class History:
    """The sum of the events so far, updated with each event instead of recomputed."""

    def __init__(self, events: Iterable[tuple[float, Recorded]] = ()) -> None:
        self._attempts: dict[str, Attempt] = {}
        self._place: dict[str, int] = {}
        self._provider = ""
        self._of: dict[tuple[str, str, str], dict[str, None]] = {}
        self._with_key: dict[Key, dict[str, None]] = {}
        self._with_marker: dict[int, list[str]] = {}
        self._takes: list[StoredTake] = []
        self._renamed: dict[str, str] = {}
        self._doubts: dict[str, None] = {}
        self.owned: set[str] = set()
        """Tasks that belong to an attempt, or were found to belong to another project: none of them is adopted."""
        for at, event in events:
            self.add(at, event)

    def add(self, at: float, event: Recorded) -> None:
        """Add one event. `at` is its wall time."""
        match event:
            case RunOpened():
                self._provider = event.provider
            case FileRenamed():
                self._rename_file(event)
            case NotMine():
                self._disclaim(event)
            case RunClosed() | Imported() | Unrecognised():
                pass
            case Intended():
                self._begin(replace(attempt_begun(event, at), provider=self._provider))
            case OfAttempt():
                self._add_to_attempt(at, event)
            case _:
                assert_never(event)

    def _begin(self, attempt: Attempt) -> None:
        self._attempts[attempt.attempt_id] = attempt
        self._place.setdefault(attempt.attempt_id, len(self._place))
        self._of.setdefault(attempt.target[:3], {})[attempt.attempt_id] = None
        self._with_key.setdefault(key_of(attempt.components), {})[attempt.attempt_id] = None
        if attempt.marker is not None:
            self._with_marker.setdefault(attempt.marker, []).append(attempt.attempt_id)
        self._note_doubt(attempt)

    def _add_to_attempt(self, at: float, event: AttemptEvent) -> None:
        before = self._attempts.get(event.attempt_id)
        if before is not None:
            changed = self._attempts[event.attempt_id] = attempt_after(before, event, at)
            self._note_doubt(changed)
            if changed.task:
                self.owned.add(changed.task)
            if isinstance(event, Assigned):
                self._index(before, changed)
        if isinstance(event, Stored):
            self._takes.append(StoredTake(event.storyboard, event.profile, event.scene, event.take))
        elif isinstance(event, Disowned):
            self._disown(event)

    def _disown(self, event: Disowned) -> None:
        """Remove an attempt's task, and the take made from it."""
        self._takes = [one for one in self._takes if one.take.task != event.task or one.scene != event.scene]
        if event.ambiguous:
            self.owned.discard(event.task)  # it may still be this attempt's: a person decides
        else:
            self.owned.add(event.task)

    def _disclaim(self, event: NotMine) -> None:
        """Record that a task is not this scene's.

        If another scene was given it by its marker alone, it is that scene's for certain.
        """
        self.owned.add(event.task)
        owner = self.owner(event.task)
        if owner is not None:
            self._attempts[owner.attempt_id] = replace(owner, vouched=True)

    def _index(self, before: Attempt, changed: Attempt) -> None:
        for target in before.targets:
            self._of[target[:3]].pop(before.attempt_id, None)
        for target in changed.targets:
            self._of.setdefault(target[:3], {})[changed.attempt_id] = None

    def _rename_file(self, event: FileRenamed) -> None:
        """Move everything of the storyboard's old name to its new one."""
        self._renamed[event.was] = event.storyboard
        for attempt_id, attempt in self._attempts.items():
            if any(target.storyboard == event.was for target in attempt.targets):
                also = tuple(_renamed(target, event) for target in attempt.also)
                own = _renamed(attempt.target, event)
                changed = self._attempts[attempt_id] = replace(attempt, storyboard=own.storyboard, also=also)
                self._index(attempt, changed)
        self._takes = [
            one._replace(storyboard=event.storyboard) if one.storyboard == event.was else one for one in self._takes
        ]

    def attempt(self, attempt_id: str) -> Attempt:
        """Return the attempt of a recorded ID."""
        return self._attempts[attempt_id]

    def get(self, attempt_id: str) -> Attempt | None:
        """Return the attempt of an ID, or None if it was not recorded."""
        return self._attempts.get(attempt_id)

    def owner(self, task: str) -> Attempt | None:
        """Return the attempt that has a task, or None."""
        return next((attempt for attempt in self._attempts.values() if attempt.task == task), None)

    def _note_doubt(self, attempt: Attempt) -> None:
        if attempt.state == "in doubt":
            self._doubts[attempt.attempt_id] = None
        else:
            self._doubts.pop(attempt.attempt_id, None)

    @property
    def in_doubt(self) -> tuple[Attempt, ...]:
        """Attempts that may or may not have been accepted."""
        return tuple(self._attempts[attempt_id] for attempt_id in self._doubts)

    def of(self, storyboard: str, profile: str, scene: str) -> tuple[Attempt, ...]:
        """Return the attempts that serve a scene."""
        return tuple(self._attempts[attempt_id] for attempt_id in self._of.get((storyboard, profile, scene), ()))

    def with_key(self, components: Components) -> tuple[Attempt, ...]:
        """Return the attempts with exactly this key, for any scene."""
        return tuple(self._attempts[attempt_id] for attempt_id in self._with_key.get(key_of(components), ()))

    def with_marker(self, marker: int) -> tuple[Attempt, ...]:
        """Return the attempts whose requests carried this marker."""
        return tuple(self._attempts[attempt_id] for attempt_id in self._with_marker.get(marker, ()))

    def about(self, storyboard: str, profile: str, scene: str, components: Components) -> Past:
        """Return what concerns one scene: its own attempts, and those of its key, in their order."""
        found = {a.attempt_id: a for a in (*self.of(storyboard, profile, scene), *self.with_key(components))}
        in_order = {attempt_id: found[attempt_id] for attempt_id in sorted(found, key=self._place.__getitem__)}
        return Past(in_order, (), dict(self._renamed))

    @property
    def past(self) -> Past:
        """The sum of all events so far."""
        return Past(dict(self._attempts), tuple(self._takes), dict(self._renamed))


def past_of(events: Iterable[tuple[float, Recorded]]) -> Past:
    """Return the sum of events, each with its wall time, in their order."""
    return History(events).past


def _renamed(target: Target, event: FileRenamed) -> Target:
    return target._replace(storyboard=event.storyboard) if target.storyboard == event.was else target
