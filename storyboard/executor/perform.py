"""One scene from request to take: the only place where the order of its acts is written.

An attempt is on the disk before its request leaves, and its result before anything else is done. A task that is known
is waited for, however often this has to begin again; its video gets its name in the store only when it is complete and
sound. Nothing here ever submits twice: a request is made again only after a provable refusal.
"""

from __future__ import annotations

from storyboard.executor.context import RunContext
from storyboard.executor.download import download
from storyboard.executor.job import Job, Known, Order
from storyboard.executor.locate import find_lost_task
from storyboard.executor.submit import submit
from storyboard.executor.wait import wait_for_end
from storyboard.planning.attempt import Attempt
from storyboard.planning.take import Take


async def perform(job: Job, context: RunContext, order: Order, begun: Attempt | None = None) -> Take:
    """Make a scene, or go on with an attempt that was begun already, and return the take, which is in the store.

    Raises SceneFailed, UnknownOutcome (the scene is held from then on), Rejected, NotSent or Unreachable.
    """
    async with context.limiter:  # at most so many tasks at once: the account's limit refuses more
        if begun is None:
            context.gate.check()  # while this waited for a slot the run may have been stopped
            known = await submit(job, context, order)
        elif begun.task:  # after a crash: the task is known, so nothing is submitted
            known = Known(begun.attempt_id, begun.task)
        else:  # after a crash between the request and its answer: the task is looked for, nothing is submitted
            known = await find_lost_task(job, context, begun)
        task = await wait_for_end(job, known, context)
    return await download(job, known, task, context)
