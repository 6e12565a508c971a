"""Messages about listed tasks that the record doesn't know, with the commands that decide about them."""

from __future__ import annotations

from collections.abc import Sequence

from storyboard.errors import (
    DecisionNeeded,
)
from storyboard.executor.context import RunContext
from storyboard.executor.job import Job
from storyboard.executor.reconcile import (
    Scan,
)
from storyboard.planning.attempt import Attempt, RecordedElsewhere
from storyboard.providers.provider import Task


def command_to_run(context: RunContext) -> str:
    """Return the advice to run again, with the options of this run."""
    return f"`storyboard run{context.options}` makes it"


def unknown_task(
    job: Job, context: RunContext, task: Task, scan: Scan, chance: float, elsewhere: RecordedElsewhere | None
) -> DecisionNeeded:
    """Return the error for a task that carries the scene's marker and is missing from the record."""
    what = f"task {task.id} ({_age(task, scan)}{task.word}) was submitted for this scene"
    if elsewhere is not None:
        what += f", by the project in {elsewhere.folder}"
    else:
        what += " but is missing from this project's record"
    if chance >= 0.0005 and elsewhere is None:
        what += f"; or it belongs to another project and carries the scene's marker by chance (1 in {1 / chance:.0f})"
    return DecisionNeeded(what, _commands(job, context, task.id))


def task_of_another_scene(job: Job, context: RunContext, task: Task, owner: Attempt) -> DecisionNeeded:
    """Return the error for a task that fits this scene and another one, which may have been given it."""
    given = " was given it, whose marker is the same" if owner.task == task.id else "'s marker is the same"
    what = f"task {task.id} carries this scene's marker, but scene {owner.scene}{given}"
    options = _options(job, context)
    where = f"look at the video of {owner.scene}\n" if owner.task == task.id else ""
    right = "it is right there" if where else f"it is {owner.scene}'s"
    hint = (
        f"{where}`storyboard resolve {job.scene} --not-mine {task.id}{options}` if {right}; "
        "then the next run submits this scene"
    )
    if owner.storyboard == job.storyboard:
        hint += f"\n`storyboard resolve {job.scene} --adopt {task.id}{options}` if it is this scene's"
    return DecisionNeeded(what, hint)


def possible_remake(job: Job, context: RunContext, task: Task, scan: Scan) -> DecisionNeeded:
    """Return the error for a task that fits the scene only as a remake of a task that is no longer listed."""
    what = (
        f"task {task.id} ({_age(task, scan)}{task.word}) may be a remake of this scene, or another's that carries the "
        "same marker by chance"
    )
    options = _options(job, context)
    hint = (
        f"`storyboard resolve {job.scene} --adopt {task.id}{options}` if it is the scene's own\n"
        f"`storyboard resolve {job.scene} --not-mine {task.id}{options}` if it isn't; then the next run submits it"
    )
    return DecisionNeeded(what, hint)


def _commands(job: Job, context: RunContext, task: str) -> str:
    options = _options(job, context)
    return (
        f"`storyboard recover {job.scene}{options}` takes it as the scene's own, and nothing is submitted\n"
        f"`storyboard resolve {job.scene} --not-mine {task}{options}` if it belongs to another project; "
        "then the next run submits the scene"
    )


def _options(job: Job, context: RunContext) -> str:
    return (f" --profile {job.profile}" if job.profile else "") + context.options


def unidentified(job: Job, context: RunContext, found: Sequence[Task], scan: Scan) -> DecisionNeeded:
    """Return the error for a request without a marker: its author fixed the task's life, and tasks like it may be its
    own."""
    if not found:
        what = "its request carries no marker, so that a task of it can't be identified, and none like it is listed"
        return DecisionNeeded(what, command_to_run(context))
    options = _options(job, context)
    listed = ", ".join(f"{task.id} ({_age(task, scan)}{task.word})" for task in found[:3])
    what = (
        "this project's record may be incomplete, its request carries no marker, and the service lists "
        f"{len(found)} like it: {listed}"
    )
    hint = (
        f"`storyboard resolve {job.scene} --adopt {found[0].id}{options}` if it is the scene's own\n"
        f"`storyboard resolve {job.scene} --not-mine {found[0].id}{options}` if it is another scene's or project's"
    )
    return DecisionNeeded(what, hint)


def _age(task: Task, scan: Scan) -> str:
    seconds = scan.began + scan.ahead - task.created_at
    if not task.created_at or seconds < 0:
        return ""
    if seconds < 120:
        return f"{seconds:.0f} s old, "
    return f"{seconds / 60:.0f} min old, " if seconds < 7200 else f"{seconds / 3600:.0f} h old, "
