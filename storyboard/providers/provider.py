"""The interface of a provider, and the values that it takes and returns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol

from storyboard.language.scene import Kind, Parameters, Role
from storyboard.protocols import Address, Sink

Status = Literal["queued", "running", "succeeded", "failed", "cancelled", "expired", "unknown"]


@dataclass(frozen=True, slots=True)
class Item:
    """One input of a request: its kind, its role, and the address from which it can be fetched (or the data itself)."""

    kind: Kind
    role: Role
    address: Address


@dataclass(frozen=True, slots=True)
class Order:
    """One paid request, independent of the provider."""

    model: str
    text: str
    items: tuple[Item, ...]
    parameters: Parameters


@dataclass(frozen=True, slots=True)
class Task:
    """A task as a provider reports it. Times are Unix seconds; `expires` is when its addresses expire (0: unknown)."""

    id: str
    status: Status
    word: str
    """The status in the provider's own word, which is shown to users and covers statuses unknown to this program."""
    video: Address | None = None
    frame: Address | None = None
    expires: float = 0.0
    error: str = ""
    hint: str = ""
    """What the user can do about the error, where that is known."""
    tokens: int | None = None
    created_at: float = 0.0
    updated_at: float = 0.0
    expires_after: int | None = None
    model: str = ""
    duration: int | None = None
    ratio: str = ""
    resolution: str = ""
    sound: bool | None = None
    """Whether the video has sound. This and the fields above are set for a succeeded task, as far as the provider
    reports them."""
    safety_identifier: str = ""
    """The identifier that its create request carried; empty if the provider doesn't repeat it."""
    at: float = 0.0
    """The provider's clock at the time of the reply; 0 if unknown. `expires` and the task's age are relative to it, as
    the clock of this machine may be wrong by a year."""
    id_time: float | None = field(default=None, compare=False, repr=False)
    """The creation time in the task's ID, in Unix seconds, where the provider's IDs hold a time."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list, and the number of tasks on all pages."""

    tasks: tuple[Task, ...]
    total: int
    at: float = 0.0
    """The provider's clock at the time of the reply, in Unix seconds; 0 if unknown."""


@dataclass(frozen=True, slots=True)
class TaskQuery:
    """A query of the provider's list: the tasks that match every filter that is set, by page."""

    status: str = ""
    model: str = ""
    service_tier: str = ""
    tasks: tuple[str, ...] = ()
    """Task IDs; empty for all tasks."""
    page: int = 1
    size: int = 100
    """Tasks on a page."""


EVERYTHING = TaskQuery()


class Provider(Protocol):
    """A video API. Only `submit` spends money."""

    def body(self, order: Order) -> bytes:
        """Return the exact bytes to be sent: they are digested, recorded and sent unchanged."""
        ...

    async def submit(self, body: bytes, attempt_id: str) -> str:
        """Send a paid request once, and return the new task's ID.

        Raise NotSent, Rejected (RateLimited, AccountRefused) or UnknownOutcome.
        """
        ...

    async def get_task(self, task: str) -> Task:
        """Return a task. Raise Unreachable, or Rejected if there is no such task."""
        ...

    async def list(self, query: TaskQuery = EVERYTHING) -> Page:
        """Return a page of the tasks of the last days, newest first, that match a query.

        Raise Unreachable or Rejected, and UsageError if the service doesn't accept the page's number or size.
        """
        ...

    async def cancel(self, task: str) -> None:
        """Cancel a queued task, or remove the record of an ended one. Raise Rejected if it is running."""
        ...

    async def fetch(self, address: Address, sink: Sink) -> None:
        """Write the bytes at a task's address to a sink.

        Raise Unreachable if they don't arrive completely: Unusable if a server answered, Gone if nothing is there.
        """
        ...

    @property
    def origin(self) -> str:
        """The scheme, host and port of the service."""
        ...
