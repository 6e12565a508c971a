"""The hall: what needs the whole house. Run, and cut the film."""

from __future__ import annotations

import asyncio
import json
import shlex
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from storyboard import project
from storyboard.errors import (
    DecisionNeeded,
    FileTrouble,
    Interrupted,
    MachineRefuses,
    MediaTrouble,
    StateDamaged,
    UsageError,
)
from storyboard.executor.crew import Crew
from storyboard.executor.fetch import Fetcher
from storyboard.executor.job import asked_of
from storyboard.executor.local import Local
from storyboard.executor.locate import looks_for_version_1
from storyboard.executor.reconcile import memory_of
from storyboard.executor.run import Outcome, Run, nothing_to_do
from storyboard.executor.scan import Scanner
from storyboard.executor.slots import Slots
from storyboard.executor.stop import Stop
from storyboard.executor.watch import Watcher
from storyboard.language.facts import FileFacts
from storyboard.language.graph import Graph
from storyboard.language.scene import Cut
from storyboard.net import opened
from storyboard.planning.attempt import Attempt
from storyboard.planning.budget import Budget, Cap, books_of
from storyboard.planning.event import (
    Assigned,
    FileRenamed,
    Imported,
    Intended,
    Interrupting,
    Memory,
    Notice,
    NotMine,
    RunClosed,
)
from storyboard.planning.fingerprint import canonical, digest_of
from storyboard.planning.history import History, past_of
from storyboard.planning.lock import VERSION, Lockfile
from storyboard.planning.lock_format import UNITE, from_text, newer, to_text, version_in
from storyboard.planning.lock_merge import merged
from storyboard.planning.lock_update import with_past
from storyboard.planning.money import NO_MONEY, Money
from storyboard.planning.plan import Plan, PlanInputs
from storyboard.planning.take import Take
from storyboard.planning.timeline import scenes_of
from storyboard.project import Planned, State
from storyboard.promises import Account, Callbacks, Clock, Dice, Secret
from storyboard.providers.catalogue import home_of
from storyboard.providers.connect import connect
from storyboard.providers.pacing import EMBEDDED, RATES, Paced
from storyboard.providers.provider import Provider
from storyboard.world import files, first_layout, mounts, register, serving, settings, spending
from storyboard.world.ability import check_descriptors, check_writable
from storyboard.world.addresses import Addresses
from storyboard.world.clock import SystemClock, SystemDice
from storyboard.world.files import Layout
from storyboard.world.first_layout import OldRecord
from storyboard.world.journal import Journal, sole_runner
from storyboard.world.register import Register
from storyboard.world.spending import Spending, settle_known
from storyboard.world.store import Store
from storyboard.world.uploads import loopback

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person asked a run for. `speed` is that of an embedded emulator; None means there is none.

    `agree` is shown the plan before anything is paid for, and may say no.
    """

    agree: Callable[[Planned], bool]
    tell: Callable[[Notice], None]
    selection: tuple[str, ...] = ()
    jobs: int | None = None
    fail_fast: bool = False
    speed: float | None = None
    provider: str = ""
    """Who makes it; empty: the one of the user's settings."""
    max_cost: Money | None = None
    """The most that what this run submits may cost, in the plan's currency where it names none."""
    hold_reply: float = 0.0
    """Seconds for which an embedded emulator holds the answer of a create."""
    recover: bool = False
    """Only tasks that the service already has are sought; nothing is submitted."""
    take_over: bool = False
    """A record that another wrote is this user's from now on."""
    callbacks: Callbacks | None = None
    """Who hears callbacks; None if nobody does."""


