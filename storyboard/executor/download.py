"""Bring a task's video and last frame into the store, as a take."""

from __future__ import annotations

from collections.abc import Sequence

from storyboard.errors import (
    DecisionNeeded,
    Gone,
    Unreachable,
    Unusable,
)
from storyboard.executor.asking import wait_or_give_up
from storyboard.executor.crew import Crew
from storyboard.executor.fetch import Fetched
from storyboard.executor.job import Job, Known
from storyboard.executor.likeness import Measured, anothers, otherwise
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
from storyboard.promises import Address, is_count
from storyboard.providers.provider import Task
from storyboard.world.addresses import TaskAddresses


async def download(job: Job, known: Known, task: Task, crew: Crew, only: str = "") -> Take:
    """Bring a task's video and last frame into the store, and say so, and what of it is other than was asked for.

    Raises DecisionNeeded if it has to be the one of a digest (`only`), and is not: then nothing is said of it.
    """
    video, task = await _download_video(job, known, task, crew)
    if only not in ("", video.digest):
        raise DecisionNeeded("the service has another one now")
    frame = await _download_frame(job, task, crew)
    crew.addresses.put(task.id, TaskAddresses(_video_address(task), task.frame, task.expires))
    take = Take(
        id=id_of(_maker_of(known, crew), known.task),
        digest=video.digest,
        components=job.components,
        frame=frame,
        seconds=round(video.seconds, 3),
        width=video.width,
        height=video.height,
        tokens=task.tokens if is_count(task.tokens) else None,
        ordinal=job.ordinal,
    )
    odd = otherwise(task, job.asked, _measures_of(video), job.pixels)
    stored_now = Stored(job.scene, known.intent, take, profile=job.profile, error=odd, storyboard=job.storyboard)
    crew.note(stored_now)
    return take


def _video_address(task: Task) -> Address:
    """Where the video of a task that can be fetched is."""
    if task.video is None:  # no `assert`: `python -O` would leave it out
        raise AssertionError(f"task {task.id} can be fetched, but names no video")
    return task.video


def _maker_of(known: Known, crew: Crew) -> str:
    """Who made a task: the provider that it was asked of, which is this run's own where that was not written down."""
    attempt = crew.journal.history.get(known.intent)
    return (attempt.provider if attempt is not None else "") or crew.provider_name


def _measures_of(video: Fetched) -> Measured:
    return Measured(video.seconds, video.width, video.height)


NAMELESS_MOST = 10
"""How often a task that has succeeded is asked for the address that it should name."""
ANOTHERS_MOST = 3
"""How often a video that is like neither its task nor the request is sent back; then it is what was paid for."""


async def _download_video(job: Job, known: Known, task: Task, crew: Crew) -> tuple[Fetched, Task]:
    """Fetch a video until it is whole; each new attempt asks for its address anew.

    An address that has died is only the last one if it was dead already when the service named it.
    """
    failures, anothers_came, missed = Failures(), 0, list(_failed_downloads(known, crew))
    told = 0.0  # when the address was named: before the first failure nobody knows, a machine may have slept since
    while True:
        task = await _wait_for_address(job, known, task, missed, crew)
        try:
            came = await crew.fetcher.bring(job.scene, _video_address(task), video=True)
            unlike = anothers(task, job.asked, _measures_of(came), job.pixels)
            if not unlike or anothers_came == ANOTHERS_MOST:
                return came, task
            anothers_came += 1
            raise Unusable(f"what came may be another task's video: {unlike}")
        except Unreachable as error:
            if isinstance(error, Unusable):
                missed.append(crew.clock.now())
                crew.note(Missed(job.scene, known.intent, error.what, storyboard=job.storyboard))
            if isinstance(error, Gone) and 0 < task.expires < told:
                raise record_loss(job, known, f"videos can be fetched for 24 hours ({error.what})", crew) from error
            failures.more(crew.clock.now())
            await wait_or_give_up(error, failures, job, crew)
            task, told = await get_task(job, known, crew), crew.clock.now()


def _failed_downloads(known: Known, crew: Crew) -> tuple[float, ...]:
    """When the task's video was asked for in vain already."""
    attempt = crew.journal.history.get(known.intent)
    return () if attempt is None else attempt.missed


async def _wait_for_address(job: Job, known: Known, task: Task, missed: Sequence[float], crew: Crew) -> Task:
    """A task that has succeeded, once it names its video and that may be asked for. Raises DecisionNeeded if either
    doesn't come about: it was paid for."""
    failures = Failures()
    while task.video is None:
        if failures.count == NAMELESS_MOST:
            why = f"task {known.task} succeeded, but the service names no video of it"
            raise hold(job, known, why, "`storyboard run` asks it once more", crew)
        failures.more(crew.clock.now())
        nameless = Unusable(f"task {known.task} succeeded, but names no video")
        await wait_or_give_up(nameless, failures, job, crew)
        task = await get_task(job, known, crew)
    wait = wait_to_fetch(missed, crew.clock.now())
    if wait is None:
        why = f"the video of task {known.task} didn't come in {FETCHES_IN_ALL} attempts"
        raise hold(job, known, why, "nobody asks for it any more, since its address soon answers nobody", crew)
    if not wait:
        return task
    often = Unusable(f"the video was asked for {FETCHES_AN_HOUR} times within the hour", "run again later")
    crew.tell(Waiting(job.scene, f"again in {wait:.0f} s: {often.what}", crew.clock.now() + wait))
    await crew.stop.unless_left(crew.clock.sleep(wait))
    if crew.stop.interrupted:
        raise often
    return await _wait_for_address(job, known, await get_task(job, known, crew), missed, crew)


FRAMES_MOST = 3
"""How often a last frame is asked for."""


async def _download_frame(job: Job, task: Task, crew: Crew) -> str:
    """The digest of the API's own last frame; empty if it gave none that can be had, since a video has one anyway."""
    if task.frame is None:
        return ""
    failures = Failures()
    while True:
        try:
            return (await crew.fetcher.bring(job.scene, task.frame, video=False)).digest
        except Unreachable as error:
            now = crew.clock.now()
            failures.more(now)
            if failures.count == FRAMES_MOST:
                return ""
            await crew.clock.sleep(wait_after(error, failures, now, crew.dice.fraction()) or 0)
