"""Everything that can happen to a scene, as values; and the past that they add up to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from storyboard.planning.fingerprint import Components
from storyboard.planning.lock import take_from
from storyboard.planning.take import Take
from storyboard.promises import is_count

EventKind = Literal[
    "run_opened",
    "planned",
    "intended",
    "not_sent",
    "rejected",
    "accepted",
    "unknown",
    "adopted",
    "disowned",
    "renamed",
    "held",
    "decided",
    "seen",
    "missed",
    "ended",
    "stored",
    "selected",
    "run_closed",
]

DURABLE: frozenset[EventKind] = frozenset(
    {
        "run_opened",
        "intended",
        "not_sent",
        "rejected",
        "accepted",
        "unknown",
        "adopted",
        "disowned",
        "decided",
        "ended",
        "stored",
    }
)
"""What must be on the disk before the next step is taken: all that stands before or after a payment."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened: to which scene, in which attempt (`intent`), and what is known of it."""

    kind: EventKind
    scene: str = ""
    intent: str = ""
    body: Mapping[str, Any] = field(default_factory=dict)


AttemptState = Literal[
    "in doubt", "accepted", "made", "stored", "failed", "cancelled", "lost", "refused", "abandoned", "given up"
]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One paid request, or what is left of it.

    in doubt: sent, perhaps; accepted: the provider has a task; made: there is a video to fetch; stored: it is ours;
    failed: the task came to nothing; cancelled: somebody cancelled it; lost: it was taken on and may be billed, but
    can't be had any more; refused: there never was a task; abandoned: somebody wants it made anew; given up: somebody
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
    """The seconds that its task echoes as `execution_expires_after`; None if it bears no mark."""
    asked: Mapping[str, Any] = field(default_factory=dict)
    """What its request fixed of model, duration, ratio, resolution and sound: its task will say the same."""
    adopted: bool = False
    """Was its task found in the provider's list, not named in an answer?"""
    vouched: bool = False
    """Did a person say that this is its task?"""
    provider: str = ""
    """Whom it was sent to; empty where that was not written down."""
    missed: tuple[float, ...] = ()
    """When its video was asked for and didn't come as it should, in Unix seconds."""

    @property
    def held(self) -> bool:
        """Does it have a task with which a run did not get on, so that a person may decide?"""
        return self.state in ("accepted", "made") and bool(self.error)


@dataclass(frozen=True, slots=True)
class Past:
    """What the events of a realm add up to: attempts in their order, and the takes that were stored."""

    attempts: Mapping[str, Attempt] = field(default_factory=dict)
    takes: tuple[tuple[str, str, Take], ...] = ()
    """Profile, scene and take."""

    def of(self, profile: str, scene: str) -> tuple[Attempt, ...]:
        """A scene's attempts."""
        return tuple(a for a in self.attempts.values() if (a.profile, a.scene) == (profile, scene))

    @property
    def unfinished(self) -> tuple[Attempt, ...]:
        """Attempts with a task, or with a mark by which one may be found, whose video is not ours yet."""
        return tuple(a for a in self.attempts.values() if a.state in ("accepted", "made") or _may_be_found(a))


def _may_be_found(attempt: Attempt) -> bool:
    return attempt.state == "in doubt" and attempt.marker is not None


_ENDED: dict[str, AttemptState] = {"succeeded": "made", "lost": "lost", "cancelled": "cancelled"}
_STATE_AFTER: dict[EventKind, AttemptState] = {
    "not_sent": "refused",
    "rejected": "refused",
    "accepted": "accepted",
    "unknown": "in doubt",
    "stored": "stored",
}


