"""Everything that can happen to a scene, as values; and the past that they add up to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from storyboard.planning.fingerprint import Components
from storyboard.planning.lock import take_from
from storyboard.planning.take import Take

EventKind = Literal[
    "run_opened",
    "planned",
    "intended",
    "not_sent",
    "rejected",
    "accepted",
    "unknown",
    "adopted",
    "held",
    "decided",
    "seen",
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


AttemptState = Literal["in doubt", "accepted", "made", "stored", "failed", "lost", "refused", "abandoned"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One paid request, or what is left of it.

    in doubt: sent, perhaps; accepted: the provider has a task; made: there is a video to fetch; stored: it is ours;
    failed: the task came to nothing; lost: it was taken on and may be billed, but can't be had any more;
    refused: there never was a task; abandoned: somebody gave it up.
    """

    intent: str
    scene: str
    profile: str
    components: Components
    state: AttemptState
    task: str = ""
    error: str = ""
    at: float = 0.0
    provider: str = ""
    """Whom it was sent to; empty where that was not written down."""


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
        """Attempts with a task whose video is not ours yet."""
        return tuple(a for a in self.attempts.values() if a.state in ("accepted", "made"))


_ENDED: dict[str, AttemptState] = {"succeeded": "made", "lost": "lost"}
_STATE_AFTER: dict[EventKind, AttemptState] = {
    "not_sent": "refused",
    "rejected": "refused",
    "accepted": "accepted",
    "adopted": "accepted",
    "unknown": "in doubt",
    "stored": "stored",
}


def past_of(events: Iterable[tuple[float, Event]]) -> Past:
    """Add events up, each with its wall time, in their order."""
    attempts: dict[str, Attempt] = {}
    takes: list[tuple[str, str, Take]] = []
    provider = ""
    for at, event in events:
        if event.kind == "run_opened":
            provider = str(event.body.get("provider", ""))
        elif event.kind == "intended":
            profile, key = str(event.body.get("profile", "")), dict(event.body.get("key", {}))
            attempts[event.intent] = Attempt(
                event.intent, event.scene, profile, key, "in doubt", at=at, provider=provider
            )
        elif event.intent in attempts:
            attempts[event.intent] = _after(attempts[event.intent], event)
        if event.kind == "stored":
            row = event.body["take"]
            takes.append((str(event.body.get("profile", "")), event.scene, take_from(row["digest"], row)))
    return Past(attempts, tuple(takes))


def _after(attempt: Attempt, event: Event) -> Attempt:
    task = str(event.body.get("task", "")) or attempt.task
    error = str(event.body.get("error", ""))
    if event.kind == "ended":
        return replace(attempt, state=_ENDED.get(str(event.body.get("status")), "failed"), error=error)
    if event.kind == "decided":
        return replace(attempt, state="abandoned", error=str(event.body.get("choice", "")))
    if event.kind in _STATE_AFTER:
        return replace(attempt, state=_STATE_AFTER[event.kind], task=task, error=error)
    return attempt
