"""Wait until a task has ended."""

from __future__ import annotations

from dataclasses import replace

from storyboard.errors import (
    DecisionNeeded,
    NotFound,
    SceneFailed,
    UnknownOutcome,
    Unreachable,
)
from storyboard.executor.asking import ask_patiently
from storyboard.executor.crew import Crew
from storyboard.executor.job import Job, Known
from storyboard.executor.locate import judge_attempt
from storyboard.executor.polling import odd_after, pause
from storyboard.executor.reconcile import (
    LISTED,
    Adopt,
    Hold,
    disagreement,
)
from storyboard.planning.event import (
    Disowned,
    Ended,
    Held,
    Seen,
)
from storyboard.planning.plan import again, lost_hint
from storyboard.providers.ark.wire import is_over
from storyboard.providers.provider import Task

LONGEST_LIFE = 259_200
"""Seconds: the longest life that may be asked for a task (the API's `execution_expires_after`)."""
OVERDUE = 3600
"""Seconds after the end of its life by which a task has ended, or won't."""


async def wait_for_end(job: Job, known: Known, crew: Crew) -> Task:
    """Wait until a task has succeeded. Raises SceneFailed if it came to anything else."""
    began = crew.clock.now()
    said, wait = "", 0.0
    while True:
        task = await get_task(job, known, crew, wait)
        if task.word != said:
            odd = odd_after(said, task.word)
            said = task.word
            crew.note(Seen(job.scene, known.intent, known.task, said, odd, storyboard=job.storyboard))
        if is_over(task.status):
            break
        if crew.clock.now() > (task.created_at or began) + (task.expires_after or LONGEST_LIFE) + OVERDUE:
            why = f"task {known.task} has outlived its time by an hour: the service says {task.word}"
            then = "`storyboard run` looks at it once more, and fetches it if there is anything"
            raise hold(job, known, why, then, crew)
        wait = pause(crew.clock.now() - began, crew.pace, known=task.status != "unknown")
    if task.status != "succeeded":
        await _check_alone(job, known, crew)
    crew.note(Ended(job.scene, known.intent, task.status, task.error, storyboard=job.storyboard))
    if task.status != "succeeded":
        why = task.error or f"the service says {task.status}"
        if task.status == "cancelled":
            raise DecisionNeeded(f"task {known.task} was cancelled; nothing was billed", again(job.scene, job.profile))
        hint = task.hint or "change the scene or run again"
        raise SceneFailed(f"task {known.task} came to nothing: {why}", f"nothing was billed; {hint}")
    _check_whose(job, known, task, crew)
    return task


async def _check_alone(job: Job, known: Known, crew: Crew) -> None:
    """A task that was found by its mark and came to nothing says nothing of how it was made: it is only believed to be
    ours if no other bears the mark, in a list that was made when everything that may be late has had its time. Whoever
    looked himself and said that it is ours is believed.

    Raises UnknownOutcome if another does.
    """
    attempt = crew.journal.history.get(known.intent)
    if attempt is None or not attempt.adopted or attempt.vouched:
        return
    others = crew.journal.history.owned - {known.task}
    now = crew.clock.now()
    await crew.clock.sleep(max(0.0, min(attempt.at, now) + crew.pace.grace - now))
    found = await judge_attempt(job, crew, attempt, owned=others, since=now)
    if found != Adopt(known.task):
        why = found.why if isinstance(found, Hold) else "it is not listed alone"
        crew.note(Disowned(job.scene, known.intent, known.task, why, ambiguous=True, storyboard=job.storyboard))
        raise UnknownOutcome(f"task {known.task} bears its mark and came to nothing, but {why}")


def _check_whose(job: Job, known: Known, task: Task, crew: Crew) -> None:
    """A stranger's task that bore our mark by chance is let go as soon as it can be told."""
    attempt = crew.journal.history.get(known.intent)
    why = disagreement(task, attempt) if attempt is not None and attempt.adopted else ""
    if why:
        crew.note(Disowned(job.scene, known.intent, known.task, why, storyboard=job.storyboard))
        raise UnknownOutcome(f"task {known.task} bore its mark, but is somebody else's: {why}")


async def get_task(job: Job, known: Known, crew: Crew, wait: float = 0.0) -> Task:
    """How a task stands, `wait` seconds from now. Only where the service says that there is no such task is it lost:
    any other no is a no to this question, and the task goes on."""
    waits = iter((wait,))
    try:
        task = await ask_patiently(job, crew, lambda: crew.watcher.look(known.task, next(waits, 0.0)))
        return on_our_clock(task, crew.clock.now())
    except NotFound as error:
        if await _may_show_yet(job, known, crew):
            raise Unreachable(f"the service doesn't show task {known.task} at the moment", "run again") from error
        raise _unknown_to_service(job, known, crew) from error


def on_our_clock(task: Task, now: float) -> Task:
    """A task that was looked at just now, with its times as our clock counts them: it may be wrong by a year, and what
    the provider calls a day from now would then be long over."""
    ahead = task.at - now if task.at else 0.0
    made, ends = (at - ahead if at else at for at in (task.created_at, task.expires))
    return replace(task, created_at=made, expires=ends)


YOUNG = 60.0
"""Seconds for which a task may not be found after it was taken on."""


async def _may_show_yet(job: Job, known: Known, crew: Crew) -> bool:
    """May a task that isn't found be there all the same: too young, listed, or not waited for to the end?"""
    attempt = crew.journal.history.get(known.intent)
    if crew.stop.interrupted or (attempt is not None and 0 <= crew.clock.now() - attempt.at < YOUNG):
        return True
    if not crew.lists:
        return False
    now = crew.clock.now()
    scan = await ask_patiently(job, crew, lambda: crew.scanner.since(now))
    return any(task.id == known.task for task in scan.tasks)


def _unknown_to_service(job: Job, known: Known, crew: Crew) -> DecisionNeeded:
    """A task that is neither found nor listed is lost, if it is so old that a service forgets it. As long as it can't
    have been forgotten it is more likely that somebody else is asked: another account's key finds nothing of ours."""
    attempt = crew.journal.history.get(known.intent)
    if attempt is None or crew.clock.now() - attempt.at >= LISTED:
        return record_loss(job, known, "the service knows it no more", crew)
    why = f"the service knows no task {known.task}, though it keeps them for seven days"
    then = "`storyboard run` goes on with it, with a key of the account that it was submitted with"
    return hold(job, known, why, then, crew)


def record_loss(job: Job, known: Known, why: str, crew: Crew) -> DecisionNeeded:
    """What was paid for can't be had any more: that is written down, and somebody has to decide."""
    crew.note(Ended(job.scene, known.intent, "lost", why, storyboard=job.storyboard))
    what = f"task {known.task} was paid for, but can't be had any more: {why}"
    return DecisionNeeded(what, lost_hint(job.scene, job.profile, known.task))


def hold(job: Job, known: Known, why: str, then: str, crew: Crew) -> DecisionNeeded:
    """A task is there, and this run doesn't get on with it: the next one tries again, or somebody decides."""
    crew.note(Held(job.scene, known.intent, why, storyboard=job.storyboard))
    return DecisionNeeded(why, f"{then}; {again(job.scene, job.profile, paid=True)}")
