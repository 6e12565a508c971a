"""What the events of a realm add up to: attempts, and the takes that were stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal, NamedTuple, TypeAlias, assert_never

from storyboard.planning.event import (
    Accepted,
    Adopted,
    Assigned,
    AttemptEvent,
    Decided,
    Disowned,
    Ended,
    FileRenamed,
    Held,
    Imported,
    Intended,
    Missed,
    NotMine,
    NotSent,
    Recorded,
    Rejected,
    RunClosed,
    RunOpened,
    Seen,
    Stored,
    Unanswered,
    Unrecognised,
)
from storyboard.planning.fingerprint import Components
from storyboard.planning.marker import Marker
from storyboard.planning.take import Take
from storyboard.planning.target import Target

AttemptState = Literal[
    "in doubt", "accepted", "made", "stored", "failed", "cancelled", "lost", "refused", "abandoned", "given up"
]

Key: TypeAlias = "frozenset[tuple[str, str | int | bool]]"
"""A key by which attempts and takes are looked up."""


def key_of(components: Components) -> Key:
    """A scene's key as something to look up by: equal for equal components."""
    return frozenset(components.items())


@dataclass(frozen=True, slots=True)
class Attempt:
    """One paid request, or what is left of it.

    in doubt: sent, perhaps; accepted: the provider has a task; made: there is a video to fetch; stored: it is ours;
    failed: the task came to nothing; cancelled: somebody cancelled it; lost: it was taken on and may be billed, but
    can't be had any more; refused: there never was a task; abandoned: a person wants it made anew; given up: a person
    wants no more of it.
    """

    intent: str
    scene: str
    profile: str
    components: Components
    state: AttemptState
    task: str = ""
    error: str = ""
    at: float = 0.0
    """When it was intended, in Unix seconds."""
    marker: int | None = None
    """The seconds that its task echoes as `execution_expires_after`; None if its request carried no such marker."""
    identifier: str = ""
    """What its task echoes as `safety_identifier`, where that is its marker."""
    asked: Mapping[str, str | int | bool] = field(default_factory=dict)
    """What its request fixed of model, duration, ratio, resolution and sound: its task will say the same."""
    adopted: bool = False
    """Was its task found in the provider's list, not named in an answer?"""
    vouched: bool = False
    """Did a person say that this is its task?"""
    provider: str = ""
    """The provider that it was sent to; empty where that was not written down."""
    missed: tuple[float, ...] = ()
    """When its video was asked for and didn't come as it should, in Unix seconds."""
    storyboard: str = ""
    """The storyboard that it was made for: its file's name without the ending."""
    ordinal: int = 1
    occurrence: int = 0
    """Its rank among the tasks of an equal key, as its marker has it."""
    sent: bool = False
    """Did this record send its request? One that it was given by a list, it didn't."""
    also: tuple[Target, ...] = ()
    """What it serves besides, in other storyboards and profiles."""

    @property
    def target(self) -> Target:
        """What it was made for."""
        return Target(self.storyboard, self.profile, self.scene, self.ordinal)

    @property
    def targets(self) -> tuple[Target, ...]:
        """Everything that it serves."""
        return (self.target, *self.also)

    @property
    def carried(self) -> Marker:
        """What its request carried, by which its task can be known."""
        return Marker(self.marker, self.identifier)

    @property
    def found_by_marker(self) -> bool:
        """Is its marker all that says that this is its task?"""
        return self.adopted and not self.vouched

    @property
    def held(self) -> bool:
        """Does it have a task with which a run did not get on, so that a person may decide?"""
        return self.state in ("accepted", "made") and bool(self.error)


OVER: frozenset[AttemptState] = frozenset({"stored", "failed", "refused", "abandoned"})
"""States of an attempt that is over: we have its video, or there is none, or a person had it made anew."""
BINDING: frozenset[AttemptState] = frozenset({"in doubt", "accepted", "made", "lost"})
"""States in which an attempt binds everyone who asks for its key: it may be billed, and its video may come. One that
was cancelled or given up binds only who it was made for."""


@dataclass(frozen=True, slots=True)
class RecordedElsewhere:
    """Another record of this user on this machine that has a task: where it lies, and the task's key."""

    folder: str
    components: Components


class StoredTake(NamedTuple):
    """A take, and what it was stored for."""

    storyboard: str
    profile: str
    scene: str
    take: Take


