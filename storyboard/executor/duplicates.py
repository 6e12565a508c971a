"""Two copies of a project that submit one scene at the same moment: keep both tasks, or cancel the later one."""

from __future__ import annotations

from storyboard.errors import (
    Rejected,
    Unreachable,
)
from storyboard.executor.context import RunContext
from storyboard.executor.job import Job, Known
from storyboard.executor.locate import record_found
from storyboard.executor.reconcile import (
    find_unrecorded,
)
from storyboard.planning.event import (
    Ended,
)


async def settle_duplicates(job: Job, context: RunContext, known: Known) -> Known:
    """Check, after a task was accepted, whether another copy submitted the same scene at the same moment.

    Of two such tasks the later one is the duplicate. If that is this copy's and still queued, it is cancelled, which
    costs nothing, and the earlier task takes its place. Otherwise both are billed, and the other's video is kept as a
    take. A copy cancels only its own task: two copies that cancelled each other's would be left with none.
    """
    attempt = context.journal.history.attempt(known.attempt_id)
    if not (attempt.carried and context.lists) or context.gate.interrupted:
        return known
    try:  # once: this check saves money where it can, and must never cost the task that was accepted
        scan = await context.listing.since(context.clock.now())
    except (Unreachable, Rejected):
        return known
    since = attempt.at + scan.ahead - context.poll_policy.grace
    owned = context.journal.history.owned
    others = [task for task in find_unrecorded(scan, [attempt.carried], job.asked, owned) if task.created_at >= since]
    # Where our own task isn't listed yet, its place in time isn't known: both copies might cancel.
    own = next((task for task in scan.tasks if task.id == known.task), None)
    if not others or own is None:
        return known
    markers = [(attempt.carried, attempt.occurrence)]
    first = min(others, key=lambda task: (task.created_at, task.id))
    if (first.created_at, first.id) < (own.created_at, own.id) and await _cancel_own(job, context, known):
        context.remark(
            f"{job.scene}: task {known.task} duplicated {first.id}, and was cancelled before it cost anything"
        )
        return record_found(job, context, first, markers)
    for task in others:
        context.remark(f"{job.scene}: another copy submitted task {task.id} as well; its video is kept as a take")
        context.duplicates.append(record_found(job, context, task, markers).attempt_id)
    return known


async def settle_late_duplicates(job: Job, context: RunContext, task: str) -> None:
    """Check once more, when the video of a request whose answer was lost has been downloaded.

    When the task was looked for, another copy's may have been listed already, and the one of our own request not yet:
    that task would be billed without being in any record.
    """
    attempt = context.journal.history.owner(task)
    if attempt is not None and attempt.sent and attempt.found_by_marker:
        await settle_duplicates(job, context, Known(attempt.attempt_id, task))


async def _cancel_own(job: Job, context: RunContext, known: Known) -> bool:
    """Cancel this copy's own task if it is still queued, and return whether that succeeded."""
    try:
        if (await context.provider.get_task(known.task)).status != "queued":
            return False
        await context.provider.cancel(known.task)
    except (Unreachable, Rejected):
        return False
    context.note(
        Ended(job.scene, known.attempt_id, "cancelled", "it duplicated another task", storyboard=job.storyboard)
    )
    return True
