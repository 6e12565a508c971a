"""The hands a scene needs."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from storyboard.errors import MachineRefuses
from storyboard.executor.fetch import Fetched
from storyboard.executor.reconcile import Memory
from storyboard.executor.scan import Scanner
from storyboard.executor.slots import Slots
from storyboard.executor.stop import Stop
from storyboard.executor.watch import Watcher
from storyboard.planning.budget import Budget
from storyboard.planning.event import Event, History
from storyboard.planning.money import Money
from storyboard.promises import Address, Clock, Dice, Pace, Realm
from storyboard.providers.pacing import Paced
from storyboard.world.addresses import TaskAddresses
from storyboard.world.store import Store


class Journals(Protocol):
    """Where events are written down before the next thing happens; `past` are all of them, with their times, and
    `history` is what they add up to."""

    past: list[tuple[float, Event]]
    history: History

    def append(self, event: Event) -> None:
        """Write an event down."""
        ...

    def check_ours(self) -> None:
        """Raise AnotherRunner if somebody else has gone on with it."""
        ...


class Uploads(Protocol):
    """How a local file gets an address that the provider can fetch."""

    def address(self, path: Path) -> Address:
        """An address for the file, good for this run."""
        ...


class Fetches(Protocol):
    """Who brings files from the provider, whole, into the store."""

    async def idle(self) -> None:
        """Return once a hand is free."""
        ...

    async def bring(self, name: str, address: Address, *, video: bool) -> Fetched:
        """Fetch a file under a name of its own. Raises Unreachable if it isn't whole."""
        ...


class Lives(Protocol):
    """Where signed addresses are kept while they live."""

    def put(self, task: str, addresses: TaskAddresses) -> None:
        """Remember a task's addresses."""
        ...

    def alive(self, task: str, now: float, origin: str | None) -> TaskAddresses | None:
        """A task's addresses, if they can still be fetched."""
        ...


class Day(Protocol):
    """What the user may have spent today, in whatever project."""

    def reserve(self, intent: str, wanted: Money) -> None:
        """Count what an attempt may cost; durable when it returns. Raises OverBudget if it doesn't fit."""
        ...

    def settle(self, intent: str, bill: Money) -> None:
        """Count the bill in its place."""
        ...


@dataclass(frozen=True, slots=True)
class Crew:
    """Who does what. `slots` bounds the tasks in flight; `tell` hears every event; `uploads` is None where there are
    none; `began` is when the run did, in Unix seconds; `day` is None where nothing is paid for."""

    realm: Realm
    provider: Paced
    watcher: Watcher
    scanner: Scanner
    fetcher: Fetches
    journal: Journals
    store: Store
    addresses: Lives
    uploads: Uploads | None
    clock: Clock
    dice: Dice
    pace: Pace
    slots: Slots
    tell: Callable[[Event], None]
    root: Path
    stop: Stop = field(default_factory=Stop)
    memory: Memory = "whole"
    began: float = 0.0
    budget: Budget = field(default_factory=Budget)
    day: Day | None = None

    def reserve(self, intent: str, wanted: Money) -> None:
        """Set money aside for an attempt that is about to be written down. Raises OverBudget if there isn't enough."""
        self.budget.check(wanted)
        if self.day is not None:
            self.day.reserve(intent, wanted)

    def note(self, event: Event) -> None:
        """Write an event down, then tell it."""
        self.journal.append(event)
        bill = self.budget.add(event)
        if bill is not None and self.day is not None:
            with suppress(MachineRefuses):  # until the next run tells it, the day counts all that was reserved
                self.day.settle(event.intent, bill)
        self.tell(event)
