"""A true run in a time that obeys: the true client over a true socket, and an emulator that is told what goes wrong.

Clock and dice are ours, all else is as in a user's run: plan, journal, store, budget. A fault that did not fire fails
the test, whatever came of the run.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from storyboard import net
from storyboard.emulator.faults import Fault
from storyboard.executor.context import RunContext
from storyboard.executor.gate import SubmissionGate
from storyboard.executor.reconcile import trust_of_events
from storyboard.executor.run import Outcome, Run
from storyboard.planning.budget import Budget, Cap
from storyboard.planning.event import Notice, Recorded, RunClosed, Waiting
from storyboard.planning.history import past_of
from storyboard.planning.lock import Lockfile
from storyboard.planning.plan import PlanInputs
from storyboard.planning.planner import plan
from storyboard.promises import Account, Pace, Secret
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
from tests.reading import graph_of

HEAD = "storyboard: 1\nmodel: seedance-2.0-fast\ndefaults: {ratio: 16:9, resolution: 480p, duration: 4}\nscenes:\n"
ONE = HEAD + "  dusk: {prompt: A lighthouse.}\n"
TWO = ONE + "  gulls: {prompt: Gulls.}\n"
CHAIN = TWO + "  lamp: {chain: dusk, prompt: He lights the lamp.}\n"

UNHURRIED = net.Patience()
HURRIED = net.Patience(seconds=0.2, least=4096, whole=5.0, ask=0.4)
"""For those who would keep us waiting for ever."""


def nobody(context: RunContext, event: Notice) -> None:
    """Nobody looks on."""
    del context, event


@dataclass
class Stage:
    """A project, the service that it is made by, and what is heard of its runs.

    `slots` are places for tasks in flight; `instead` puts somebody between a run and the service; `hears` is told
    all that happens, with the run's crew.
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
        """How many tasks the service took on, whatever became of them: what would have been paid for at the most."""
        return len(self.emulated.ledger)

    @property
    def kinds(self) -> Counter[str]:
        """What happened in all the runs, as it is written down."""
        return Counter(event.kind for _, event in self.past)

    def states(self, scene: str) -> list[str]:
        """How the attempts at a scene stand, as the journal adds them up."""
        return [attempt.state for attempt in past_of(self.past).of("", "", scene)]

    def told(self, words: str) -> int:
        """How often somebody who looks on was told of a wait in words that hold these."""
        return sum(isinstance(event, Waiting) and words in event.reason for event in self.heard)

    def runs(self) -> Outcome:
        """Run it, once more or for the first time."""
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
        account = Account(self.emulated.base_url, Secret("sk-secret"), self.slots, Pace(5.0, 30.0))
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
                pace=account.pace,
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
    """Where each scene stands after a run."""
    return {unit.scene: result.state for unit, result in outcome.results.items()}


def staged(folder: Path, faults: Sequence[Fault], doing: Callable[[Stage], object]) -> Stage:
    """Do something on a stage with these faults, each of which has to fire; the stage as it is left."""
    drips = any(fault.does == "drip" for fault in faults)  # drops fall by the emulator's clock: somebody has to wait
    clock = VirtualClock(SystemClock().now()) if drips else VirtualClock()
    where, theirs = folder / "service" / "ledger.jsonl", SystemClock() if drips else clock
    with emulator(where, speed=1e6 if drips else 1.0, clock=theirs, faults=faults) as emulated:
        stage = Stage(folder / "project", emulated, clock)
        doing(stage)
    unfired = {fault.name for fault in faults} - set(emulated.fired)
    assert not unfired, f"these faults did not fire: {unfired}"
    return stage


def played(folder: Path, *faults: Fault, text: str = TWO, **changes: Any) -> tuple[Stage, Outcome]:
    """A stage on which these faults fired, and what became of its one run."""
    outcomes: list[Outcome] = []

    def once(stage: Stage) -> None:
        for name, value in {"text": text, **changes}.items():
            setattr(stage, name, value)
        outcomes.append(stage.runs())

    return staged(folder, faults, once), outcomes[0]


def played_twice(folder: Path, *faults: Fault, text: str = ONE, **changes: Any) -> tuple[Stage, Outcome, Outcome]:
    """The same, and what became of the same command again."""
    outcomes: list[Outcome] = []

    def twice(stage: Stage) -> None:
        for name, value in {"text": text, **changes}.items():
            setattr(stage, name, value)
        outcomes.extend((stage.runs(), stage.runs()))

    return staged(folder, faults, twice), outcomes[0], outcomes[1]
