"""The promise that every provider keeps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from storyboard.language.scene import Kind, Parameters, Role
from storyboard.promises import Address, Sink

Status = Literal["queued", "running", "succeeded", "failed", "cancelled", "expired", "unknown"]


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that a request hands over: what it is, what for, and where it can be fetched (or the data itself)."""

    kind: Kind
    role: Role
    address: Address


@dataclass(frozen=True, slots=True)
class Order:
    """One paid request, in our words."""

    model: str
    text: str
    items: tuple[Item, ...]
    parameters: Parameters


@dataclass(frozen=True, slots=True)
class Task:
    """What a provider says of a task. Times are Unix seconds; `expires` is when its addresses die (0: nobody said)."""

    id: str
    status: Status
    word: str
    """The status as the provider said it, for those that nobody knew of when this was written."""
    video: Address | None = None
    frame: Address | None = None
    expires: float = 0.0
    error: str = ""
    hint: str = ""
    """What can be done about the error, where that is known."""
    tokens: int | None = None
    created_at: float = 0.0
    updated_at: float = 0.0
    expires_after: int | None = None
    model: str = ""
    duration: int | None = None
    ratio: str = ""
    resolution: str = ""
    sound: bool | None = None
    """What it was made with, as far as the provider says so: of a task that has succeeded."""
    safety_identifier: str = ""
    """The name that its create gave it, as far as the provider repeats it; empty if it doesn't."""
    at: float = 0.0
    """What the provider's own clock said when it said all this; 0 if it said nothing. By it `expires` is to be read,
    and how old the task is: ours may be wrong by a year."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list, and how many tasks there are on all pages."""

    tasks: tuple[Task, ...]
    total: int
    at: float = 0.0
    """What the provider's own clock said, in Unix seconds; 0 if it said nothing."""


@dataclass(frozen=True, slots=True)
class TaskQuery:
    """Which tasks of the provider's list are asked for: those for which every filter that is set holds, by page."""

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
    """A video API. `submit` spends money, nothing else does."""

    def body(self, order: Order) -> bytes:
        """The exact bytes that would be sent: they are digested, written down and sent as they are."""
        ...

    async def submit(self, body: bytes, attempt_id: str) -> str:
        """Send a paid request once; the new task's id.

        Raises NotSent, Rejected (RateLimited, AccountRefused) or UnknownOutcome.
        """
        ...

    async def look(self, task: str) -> Task:
        """How a task stands. Raises Unreachable, or Rejected if there is no such task."""
        ...

    async def list(self, query: TaskQuery = EVERYTHING) -> Page:
        """Return a page of the tasks of the last days, newest first, that match a query.

        Raises Unreachable or Rejected, and UsageError if the service doesn't accept the page's number or size.
        """
        ...

    async def cancel(self, task: str) -> None:
        """Cancel a queued task, or remove the record of an ended one. Raises Rejected if it runs already."""
        ...

    async def fetch(self, address: Address, sink: Sink) -> None:
        """The bytes at an address that a task gave. Raises Unreachable if they don't come whole: Unusable if somebody
        answered, Gone if there is nothing."""
        ...

    @property
    def origin(self) -> str:
        """Scheme, host and port of the service."""
        ...