def run(layout: Layout, graph: Graph, facts: Mapping[str, FileFacts], wish: Wish) -> Outcome | None:
    """Plan, ask, apply. None if the person said no.

    Raises AnotherRunner, SettingsTrouble, StateDamaged, FileTrouble: then nothing was begun.
    """
    clock, dice = SystemClock(), SystemDice()
    check_descriptors()
    with ExitStack() as stack:
        known = Register(register.folder(settings.environment()))
        journal = stack.enter_context(_record(layout, clock, known, take_over=wish.take_over))
        provider = project.chosen(wish.provider)
        memory = _remembered(layout, known, journal, clock, take_over=wish.take_over)
        memory = "sought" if wish.recover else memory
        lock = LockfileWriter(layout, clock, first_layout.providers_of(event for _, event in journal.past))
        state = project.state_on_disk(layout, clock, journal.past)
        planned = project.planned(layout, graph, facts, state, clock, wish.selection, provider)
        check_one_provider(planned.inputs, provider)
        _check_locks(layout, state, planned)
        budget, day = _budget(layout, journal, planned, wish, clock)
        _foresee(planned.plan, budget, day)
        if planned.plan.makes or planned.plan.salvage:
            check_writable(*layout.written(graph.storyboard.profile))
        if not wish.agree(planned):
            return None
        if state.taken_over:
            _take_over_lock(layout, state.taken_over, planned.inputs.lock, journal, lock)
        stack.callback(lock.flush)
        lock.keep(planned.inputs.lock)
        if not planned.plan.makes and not planned.plan.salvage:
            return replace(nothing_to_do(planned.plan, planned.inputs, lock.keep), budget=budget)
        account = stack.enter_context(_account(layout, clock, dice, wish))
        uploads = stack.enter_context(loopback.opened(dice)) if account.realm == "emulated" else None
        _opened(layout, known, journal, provider=provider, memory=memory)
        if day is not None:
            settle_known(day, budget.project)
        money = budget, day
        outcome = asyncio.run(
            _run(layout, planned, account, journal, uploads, lock, wish, clock, dice, memory, money, known)
        )
        with _told_with(outcome):
            lock.flush()
        with _told_with(outcome):
            journal.append(RunClosed(storyboard=layout.stem, exit=outcome.exit_code))
        return outcome


@contextmanager
def _told_with(outcome: Outcome) -> Iterator[None]:
    """What the machine refuses at the very end stops the run, but hides nothing of what came of it: where the record
    takes nothing more, nobody else has a task's name."""
    try:
        yield
    except MachineRefuses as error:
        outcome.stopped = outcome.stopped or error


@contextmanager
def _record(layout: Layout, clock: Clock, known: Register, *, take_over: bool = False) -> Iterator[Journal]:
    """The record of a folder's realm, to be written by us alone; what the first layout holds is brought into it.

    Raises AnotherRunner, StateDamaged, MachineRefuses, and DecisionNeeded for somebody else's record.
    """
    layout.guard(layout.hidden, layout.lock, layout.service)
    with sole_runner(layout.hidden, layout.storyboard.name):
        place = mounts.place_of(layout.hidden)
        mounts.check_lock(layout.hidden / "lock", place)
        _remove_leftovers(layout)
        journal = Journal(layout.hidden, clock, writing=True, shared=place.is_shared)
        try:
            for old in first_layout.old_records(layout, (event for _, event in journal.past)):
                _bring_over(layout, old, journal, known, clock, take_over=take_over)
            _note_version_1(layout, journal)
            with known.alone(journal) if layout.realm == "real" else nullcontext():
                yield journal
        finally:
            journal.close()


def _note_version_1(layout: Layout, journal: Journal) -> None:
    """Note that version 1 was at work here where only its lock is left: what it submitted may still be listed."""
    noted = any(isinstance(event, Imported) and event.storyboard == layout.stem for _, event in journal.past)
    if not noted and layout.lock.exists() and version_in(files.read_text(layout.lock, 1 << 30)) == 1:
        journal.append(Imported(storyboard=layout.stem, trust="doubtful"))


def _bring_over(
    layout: Layout, old: OldRecord, journal: Journal, known: Register, clock: Clock, *, take_over: bool
) -> None:
    """Bring a record of the first layout into today's, if it is this user's own."""
    trust: Memory = "whole"
    source = old.read(clock)
    if source is not None:
        try:
            trust = _trust(layout, old.folder, known, source, take_over=take_over)
        finally:
            source.close()
    _note_record(layout, known, journal)  # this record is known before anything that was submitted stands in it
    first_layout.bring_over(layout, old, journal, clock, trust)
    _note_record(layout, known, journal)


