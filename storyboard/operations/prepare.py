"""Plan a run: decide what would be made, and check that it may be, without writing anything."""

from __future__ import annotations

from dataclasses import dataclass, replace

from storyboard import project
from storyboard.errors import DecisionNeeded
from storyboard.operations.options import RunOptions
from storyboard.operations.record import check_free, check_record
from storyboard.planning.budget import Budget, Cap
from storyboard.planning.event import Recorded
from storyboard.planning.lock import VERSION
from storyboard.planning.lock_format import UNITE, newer
from storyboard.planning.money import Money
from storyboard.planning.outdated import PlanDigests, digests_of
from storyboard.planning.plan import Plan, PlanInputs
from storyboard.project import Loaded, Planned, State
from storyboard.protocols import Clock
from storyboard.world import known_journals, settings, spending
from storyboard.world.clock import SystemClock
from storyboard.world.known_journals import KnownJournals
from storyboard.world.layout import Layout
from storyboard.world.machine_checks import check_descriptors, check_writable
from storyboard.world.spending import Spending


@dataclass(frozen=True, slots=True)
class Session:
    """Everything that applying a plan needs beside the plan: the project, the options, and the inputs of the plan."""

    loaded: Loaded
    options: RunOptions
    inputs: PlanInputs
    taken_over: str
    """The name of the lock of a renamed storyboard file that becomes this storyboard's lock; empty if there is none."""
    digests: PlanDigests
    """Digests of the plan's inputs at the time of planning."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A plan that can be shown and confirmed, and then applied."""

    plan: Plan
    session: Session

    @property
    def spends(self) -> bool:
        """Whether applying the plan submits anything."""
        return any(step.resumes is None and step.fetches is None for step in self.plan.makes)


def prepare(loaded: Loaded, options: RunOptions) -> Prepared:
    """Plan a run of a storyboard.

    Raise AnotherRunner, SettingsTrouble, StateDamaged, FileTrouble, DecisionNeeded or OverBudget.
    """
    check_descriptors()
    layout, clock = loaded.layout, SystemClock()
    provider = project.chosen(options.provider)
    known = KnownJournals(known_journals.folder(settings.environment()))
    check_free(layout)
    check_record(layout, known, clock, take_over=options.take_over)
    state = project.state_on_disk(layout, clock)
    planned = project.planned(layout, loaded.graph, loaded.facts, state, clock, options.selection, provider)
    check_one_provider(planned.inputs, provider)
    _check_locks(layout, state, planned)
    budget, day = budget_of(layout, [event for _, event in state.events], planned.plan, options, clock)
    _check_budget(planned.plan, budget, day)
    if planned.plan.makes or planned.plan.salvage:
        check_writable(*layout.written(loaded.graph.storyboard.profile))
    texts = {name: source.text for name, source in loaded.sources.items()}
    digests = digests_of(
        state.past(layout.stem), state.lock(layout.stem), state.others(layout.stem), texts, loaded.facts
    )
    return Prepared(planned.plan, Session(loaded, options, planned.inputs, state.taken_over, digests))


def digests_on_disk(loaded: Loaded, state: State) -> PlanDigests:
    """Return the digests of the inputs of a plan of this project, as they are on the disk now.

    Of the storyboard's own files only those whose text the plan was made from are read.
    """
    stem = loaded.layout.stem
    texts = {name: source.text for name, source in loaded.sources.items()}
    for name in project.find_changed(loaded.layout, loaded.sources):
        texts[name] = ""
    facts = project.files_now(loaded.layout, loaded.facts)
    return digests_of(state.past(stem), state.lock(stem), state.others(stem), texts, facts)


def _check_locks(layout: Layout, state: State, planned: Planned) -> None:
    """Raise StateDamaged if a newer program wrote the storyboard's lock, which is then never overwritten. Raise
    DecisionNeeded if the plan pays for something while an unreadable lock may already contain it."""
    version = planned.inputs.lock.version
    if version > VERSION:
        raise newer(version, layout.lock.name)
    buys = any(step.resumes is None and step.fetches is None for step in planned.plan.makes)
    for stem, why in state.unread.items() if buys else ():
        raise DecisionNeeded(
            f"a take that this run would pay for may exist already: {why}",
            UNITE.format(name=layout.lock_of(stem).name),
        )


def check_one_provider(inputs: PlanInputs, provider: str) -> None:
    """Raise DecisionNeeded if a submission of this storyboard to another provider is in progress or in doubt."""
    for attempt in inputs.past.attempts.values():
        asked_elsewhere = attempt.provider not in ("", provider) and inputs.owns(attempt)
        if attempt.state in ("in doubt", "accepted", "made") and asked_elsewhere:
            raise DecisionNeeded(
                f"{attempt.scene} was asked of {attempt.provider}, and {provider} knows nothing of that",
                f"`storyboard run --provider {attempt.provider}` goes on with it; then choose {provider}",
            )


def budget_of(
    layout: Layout, past: list[Recorded], plan: Plan, options: RunOptions, clock: Clock
) -> tuple[Budget, Spending | None]:
    """Return the budget: the limit of `--max-cost` in every realm, and the user's own caps where tasks are paid for."""
    most = options.max_cost
    asked = most and replace(most, currency=most.currency or plan.cost.currency)
    run = _cap("--max-cost", asked, "select fewer scenes, or raise it")
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


def _check_budget(plan: Plan, budget: Budget, day: Spending | None) -> None:
    """Raise OverBudget if a plan may cost more than is left of a cap, before any of it starts."""
    budget.check(plan.cost.most)
    if day is not None:
        day.check(plan.cost.most)
