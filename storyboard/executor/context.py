"""The context of a run: the objects and settings that the work on each scene uses."""

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
from storyboard.protocols import Address, Clock, Dice, PollPolicy, Realm
from storyboard.providers.rate_limit import RateLimitedProvider
from storyboard.world.addresses import TaskAddresses
from storyboard.world.store import Store


class Journals(Protocol):
    """The journal of a run. An event is recorded before the next action starts. `past` holds all events with their
    times, and `history` is the state that they add up to."""

    past: list[tuple[float, Recorded]]
    history: History

    def append(self, event: Event) -> None:
        """Record an event durably."""
        ...

    def check_ours(self) -> None:
        """Raise AnotherRunner if another process has opened the journal since."""
        ...


class Uploader(Protocol):
    """Give local files addresses that the provider can fetch."""

    def address(self, path: Path) -> Address:
        """Return an address of the file, valid during this run."""
        ...


class Downloader(Protocol):
    """Download complete files from the provider into the store."""

    async def idle(self) -> None:
        """Return once a download may start."""
        ...

    async def bring(self, name: str, address: Address, *, video: bool) -> Fetched:
        """Download a file under a unique name. Raise Unreachable if it stays incomplete."""
        ...


class AddressStore(Protocol):
    """Store signed addresses until they expire."""

    def put(self, task: str, addresses: TaskAddresses) -> None:
        """Store the addresses of a task."""
        ...

    def alive(self, task: str, now: float, origin: str | None) -> TaskAddresses | None:
        """Return the addresses of a task, or None if they have expired."""
        ...


class DailyBudget(Protocol):
    """The daily budget of the user, across all projects."""

    def reserve(self, attempt_id: str, wanted: Money) -> None:
        """Reserve the most that an attempt may cost; durable when it returns. Raise OverBudget if the amount exceeds
        the budget."""
        ...

    def settle(self, attempt_id: str, bill: Money) -> None:
        """Replace the reserved amount by the bill."""
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
    poll_policy: PollPolicy
    limiter: AdaptiveLimiter
    tell: Callable[[Notice], None]
    root: Path
    gate: SubmissionGate = field(default_factory=SubmissionGate)
    trust: RecordTrust = "complete"
    began: float = 0.0
    budget: Budget = field(default_factory=Budget)
    day: DailyBudget | None = None
    provider_name: str = "ark"
    """The name of the provider. It is part of the identity of each take that the provider makes."""
    lists: bool = True
    """Whether the provider lists its tasks with the markers of their requests."""
    marker: MarkerField = "execution_expires_after"
    """The request field that carries the marker."""
    markers_of_version_1: bool = False
    """Whether tasks with a marker of version 1 may still be listed."""
    recorded_elsewhere: Callable[[str], RecordedElsewhere | None] = lambda _: None
    """Return another record of this user on this machine that contains a task, or None; reads files."""
    remarks: list[str] = field(default_factory=list)
    """Notes about this run for the user, each once."""
    options: str = ""
    """Options that each suggested command repeats, as ` -f film.yaml --emulator`."""
    salt: str = ""
    """The seed of the order of equally urgent scenes; empty keeps the order of the plan."""
    occurrences: dict[tuple[Key, int], Unit] = field(default_factory=dict)
    """The scene of this run that uses an occurrence of a key, so that no two requests carry the same marker."""
    duplicates: list[str] = field(default_factory=list)
    """Attempts whose tasks another copy submitted. Their videos are kept as takes."""

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
        poll_policy: PollPolicy,
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
            poll_policy=poll_policy,
            limiter=AdaptiveLimiter(tasks_in_flight),
            tell=tell,
            root=root,
            began=clock.now(),
        )

    def remark(self, text: str) -> None:
        """Add a note for the user, once."""
        if text not in self.remarks:
            self.remarks.append(text)

    def reserve(self, attempt_id: str, wanted: Money) -> None:
        """Reserve money for an attempt before it is recorded. Raise OverBudget if too little is left."""
        self.budget.check(wanted)
        if self.day is not None:
            self.day.reserve(attempt_id, wanted)

    def note(self, event: Event) -> None:
        """Record an event in the journal, then report it."""
        self.journal.append(event)
        bill = self.budget.add(event)
        if bill is not None and self.day is not None and isinstance(event, OfAttempt):
            with suppress(MachineRefuses):  # # until the next run settles it, the day counts the whole reserved amount
                self.day.settle(event.attempt_id, bill)
        self.tell(event)