def _remove_leftovers(layout: Layout) -> None:
    """Remove the temporary files of runs that were killed: nobody else writes here while the run's lock is held."""
    files.remove_temporary_files(layout.hidden)
    files.remove_temporary_files(layout.lock.parent, layout.lock.name)
    Store(layout.hidden / "store").remove_parts()


def _remembered(layout: Layout, known: Register, journal: Journal, clock: Clock, *, take_over: bool = False) -> Memory:
    """How far a record is to be trusted; `take_over` makes another's our own. Raises DecisionNeeded if it is another's:
    on the word of that nothing is spent."""
    trust = _trust(layout, layout.hidden, known, journal, take_over=take_over)
    return memory_of(journal.past, clock.now()) if trust == "whole" else "doubtful"


def _trust(layout: Layout, folder: Path, known: Register, journal: Journal, *, take_over: bool) -> Memory:
    """Does a record hold all that this user's runs have written into it? Raises DecisionNeeded if it is another's."""
    standing = known.standing(journal)
    if standing == "another's" and take_over:
        known.note(journal)
    elif standing == "another's" and layout.realm == "real":
        raise DecisionNeeded(
            f"{folder} was written on another machine or by somebody else, and is only read",
            "if what is submitted there is yours, `storyboard recover --take-over` makes the record your own",
        )
    return "whole" if standing == "ours" else "doubtful"


def _opened(layout: Layout, known: Register, journal: Journal, provider: str = "", memory: Memory = "whole") -> None:
    """Begin a run, and note that it is ours."""
    journal.open_run(layout.stem, provider, memory)
    _note_record(layout, known, journal)


def _note_record(layout: Layout, known: Register, journal: Journal) -> None:
    """Note how far this user's record has come; where nothing is paid for, that may fail."""
    with suppress(*(FileTrouble,) if layout.realm == "emulated" else ()):
        known.note(journal)


def _check_locks(layout: Layout, state: State, planned: Planned) -> None:
    """Raise StateDamaged if the storyboard's lock is a newer program's, which is never written; and DecisionNeeded if
    something would be bought while a lock can't be read that may name it."""
    version = planned.inputs.lock.version
    if version > VERSION:
        raise newer(version, layout.lock.name)
    buys = any(step.resumes is None and step.fetches is None for step in planned.plan.makes)
    for stem, why in state.unread.items() if buys else ():
        raise DecisionNeeded(
            f"what would be bought may be there already: {why}",
            UNITE.format(name=layout.lock_of(stem).name),
        )


def _take_over_lock(layout: Layout, was: str, ours: Lockfile, journal: Journal, lock: LockfileWriter) -> None:
    """The storyboard's file was renamed: what its lock says moves along. The old lock goes last, so that a kill at any
    moment leaves one of them, or both, which say the same."""
    journal.append(FileRenamed(storyboard=layout.stem, was=was))
    lock.keep(ours)
    lock.flush()
    old = layout.lock_of(was)
    try:
        old.unlink()
        files.sync_folder(old.parent)
    except OSError as error:
        raise FileTrouble.of(error, old, "removed") from error


def check_one_provider(inputs: PlanInputs, provider: str) -> None:
    """Raise DecisionNeeded if something of this storyboard that was asked of another provider is under way, or in
    doubt."""
    for attempt in inputs.past.attempts.values():
        asked_elsewhere = attempt.provider not in ("", provider) and inputs.owns(attempt)
        if attempt.state in ("in doubt", "accepted", "made") and asked_elsewhere:
            raise DecisionNeeded(
                f"{attempt.scene} was asked of {attempt.provider}, and {provider} knows nothing of that",
                f"`storyboard run --provider {attempt.provider}` goes on with it; then choose {provider}",
            )


