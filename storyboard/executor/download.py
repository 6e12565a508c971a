"""Bring a task's video and last frame into the store, as a take."""

from __future__ import annotations

from collections.abc import Sequence

from storyboard.errors import (
    DecisionNeeded,
    Gone,
    Unreachable,
    Unusable,
)
from storyboard.executor.asking import wait_or_raise
from storyboard.executor.conformance import Measured, foreign_output, mismatch
from storyboard.executor.context import RunContext
from storyboard.executor.fetch import Fetched
from storyboard.executor.job import Job, Known
from storyboard.executor.retry import (
    FETCHES_AN_HOUR,
    FETCHES_IN_ALL,
    Failures,
    wait_after,
    wait_to_fetch,
)
from storyboard.executor.wait import get_task, hold, record_loss
from storyboard.planning.event import (
    Missed,
    Stored,
    Waiting,
)
from storyboard.planning.take import Take, id_of
from storyboard.protocols import Address, is_count
from storyboard.providers.provider import Task
from storyboard.world.addresses import TaskAddresses


async def download(job: Job, known: Known, task: Task, context: RunContext, only: str = "") -> Take:
    """Bring a task's video and last frame into the store, write it down as a take, and return the take.

    What differs from what was asked for is written down with it. Raises DecisionNeeded if the video has another digest
    than the one that it must have (`only`): then nothing is written down.
    """
    video, task = await _download_video(job, known, task, context)
    if only not in ("", video.digest):
        raise DecisionNeeded("the service has another one now")  # a take's file is never replaced by another
    frame = await _download_frame(job, task, context)
    context.addresses.put(task.id, TaskAddresses(_video_address(task), task.frame, task.expires))
    take = Take(
        id=id_of(_maker_of(known, context), known.task),
        digest=video.digest,
        components=job.components,
        frame=frame,
        seconds=round(video.seconds, 3),
        width=video.width,
        height=video.height,
        tokens=task.tokens if is_count(task.tokens) else None,
        ordinal=job.ordinal,
    )
    odd = mismatch(task, job.asked, _measures_of(video), job.pixels)
    stored_now = Stored(job.scene, known.attempt_id, take, profile=job.profile, error=odd, storyboard=job.storyboard)
    context.note(stored_now)
    return take


def _video_address(task: Task) -> Address:
    """Return the address of the video of a task that has one."""
    if task.video is None:  # no `assert`: `python -O` would leave it out
        raise AssertionError(f"task {task.id} can be fetched, but names no video")
    return task.video


def _maker_of(known: Known, context: RunContext) -> str:
    """Return the provider that made a task; this run's own where the record doesn't name it."""
    attempt = context.journal.history.get(known.attempt_id)
    return (attempt.provider if attempt is not None else "") or context.provider_name


def _measures_of(video: Fetched) -> Measured:
    return Measured(video.seconds, video.width, video.height)


NAMELESS_MOST = 10
"""How often a task that has succeeded without naming its video is asked for again."""
ANOTHERS_MOST = 3
"""How often a video that matches neither its task nor the request is downloaded again; then it is accepted."""


async def _download_video(job: Job, known: Known, task: Task, context: RunContext) -> tuple[Fetched, Task]:
    """Download a video until it is complete; each new attempt asks for its address again.

    The video counts as lost only if its address had expired already when the service named it.
    """
    failures, anothers_came, missed = Failures(), 0, list(_times_of_failures(known, context))
    named = 0.0  # when the address was named; unknown before the first failure, since the machine may have slept
    while True:
        task = await _wait_for_address(job, known, task, missed, context)
        try:
            came = await context.fetcher.bring(job.scene, _video_address(task), video=True)
            unlike = foreign_output(task, job.asked, _measures_of(came), job.pixels)
            if not unlike or anothers_came == ANOTHERS_MOST:
                return came, task
            anothers_came += 1
            raise Unusable(f"what came may be another task's video: {unlike}")
        except Unreachable as error:
            if isinstance(error, Unusable):
                missed.append(context.clock.now())
                context.note(Missed(job.scene, known.attempt_id, error.what, storyboard=job.storyboard))
            if isinstance(error, Gone) and 0 < task.expires < named:
                raise record_loss(job, known, f"videos can be fetched for 24 hours ({error.what})", context) from error
            failures.more(context.clock.now())
            await wait_or_raise(error, failures, job, context)
            task, named = await get_task(job, known, context), context.clock.now()


def _times_of_failures(known: Known, context: RunContext) -> tuple[float, ...]:
    """Return when downloads of the task's video failed, in Unix seconds."""
    attempt = context.journal.history.get(known.attempt_id)
    return () if attempt is None else attempt.missed


async def _wait_for_address(job: Job, known: Known, task: Task, missed: Sequence[float], context: RunContext) -> Task:
    """Wait until a task that has succeeded names its video and may be downloaded, and return the task.

    Raises DecisionNeeded if either doesn't happen: the video was paid for, so it is not given up.
    """
    failures = Failures()
    while task.video is None:
        if failures.count == NAMELESS_MOST:
            why = f"task {known.task} succeeded, but the service names no video of it"
            raise hold(job, known, why, "`storyboard run` asks it once more", context)
        failures.more(context.clock.now())
        nameless = Unusable(f"task {known.task} succeeded, but names no video")
        await wait_or_raise(nameless, failures, job, context)
        task = await get_task(job, known, context)
    wait = wait_to_fetch(missed, context.clock.now())
    if wait is None:
        why = f"the video of task {known.task} didn't come in {FETCHES_IN_ALL} attempts"
        raise hold(
            job,
            known,
            why,
            "it is not downloaded again by itself, since the service blocks an address that is asked for too often",
            context,
        )
    if not wait:
        return task
    often = Unusable(f"the video was asked for {FETCHES_AN_HOUR} times within the hour", "run again later")
    context.tell(Waiting(job.scene, f"again in {wait:.0f} s: {often.what}", context.clock.now() + wait))
    await context.gate.until_interrupted(context.clock.sleep(wait))
    if context.gate.interrupted:
        raise often
    return await _wait_for_address(job, known, await get_task(job, known, context), missed, context)


FRAMES_MOST = 3
"""How often the download of a last frame is tried."""


async def _download_frame(job: Job, task: Task, context: RunContext) -> str:
    """Return the digest of the last frame that the API gives; empty if it gives none or it can't be downloaded, since
    the video's own last picture can be used instead."""
    if task.frame is None:
        return ""
    failures = Failures()
    while True:
        try:
            return (await context.fetcher.bring(job.scene, task.frame, video=False)).digest
        except Unreachable as error:
            now = context.clock.now()
            failures.more(now)
            if failures.count == FRAMES_MOST:
                return ""
            await context.clock.sleep(wait_after(error, failures, now, context.dice.fraction()) or 0)
