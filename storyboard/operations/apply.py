"""Apply a plan that was prepared: submit, wait and download, under the record's lock."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace

from storyboard import project
from storyboard.errors import FileTrouble, MachineRefuses, PlanOutdated
from storyboard.executor.context import RunContext
from storyboard.executor.gate import SubmissionGate
from storyboard.executor.markers import looks_for_version_1
from storyboard.executor.run import Outcome, Run, nothing_to_do
from storyboard.net.client import open_net
from storyboard.operations.lockfile import LockfileWriter
from storyboard.operations.prepare import Prepared, budget_of, digests_on_disk
from storyboard.operations.record import begin_run, open_record, trust_of
from storyboard.operations.service import open_account
from storyboard.operations.signals import interruptible
from storyboard.planning.budget import Budget
from storyboard.planning.event import FileRenamed, Notice, RecordTrust, RunClosed
from storyboard.planning.lock import Lockfile
from storyboard.planning.plan import Plan
from storyboard.protocols import Account, Callbacks, Clock, Dice
from storyboard.providers.catalogue import site_of
from storyboard.providers.connect import connect
from storyboard.providers.rate_limit import EMBEDDED, RATES, RateLimitedProvider
from storyboard.world import durable, first_layout, known_journals, settings
from storyboard.world.addresses import Addresses
from storyboard.world.clock import SystemClock, SystemDice
from storyboard.world.journal import Journal
from storyboard.world.known_journals import KnownJournals
from storyboard.world.layout import Layout
from storyboard.world.spending import Spending, settle_known
from storyboard.world.store import Store
from storyboard.world.uploads import loopback


@dataclass(frozen=True, slots=True)
class _Record:
    """What a run writes to while it has the record's lock."""

    journal: Journal
    lock: LockfileWriter
    known: KnownJournals
    trust: RecordTrust
    budget: Budget
    day: Spending | None


def apply(
    prepared: Prepared, on_event: Callable[[Notice], None] = lambda _: None, callbacks: Callbacks | None = None
) -> Outcome:
    """Make what a plan contains. `on_event` is called with each event of the run; `callbacks` receives those of the
    service.

    Raise PlanOutdated, which names what changed since the plan was made, AnotherRunner, SettingsTrouble, StateDamaged
    or FileTrouble. In these cases nothing was started.
    """
    clock, dice = SystemClock(), SystemDice()
    session, plan = prepared.session, prepared.plan
    layout, options = session.loaded.layout, session.options
    with ExitStack() as stack:
        known = KnownJournals(known_journals.folder(settings.environment()))
        journal = stack.enter_context(open_record(layout, clock, known, take_over=options.take_over))
        trust = trust_of(layout, known, journal, clock, take_over=options.take_over)
        lock = LockfileWriter(layout, clock, first_layout.providers_of(event for _, event in journal.past))
        _check_current(prepared, journal, clock)
        budget, day = budget_of(layout, [event for _, event in journal.past], plan, options, clock)
        if session.taken_over:
            _take_over_lock(layout, session.taken_over, session.inputs.lock, journal, lock)
        stack.callback(lock.flush)
        lock.keep(session.inputs.lock)
        if not plan.makes and not plan.salvage:
            return replace(nothing_to_do(plan, session.inputs, lock.keep), budget=budget)
        account = stack.enter_context(open_account(layout, clock, dice, options))
        uploads = stack.enter_context(loopback.open_loopback(dice)) if account.realm == "emulated" else None
        trust = "recovering" if options.recover else trust
        begin_run(layout, known, journal, provider=project.chosen(options.provider), trust=trust)
        if day is not None:
            settle_known(day, budget.project)
        record = _Record(journal, lock, known, trust, budget, day)
        outcome = asyncio.run(_run(prepared, account, record, uploads, clock, dice, on_event, callbacks))
        with _add_failure_to(outcome):
            lock.flush()
        with _add_failure_to(outcome):
            journal.append(RunClosed(storyboard=layout.stem, exit=outcome.exit_code))
        return outcome