class History:
    """Events as they are added up, one after another, so that nobody has to begin again at the first."""

    def __init__(self, events: Iterable[tuple[float, Event]] = ()) -> None:
        self._attempts: dict[str, Attempt] = {}
        self._provider = ""
        self._of: dict[tuple[str, str], dict[str, None]] = {}
        self._takes: list[tuple[str, str, Take]] = []
        self._doubts: dict[str, None] = {}
        self.owned: set[str] = set()
        """Tasks that belong to an attempt, or were found to be a stranger's: none of them is adopted."""
        for at, event in events:
            self.add(at, event)

    def add(self, at: float, event: Event) -> None:
        """One more event, with its wall time."""
        if event.kind == "run_opened":
            self._provider = str(event.body.get("provider", ""))
        elif event.kind == "intended":
            begun = self._attempts[event.intent] = replace(_begun(event, at), provider=self._provider)
            self._of.setdefault((begun.profile, begun.scene), {})[event.intent] = None
        elif event.intent in self._attempts:
            changed = self._attempts[event.intent] = _after(self._attempts[event.intent], event, at)
            if changed.task:
                self.owned.add(changed.task)
            if event.kind == "renamed":
                self._move(event)
        if event.kind == "stored":
            self._takes.append((str(event.body.get("profile", "")), event.scene, _stored(event.body["take"])))
        if event.kind == "disowned" and event.body.get("ambiguous"):
            self.owned.discard(str(event.body.get("task", "")))  # it may be ours all the same: a person decides
        elif event.kind == "disowned":
            self.owned.add(str(event.body.get("task", "")))
        if event.intent in self._attempts:
            self._note_doubt(self._attempts[event.intent])

    def _move(self, event: Event) -> None:
        """An attempt goes on under its scene's new name."""
        attempt = self._attempts[event.intent]
        del self._of[attempt.profile, attempt.scene][event.intent]
        self._of.setdefault((attempt.profile, event.scene), {})[event.intent] = None
        self._attempts[event.intent] = replace(attempt, scene=event.scene)

    def attempt(self, intent: str) -> Attempt:
        """The attempt of an intent that was written down."""
        return self._attempts[intent]

    def _note_doubt(self, attempt: Attempt) -> None:
        if attempt.state == "in doubt":
            self._doubts[attempt.intent] = None
        else:
            self._doubts.pop(attempt.intent, None)

    @property
    def in_doubt(self) -> tuple[Attempt, ...]:
        """Attempts of which nobody knows whether they were taken on."""
        return tuple(self._attempts[intent] for intent in self._doubts)

    def of(self, profile: str, scene: str) -> Past:
        """What happened to one scene."""
        return Past({intent: self._attempts[intent] for intent in self._of.get((profile, scene), ())})

    @property
    def past(self) -> Past:
        """What they add up to now."""
        return Past(dict(self._attempts), tuple(self._takes))


def past_of(events: Iterable[tuple[float, Event]]) -> Past:
    """Add events up, each with its wall time, in their order."""
    return History(events).past


def _stored(row: Mapping[str, Any]) -> Take:
    """A take that was stored. It is ours whatever it was billed: tokens that nobody can count are as if not told."""
    tokens = row["tokens"]
    return take_from(row["digest"], {**row, "tokens": tokens if is_count(tokens) else None})


def _begun(event: Event, at: float) -> Attempt:
    profile, key = str(event.body.get("profile", "")), dict(event.body.get("key", {}))
    marker, asked = event.body.get("marker"), dict(event.body.get("asked", {}))
    at = float(event.body.get("at") or at)
    return Attempt(event.intent, event.scene, profile, key, "in doubt", at=at, marker=marker, asked=asked)


def _after(attempt: Attempt, event: Event, at: float) -> Attempt:
    task = str(event.body.get("task", "")) or attempt.task
    error = str(event.body.get("error", ""))
    if event.kind == "ended":
        return replace(attempt, state=_ENDED.get(str(event.body.get("status")), "failed"), error=error)
    if event.kind == "decided":
        choice = str(event.body.get("choice", ""))
        return replace(attempt, state="given up" if choice == "abandon" else "abandoned", error=choice)
    if event.kind == "disowned":
        return replace(attempt, state="in doubt", task="", adopted=False, vouched=False, error=error)
    if event.kind == "held" and attempt.task:
        return replace(attempt, error=str(event.body.get("why", "")))
    if event.kind == "missed":
        return replace(attempt, missed=(*attempt.missed, at))
    if event.kind == "adopted":
        vouched = event.body.get("by") == "person" or attempt.marker is None  # older events don't say whose word it is
        return replace(attempt, state="accepted", task=task, adopted=True, vouched=vouched, error="")
    if event.kind in _STATE_AFTER:
        return replace(attempt, state=_STATE_AFTER[event.kind], task=task, error=error)
    return attempt
