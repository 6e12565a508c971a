"""The loop: a plan and a context in, events and takes out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import assert_never

from storyboard.errors import (
    AccountRefused,
    DecisionNeeded,
    MachineRefuses,
    SceneFailed,
    StoryboardError,
    UnknownOutcome,
    Untrusted,
)
from storyboard.executor.context import RunContext
from storyboard.executor.download import download
from storyboard.executor.duplicates import settle_late_duplicates
from storyboard.executor.gate import RunStopped
from storyboard.executor.inputs import items_of
from storyboard.executor.job import Job, Known, model_of, requested_of
from storyboard.executor.perform import perform
from storyboard.executor.wait import wait_for_end
from storyboard.language.graph import Graph
from storyboard.language.prompt import compose
from storyboard.planning.advice import IN_DOUBT, in_doubt_hint
from storyboard.planning.attempt import Attempt
from storyboard.planning.budget import Books, Budget
from storyboard.planning.event import Assigned, Ended, Intended, OfAttempt, Recorded
from storyboard.planning.fingerprint import Components, Key, components_of, key_of
from storyboard.planning.lock import Lockfile
from storyboard.planning.lock_update import with_kept, with_salvaged, with_selected
from storyboard.planning.marker import Marker
from storyboard.planning.past import Past
from storyboard.planning.plan import Plan, PlanInputs
from storyboard.planning.planner import claim, claims_of, settle
from storyboard.planning.price import cost_of, rate_of
from storyboard.planning.schedule import Schedule, UnitState
from storyboard.planning.step import Hold, Idle, Keep, Make, Step
from storyboard.planning.take import Take
from storyboard.planning.target import Target, Unit
from storyboard.providers.provider import Order


@dataclass(frozen=True, slots=True)
class Result:
    """The result of one unit of work. `seconds` is how long it took. `books` holds what this run learned of its costs:
    the amount billed, and the amount that may still be billed."""

    unit: Unit
    state: UnitState
    what: str = ""
    hint: str = ""
    take: Take | None = None
    seconds: float = 0.0
    code: int = 0
    books: Books = field(default_factory=Books)
    attempt_id: str = ""
    """The attempt that needs a decision, if the plan knew it."""

    @property
    def scene(self) -> str:
        """The scene."""
        return self.unit.scene


@dataclass(slots=True)
class Outcome:
    """The outcome of a run: a result for each unit of work, the takes, and what stopped it, if anything did."""

    results: dict[Unit, Result] = field(default_factory=dict)
    takes: dict[str, Take] = field(default_factory=dict)
    stopped: StoryboardError | None = None
    interrupted: int = 0
    submitted: int = 0
    """Number of tasks that the service accepted in this run, whatever their result."""
    budget: Budget = field(default_factory=Budget)
    """The cost of this run, and of the project so far."""
    remarks: list[str] = field(default_factory=list)
    """Notes about the run for the user."""
    earlier: list[Result] = field(default_factory=list)
    """Results of unfinished submissions that the storyboard no longer contains: the scene was changed or removed."""

    def result(self, scene: str, ordinal: int = 1) -> Result:
        """Return the result of a scene's take."""
        return self.results[Unit(scene, ordinal)]

    @property
    def exit_code(self) -> int:
        """The exit code of the most urgent result: interrupted, the machine, a decision, a failure, none."""
        codes = {result.code for result in (*self.results.values(), *self.earlier)}
        if self.interrupted:
            return 128 + self.interrupted
        if self.stopped is not None or 5 in codes:
            return 5
        return 4 if 4 in codes else 3 if 3 in codes else 0


def nothing_to_do(plan: Plan, inputs: PlanInputs, keep_lock: Callable[[Lockfile], None]) -> Outcome:
    """Return the outcome of a plan with nothing to make: kept takes are selected, held scenes are reported."""
    results, takes = kept(plan, inputs)
    keep_lock(with_kept(plan, inputs))
    return Outcome(results, takes, earlier=unmarked(inputs, plan.graph.storyboard.profile, inputs.past, results))


