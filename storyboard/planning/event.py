"""Everything that can happen, as values: one frozen dataclass for each kind of event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal, TypeAlias, get_args

from storyboard.planning.fingerprint import Components
from storyboard.planning.money import NO_MONEY, Money
from storyboard.planning.take import Take

EventKind = Literal[
    "run_opened",
    "run_closed",
    "imported",
    "file_renamed",
    "intended",
    "not_sent",
    "rejected",
    "accepted",
    "unknown",
    "adopted",
    "disowned",
    "not_mine",
    "assigned",
    "held",
    "decided",
    "seen",
    "missed",
    "ended",
    "stored",
]

DURABLE: frozenset[EventKind] = frozenset(get_args(EventKind)) - {"run_closed", "held", "seen", "missed"}
"""Kinds that must be on the disk before the next step: every kind that stands before or after a payment."""

RecordTrust = Literal["complete", "suspect", "recovering"]
"""How complete the record of submissions is.

complete: nothing is missing; suspect: something may be missing, so that the list of tasks is searched before each
payment; recovering: much is missing and is being searched for, so that nothing is paid for.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOpened:
    """A run began: its storyboard, process, provider, and how complete its record was."""

    kind: ClassVar[EventKind] = "run_opened"
    storyboard: str = ""
    pid: int = 0
    provider: str = ""
    trust: RecordTrust = "complete"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunClosed:
    """A run ended with this exit code."""

    kind: ClassVar[EventKind] = "run_closed"
    storyboard: str = ""
    exit: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """All events of a record of the first layout were copied into this one.

    `source` is that record's first digest, `last` the number of its last event, and `trust` how complete it was.
    Without a `source` there was no such record, only a lock of version 1: its knowledge of tasks is lost.
    """

    kind: ClassVar[EventKind] = "imported"
    storyboard: str = ""
    source: str = ""
    last: int = 0
    trust: RecordTrust = "complete"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRenamed:
    """The storyboard's file was called `was`: from now on its lock and its attempts belong to this storyboard."""

    kind: ClassVar[EventKind] = "file_renamed"
    storyboard: str = ""
    was: str = ""


@dataclass(frozen=True, slots=True)
class OfAttempt:
    """An event of one attempt at a scene; `intent` is the attempt's id."""

    scene: str
    attempt_id: str
    storyboard: str = field(default="", kw_only=True)


@dataclass(frozen=True, slots=True)
class Intended(OfAttempt):
    """A paid request is about to be sent.

    `key` is what the video is made from, `asked` the parameters that its task will report, `reserve` the most that it
    may cost, `rate` the price of a million tokens, `body` the digest of the request (empty for a task that was found
    without a record of its request). `marker` or `identifier`, together with `occurrence`, identify its task. `at` is
    when it was sent, if that differs from when this event was written.
    """

    kind: ClassVar[EventKind] = "intended"
    profile: str = field(default="", kw_only=True)
    ordinal: int = field(default=1, kw_only=True)
    key: Components = field(default_factory=dict, kw_only=True)
    asked: Mapping[str, str | int | bool] = field(default_factory=dict, kw_only=True)
    reserve: Money = field(default=NO_MONEY, kw_only=True)
    rate: Money = field(default=NO_MONEY, kw_only=True)
    body: str = field(default="", kw_only=True)
    marker: int | None = field(default=None, kw_only=True)
    identifier: str = field(default="", kw_only=True)
    occurrence: int = field(default=0, kw_only=True)
    at: float = field(default=0.0, kw_only=True)


@dataclass(frozen=True, slots=True)
class NotSent(OfAttempt):
    """The request provably never left this machine."""

    kind: ClassVar[EventKind] = "not_sent"
    error: str = ""


@dataclass(frozen=True, slots=True)
class Rejected(OfAttempt):
    """The provider refused the request: there is no task."""

    kind: ClassVar[EventKind] = "rejected"
    error: str = ""


