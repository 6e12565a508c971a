"""An attempt: one paid request, as its events describe it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, assert_never

from storyboard.planning.event import (
    Accepted,
    Adopted,
    Assigned,
    AttemptEvent,
    Decided,
    Disowned,
    Ended,
    Held,
    Intended,
    Missed,
    NotSent,
    Rejected,
    Seen,
    Stored,
    Unanswered,
)
from storyboard.planning.fingerprint import Components
from storyboard.planning.marker import Marker
from storyboard.planning.target import Target

AttemptState = Literal[
    "in doubt", "accepted", "made", "stored", "failed", "cancelled", "lost", "refused", "abandoned", "given up"
]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One paid request, or what is left of it.

    Its states: in doubt: it may have been sent; accepted: the provider has a task; made: there is a video to download;
    stored: the video is in the store; failed: the task ended without a video; cancelled: the task was cancelled; lost:
    it was accepted and may be billed, but can't be retrieved any more; refused: there never was a task; abandoned: a
    person had it made anew; given up: a person gave it up.
    """

    attempt_id: str
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
    """What its task echoes as `safety_identifier`, if that is its marker."""
    asked: Mapping[str, str | int | bool] = field(default_factory=dict)
    """The model, duration, ratio, resolution and sound that its request fixed: its task reports the same."""
    adopted: bool = False
    """Was its task found in the provider's list, not named in an answer?"""
    vouched: bool = False
    """Did a person confirm that this is its task?"""
    provider: str = ""
    """The provider that it was sent to; empty if that was not recorded."""
    missed: tuple[float, ...] = ()
    """When downloads of its video failed, in Unix seconds."""
    storyboard: str = ""
    """The storyboard that it was made for: its file's name without the extension."""
    ordinal: int = 1
    occurrence: int = 0
    """Its rank among the tasks of an equal key, from which its marker is derived."""
    sent: bool = False
    """Did this record send its request? False if its task was taken from a list."""
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
        """The marker in its request, by which its task can be identified."""
        return Marker(self.marker, self.identifier)

    @property
    def found_by_marker(self) -> bool:
        """Is its marker the only evidence that this is its task?"""
        return self.adopted and not self.vouched

    @property
    def held(self) -> bool:
        """Does it have a task on which a run could not make progress, so that a person may decide?"""
        return self.state in ("accepted", "made") and bool(self.error)


OVER: frozenset[AttemptState] = frozenset({"stored", "failed", "refused", "abandoned"})
"""States of an attempt that is over: the video is stored, or there is none, or a person had it made anew."""

BINDING: frozenset[AttemptState] = frozenset({"in doubt", "accepted", "made", "lost"})
"""States in which an attempt binds every scene with its key: it may be billed, and its video may come.

A cancelled attempt, or one that was given up, binds only what it was made for.
"""


@dataclass(frozen=True, slots=True)
class RecordedElsewhere:
    """Another record of this user on this machine that has a task: its folder, and the task's key."""

    folder: str
    components: Components


def attempt_begun(event: Intended, at: float) -> Attempt:
    """Return the attempt that an intent begins. `at` is the wall time of the event."""
    return Attempt(
        event.attempt_id,
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


def attempt_after(attempt: Attempt, event: AttemptEvent, at: float) -> Attempt:
    """Return the attempt after one more event. `at` is the wall time of the event."""
    match event:
        case NotSent(error=error) | Rejected(error=error):
            return replace(attempt, state="refused", error=error)
        case Unanswered(error=error):
            return replace(attempt, state="in doubt", error=error)
        case Accepted(task=task):
            return replace(attempt, state="accepted", task=task or attempt.task, error="")
        case Adopted(task=task, by=by):
            vouched = by == "person" or not attempt.carried  # without a marker only a person can identify it
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
            return _assign(attempt, event)
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


def _assign(attempt: Attempt, event: Assigned) -> Attempt:
    """Return the attempt with another target. It serves one scene per storyboard and profile."""
    target = Target(event.storyboard, event.profile, event.scene, event.ordinal)
    if target[:2] == attempt.target[:2]:
        return replace(attempt, scene=target.scene, ordinal=target.ordinal)
    return replace(attempt, also=(*(one for one in attempt.also if one[:2] != target[:2]), target))