@dataclass(frozen=True)
class Past:
    """What the events of a realm add up to: attempts in their order, and the takes that were stored."""

    attempts: Mapping[str, Attempt] = field(default_factory=dict)
    takes: tuple[StoredTake, ...] = ()
    renamed_files: Mapping[str, str] = field(default_factory=dict)
    """Storyboards' names that are no more, each with the name that its file has since."""

    def of(self, storyboard: str, profile: str, scene: str) -> tuple[Attempt, ...]:
        """The attempts that serve a scene."""
        return self._by_scene.get((storyboard, profile, scene), ())

    def with_key(self, components: Components) -> tuple[Attempt, ...]:
        """The attempts that were made from just this key, for whatever scene."""
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
        """Attempts with a task, or with a marker by which one may be found, whose video is not ours yet."""
        return tuple(a for a in self.attempts.values() if a.state in ("accepted", "made") or _may_be_found(a))


def _may_be_found(attempt: Attempt) -> bool:
    return attempt.state == "in doubt" and bool(attempt.carried)


class History:
    """Events as they are added up, one after another, so that nobody has to begin again at the first."""

    def __init__(self, events: Iterable[tuple[float, Recorded]] = ()) -> None:
        self._attempts: dict[str, Attempt] = {}
        self._place: dict[str, int] = {}
        self._provider = ""
        self._of: dict[tuple[str, str, str], dict[str, None]] = {}
        self._with_key: dict[Key, dict[str, None]] = {}
        self._takes: list[StoredTake] = []
        self._renamed: dict[str, str] = {}
        self._doubts: dict[str, None] = {}
        self.owned: set[str] = set()
        """Tasks that belong to an attempt, or were found to be a stranger's: none of them is adopted."""
        for at, event in events:
            self.add(at, event)

    def add(self, at: float, event: Recorded) -> None:
        """One more event, with its wall time."""
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
                self._begin(replace(_begun(event, at), provider=self._provider))
            case _:
                self._add_to_attempt(at, event)

    def _begin(self, attempt: Attempt) -> None:
        self._attempts[attempt.intent] = attempt
        self._place.setdefault(attempt.intent, len(self._place))
        self._of.setdefault(attempt.target[:3], {})[attempt.intent] = None
        self._with_key.setdefault(key_of(attempt.components), {})[attempt.intent] = None
        self._note_doubt(attempt)

    def _add_to_attempt(self, at: float, event: AttemptEvent) -> None:
        before = self._attempts.get(event.intent)
        if before is not None:
            changed = self._attempts[event.intent] = _after(before, event, at)
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
        """An attempt has its task no more, nor the take that came of it."""
        self._takes = [one for one in self._takes if one.take.task != event.task or one.scene != event.scene]
        if event.ambiguous:
            self.owned.discard(event.task)  # it may be ours all the same: a person decides
        else:
            self.owned.add(event.task)

    def _disclaim(self, event: NotMine) -> None:
        """A task is not this scene's: if another scene was given it by its marker alone, it is that one's for sure."""
        self.owned.add(event.task)
        owner = self.owner(event.task)
        if owner is not None:
            self._attempts[owner.intent] = replace(owner, vouched=True)

    def _index(self, before: Attempt, changed: Attempt) -> None:
        for target in before.targets:
            self._of[target[:3]].pop(before.intent, None)
        for target in changed.targets:
            self._of.setdefault(target[:3], {})[changed.intent] = None

    def _rename_file(self, event: FileRenamed) -> None:
        """What was the storyboard's under its old name is its own under the new one."""
        self._renamed[event.was] = event.storyboard
        for intent, attempt in self._attempts.items():
            if any(target.storyboard == event.was for target in attempt.targets):
                also = tuple(_renamed(target, event) for target in attempt.also)
                own = _renamed(attempt.target, event)
                changed = self._attempts[intent] = replace(attempt, storyboard=own.storyboard, also=also)
                self._index(attempt, changed)
        self._takes = [
            one._replace(storyboard=event.storyboard) if one.storyboard == event.was else one for one in self._takes
        ]

    def attempt(self, intent: str) -> Attempt:
        """The attempt of an intent that was written down."""
        return self._attempts[intent]

    def get(self, intent: str) -> Attempt | None:
        """The attempt of an intent; None if it was not written down."""
        return self._attempts.get(intent)

    def owner(self, task: str) -> Attempt | None:
        """The attempt that has a task; None if none does."""
        return next((attempt for attempt in self._attempts.values() if attempt.task == task), None)

    def _note_doubt(self, attempt: Attempt) -> None:
        if attempt.state == "in doubt":
            self._doubts[attempt.intent] = None
        else:
            self._doubts.pop(attempt.intent, None)

    @property
    def in_doubt(self) -> tuple[Attempt, ...]:
        """Attempts of which nobody knows whether they were taken on."""
        return tuple(self._attempts[intent] for intent in self._doubts)

    def of(self, storyboard: str, profile: str, scene: str) -> tuple[Attempt, ...]:
        """The attempts that serve a scene."""
        return tuple(self._attempts[intent] for intent in self._of.get((storyboard, profile, scene), ()))

    def with_key(self, components: Components) -> tuple[Attempt, ...]:
        """The attempts that were made from just this key, for whatever scene."""
        return tuple(self._attempts[intent] for intent in self._with_key.get(key_of(components), ()))

    def about(self, storyboard: str, profile: str, scene: str, components: Components) -> Past:
        """What concerns one scene: its own attempts, and those of its key, in their order."""
        found = {a.intent: a for a in (*self.of(storyboard, profile, scene), *self.with_key(components))}
        in_order = {intent: found[intent] for intent in sorted(found, key=self._place.__getitem__)}
        return Past(in_order, (), dict(self._renamed))

    @property
    def past(self) -> Past:
        """What they add up to now."""
        return Past(dict(self._attempts), tuple(self._takes), dict(self._renamed))