def _check_current(prepared: Prepared, journal: Journal, clock: Clock) -> None:
    """Raise PlanOutdated if anything that the plan rests on has changed since it was made."""
    session = prepared.session
    state = project.state_on_disk(session.loaded.layout, clock, journal.past)
    changed = session.digests.changed_in(digests_on_disk(session.loaded, state))
    if changed:
        raise PlanOutdated(
            f"{' and '.join(changed)} changed since this was planned; nothing was done", "run the same command again"
        )


@contextmanager
def _add_failure_to(outcome: Outcome) -> Iterator[None]:
    """Add what the machine refuses at the very end to the outcome, instead of hiding everything else that came of the
    run: where the record takes nothing more, the outcome alone names a task."""
    try:
        yield
    except MachineRefuses as error:
        outcome.stopped = outcome.stopped or error


def _take_over_lock(layout: Layout, was: str, ours: Lockfile, journal: Journal, lock: LockfileWriter) -> None:
    """Move the lock of a renamed storyboard file to its new name. The old lock is removed last, so that a kill at any
    moment leaves one of them, or both with the same content."""
    journal.append(FileRenamed(storyboard=layout.stem, was=was))
    lock.keep(ours)
    lock.flush()
    old = layout.lock_of(was)
    try:
        old.unlink()
        durable.sync_folder(old.parent)
    except OSError as error:
        raise FileTrouble.of(error, old, "removed") from error


async def _run(
    prepared: Prepared,
    account: Account,
    record: _Record,
    uploads: loopback.Loopback | None,
    clock: Clock,
    dice: Dice,
    on_event: Callable[[Notice], None],
    callbacks: Callbacks | None,
) -> Outcome:
    session, plan, journal = prepared.session, prepared.plan, record.journal
    layout, options = session.loaded.layout, session.options
    name = project.chosen(options.provider)
    async with open_net() as net:
        rates = EMBEDDED if options.speed is not None else RATES
        provider = RateLimitedProvider(connect(name, account, net), clock, rates)
        store = Store(layout.hidden / "store")
        context = replace(
            RunContext.build(
                realm=account.realm,
                provider=provider,
                journal=journal,
                store=store,
                addresses=Addresses(layout.hidden / "addresses.jsonl"),
                clock=clock,
                dice=dice,
                poll_policy=account.poll_policy,
                tell=on_event,
                root=layout.folder,
                tasks_in_flight=account.tasks_in_flight,
            ),
            uploads=uploads,
            gate=SubmissionGate(fail_fast=options.fail_fast),
            trust=record.trust,
            budget=record.budget,
            day=record.day,
            provider_name=name,
            lists=site_of(name).lists,
            marker=settings.read(settings.environment()).marker,
            markers_of_version_1=looks_for_version_1(journal.past, clock.now()),
            options=options.suggest(layout),
            salt=dice.token() if account.realm == "real" else "",
            recorded_elsewhere=lambda task: record.known.recorded_elsewhere(journal, clock, task),
        )
        if callbacks is not None:
            callbacks.connect(_from_any_thread(context.poller.hint))
            plan = with_callback_urls(plan, callbacks)
        work = Run(plan, session.inputs, context, record.lock.keep)
        async with interruptible(context):
            return await work.walk()


def _from_any_thread(hint: Callable[[str], None]) -> Callable[[str], None]:
    """The same, for callers in another thread than this loop; once the loop has ended, it does nothing."""
    loop = asyncio.get_running_loop()

    def hint_in_loop(task: str) -> None:
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(hint, task)

    return hint_in_loop


def with_callback_urls(plan: Plan, callbacks: Callbacks) -> Plan:
    """Return the plan in which each scene that is made has a callback address; an address that the author set stays.
    The address is not part of any scene's key."""
    board = plan.graph.storyboard
    scenes = dict(board.scenes)
    for step in plan.makes:
        scene = scenes[step.scene]
        if scene.parameters.callback_url is None:
            asked = replace(scene.parameters, callback_url=callbacks.address())
            scenes[scene.id] = replace(scene, parameters=asked)
    return replace(plan, graph=replace(plan.graph, storyboard=replace(board, scenes=scenes)))