def _budget(
    layout: Layout, journal: Journal, planned: Planned, wish: Wish, clock: Clock
) -> tuple[Budget, Spending | None]:
    """What may be spent: of `--max-cost` everywhere, and of the user's own caps where anything is paid for."""
    asked = wish.max_cost and replace(wish.max_cost, currency=wish.max_cost.currency or planned.plan.cost.currency)
    run = _cap("--max-cost", asked, "select fewer scenes, or raise it")
    past = [event for _, event in journal.past]
    if layout.realm == "emulated":
        return Budget(run, past=past), None
    environment = settings.environment()
    chosen, place = settings.read(environment), settings.path_of(environment)
    project = _cap("max_cost_project", chosen.max_cost_project, f"select fewer scenes, or raise it in {place}")
    hint = f"select fewer scenes, go on tomorrow (days are UTC's), or raise it in {place}"
    today = _cap("max_cost_day", chosen.max_cost_day, hint)
    return Budget(run, project, past), Spending(spending.folder(environment), clock, str(layout.storyboard), today)


def _cap(name: str, limit: Money | None, hint: str) -> Cap | None:
    return None if limit is None else Cap(name, limit, hint)


def _foresee(plan: Plan, budget: Budget, day: Spending | None) -> None:
    """Raise OverBudget if a plan may come to more than is left of a cap: then nothing of it is begun."""
    budget.check(plan.cost.most)
    if day is not None:
        day.check(plan.cost.most)


PATIENCE = 10
"""Times as long as it took to write the lock, until it is written again: at most a tenth of a run goes into that."""


class LockfileWriter:
    """Writes the lock, in one stroke, and only when its text changes; what others write into it meanwhile stays.

    It is made before a plan is: what stands there then is what the plan and a pull both began with.
    """

    def __init__(self, layout: Layout, clock: Clock, providers: Mapping[str, str] | None = None) -> None:
        """`providers` are those of tasks that a lock of version 1 doesn't name."""
        self._path = layout.lock
        self._providers = providers
        self._clock = clock
        self._began = self._text = self._on_disk()
        self._theirs: Lockfile | None = None
        self._waiting: Lockfile | None = None
        self._quiet_until = 0.0

    def keep(self, lock: Lockfile) -> None:
        """Write the lock down, soon: of a long film it takes a while, and the journal has every take already.

        For that reason, too, one that can't be read for now, as in the midst of a merge, stops nobody.
        """
        self._waiting = lock
        if self._clock.now() >= self._quiet_until:
            with suppress(StateDamaged):
                self._write()

    def flush(self) -> None:
        """Write down what was kept last, if it says anything new.

        Raises FileTrouble, and StateDamaged where what stands there can't be read: that is left as it is.
        """
        try:
            self._write()
        finally:
            self._waiting = None

    def _write(self) -> None:
        if self._waiting is None:
            return
        began, text = self._clock.now(), to_text(self._waiting)
        if text != self._began and (self._waiting.blocks or self._began):
            text = self._with_theirs(text, self._waiting)
            if text != self._text:
                files.write_in_one_stroke(self._path, text.encode())
                self._text = text
        self._waiting = None
        ended = self._clock.now()
        self._quiet_until = ended + PATIENCE * (ended - began)

    def _with_theirs(self, text: str, ours: Lockfile) -> str:
        """Our text, or what comes of both where somebody else has written since we last looked."""
        found = self._on_disk()
        if found != self._text:
            self._theirs, self._text = self._said(found), found
        return text if self._theirs is None else to_text(merged(self._said(self._began), ours, self._theirs))

    def _said(self, text: str) -> Lockfile:
        return from_text(text, self._path.name, self._providers) if text else Lockfile()

    def _on_disk(self) -> str:
        return files.read_text(self._path, 1 << 30) if self._path.exists() else ""


def ask(
    layout: Layout, question: Callable[[Provider], Awaitable[T]], speed: float | None = None, provider: str = ""
) -> T:
    """What the service says to a question that costs nothing.

    `speed` is that of an embedded emulator, None if there is none; it has one user at a time. Raises ProviderError,
    SettingsTrouble, AnotherRunner.
    """
    clock, dice = SystemClock(), SystemDice()
    with ExitStack() as stack:
        if speed is not None:
            layout.guard(layout.hidden, layout.service)
            stack.enter_context(sole_runner(layout.hidden, layout.storyboard.name))
        wish = Wish(agree=lambda _: False, tell=lambda _: None, speed=speed, provider=provider)
        account = stack.enter_context(_account(layout, clock, dice, wish))
        return asyncio.run(_asked(project.chosen(provider), account, question, clock))