@dataclass(frozen=True, slots=True)
class Accepted(OfAttempt):
    """The provider returned a task."""

    kind: ClassVar[EventKind] = "accepted"
    task: str = ""


@dataclass(frozen=True, slots=True)
class Unanswered(OfAttempt):
    """The request may have arrived, and no answer settled that."""

    kind: ClassVar[EventKind] = "unknown"
    error: str = ""


@dataclass(frozen=True, slots=True)
class Adopted(OfAttempt):
    """A task was identified as the attempt's, by its marker or (`by` is `person`) by a person."""

    kind: ClassVar[EventKind] = "adopted"
    task: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class Disowned(OfAttempt):
    """An adopted task isn't the attempt's after all. If that is `ambiguous`, it may still be."""

    kind: ClassVar[EventKind] = "disowned"
    task: str = ""
    error: str = ""
    ambiguous: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NotMine:
    """A person stated that a listed task, whose marker fits a scene, belongs to another project or scene."""

    kind: ClassVar[EventKind] = "not_mine"
    storyboard: str = ""
    scene: str = ""
    task: str = ""


@dataclass(frozen=True, slots=True)
class Assigned(OfAttempt):
    """From now on an attempt serves this scene and take: the scene was renamed, or has the same key."""

    kind: ClassVar[EventKind] = "assigned"
    profile: str = field(default="", kw_only=True)
    ordinal: int = field(default=1, kw_only=True)


@dataclass(frozen=True, slots=True)
class Held(OfAttempt):
    """A person has to decide about the attempt, or the next run tries again."""

    kind: ClassVar[EventKind] = "held"
    why: str = ""


@dataclass(frozen=True, slots=True)
class Decided(OfAttempt):
    """A person decided: `submit again` or `abandon`."""

    kind: ClassVar[EventKind] = "decided"
    choice: str = ""


@dataclass(frozen=True, slots=True)
class Seen(OfAttempt):
    """The status of its task, as the provider names it. `odd` describes what is unusual about it."""

    kind: ClassVar[EventKind] = "seen"
    task: str = ""
    status: str = ""
    odd: str = ""


@dataclass(frozen=True, slots=True)
class Missed(OfAttempt):
    """Its video was requested, and the download failed or was incomplete."""

    kind: ClassVar[EventKind] = "missed"
    error: str = ""


@dataclass(frozen=True, slots=True)
class Ended(OfAttempt):
    """Its task ended: `succeeded`, `failed`, `cancelled`, `expired` or `lost`."""

    kind: ClassVar[EventKind] = "ended"
    status: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Stored(OfAttempt):
    """Its video is in the store. `error` describes how it differs from the request."""

    kind: ClassVar[EventKind] = "stored"
    take: Take
    profile: str = field(default="", kw_only=True)
    error: str = field(default="", kw_only=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unrecognised:
    """An event written by a newer storyboard. It has no effect here, and is never written."""

    kind: str
    storyboard: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A scene waits, for this reason and until this time (Unix seconds; 0 if unknown). Never written to a journal."""

    scene: str
    reason: str
    until: float = 0.0


@dataclass(frozen=True, slots=True)
class Interrupting:
    """A signal asks the run to stop. Never written to a journal."""

    signal: int


AttemptEvent: TypeAlias = (
    Intended
    | NotSent
    | Rejected
    | Accepted
    | Unanswered
    | Adopted
    | Disowned
    | Assigned
    | Held
    | Decided
    | Seen
    | Missed
    | Ended
    | Stored
)

Event: TypeAlias = RunOpened | RunClosed | Imported | FileRenamed | NotMine | AttemptEvent
"""What a journal holds."""

Recorded: TypeAlias = Event | Unrecognised
"""What is read from a journal, which may hold events of a newer storyboard."""

Notice: TypeAlias = Event | Waiting | Interrupting
"""What an observer of a run receives."""
