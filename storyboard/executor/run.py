"""The loop: a plan and a crew in, events and takes out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from storyboard.errors import (
    AccountRefused,
    DecisionNeeded,
    MachineRefuses,
    ModelRefused,
    SceneFailed,
    StoryboardError,
    UnknownOutcome,
    Untrusted,
)
from storyboard.executor.crew import Crew
from storyboard.executor.engine import Engine
from storyboard.executor.inputs import items_of
from storyboard.executor.perform import Job, Known, ended, perform, stored
from storyboard.executor.stop import Stopped
from storyboard.language.graph import Graph
from storyboard.language.prompt import compose
from storyboard.planning.budget import Books, Budget
from storyboard.planning.event import Attempt, Event, Past
from storyboard.planning.fingerprint import components_of
from storyboard.planning.lock import Lock
from storyboard.planning.plan import (
    IN_DOUBT,
    Hold,
    Idle,
    Keep,
    Make,
    Plan,
    World,
    in_doubt_hint,
    orphaned,
    settle,
    without,
)
from storyboard.planning.price import cost_of, rate_of
from storyboard.planning.schedule import Schedule, Standing
from storyboard.planning.take import Take
from storyboard.providers.provider import Order


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one scene. `seconds` is how long it took, `books` what this run found out of its bill: what it was
    billed, and what it may be yet."""

    scene: str
    standing: Standing
    what: str = ""
    hint: str = ""
    take: Take | None = None
    seconds: float = 0.0
    code: int = 0
    books: Books = field(default_factory=Books)


@dataclass(slots=True)
class Outcome:
    """What became of a run: a result for each scene, the takes, and what stopped it, if anything did."""

    results: dict[str, Result] = field(default_factory=dict)
    takes: dict[str, Take] = field(default_factory=dict)
    stopped: StoryboardError | None = None
    interrupted: int = 0
    submitted: int = 0
    """Tasks that the service took on in this run, whatever became of them."""
    budget: Budget = field(default_factory=Budget)
    """What they cost, and the project so far."""
    earlier: list[Result] = field(default_factory=list)
    """What became of submissions that nobody asks for any more, where it is not over: the wish was changed, or the
    scene is gone."""

    @property
    def exit_code(self) -> int:
        """The most urgent of what happened: interrupted, the machine, a decision, a failure, none."""
        codes = {result.code for result in (*self.results.values(), *self.earlier)}
        if self.interrupted:
            return 128 + self.interrupted
        if self.stopped is not None or 5 in codes:
            return 5
        return 4 if 4 in codes else 3 if 3 in codes else 0


def nothing_to_do(plan: Plan, world: World, keep_lock: Callable[[Lock], None]) -> Outcome:
    """The outcome of a plan with nothing to make: what is kept is kept, what is held is told."""
    results, takes, lock = kept(plan, world)
    keep_lock(lock)
    return Outcome(results, takes, earlier=unmarked(world.past, plan.graph.storyboard.profile, results))


def unmarked(past: Past, profile: str, results: Mapping[str, Result]) -> list[Result]:
    """Submissions in doubt that bear no mark and that no result of this profile speaks of: nobody can look for them,
    and they count against every cap until somebody decides."""
    spoken_of = {(profile, id) for id, result in results.items() if result.standing == "held"}
    found = (a for a in past.attempts.values() if a.state == "in doubt" and a.marker is None)
    return [_in_doubt(a.scene, a.profile, IN_DOUBT) for a in found if (a.profile, a.scene) not in spoken_of]


def _in_doubt(scene: str, profile: str, what: str) -> Result:
    return Result(scene, "held", what, in_doubt_hint(scene, profile), code=4)


def kept(plan: Plan, world: World) -> tuple[dict[str, Result], dict[str, Take], Lock]:
    """What a plan settles without any work: results and takes of what is kept or held, and the lock that says so."""
    profile = plan.graph.storyboard.profile
    results: dict[str, Result] = {}
    takes: dict[str, Take] = {}
    lock = world.lock
    for id, step in plan.steps.items():
        match step:
            case Keep(take=take):
                takes[id] = take
                lock = selecting(lock, profile, step)
                results[id] = Result(id, "done", take=take)
            case Hold(why=why, hint=hint, above=above):
                results[id] = Result(id, "blocked" if above else "held", why, hint, code=4)
            case Idle():
                found = world.lock.block(profile, id).take
                if found is not None and found.digest in world.stored:
                    takes[id] = found
            case Make():
                pass
    return results, takes, lock


def selecting(lock: Lock, profile: str, keep: Keep) -> Lock:
    """The lock in which a kept take is the selected one, under the scene's present name. A scene that became several
    has only one block to move: who comes after the first has the take alone, and so has who has a block already."""
    moves = (profile, keep.moved_from) in lock.blocks and (profile, keep.scene) not in lock.blocks
    if keep.moved_from and not moves:
        return lock.with_take(profile, keep.scene, keep.take, select=True)
    if keep.moved_from:
        lock = lock.moving(profile, keep.moved_from, keep.scene)
    if lock.block(profile, keep.scene).selected != keep.take.digest:
        lock = lock.selecting(profile, keep.scene, keep.take.digest)
    return lock