async def _asked(provider: str, account: Account, question: Callable[[Provider], Awaitable[T]], clock: Clock) -> T:
    async with opened() as net:
        return await question(Paced(connect(provider, account, net), clock))


@contextmanager
def _account(layout: Layout, clock: Clock, dice: Dice, wish: Wish) -> Iterator[Account]:
    """Who pays, and where; an embedded emulator is started if that was asked for."""
    chosen = settings.read(settings.environment())
    jobs = wish.jobs or chosen.tasks_in_flight
    if wish.speed is None:
        yield replace(project.account(wish.provider), tasks_in_flight=jobs)
        return
    from storyboard.emulator.app import BASE, Conditions, service

    app = service(layout.service / "ledger.jsonl", clock, dice, Conditions(wish.speed, wish.hold_reply)).app()
    with serving.served(app, serving.bound(0)) as origin:
        yield Account(origin + BASE, Secret("emulated"), jobs, settings.pace_at(origin))


async def _run(
    layout: Layout,
    planned: Planned,
    account: Account,
    journal: Journal,
    uploads: loopback.Loopback | None,
    lock: LockfileWriter,
    wish: Wish,
    clock: Clock,
    dice: Dice,
    memory: Memory,
    money: tuple[Budget, Spending | None],
    known: Register,
) -> Outcome:
    async with opened() as net:
        rates = EMBEDDED if wish.speed is not None else RATES
        provider = Paced(connect(project.chosen(wish.provider), account, net), clock, rates)
        store = Store(layout.hidden / "store")
        crew = Crew(
            realm=account.realm,
            provider=provider,
            watcher=Watcher(provider, clock),
            scanner=Scanner(provider, clock),
            fetcher=Fetcher(provider, store),
            journal=journal,
            store=store,
            addresses=Addresses(layout.hidden / "addresses.jsonl"),
            uploads=uploads,
            clock=clock,
            dice=dice,
            pace=account.pace,
            slots=Slots(account.tasks_in_flight),
            tell=wish.tell,
            root=layout.folder,
            stop=Stop(fail_fast=wish.fail_fast),
            memory=memory,
            began=clock.now(),
            budget=money[0],
            day=money[1],
            provider_name=project.chosen(wish.provider),
            lists=home_of(project.chosen(wish.provider)).lists,
            marker=settings.read(settings.environment()).marker,
            markers_of_version_1=looks_for_version_1(journal.past, clock.now()),
            options=options_of(layout, wish),
            salt=dice.token() if account.realm == "real" else "",
            recorded_elsewhere=lambda task: known.recorded_elsewhere(journal, clock, task),
        )
        plan = planned.plan
        if wish.callbacks is not None:
            wish.callbacks.connect(_from_any_thread(crew.watcher.hint))
            plan = calling_back(plan, wish.callbacks)
        work = Run(plan, planned.inputs, crew, lock.keep)
        async with interruptible(crew):
            return await work.walk(Local())


def _from_any_thread(hint: Callable[[str], None]) -> Callable[[str], None]:
    """The same, for whoever is in another thread than this loop; once the loop has ended, nothing."""
    loop = asyncio.get_running_loop()

    def hinting(task: str) -> None:
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(hint, task)

    return hinting


def options_of(layout: Layout, wish: Wish) -> str:
    """The options of this run that a suggested command repeats, but for the profile, which is the scene's."""
    file = layout.storyboard.name
    named = "" if file == "storyboard.yaml" else f" -f {shlex.quote(file)}"
    provider = f" --provider {wish.provider}" if wish.provider and wish.recover else ""
    return f"{named}{' --emulator' if wish.speed is not None else ''}{provider}"


def calling_back(plan: Plan, callbacks: Callbacks) -> Plan:
    """The plan in which each scene that is made says where to call back; an author's own address stays. No scene's key
    knows of it."""
    board = plan.graph.storyboard
    scenes = dict(board.scenes)
    for step in plan.makes:
        scene = scenes[step.scene]
        if scene.parameters.callback_url is None:
            asked = replace(scene.parameters, callback_url=callbacks.address())
            scenes[scene.id] = replace(scene, parameters=asked)
    return replace(plan, graph=replace(plan.graph, storyboard=replace(board, scenes=scenes)))