def past_of(events: Iterable[tuple[float, Recorded]]) -> Past:
    """Add events up, each with its wall time, in their order."""
    return History(events).past


def _renamed(target: Target, event: FileRenamed) -> Target:
    return target._replace(storyboard=event.storyboard) if target.storyboard == event.was else target


def _begun(event: Intended, at: float) -> Attempt:
    return Attempt(
        event.intent,
        event.scene,
        event.profile,
        event.key,
        "in doubt",
        at=event.at or at,
        marker=event.marker,
        identifier=event.identifier,
        asked=event.asked,
        storyboard=event.storyboard,
        ordinal=event.ordinal,
        occurrence=event.occurrence,
        sent=bool(event.body),
    )


def _after(attempt: Attempt, event: AttemptEvent, at: float) -> Attempt:
    """An attempt as it stands after one more event."""
    match event:
        case NotSent(error=error) | Rejected(error=error):
            return replace(attempt, state="refused", error=error)
        case Unanswered(error=error):
            return replace(attempt, state="in doubt", error=error)
        case Accepted(task=task):
            return replace(attempt, state="accepted", task=task or attempt.task, error="")
        case Adopted(task=task, by=by):
            vouched = by == "person" or not attempt.carried  # nobody else can tell without a marker
            return replace(
                attempt, state="accepted", task=task or attempt.task, adopted=True, vouched=vouched, error=""
            )
        case Disowned(error=error):
            return replace(attempt, state="in doubt", task="", adopted=False, vouched=False, error=error)
        case Held(why=why):
            return replace(attempt, error=why) if attempt.task else attempt
        case Decided(choice=choice):
            return replace(attempt, state="given up" if choice == "abandon" else "abandoned", error=choice)
        case Missed():
            return replace(attempt, missed=(*attempt.missed, at))
        case Ended(status=status, error=error):
            return replace(attempt, state=_state_after(status), error=error)
        case Stored(error=error):
            return replace(attempt, state="stored", error=error)
        case Assigned():
            return _assigned(attempt, event)
        case Seen() | Intended():
            return attempt
        case _:
            assert_never(event)


def _state_after(status: str) -> AttemptState:
    match status:
        case "succeeded":
            return "made"
        case "lost" | "cancelled":
            return "lost" if status == "lost" else "cancelled"
        case _:
            return "failed"


def _assigned(attempt: Attempt, event: Assigned) -> Attempt:
    """In one storyboard and profile an attempt serves one scene; in others it serves further ones."""
    target = Target(event.storyboard, event.profile, event.scene, event.ordinal)
    if target[:2] == attempt.target[:2]:
        return replace(attempt, scene=target.scene, ordinal=target.ordinal)
    return replace(attempt, also=(*(one for one in attempt.also if one[:2] != target[:2]), target))