def unmarked(inputs: PlanInputs, profile: str, past: Past, results: Mapping[Unit, Result]) -> list[Result]:
    """Return submissions in doubt without a marker that no result of this profile covers. No list can identify them,
    and they count against every cap until a person decides. Those of another storyboard are reported by its own runs.
    """
    held = [result for result in results.values() if result.state == "held"]
    attempt_ids = {result.attempt_id for result in held}
    scenes = {(inputs.storyboard, profile, result.scene) for result in held if not result.attempt_id}
    found = (a for a in past.attempts.values() if a.state == "in doubt" and not a.carried and inputs.owns(a))
    untold = (a for a in found if a.attempt_id not in attempt_ids and a.target[:3] not in scenes)
    return [_in_doubt(a.target.unit, a.profile, IN_DOUBT) for a in untold]


def _in_doubt(unit: Unit, profile: str, what: str) -> Result:
    return Result(unit, "held", what, in_doubt_hint(unit.scene, profile), code=4)


def kept(plan: Plan, inputs: PlanInputs) -> tuple[dict[Unit, Result], dict[str, Take]]:
    """What a plan settles without any work: results and takes of what is kept or held."""
    profile = plan.graph.storyboard.profile
    results: dict[Unit, Result] = {}
    takes: dict[str, Take] = {}
    for unit, step in plan.steps.items():
        match step:
            case Keep(take=take):
                takes[unit.scene] = take
                results[unit] = Result(unit, "done", take=take)
            case Hold(why=why, hint=hint, above=above, attempt=attempt):
                state: UnitState = "blocked" if above else "held"
                results[unit] = Result(unit, state, why, hint, code=4, attempt_id=attempt.attempt_id if attempt else "")
            case Idle():
                found = inputs.lock.block(profile, unit.scene).take
                if found is not None and found.digest in inputs.stored:
                    takes[unit.scene] = found
            case Make():
                pass
    return results, takes


async def _no_request(marker: Marker) -> bytes:
    """The request of an attempt that was begun already: nobody asks for it."""
    raise AssertionError(marker)