@asynccontextmanager
async def interruptible(crew: Crew) -> AsyncIterator[None]:
    """The first signal stops new submissions, and what is in flight is waited for; the second leaves at once.

    One that is ignored by whoever began this process stays ignored: `nohup` means it so, and so does a shell that puts
    a command into the background, where Ctrl-C is for others.
    """
    loop = asyncio.get_running_loop()
    walking = asyncio.current_task()
    over = asyncio.Event()

    def stop(number: int) -> None:
        if over.is_set():  # it came as the last scene ended: there is nothing left to stop
            return
        again = bool(crew.stop.interrupted)
        crew.stop.interrupt(number)
        if again and walking is not None:
            walking.cancel()
            return
        crew.tell(Interrupting(number))

    every = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    signals = [number for number in every if signal.getsignal(number) is not signal.SIG_IGN]
    for number in signals:
        loop.add_signal_handler(number, stop, int(number))
    try:
        try:
            yield
        finally:
            over.set()
            for number in signals:
                loop.remove_signal_handler(number)
        if walking is not None and walking.cancelling():
            await asyncio.sleep(0)  # told twice just as the last scene ended: heard here, not while things are closed
    except asyncio.CancelledError:
        if not crew.stop.interrupted:
            raise
        raise Interrupted(crew.stop.interrupted) from None


@dataclass(frozen=True, slots=True)
class Film:
    """A film that was cut: where it lies, its pictures, and whether it had to be cut anew."""

    path: Path
    frames: int
    copied: bool
    anew: bool


def film(layout: Layout, graph: Graph, takes: Mapping[str, Take]) -> Film:
    """Cut the film of these takes, and put them where people look. Raises DecisionNeeded if some are missing."""
    missing = [scene for scene in scenes_of(graph) if scene not in takes]
    if missing:
        raise DecisionNeeded(f"the film lacks {', '.join(missing)}", "`storyboard run` makes them")
    store = project.state_on_disk(layout, SystemClock()).store
    renders = layout.renders(graph.storyboard.profile)
    layout.guard(layout.hidden, renders / "scenes", renders / "film.mp4")
    paths = {scene: _found(store, take.digest) for scene, take in takes.items()}
    _put_out(graph, takes, store, renders, paths)
    target, record = renders / "film.mp4", layout.film_record(graph.storyboard.profile)
    recipe = _recipe(graph, takes)
    before = _recorded(record)
    if before.get("recipe") == recipe and target.exists() and target.stat().st_size == before.get("size"):
        return Film(target, int(before["frames"]), bool(before["copied"]), anew=False)
    from storyboard.film.render import render

    made = render(graph, {scene: paths[scene] for scene in scenes_of(graph)}, target)
    files.sync_file(target)  # or the record would outlive a film that a loss of power emptied
    value = {"recipe": recipe, "size": target.stat().st_size, "frames": made.frames, "copied": made.copied}
    files.write_in_one_stroke(record, json.dumps(value).encode())
    return Film(target, made.frames, made.copied, anew=True)


def _found(store: Store, digest: str) -> Path:
    """A file of the store, if it is what its name says."""
    path = store.find(digest)
    if path is None:
        raise DecisionNeeded(f"{digest[:19]}… is not in the store any more", "`storyboard run` fetches it if it can")
    if store.is_altered(path):
        hint = "`storyboard verify` puts it aside, and `storyboard run` fetches it if it can"
        raise DecisionNeeded(f"{digest[:19]}… in the store was altered", hint)
    return path


def _put_out(graph: Graph, takes: Mapping[str, Take], store: Store, renders: Path, paths: Mapping[str, Path]) -> None:
    """Copies of the selected takes under the names of their scenes, and of last frames that were asked for."""
    for scene, take in takes.items():
        name = files.file_name(scene)
        files.copy_out(paths[scene], renders / "scenes" / f"{name}.mp4", take.digest)
        if store.find(take.frame) is not None and graph.scene(scene).parameters.return_last_frame:
            frame = _found(store, take.frame)
            files.copy_out(frame, renders / "scenes" / f"{name}-last{frame.suffix}", take.frame)