async def _unasked(marker: int | None) -> bytes:
    """The request of an attempt that was begun already: nobody asks for it."""
    raise AssertionError(marker)


class Run:
    """One run. `keep_lock` writes the lock down whenever a take was stored or another one selected."""

    def __init__(self, plan: Plan, world: World, crew: Crew, keep_lock: Callable[[Lock], None]) -> None:
        self._plan = plan
        self._graph: Graph = plan.graph
        self._profile = plan.graph.storyboard.profile
        self._world = world
        self._crew = crew
        self._keep_lock = keep_lock
        self._handled: set[str] = set()
        self._orphans = tuple(a for a in orphaned(plan.graph, world.past) if a not in plan.salvage)
        self._began = len(crew.journal.past)
        self.outcome = Outcome(budget=crew.budget)

    async def walk(self, engine: Engine) -> Outcome:
        """Make what the plan says; what was paid for earlier is fetched whatever the plan says."""
        self._settle_what_is_kept()
        schedule = Schedule(self._plan)
        salvages = [asyncio.ensure_future(self._salvage(attempt)) for attempt in self._plan.salvage]
        await engine.walk(schedule, self._work, lambda: self._crew.stop.going)
        salvages += [asyncio.ensure_future(self._salvage(attempt)) for attempt in self._left_over()]
        await asyncio.gather(*salvages)
        for id in self._graph.order:
            if id not in self.outcome.results:
                self.outcome.results[id] = Result(id, schedule.standing(id), self._why_not_begun(id))
        said = self._crew.journal.past[self._began :]
        self._put_down_bills(said)
        self.outcome.earlier += unmarked(self._crew.journal.history.past, self._profile, self.outcome.results)
        self.outcome.results = {id: self.outcome.results[id] for id in self._graph.storyboard.scenes}
        self.outcome.submitted = self._taken_on(said)
        self.outcome.stopped, self.outcome.interrupted = self._crew.stop.why, self._crew.stop.interrupted
        return self.outcome

    def _why_not_begun(self, id: str) -> str:
        """Why nothing became of a scene that nobody has worked on."""
        for parent in self._graph.parents[id]:
            standing = self.outcome.results[parent].standing
            if standing != "done":
                return f"it is made from {parent}, which is {standing}"
        try:
            self._crew.stop.check()
        except Stopped as why:
            return why.what
        return ""

    def _put_down_bills(self, said: Sequence[tuple[float, Event]]) -> None:
        """With each scene's result, what its attempts were billed of which this run has heard."""
        heard = {(event.scene, event.intent) for _, event in said if event.intent}
        for scene, intent in sorted(heard):
            entry, result = self._crew.budget.project.entry(intent), self.outcome.results.get(scene)
            if entry is not None and result is not None:
                result.books.put(intent, entry)

    def _taken_on(self, said: Sequence[tuple[float, Event]]) -> int:
        """How many tasks came of what this run sent, named in the answer or found later. The intent of a task that only
        a lost record knew has no body: it was sent by another run."""
        sent = [event.intent for _, event in said if event.kind == "intended" and "body" in event.body]
        return sum(bool(self._crew.journal.history.attempt(intent).task) for intent in sent)

    def _settle_what_is_kept(self) -> None:
        results, takes, lock = kept(self._plan, self._world)
        self.outcome.results.update(results)
        self.outcome.takes.update(takes)
        self._write(lock)

    def _select(self, keep: Keep) -> None:
        self._write(selecting(self._world.lock, self._profile, keep))

    def _write(self, lock: Lock) -> None:
        if lock != self._world.lock:
            self._world = replace(self._world, lock=lock)
            self._keep_lock(lock)

    async def _work(self, id: str) -> Standing:
        """Work on a scene; whatever goes wrong with it is its result, and nobody else's."""
        began = self._crew.clock.now()
        try:
            result = await self._make(id)
        except StoryboardError as error:
            result = self._told(id, self._profile, error)
        self.outcome.results[id] = replace(result, seconds=self._crew.clock.now() - began)
        if result.standing == "failed":
            self._crew.stop.fail()
        return result.standing

    def _told(self, id: str, profile: str, error: StoryboardError) -> Result:
        match error:
            case Stopped():
                return Result(id, "blocked", error.what)
            case UnknownOutcome():
                return _in_doubt(id, profile, f"{error.what}: it may be in the making, and be billed")
            case DecisionNeeded():
                return Result(id, "held", error.what, error.hint, code=4)
            case AccountRefused() | MachineRefuses() | Untrusted():
                self._crew.stop.because(error)
                return Result(id, "failed", error.what, error.hint, code=5)
            case ModelRefused():
                return Result(id, "failed", error.what, error.hint, code=5)
            case _:
                return Result(id, "failed", error.what, error.hint, code=3)

    def _settled(self, id: str) -> Keep | Make | Hold | Idle:
        """The step that the scene's key asks for, now that everything above it is known."""
        world = replace(self._world, past=self._crew.journal.history.of(self._profile, id))
        return settle(id, self._graph, world, self._components(id), self.outcome.takes, self._orphans)

    def _components(self, id: str) -> Mapping[str, str | int | bool]:
        row = self._world.rows[self._graph.scene(id).model.row]
        return components_of(id, self._graph, row, self._world.facts, self.outcome.takes)

    async def _make(self, id: str) -> Result:
        step = self._settled(id)
        match step:
            case Keep(take=take):
                self.outcome.takes[id] = take
                self._select(step)
                return Result(id, "done", "what it is handed came out the same", take=take)
            case Hold(why=why, hint=hint):
                return Result(id, "held", why, hint, code=4)
            case Make(fetches=Take() as take):
                return await self._fetch_again(id, take)
            case Make(resumes=resumes):
                self._orphans = without(self._orphans, step)
                return await self._perform(id, resumes)
            case Idle():
                return Result(id, "done")

    async def _perform(self, id: str, resumes: Attempt | None) -> Result:
        if resumes:
            self._handled.add(resumes.intent)
        if resumes and resumes.scene != id:
            self._crew.note(Event("renamed", id, resumes.intent, {"was": resumes.scene}))
        take = await perform(self._job(id, resumes), self._crew, lambda marker: self._order(id, marker), resumes)
        self._keep(id, take, select=True)
        self.outcome.takes[id] = take
        return Result(id, "done", self._odd(id, take), take=take)

    def _odd(self, id: str, take: Take) -> str:
        """What of a take that was just stored is other than was asked for."""
        attempts = self._crew.journal.history.of(self._profile, id).attempts.values()
        return next((attempt.error for attempt in attempts if attempt.task == take.task), "")

    def _job(self, id: str, begun: Attempt | None) -> Job:
        """What is to be made. A request whose author fixed its expiry has no room for our mark."""
        asked = self._graph.scene(id).parameters
        components = begun.components if begun else self._components(id)
        fixed: dict[str, str | int | bool] = {
            "model": self._model(id),
            "duration": asked.duration,
            "ratio": asked.ratio,
            "resolution": asked.resolution,
            "sound": asked.generate_audio,
        }
        row = self._world.rows[self._graph.scene(id).model.row]
        most = cost_of(id, self._graph, row, self._world.facts, self.outcome.takes).most
        marked = asked.execution_expires_after is None
        return Job(id, self._profile, components, fixed, marked, most, rate_of(id, self._graph, row), row.pixels)

    def _model(self, id: str) -> str:
        model = self._graph.scene(id).model
        return model.name if model.like else self._world.rows[model.row].id

    async def _order(self, id: str, marker: int | None) -> bytes:
        scene = self._graph.scene(id)
        items = await items_of(id, self._graph, self._world.facts, self.outcome.takes, self._crew)
        text = compose(scene, self._graph.storyboard).text
        asked = scene.parameters if marker is None else replace(scene.parameters, execution_expires_after=marker)
        return self._crew.provider.body(Order(self._model(id), text, items, asked))

    async def _fetch_again(self, id: str, take: Take) -> Result:
        """A take of which only the file is missing: its task still has it, or nobody does: it is never bought again."""
        job, known = Job(id, self._profile, take.components), Known("", take.task)
        hint = "bring the file back (another copy of the project's store has it), or change the scene to make it anew"
        try:
            task = await ended(job, known, self._crew)
            await stored(job, known, task, self._crew, only=take.digest)
        except (SceneFailed, DecisionNeeded) as error:
            raise DecisionNeeded(f"its video is gone from the store, and {error.what}", hint) from error
        self.outcome.takes[id] = take
        return Result(id, "done", "fetched again", take=take)

    def _keep(self, id: str, take: Take, *, select: bool) -> None:
        stored_now = self._world.stored | {take.digest}
        self._world = replace(self._world, stored=stored_now)
        self._write(self._world.lock.with_take(self._profile, id, take, select=select))

    def _left_over(self) -> list[Attempt]:
        """Attempts that may have a task that nobody has fetched: none that this run began itself."""
        before = {attempt.intent for attempt in self._world.past.unfinished}
        salvaged = {attempt.intent for attempt in self._plan.salvage}
        return [a for a in self._crew.journal.history.past.unfinished if a.intent in before - salvaged - self._handled]

    async def _salvage(self, attempt: Attempt) -> None:
        """Fetch what was paid for and is no longer asked for: it becomes a take that nobody has selected."""
        job = Job(attempt.scene, attempt.profile, attempt.components)
        try:
            take = await perform(job, self._crew, _unasked, attempt)
            chosen = self._world.lock.block(attempt.profile, attempt.scene).selected
            self._write(self._world.lock.with_take(attempt.profile, attempt.scene, take, select=not chosen))
        except StoryboardError as error:
            self._crew.tell(Event("ended", attempt.scene, attempt.intent, {"status": "lost", "error": error.what}))
            if not isinstance(error, (SceneFailed, Stopped)):
                self.outcome.earlier.append(self._told(attempt.scene, attempt.profile, error))
