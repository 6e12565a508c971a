"""The hands a scene needs."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from storyboard.errors import MachineRefuses
from storyboard.executor.fetch import Fetched, Fetcher
from storyboard.executor.gate import SubmissionGate
from storyboard.executor.limiter import AdaptiveLimiter
from storyboard.executor.poller import Poller
from storyboard.executor.task_listing import TaskListing
from storyboard.planning.attempt import RecordedElsewhere
from storyboard.planning.budget import Budget
from storyboard.planning.event import Event, Notice, OfAttempt, Recorded, RecordTrust
from storyboard.planning.fingerprint import Key
from storyboard.planning.history import History
from storyboard.planning.marker import MarkerField
from storyboard.planning.money import Money
from storyboard.planning.target import Unit
from storyboard.promises import Address, Clock, Dice, Pace, Realm
from storyboard.providers.rate_limit import RateLimitedProvider
from storyboard.world.addresses import TaskAddresses
from storyboard.world.store import Store


class Journals(Protocol):
    """Where events are written down before the next thing happens; `past` are all of them, with their times, and
    `history` is what they add up to."""

    past: list[tuple[float, Recorded]]
    history: History

    def append(self, event: Event) -> None:
        """Write an event down."""
        ...

    def check_ours(self) -> None:
        """Raise AnotherRunner if somebody else has gone on with it."""
        ...


class Uploader(Protocol):
    """How a local file gets an address that the provider can fetch."""

    def address(self, path: Path) -> Address:
        """An address for the file, good for this run."""
        ...


class Downloader(Protocol):
    """Who brings files from the provider, whole, into the store."""

    async def idle(self) -> None:
        """Return once a hand is free."""
        ...

    async def bring(self, name: str, address: Address, *, video: bool) -> Fetched:
        """Fetch a file under a name of its own. Raises Unreachable if it isn't whole."""
        ...


class AddressStore(Protocol):
    """Where signed addresses are kept while they live."""

    def put(self, task: str, addresses: TaskAddresses) -> None:
        """Remember a task's addresses."""
        ...

    def alive(self, task: str, now: float, origin: str | None) -> TaskAddresses | None:
        """A task's addresses, if they can still be fetched."""
        ...


class DailyBudget(Protocol):
    """What the user may have spent today, in whatever project."""

    def reserve(self, attempt_id: str, wanted: Money) -> None:
        """Count what an attempt may cost; durable when it returns. Raises OverBudget if it doesn't fit."""
        ...

    def settle(self, attempt_id: str, bill: Money) -> None:
        """Count the bill in its place."""
        ...


@dataclass(frozen=True, slots=True)
class RunContext:
    """Who does what. `limiter` bounds the tasks in flight; `tell` hears every event; `uploads` is None where there are
    none; `began` is when the run did, in Unix seconds; `day` is None where nothing is paid for."""

    realm: Realm
    provider: RateLimitedProvider
    poller: Poller
    listing: TaskListing
    fetcher: Downloader
    journal: Journals
    store: Store
    addresses: AddressStore
    uploads: Uploader | None
    clock: Clock
    dice: Dice
    pace: Pace
    limiter: AdaptiveLimiter
    tell: Callable[[Notice], None]
    root: Path
    gate: SubmissionGate = field(default_factory=SubmissionGate)
    trust: RecordTrust = "complete"
    began: float = 0.0
    budget: Budget = field(default_factory=Budget)
    day: DailyBudget | None = None
    provider_name: str = "ark"
    """What the provider is called: part of the identity of each take that it makes."""
    lists: bool = True
    """Does the provider list its tasks, with the markers that their requests carried?"""
    marker: MarkerField = "execution_expires_after"
    """Which field of a request carries the marker."""
    markers_of_version_1: bool = False
    """May tasks be listed that carry a marker of version 1?"""
    recorded_elsewhere: Callable[[str], RecordedElsewhere | None] = lambda _: None
    """Which other record of this user, on this machine, has a task; reads files."""
    remarks: list[str] = field(default_factory=list)
    """What people should know of this run, each once."""
    options: str = ""
    """Options that each suggested command repeats, as ` -f film.yaml --emulator`."""
    salt: str = ""
    """What the order of equally urgent scenes is drawn from; empty for the plan's own order."""
    occurrences: dict[tuple[Key, int], Unit] = field(default_factory=dict)
    """Which scene of this run has which occurrence of a key: no two requests carry one marker."""
    duplicates: list[str] = field(default_factory=list)
    """Attempts whose tasks another copy submitted: their videos are kept as takes."""

    @classmethod
    def build(
        cls,
        *,
        provider: RateLimitedProvider,
        journal: Journals,
        store: Store,
        addresses: AddressStore,
        clock: Clock,
        dice: Dice,
        pace: Pace,
        tasks_in_flight: int,
        root: Path,
        tell: Callable[[Notice], None] = lambda _: None,
        realm: Realm = "emulated",
        fetcher: Downloader | None = None,
    ) -> RunContext:
        """Return a context whose parts ask one provider, on one clock; the run begins now."""
        return cls(
            realm=realm,
            provider=provider,
            poller=Poller(provider, clock),
            listing=TaskListing(provider, clock),
            fetcher=Fetcher(provider, store) if fetcher is None else fetcher,
            journal=journal,
            store=store,
            addresses=addresses,
            uploads=None,
            clock=clock,
            dice=dice,
            pace=pace,
            limiter=AdaptiveLimiter(tasks_in_flight),
            tell=tell,
            root=root,
            began=clock.now(),
        )

    def remark(self, text: str) -> None:
        """Remember something that people should know of this run, once."""
        if text not in self.remarks:
            self.remarks.append(text)

    def reserve(self, attempt_id: str, wanted: Money) -> None:
        """Set money aside for an attempt that is about to be written down. Raises OverBudget if there isn't enough."""
        self.budget.check(wanted)
        if self.day is not None:
            self.day.reserve(attempt_id, wanted)

    def note(self, event: Event) -> None:
        """Write an event down, then tell it."""
        self.journal.append(event)
        bill = self.budget.add(event)
        if bill is not None and self.day is not None and isinstance(event, OfAttempt):
            with suppress(MachineRefuses):  # until the next run tells it, the day counts all that was reserved
                self.day.settle(event.attempt_id, bill)
        self.tell(event)