def _recipe(graph: Graph, takes: Mapping[str, Take]) -> str:
    """The digest of all that the film depends on."""
    board = graph.storyboard
    cut = [
        [item.scene.word, item.starts, item.out] if isinstance(item, Cut) else [item.sort, item.seconds]
        for item in board.cut
    ]
    scenes = [
        [
            id,
            takes[id].digest,
            graph.scene(id).starts,
            graph.scene(id).out,
            [g.edge for g in graph.scene(id).given],
        ]
        for id in scenes_of(graph)
    ]
    return digest_of(canonical([1, cut, scenes, *([list(board.film_size)] if board.film_size else [])]))


def _recorded(record: Path) -> dict[str, Any]:
    """What was written down of the film that was cut last; nothing if that is no record of ours."""
    try:
        value = json.loads(record.read_text("utf-8"))
        whole = isinstance(value["frames"], int) and isinstance(value["copied"], bool)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return {}
    return dict(value) if whole else {}


def takes_now(layout: Layout, graph: Graph) -> dict[str, Take]:
    """The selected take of each scene that has one in the store."""
    state = project.state_on_disk(layout, SystemClock())
    lock = with_past(state.lock(layout.stem), state.past(layout.stem), layout.stem)
    here = state.store.digests()
    found = {id: lock.block(graph.storyboard.profile, id).take for id in graph.order}
    return {id: take for id, take in found.items() if take is not None and take.digest in here}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong in the store: of which digest, what, and whose take or frame it is."""

    digest: str
    what: str
    scenes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verified:
    """How many files were looked at, and what is wrong."""

    checked: int
    faults: tuple[Fault, ...]


def verify(layout: Layout, *, deep: bool = False) -> Verified:
    """Hold every file of the store against its digest, and the lock against the store; `deep` decodes the videos too.

    What was altered is put aside.
    """
    from storyboard.world.media import whole

    layout.guard(layout.hidden, layout.lock)
    with sole_runner(layout.hidden, layout.storyboard.name):
        state = project.state_on_disk(layout, SystemClock())
        store, owners = state.store, _owners(layout, state)
        found = store.files()
        faults: dict[str, str] = {}
        for digest, path in found:
            try:
                if store.is_altered(path):
                    faults[digest] = f"was altered, and is put aside: {store.put_aside(path)}"
                elif deep and path.suffix == ".mp4":
                    whole.check(path)
            except MediaTrouble as error:
                faults[digest] = f"{error.what}, though it is what came from the service"
        for digest in owners.keys() - {digest for digest, _ in found}:
            faults[digest] = "is gone"
        told = tuple(Fault(digest, what, owners.get(digest, ())) for digest, what in sorted(faults.items()))
        return Verified(len(found), told)


def _owners(layout: Layout, state: State) -> dict[str, tuple[str, ...]]:
    """The scenes that have each digest as a take or its last frame, of all storyboards of the folder."""
    owners: dict[str, tuple[str, ...]] = {}

    def own(stem: str, scene: str, take: Take) -> None:
        name = scene if stem == layout.stem else f"{scene} of {stem}"
        for digest in filter(None, (take.digest, take.frame)):
            owners[digest] = tuple(dict.fromkeys((*owners.get(digest, ()), name)))

    for stem, lock in state.locks.items():
        for (_, scene), block in lock.blocks.items():
            for take in block.takes.values():
                own(layout.stem if stem == state.taken_over else stem, scene, take)
    for one in state.past(layout.stem).takes:
        own(one.storyboard, one.scene, one.take)
    return owners


@dataclass(frozen=True, slots=True)
class Doubt:
    """A submission about which a person decides, and what it counts as long as nobody knows its bill."""

    attempt: Attempt
    counts: Money


def resolve(
    layout: Layout,
    graph: Graph,
    facts: Mapping[str, FileFacts],
    scene: str,
    adopt: str,
    *,
    abandon: bool = False,
    agree: Callable[[Doubt], bool],
) -> bool:
    """Write down what a person decided about a submission in doubt, if `agree` says so when it has seen what may come
    of it; False if it said no."""
    from storyboard.executor.reconcile import decision, in_doubt, taken_back

    clock = SystemClock()
    known = Register(register.folder(settings.environment()))
    with _record(layout, clock, known) as journal:
        memory = _remembered(layout, known, journal, clock)
        state = project.state_on_disk(layout, clock, journal.past)
        past, planned = state.past(layout.stem), project.planned(layout, graph, facts, state, clock)
        plan = planned.plan
        begun: Intended | None = None
        profile = graph.storyboard.profile
        try:
            attempt = in_doubt(past, layout.stem, profile, scene, adopt, plan.intents_of(scene))
        except UsageError:
            begun = _begun_elsewhere(layout, planned, scene) if adopt else None
            if begun is None:
                raise
            attempt = History([(0.0, begun)]).attempt(begun.intent)
        decided = decision(attempt, adopt, past, abandon=abandon)
        back = taken_back(attempt, adopt, past) if adopt else None
        events = [event for _, event in journal.past]
        entry = books_of(events if begun is None else [*events, begun]).entry(attempt.intent)
        agreed = agree(Doubt(attempt, NO_MONEY if entry is None else entry.counts))
        if agreed:
            _opened(layout, known, journal, memory=memory)
            if back is not None:
                journal.append(back)
                _take_back(layout, state, past.attempts[back.intent], adopt, clock)
            if begun is not None:
                journal.append(begun)
            elif scene in graph.storyboard.scenes and (layout.stem, profile, scene) not in _served(attempt):
                # under this name it was asked about: the decision binds it, too
                journal.append(Assigned(scene, attempt.intent, storyboard=layout.stem, profile=profile))
            journal.append(decided)
            journal.append(RunClosed(storyboard=layout.stem))
        return agreed


def _take_back(layout: Layout, state: State, owner: Attempt, task: str, clock: Clock) -> None:
    """Remove a task's take from the lock's block of the scene that it was wrongly fetched for."""
    lock = state.lock(layout.stem)
    keeper = LockfileWriter(layout, clock)
    for target in owner.targets:
        found = [take.id for take in lock.block(target.profile, target.scene).takes.values() if take.task == task]
        if target.storyboard == layout.stem and found:
            lock = lock.without_take(target.profile, target.scene, found[0])
    keeper.keep(lock)
    keeper.flush()


def _served(attempt: Attempt) -> set[tuple[str, str, str]]:
    return {target[:3] for target in attempt.targets}


def _begun_elsewhere(layout: Layout, planned: Planned, scene: str) -> Intended | None:
    """A submission of a scene that this record doesn't know, since it was lost or is another copy's; None if the plan
    doesn't make the scene, or its key isn't known yet."""
    plan = planned.plan
    for step in plan.makes:
        if step.scene == scene and step.unit in plan.keys and step.resumes is None and step.fetches is None:
            profile = plan.graph.storyboard.profile
            begun = Intended(scene, SystemDice().token(), storyboard=layout.stem, profile=profile)
            asked = asked_of(scene, plan.graph, planned.inputs.rows)
            key, reserve = plan.keys[step.unit], step.cost.most
            return replace(begun, ordinal=step.unit.ordinal, key=key, asked=asked, reserve=reserve)
    return None


def disclaim(layout: Layout, scene: str, task: str) -> None:
    """Write down that a listed task, whose marker fits a scene's, is another project's or another scene's.

    Raises UsageError if an attempt of this record has it, unless it is another scene's that was given it by its marker
    alone: then it is that scene's for sure from now on.
    """
    clock = SystemClock()
    known = Register(register.folder(settings.environment()))
    with _record(layout, clock, known) as journal:
        memory = _remembered(layout, known, journal, clock)
        past = past_of(journal.past)
        owner = next((one for one in past.attempts.values() if one.task == task), None)
        by_chance = owner is not None and owner.found_by_marker and owner.scene != scene
        if owner is not None and not by_chance:
            what = f'task {task} was submitted by this project, for scene "{owner.scene}": nothing was changed'
            raise UsageError(what, "`storyboard tasks list` shows which task is whose")
        _opened(layout, known, journal, memory=memory)
        journal.append(NotMine(storyboard=layout.stem, scene=scene, task=task))
        journal.append(RunClosed(storyboard=layout.stem))