class Run:
    """One run. `keep_lock` writes the lock whenever a take is stored or another one is selected."""

    def __init__(
        self, plan: Plan, inputs: PlanInputs, context: RunContext, keep_lock: Callable[[Lockfile], None]
    ) -> None:
        self._plan = plan
        self._graph: Graph = plan.graph
        self._profile = plan.graph.storyboard.profile
        self._inputs = inputs
        self._context = context
        self._keep_lock = keep_lock
        self._handled: set[str] = set()
        self._claims = claims_of(plan.graph, inputs)
        for unit, step in plan.steps.items():
            claim(step, plan.keys.get(unit, {}), self._claims)
        for attempt in plan.salvage:
            self._claims.claim_attempt(attempt, attempt.target.unit)
        self._place = {unit: number for number, unit in enumerate(plan.written)}
        self._ranks: dict[Key, dict[Unit, int]] = {}
        for unit in plan.written:
            if unit in plan.keys:
                self._rank(unit, plan.keys[unit])
        self._began = len(context.journal.past)
        self.outcome = Outcome(budget=context.budget)

    async def walk(self) -> Outcome:
        """Carry out the plan. Videos paid for earlier are downloaded as well, even if the plan no longer needs them."""
        self._settle_what_is_kept()
        schedule = Schedule(self._plan, self._inputs.rows, self._context.salt)
        async with asyncio.TaskGroup() as group:
            for attempt in self._plan.salvage:
                group.create_task(self._salvage(attempt))
            await self._work_on_all(schedule, group)
            duplicates = [self._context.journal.history.attempt(attempt_id) for attempt_id in self._context.duplicates]
            for attempt in (*self._find_left_over(), *duplicates):
                group.create_task(self._salvage(attempt))
        for unit in self._plan.steps:
            if unit not in self.outcome.results:
                take = self.outcome.takes.get(unit.scene)
                self.outcome.results[unit] = Result(unit, schedule.state(unit), self._why_not_begun(unit), take=take)
        said = self._context.journal.past[self._began :]
        self._record_bills(said)
        past = self._context.journal.history.past
        self.outcome.earlier += unmarked(self._inputs, self._profile, past, self.outcome.results)
        self.outcome.results = {unit: self.outcome.results[unit] for unit in self._plan.written}
        self.outcome.submitted = self._count_submitted(said)
        self.outcome.remarks = list(self._context.remarks)
        self.outcome.stopped, self.outcome.interrupted = self._context.gate.why, self._context.gate.interrupted
        return self.outcome

    async def _work_on_all(self, schedule: Schedule, group: asyncio.TaskGroup) -> None:
        """Work on each unit as soon as it can start, until none runs and none can start."""
        running: dict[asyncio.Task[UnitState], Unit] = {}
        while True:
            for unit in schedule.ready if self._context.gate.going else ():
                schedule.start(unit)
                running[group.create_task(self._work(unit))] = unit
            if not running:
                return
            done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                schedule.end(running.pop(task), task.result())

    def _why_not_begun(self, unit: Unit) -> str:
        """Why nothing became of a unit that nobody has worked on."""
        for parent in self._graph.parents[unit.scene]:
            state = self.outcome.result(parent).state
            if state != "done":
                return f"it is made from {parent}, which is {state}"
        try:
            self._context.gate.check()
        except RunStopped as why:
            return why.what
        return ""

    def _record_bills(self, said: Sequence[tuple[float, Recorded]]) -> None:
        """With each unit's result, what its attempts were billed of which this run has heard."""
        heard = {event.attempt_id for _, event in said if isinstance(event, OfAttempt)}
        for attempt_id in sorted(heard):
            entry = self._context.budget.project.entry(attempt_id)
            for unit in self._units_served(attempt_id):
                result = self.outcome.results.get(unit)
                if entry is not None and result is not None:
                    result.books.put(attempt_id, entry)

    def _units_served(self, attempt_id: str) -> tuple[Unit, ...]:
        """Return the units of this storyboard and combination of profiles that an attempt serves."""
        attempt = self._context.journal.history.get(attempt_id)
        here = self._inputs.storyboard, self._profile
        return () if attempt is None else tuple(one.unit for one in attempt.targets if one[:2] == here)

    def _count_submitted(self, said: Sequence[tuple[float, Recorded]]) -> int:
        """How many tasks came of what this run sent, named in the answer or found later. The intent of a task that only
        a lost record knew has no body: it was sent by another run."""
        sent = [event.attempt_id for _, event in said if isinstance(event, Intended) and event.body]
        return sum(bool(self._context.journal.history.attempt(attempt_id).task) for attempt_id in sent)

    def _settle_what_is_kept(self) -> None:
        results, takes = kept(self._plan, self._inputs)
        self.outcome.results.update(results)
        self.outcome.takes.update(takes)
        self._write(with_kept(self._plan, self._inputs))

    def _select(self, keep: Keep) -> None:
        self._write(with_selected(self._inputs.lock, self._profile, keep, self._graph.storyboard.scenes))

    def _write(self, lock: Lockfile) -> None:
        if lock != self._inputs.lock:
            self._inputs = replace(self._inputs, lock=lock)
            self._keep_lock(lock)

    async def _work(self, unit: Unit) -> UnitState:
        """Work on a unit and record its result. An error in one unit does not affect others."""
        began = self._context.clock.now()
        try:
            result = await self._make(unit)
        except StoryboardError as error:
            result = self._result_of(unit, self._profile, error)
        self.outcome.results[unit] = replace(result, seconds=self._context.clock.now() - began)
        if result.state == "failed":
            self._context.gate.fail()
        return result.state

    def _result_of(self, unit: Unit, profile: str, error: StoryboardError) -> Result:
        """Return what a failure makes of a unit; one that concerns the whole run stops it."""
        match error:
            case RunStopped():
                return Result(unit, "blocked", error.what)
            case UnknownOutcome():
                return _in_doubt(unit, profile, f"{error.what}: it may be in the making, and be billed")
            case DecisionNeeded():
                return Result(unit, "held", error.what, error.hint, code=error.exit_code)
        if isinstance(error, (AccountRefused, MachineRefuses, Untrusted)):
            self._context.gate.halt(error)
        return Result(unit, "failed", error.what, error.hint, code=error.exit_code)

    def _settle(self, unit: Unit) -> Step:
        """The step that the unit's key asks for, now that everything above it is known; no other unit may use what it
        uses from now on."""
        components = self._components(unit.scene)
        past = self._context.journal.history.about(self._inputs.storyboard, self._profile, unit.scene, components)
        inputs = replace(self._inputs, past=past)
        step = settle(unit, self._graph, inputs, components, self.outcome.takes, self._claims)
        claim(step, components, self._claims)
        return step

    def _components(self, id: str) -> Mapping[str, str | int | bool]:
        row = self._inputs.rows[self._graph.scene(id).model.row]
        return components_of(id, self._graph, row, self._inputs.facts, self.outcome.takes)

    async def _make(self, unit: Unit) -> Result:
        step = self._settle(unit)
        match step:
            case Keep(take=take):
                self.outcome.takes[unit.scene] = take
                self._select(step)
                return Result(unit, "done", "its inputs came out the same", take=take)
            case Hold(why=why, hint=hint, attempt=attempt):
                return Result(unit, "held", why, hint, code=4, attempt_id=attempt.attempt_id if attempt else "")
            case Make(fetches=Take() as take):
                return await self._fetch_again(unit, take, step)
            case Make(resumes=resumes):
                return await self._perform(unit, resumes)
            case Idle():
                return Result(unit, "done")
            case _:
                assert_never(step)

    async def _perform(self, unit: Unit, resumes: Attempt | None) -> Result:
        job = self._job(unit, resumes)
        if resumes:
            self._handled.add(resumes.attempt_id)
            if job.target not in resumes.targets:
                assigned = Assigned(unit.scene, resumes.attempt_id, storyboard=job.storyboard, profile=job.profile)
                self._context.note(replace(assigned, ordinal=unit.ordinal))
        take = await perform(job, self._context, lambda marker: self._order(unit.scene, marker), resumes)
        await settle_late_duplicates(job, self._context, take.task)
        self._claims.claim_take(take, unit)
        self._keep(unit.scene, take, select=True)
        self.outcome.takes[unit.scene] = take
        return Result(unit, "done", self._odd(job.target, take), take=take)

    def _odd(self, target: Target, take: Take) -> str:
        """Return how a take that was just stored differs from the request; empty if it matches."""
        attempts = self._context.journal.history.of(*target[:3])
        return next((attempt.error for attempt in attempts if attempt.task == take.task), "")

    def _job(self, unit: Unit, begun: Attempt | None) -> Job:
        """Return the job of a unit. A request whose author fixed its expiry can't carry our marker there."""
        id = unit.scene
        asked = self._graph.scene(id).parameters
        components = begun.components if begun else self._components(id)
        fixed = requested_of(id, self._graph, self._inputs.rows)
        row = self._inputs.rows[self._graph.scene(id).model.row]
        most = cost_of(id, self._graph, row, self._inputs.facts, self.outcome.takes).most
        marked = asked.execution_expires_after is None
        rank, alike = self._rank(unit, components)
        return Job(
            id,
            self._profile,
            components,
            fixed,
            marked,
            most,
            rate_of(id, self._graph, row),
            row.pixels,
            self._inputs.storyboard,
            unit.ordinal,
            rank,
            alike,
            asked.execution_expires_after,
            identified=asked.safety_identifier is None,
        )

    def _rank(self, unit: Unit, components: Components) -> tuple[int, int]:
        """Return the unit's rank among the units of the storyboard with an equal key, in file order as far as keys are
        known, and the number of these units. A unit keeps its rank, so no two units have the same."""
        ranks = self._ranks.setdefault(key_of(components), {})
        if unit not in ranks:
            rank = sum(self._place[other] < self._place[unit] for other in ranks)
            while rank in ranks.values():
                rank += 1
            ranks[unit] = rank
        return ranks[unit], len(ranks)

    async def _order(self, id: str, marker: Marker) -> bytes:
        scene = self._graph.scene(id)
        row = self._inputs.rows[scene.model.row]
        items = await items_of(id, self._graph, row, self._inputs.facts, self.outcome.takes, self._context)
        text = compose(scene, self._graph.storyboard).text
        asked = scene.parameters
        if marker.seconds is not None:
            asked = replace(asked, execution_expires_after=marker.seconds)
        if marker.identifier:
            asked = replace(asked, safety_identifier=marker.identifier)
        return self._context.provider.body(Order(model_of(id, self._graph, self._inputs.rows), text, items, asked))

    async def _fetch_again(self, unit: Unit, take: Take, step: Make) -> Result:
        """Download the missing file of a take again, from the task that made it. A take is never bought again: if the
        task no longer has the file, a person decides."""
        job = Job(unit.scene, self._profile, take.components, storyboard=self._inputs.storyboard, ordinal=unit.ordinal)
        known = Known("", take.task)
        hint = "bring the file back (another copy of the project's store has it), or change the scene to make it anew"
        try:
            task = await wait_for_end(job, known, self._context)
            await download(job, known, task, self._context, only=take.digest)
        except (SceneFailed, DecisionNeeded) as error:
            raise DecisionNeeded(f"its video is gone from the store, and {error.what}", hint) from error
        self.outcome.takes[unit.scene] = take
        self._inputs = replace(self._inputs, stored=self._inputs.stored | {take.digest})
        self._select(Keep(unit, take, step.found))
        return Result(unit, "done", "fetched again", take=take)

    def _keep(self, id: str, take: Take, *, select: bool) -> None:
        stored_now = self._inputs.stored | {take.digest}
        self._inputs = replace(self._inputs, stored=stored_now)
        self._write(self._inputs.lock.with_take(self._profile, id, take, select=select))

    def _find_left_over(self) -> list[Attempt]:
        """Attempts that may have a task that nobody has fetched: none that this run began itself."""
        before = {attempt.attempt_id for attempt in self._inputs.past.unfinished if self._inputs.owns(attempt)}
        salvaged = {attempt.attempt_id for attempt in self._plan.salvage}
        return [
            a
            for a in self._context.journal.history.past.unfinished
            if a.attempt_id in before - salvaged - self._handled
        ]

    async def _salvage(self, attempt: Attempt) -> None:
        """Download a paid video that no scene requests any more, and keep it as a take that is not selected.

        A video of a storyboard that no longer exists is recorded in the journal only, because this lock does not
        contain its scenes.
        """
        job = Job(
            attempt.scene,
            attempt.profile,
            attempt.components,
            attempt.asked,
            storyboard=attempt.storyboard,
            ordinal=attempt.ordinal,
        )
        try:
            take = await perform(job, self._context, _no_request, attempt)
            if attempt.storyboard == self._inputs.storyboard:
                self._write(with_salvaged(self._inputs, attempt, take, self._context.journal.history.past))
        except StoryboardError as error:
            self._context.tell(
                Ended(attempt.scene, attempt.attempt_id, "lost", error.what, storyboard=attempt.storyboard)
            )
            if not isinstance(error, (SceneFailed, RunStopped)) and not self._was_duplicate(attempt):
                self.outcome.earlier.append(self._result_of(attempt.target.unit, attempt.profile, error))

    def _was_duplicate(self, attempt: Attempt) -> bool:
        """Did the copy that submitted a duplicate cancel it? Nobody has to decide about that."""
        now = self._context.journal.history.attempt(attempt.attempt_id)
        return attempt.attempt_id in self._context.duplicates and now.state == "cancelled"
