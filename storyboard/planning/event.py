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
"""What must be on the disk before the next step is taken: all that stands before or after a payment."""


RecordTrust = Literal["complete", "suspect", "recovering"]
"""Of our record of what was submitted: nothing is missing; something may be, so that one looks before one pays; or
much is, and it is sought: then nothing is paid for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOpened:
    """A run began: of which storyboard, by which process, asking which provider, with how trustworthy a record."""

    kind: ClassVar[EventKind] = "run_opened"
    storyboard: str = ""
    pid: int = 0
    provider: str = ""
    trust: RecordTrust = "complete"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunClosed:
    """A run came to its end, with this exit code."""

    kind: ClassVar[EventKind] = "run_closed"
    storyboard: str = ""
    exit: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """All events of a record of the first layout stand in this one now: `source` is that record's first digest, `last`
    the number of its last event, and `trust` how far it could be trusted. Without a `source` there was no such record,
    only a lock of version 1: what it knew of tasks is lost."""

    kind: ClassVar[EventKind] = "imported"
    storyboard: str = ""
    source: str = ""
    last: int = 0
    trust: RecordTrust = "complete"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRenamed:
    """The storyboard's file was called `was`: its lock and its attempts are this one's from now on."""

    kind: ClassVar[EventKind] = "file_renamed"
    storyboard: str = ""
    was: str = ""


@dataclass(frozen=True, slots=True)
class OfAttempt:
    """Something that happened to one attempt at a scene; `intent` is the attempt's name."""

    scene: str
    attempt_id: str
    storyboard: str = field(default="", kw_only=True)


@dataclass(frozen=True, slots=True)
class Intended(OfAttempt):
    """A paid request is about to leave.

    `key` is what it is made from, `asked` what its task will say of it, `reserve` what it may cost at the most, `rate`
    what a million tokens cost, `body` the digest of the request (empty for a task that was found without its record).
    `marker` or `identifier`, and `occurrence`, are what its task is known by. `at` is when it left, where that isn't
    when this was written.
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
    """The request provably never left."""

    kind: ClassVar[EventKind] = "not_sent"
    error: str = ""


@dataclass(frozen=True, slots=True)
class Rejected(OfAttempt):
    """The provider said no: there is no task."""

    kind: ClassVar[EventKind] = "rejected"
    error: str = ""


@dataclass(frozen=True, slots=True)
class Accepted(OfAttempt):
    """The provider named a task."""

    kind: ClassVar[EventKind] = "accepted"
    task: str = ""


@dataclass(frozen=True, slots=True)
class Unanswered(OfAttempt):
    """The request may have arrived, and there was no answer that says."""

    kind: ClassVar[EventKind] = "unknown"
    error: str = ""


@dataclass(frozen=True, slots=True)
class Adopted(OfAttempt):
    """A task was found to be the attempt's, by its marker or (`by` is `person`) by somebody's word."""

    kind: ClassVar[EventKind] = "adopted"
    task: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class Disowned(OfAttempt):
    """A task that was adopted isn't the attempt's after all; where that is `ambiguous`, it may be."""

    kind: ClassVar[EventKind] = "disowned"
    task: str = ""
    error: str = ""
    ambiguous: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NotMine:
    """A person said that a listed task, which a scene's marker fits, is somebody else's."""

    kind: ClassVar[EventKind] = "not_mine"
    storyboard: str = ""
    scene: str = ""
    task: str = ""


@dataclass(frozen=True, slots=True)
class Assigned(OfAttempt):
    """An attempt serves this scene (and take) from now on: the scene has a new name, or asks for the same key."""

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
    """How its task stands, in the provider's word; `odd` says what is strange about that."""

    kind: ClassVar[EventKind] = "seen"
    task: str = ""
    status: str = ""
    odd: str = ""


@dataclass(frozen=True, slots=True)
class Missed(OfAttempt):
    """Its video was asked for and didn't come as it should."""

    kind: ClassVar[EventKind] = "missed"
    error: str = ""


@dataclass(frozen=True, slots=True)
class Ended(OfAttempt):
    """Its task came to an end: `succeeded`, `failed`, `cancelled`, `expired` or `lost`."""

    kind: ClassVar[EventKind] = "ended"
    status: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Stored(OfAttempt):
    """Its video is in the store; `error` says what of it is other than was asked for."""

    kind: ClassVar[EventKind] = "stored"
    take: Take
    profile: str = field(default="", kw_only=True)
    error: str = field(default="", kw_only=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unrecognised:
    """An event of a newer storyboard: it counts for nothing here, and is never written."""

    kind: str
    storyboard: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A scene waits: for what reason, and until when (Unix seconds; 0 if nobody knows). Never written down."""

    scene: str
    reason: str
    until: float = 0.0


@dataclass(frozen=True, slots=True)
class Interrupting:
    """A signal asks the run to stop. Never written down."""

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
"""What is read from a journal: one that a newer storyboard wrote may hold more."""


Notice: TypeAlias = Event | Waiting | Interrupting
"""What somebody who looks on is told."""
