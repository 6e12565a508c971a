"""Two copies of a project that submit one scene at the same moment: keep both tasks, or cancel the later one."""

from __future__ import annotations

from storyboard.errors import (
    Rejected,
    Unreachable,
)
from storyboard.executor.crew import Crew
from storyboard.executor.job import Job, Known
from storyboard.executor.locate import record_found
from storyboard.executor.reconcile import (
    unrecorded,
)
from storyboard.planning.event import (
    Ended,
)


async def settle_duplicates(job: Job, crew: Crew, known: Known) -> Known:
    """Check, after a task was accepted, whether another copy submitted the same scene at the same moment.

    Of two such tasks the later one is the duplicate. If that is this copy's and still queued, it is cancelled, which
    costs nothing, and the earlier task takes its place. Otherwise both are billed, and the other's video is kept as a
    take. A copy cancels only its own task: two copies that cancelled each other's would be left with none.
    """
    attempt = crew.journal.history.attempt(known.intent)
    if not (attempt.carried and crew.lists) or crew.stop.interrupted:
        return known
    try:  # once: this check saves money where it can, and must never cost the task that was accepted
        scan = await crew.scanner.since(crew.clock.now())
    except (Unreachable, Rejected):
        return known
    since = attempt.at + scan.ahead - crew.pace.grace
    owned = crew.journal.history.owned
    others = [task for task in unrecorded(scan, [attempt.carried], job.asked, owned) if task.created_at >= since]
    # Where our own task isn't listed yet, its place in time isn't known: both copies might cancel.
    own = next((task for task in scan.tasks if task.id == known.task), None)
    if not others or own is None:
        return known
    markers = [(attempt.carried, attempt.occurrence)]
    first = min(others, key=lambda task: (task.created_at, task.id))
    if (first.created_at, first.id) < (own.created_at, own.id) and await _cancel_own(job, crew, known):
        crew.remark(f"{job.scene}: task {known.task} duplicated {first.id}, and was cancelled before it cost anything")
        return record_found(job, crew, first, markers)
    for task in others:
        crew.remark(f"{job.scene}: another copy submitted task {task.id} as well; its video is kept as a take")
        crew.duplicates.append(record_found(job, crew, task, markers).intent)
    return known


async def settle_late_duplicates(job: Job, crew: Crew, task: str) -> None:
    """Check once more, when the video of a request whose answer was lost has been downloaded.

    When the task was looked for, another copy's may have been listed already, and the one of our own request not yet:
    that task would be billed without being in any record.
    """
    attempt = crew.journal.history.owner(task)
    if attempt is not None and attempt.sent and attempt.found_by_marker:
        await settle_duplicates(job, crew, Known(attempt.intent, task))


async def _cancel_own(job: Job, crew: Crew, known: Known) -> bool:
    """Cancel this copy's own task if it is still queued, and return whether that succeeded."""
    try:
        if (await crew.provider.get_task(known.task)).status != "queued":
            return False
        await crew.provider.cancel(known.task)
    except (Unreachable, Rejected):
        return False
    crew.note(Ended(job.scene, known.intent, "cancelled", "it duplicated another task", storyboard=job.storyboard))
    return True
