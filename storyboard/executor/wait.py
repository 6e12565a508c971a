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
from storyboard.executor.context import RunContext
from storyboard.executor.job import Job, Known
from storyboard.executor.locate import judge_attempt
from storyboard.executor.polling import odd_after, pause
from storyboard.executor.reconcile import (
    LISTED,
    Adopt,
    Hold,
    disagreement,
)
from storyboard.planning.advice import again, lost_hint
from storyboard.planning.event import (
    Disowned,
    Ended,
    Held,
    Seen,
)
from storyboard.providers.ark.wire import is_over
from storyboard.providers.provider import Task

LONGEST_LIFE = 259_200
"""Longest life that a request may ask for a task, in seconds (seed, `execution_expires_after`)."""
OVERDUE = 3600
"""Seconds after the end of a task's life for which its end is still waited for."""


async def wait_for_end(job: Job, known: Known, context: RunContext) -> Task:
    """Wait until a task has succeeded, and return it.

    Raises SceneFailed if it failed or expired, DecisionNeeded if it was cancelled or doesn't end, and UnknownOutcome if
    it turns out to be another project's.
    """
    began = context.clock.now()
    word, status, wait = "", "", 0.0
    while True:
        task = await get_task(job, known, context, wait)
        if task.word != word:
            odd = odd_after(status, task.status)
            word, status = task.word, task.status
            context.note(Seen(job.scene, known.attempt_id, known.task, word, odd, storyboard=job.storyboard))
        if is_over(task.status):
            break
        if context.clock.now() > (task.created_at or began) + (task.expires_after or LONGEST_LIFE) + OVERDUE:
            why = f"task {known.task} has outlived its time by an hour: the service says {task.word}"
            then = "`storyboard run` looks at it once more, and fetches it if there is anything"
            raise hold(job, known, why, then, context)
        wait = pause(context.clock.now() - began, context.poll_policy, known=task.status != "unknown")
    if task.status != "succeeded":
        await _check_alone(job, known, context)
    context.note(Ended(job.scene, known.attempt_id, task.status, task.error, storyboard=job.storyboard))
    if task.status != "succeeded":
        why = task.error or f"the service says {task.word}"
        if task.status == "cancelled":
            raise DecisionNeeded(f"task {known.task} was cancelled; nothing was billed", again(job.scene, job.profile))
        hint = task.hint or "change the scene or run again"
        raise SceneFailed(f"task {known.task} came to nothing: {why}", f"nothing was billed; {hint}")
    _check_whose(job, known, task, context)
    return task


async def _check_alone(job: Job, known: Known, context: RunContext) -> None:
    """Check that a task that was found by its marker, and failed, is the only one that carries the marker.

    A failed task doesn't repeat what was asked for, so it may be another project's, while our own is still being made:
    submitting again would pay twice. It is believed only if no other task carries the marker, in a list that was read
    after everything that may be late has arrived, or if a person said that it is ours.

    Raises UnknownOutcome if another task carries the marker.
    """
    attempt = context.journal.history.get(known.attempt_id)
    if attempt is None or not attempt.adopted or attempt.vouched:
        return
    others = context.journal.history.owned - {known.task}
    now = context.clock.now()
    await context.clock.sleep(max(0.0, min(attempt.at, now) + context.poll_policy.grace - now))
    found = await judge_attempt(job, context, attempt, owned=others, since=now)
    if found != Adopt(known.task):
        why = found.why if isinstance(found, Hold) else "it is not listed alone"
        context.note(Disowned(job.scene, known.attempt_id, known.task, why, ambiguous=True, storyboard=job.storyboard))
        raise UnknownOutcome(f"task {known.task} carries its marker and failed, but {why}")


def _check_whose(job: Job, known: Known, task: Task, context: RunContext) -> None:
    """Raise UnknownOutcome if a task that was found by its marker turns out to be made from another request: it carries
    the marker by chance, and its video isn't stored."""
    attempt = context.journal.history.get(known.attempt_id)
    why = disagreement(task, attempt) if attempt is not None and attempt.adopted else ""
    if why:
        context.note(Disowned(job.scene, known.attempt_id, known.task, why, storyboard=job.storyboard))
        raise UnknownOutcome(f"task {known.task} carried its marker, but is another project's: {why}")


async def get_task(job: Job, known: Known, context: RunContext, wait: float = 0.0) -> Task:
    """Return a task as it stands `wait` seconds from now.

    A task counts as lost only if the service answers that there is no such task: any other refusal concerns the
    question, and the task goes on.
    """
    waits = iter((wait,))
    try:
        task = await ask_patiently(job, context, lambda: context.poller.look(known.task, next(waits, 0.0)))
        return on_our_clock(task, context.clock.now())
    except NotFound as error:
        if await _may_show_yet(job, known, context):
            raise Unreachable(f"the service doesn't show task {known.task} at the moment", "run again") from error
        raise _unknown_to_service(job, known, context) from error


def on_our_clock(task: Task, now: float) -> Task:
    """Return a task that was just asked for with its times on this machine's clock.

    This machine's clock may be wrong by a year; without this, an address that is good for a day would seem to have
    expired long ago.
    """
    ahead = task.at - now if task.at else 0.0
    made, ends = (at - ahead if at else at for at in (task.created_at, task.expires))
    return replace(task, created_at=made, expires=ends)


YOUNG = 60.0
"""Seconds after its creation for which the service may not find a task yet."""


async def _may_show_yet(job: Job, known: Known, context: RunContext) -> bool:
    """Return whether a task that the service doesn't find may exist all the same: it is too young, or it is listed."""
    attempt = context.journal.history.get(known.attempt_id)
    if context.gate.interrupted or (attempt is not None and 0 <= context.clock.now() - attempt.at < YOUNG):
        return True
    if not context.lists:
        return False
    now = context.clock.now()
    scan = await ask_patiently(job, context, lambda: context.listing.since(now))
    return any(task.id == known.task for task in scan.tasks)


def _unknown_to_service(job: Job, known: Known, context: RunContext) -> DecisionNeeded:
    """Return the error for a task that is neither found nor listed.

    It is lost if it is so old that the service has deleted its record. A younger one is probably asked for with the key
    of another account, which finds nothing of ours: it is held, and nothing is bought again.
    """
    attempt = context.journal.history.get(known.attempt_id)
    if attempt is None or context.clock.now() - attempt.at >= LISTED:
        return record_loss(job, known, "the service has no record of it any more", context)
    why = f"the service knows no task {known.task}, though it keeps them for seven days"
    then = "`storyboard run` goes on with it, with a key of the account that it was submitted with"
    return hold(job, known, why, then, context)


def record_loss(job: Job, known: Known, why: str, context: RunContext) -> DecisionNeeded:
    """Write down that what was paid for can't be downloaded any more, and return the error: a person has to decide."""
    context.note(Ended(job.scene, known.attempt_id, "lost", why, storyboard=job.storyboard))
    what = f"task {known.task} was paid for, but can't be had any more: {why}"
    return DecisionNeeded(what, lost_hint(job.scene, job.profile, known.task))


def hold(job: Job, known: Known, why: str, then: str, context: RunContext) -> DecisionNeeded:
    """Write down that this run can't go on with a task, and return the error: the next run tries again, or a person
    decides."""
    context.note(Held(job.scene, known.attempt_id, why, storyboard=job.storyboard))
    return DecisionNeeded(why, f"{then}; {again(job.scene, job.profile, paid=True)}")
