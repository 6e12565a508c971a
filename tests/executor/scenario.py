"""Real runs in virtual time: the real client, a real socket, and an emulator with injected faults.

Clock and random numbers are controlled; everything else is as in a user's run: plan, journal, store, budget. A test
fails if its fault was not triggered, whatever the result of the run.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from storyboard.emulator.faults import Fault
from storyboard.executor.context import RunContext
from storyboard.executor.gate import SubmissionGate
from storyboard.executor.reconcile import trust_of_events
from storyboard.executor.run import Outcome, Run
from storyboard.net import client as net
from storyboard.planning.budget import Budget, Cap
from storyboard.planning.event import Notice, Recorded, RunClosed, Waiting
from storyboard.planning.history import past_of
from storyboard.planning.lock import Lockfile
from storyboard.planning.plan import PlanInputs
from storyboard.planning.planner import plan
from storyboard.protocols import Account, PollPolicy, Secret
from storyboard.providers.catalogue import capabilities
from storyboard.providers.connect import connect
from storyboard.providers.provider import Provider
from storyboard.providers.rate_limit import RateLimitedProvider
from storyboard.testing.clock import LoadedDice, VirtualClock
from storyboard.testing.emulator import Emulator, emulator
from storyboard.world.addresses import Addresses
from storyboard.world.clock import SystemClock
from storyboard.world.journal import Journal
from storyboard.world.store import Store
from tests.builders import graph_of

HEAD = "storyboard: 1\nmodel: seedance-2.0-fast\ndefaults: {ratio: 16:9, resolution: 480p, duration: 4}\nscenes:\n"
ONE = HEAD + "  dusk: {prompt: A lighthouse.}\n"
TWO = ONE + "  gulls: {prompt: Gulls.}\n"
CHAIN = TWO + "  lamp: {chain: dusk, prompt: He lights the lamp.}\n"

UNHURRIED = net.Patience()
HURRIED = net.Patience(seconds=0.2, least=4096, whole=5.0, ask=0.4)
"""A limit on waits that would never end."""


def nobody(context: RunContext, event: Notice) -> None:
    """Ignore the event."""
    del context, event


@dataclass
class Stage:
    """A project, its service, and the events of its runs.

    `slots` is the number of tasks in flight. `instead` places another party between a run and the service. `hears` is
    called with every event and the run's context.
    """

    folder: Path
    emulated: Emulator
    clock: VirtualClock
    text: str = TWO
    slots: int = 1
    patience: net.Patience = UNHURRIED
    fail_fast: bool = False
    cap: Cap | None = None
    instead: Callable[[Provider], Provider] = lambda provider: provider
    dice: LoadedDice = field(default_factory=LoadedDice)
    lock: Lockfile = field(default_factory=Lockfile)
    past: list[tuple[float, Recorded]] = field(default_factory=list)
    heard: list[Notice] = field(default_factory=list)
    hears: Callable[[RunContext, Notice], None] = nobody

    @property
    def tasks(self) -> int:
        """The number of tasks that the service accepted, whatever their result: the most that would have been paid
        for."""
        return len(self.emulated.ledger)

    @property
    def kinds(self) -> Counter[str]:
        """The kinds of events that all runs recorded."""
        return Counter(event.kind for _, event in self.past)

    def states(self, scene: str) -> list[str]:
        """The states of the attempts at a scene, as the journal derives them."""
        return [attempt.state for attempt in past_of(self.past).of("", "", scene)]

    def told(self, words: str) -> int:
        """How often a wait was reported with a message that contains these words."""
        return sum(isinstance(event, Waiting) and words in event.reason for event in self.heard)

    def runs(self) -> Outcome:
        """Run the project, for the first time or again."""
        self.folder.mkdir(exist_ok=True)
        journal = Journal(self.folder, self.clock, writing=True)
        try:
            outcome = asyncio.run(self._walked(journal))
            journal.append(RunClosed(exit=outcome.exit_code))
            return outcome
        finally:
            self.past = list(journal.past)
            journal.close()

    async def _walked(self, journal: Journal) -> Outcome:
        store, graph = Store(self.folder / "store"), graph_of(self.text)
        world = PlanInputs(capabilities(), {}, self.lock, past_of(journal.past), store.digests(), provider="ark")
        trust = trust_of_events(journal.past, self.clock.now()) if journal.past else "complete"
        journal.open_run(provider="ark", trust=trust)
        way = net.Net(self.patience)
        account = Account(self.emulated.base_url, Secret("sk-secret"), self.slots, PollPolicy(5.0, 30.0))
        provider = RateLimitedProvider(self.instead(connect("ark", account, way)), self.clock)
        context = replace(
            RunContext.build(
                realm="emulated",
                provider=provider,
                journal=journal,
                store=store,
                addresses=Addresses(self.folder / "addresses.jsonl"),
                clock=self.clock,
                dice=self.dice,
                poll_policy=account.poll_policy,
                tell=lambda event: self._hear(context, event),
                root=self.folder,
                tasks_in_flight=self.slots,
            ),
            gate=SubmissionGate(fail_fast=self.fail_fast),
            trust=trust,
            budget=Budget(self.cap, past=[event for _, event in journal.past]),
        )
        try:
            return await Run(plan(graph, world), world, context, self._keep).walk()
        finally:
            await way.close()

    def _hear(self, context: RunContext, event: Notice) -> None:
        self.heard.append(event)
        self.hears(context, event)

    def _keep(self, lock: Lockfile) -> None:
        self.lock = lock


def standings(outcome: Outcome) -> Mapping[str, str]:
    """The standing of each scene after a run."""
    return {unit.scene: result.state for unit, result in outcome.results.items()}


def staged(folder: Path, faults: Sequence[Fault], doing: Callable[[Stage], object]) -> Stage:
    """Do something with these faults, each of which has to be triggered; return the stage afterwards."""
    drips = any(fault.does == "drip" for fault in faults)  # drips follow the emulator's clock, so one side has to wait
    clock = VirtualClock(SystemClock().now()) if drips else VirtualClock()
    where, theirs = folder / "service" / "ledger.jsonl", SystemClock() if drips else clock
    with emulator(where, speed=1e6 if drips else 1.0, clock=theirs, faults=faults) as emulated:
        stage = Stage(folder / "project", emulated, clock)
        doing(stage)
    unfired = {fault.name for fault in faults} - set(emulated.fired)
    assert not unfired, f"these faults did not fire: {unfired}"
    return stage


def played(folder: Path, *faults: Fault, text: str = TWO, **changes: Any) -> tuple[Stage, Outcome]:
    """Return a stage on which these faults were triggered, and the outcome of its only run."""
    outcomes: list[Outcome] = []

    def once(stage: Stage) -> None:
        for name, value in {"text": text, **changes}.items():
            setattr(stage, name, value)
        outcomes.append(stage.runs())

    return staged(folder, faults, once), outcomes[0]


def played_twice(folder: Path, *faults: Fault, text: str = ONE, **changes: Any) -> tuple[Stage, Outcome, Outcome]:
    """Return the same, and the outcome of a second run."""
    outcomes: list[Outcome] = []

    def twice(stage: Stage) -> None:
        for name, value in {"text": text, **changes}.items():
            setattr(stage, name, value)
        outcomes.extend((stage.runs(), stage.runs()))

    return staged(folder, faults, twice), outcomes[0], outcomes[1]
