"""Record a person's decisions about submissions and tasks."""

from __future__ import annotations

from dataclasses import dataclass, replace

from storyboard import project
from storyboard.errors import PlanOutdated, UsageError
from storyboard.executor.job import requested_of
from storyboard.operations.lockfile import LockfileWriter
from storyboard.operations.record import begin_run, check_free, check_record, open_record, trust_of
from storyboard.planning.attempt import Attempt
from storyboard.planning.budget import books_of
from storyboard.planning.event import Adopted, Assigned, Decided, Disowned, Intended, NotMine, RunClosed
from storyboard.planning.history import History, past_of
from storyboard.planning.money import NO_MONEY, Money
from storyboard.project import Loaded, Planned, State
from storyboard.protocols import Clock
from storyboard.world import known_journals, settings
from storyboard.world.clock import SystemClock, SystemDice
from storyboard.world.known_journals import KnownJournals
from storyboard.world.layout import Layout


@dataclass(frozen=True, slots=True)
class UnresolvedAttempt:
    """A submission that a person has to decide about, and the amount that it counts while its bill is unknown."""

    attempt: Attempt
    counts: Money


@dataclass(frozen=True, slots=True)
class PreparedDecision:
    """A decision about a submission, with its possible cost. It can be shown and confirmed, and then applied."""

    about: UnresolvedAttempt
    loaded: Loaded
    scene: str
    begun: Intended | None
    """The submission, if this record didn't contain it."""
    events: tuple[Disowned | Adopted | Decided, ...]
    """The events to record. If another scene's attempt has the task, it gives it up first."""


def prepare_decision(loaded: Loaded, scene: str, adopt: str, *, abandon: bool = False) -> PreparedDecision:
    """Find the submission in doubt that a person decides about: to `adopt` a task, to give it up (`abandon`), or
    otherwise to submit it again. Raise UsageError if there is none, or if the task belongs to another scene."""
    from storyboard.planning.decisions import decide, find_unresolved, give_back

    layout, graph, clock = loaded.layout, loaded.graph, SystemClock()
    check_free(layout)
    known = KnownJournals(known_journals.folder(settings.environment()))
    check_record(layout, known, clock)
    state = project.state_on_disk(layout, clock)
    past, planned = state.past(layout.stem), project.planned(layout, graph, loaded.facts, state, clock)
    begun: Intended | None = None
    try:
        attempt = find_unresolved(
            past, layout.stem, graph.storyboard.profile, scene, adopt, planned.plan.attempt_ids_of(scene)
        )
    except UsageError:
        begun = _find_unknown_submission(layout, planned, scene) if adopt else None
        if begun is None:
            raise
        attempt = History([(0.0, begun)]).attempt(begun.attempt_id)
    decided = decide(attempt, adopt, past, abandon=abandon)
    back = give_back(attempt, adopt, past) if adopt else None
    events = [event for _, event in state.events]
    entry = books_of(events if begun is None else [*events, begun]).entry(attempt.attempt_id)
    about = UnresolvedAttempt(attempt, NO_MONEY if entry is None else entry.counts)
    return PreparedDecision(about, loaded, scene, begun, (decided,) if back is None else (back, decided))


def apply_decision(decision: PreparedDecision) -> None:
    """Record a decision, under the record's lock.

    Raise PlanOutdated if the submission has changed since the decision was prepared.
    """
    layout, attempt, scene = decision.loaded.layout, decision.about.attempt, decision.scene
    graph, clock = decision.loaded.graph, SystemClock()
    profile = graph.storyboard.profile
    known = KnownJournals(known_journals.folder(settings.environment()))
    with open_record(layout, clock, known) as journal:
        trust = trust_of(layout, known, journal, clock)
        state = project.state_on_disk(layout, clock, journal.past)
        past, begun = state.past(layout.stem), decision.begun
        if begun is None and past.attempts.get(attempt.attempt_id) != attempt:
            what = f"the submission of {scene} changed since it was shown; nothing was decided"
            raise PlanOutdated(what, "run the same command again")
        begin_run(layout, known, journal, trust=trust)
        if begun is not None:
            journal.append(begun)
        elif scene in graph.storyboard.scenes and (layout.stem, profile, scene) not in _scenes_of(attempt):
            # # the decision was requested under this name, so it applies to it as well
            journal.append(Assigned(scene, attempt.attempt_id, storyboard=layout.stem, profile=profile))
        for event in decision.events:
            journal.append(event)
            if isinstance(event, Disowned):
                _take_back(layout, state, past.attempts[event.attempt_id], event.task, clock)
        journal.append(RunClosed(storyboard=layout.stem))


def _take_back(layout: Layout, state: State, owner: Attempt, task: str, clock: Clock) -> None:
    """Remove a task's take from the lock's block of the scene that it was wrongly downloaded for."""
    lock = state.lock(layout.stem)
    keeper = LockfileWriter(layout, clock)
    for target in owner.targets:
        found = [take.id for take in lock.block(target.profile, target.scene).takes.values() if take.task == task]
        if target.storyboard == layout.stem and found:
            lock = lock.without_take(target.profile, target.scene, found[0])
    keeper.keep(lock)
    keeper.flush()


def _scenes_of(attempt: Attempt) -> set[tuple[str, str, str]]:
    return {target[:3] for target in attempt.targets}


def _find_unknown_submission(layout: Layout, planned: Planned, scene: str) -> Intended | None:
    """A submission of a scene that this record doesn't know, since it was lost or is another copy's; None if the plan
    doesn't make the scene, or its key isn't known yet."""
    plan = planned.plan
    for step in plan.makes:
        if step.scene == scene and step.unit in plan.keys and step.resumes is None and step.fetches is None:
            profile = plan.graph.storyboard.profile
            begun = Intended(scene, SystemDice().token(), storyboard=layout.stem, profile=profile)
            asked = requested_of(scene, plan.graph, planned.inputs.rows)
            key, reserve = plan.keys[step.unit], step.cost.most
            return replace(begun, ordinal=step.unit.ordinal, key=key, asked=asked, reserve=reserve)
    return None


def disclaim(layout: Layout, scene: str, task: str) -> None:
    """Record that a listed task, whose marker matches that of a scene, belongs to another project or scene.

    Raise UsageError if an attempt of this record has it, unless it is another scene's and got the task by its marker
    alone: then the task belongs to that scene for certain from now on.
    """
    clock = SystemClock()
    known = KnownJournals(known_journals.folder(settings.environment()))
    with open_record(layout, clock, known) as journal:
        trust = trust_of(layout, known, journal, clock)
        past = past_of(journal.past)
        owner = next((one for one in past.attempts.values() if one.task == task), None)
        by_chance = owner is not None and owner.found_by_marker and owner.scene != scene
        if owner is not None and not by_chance:
            what = f'task {task} was submitted by this project, for scene "{owner.scene}": nothing was changed'
            raise UsageError(what, "`storyboard tasks list` shows which task is whose")
        begin_run(layout, known, journal, trust=trust)
        journal.append(NotMine(storyboard=layout.stem, scene=scene, task=task))
        journal.append(RunClosed(storyboard=layout.stem))
