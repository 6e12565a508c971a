"""One scene from order to take: the paid step, and the only place where the order of its acts is written.

An intent is on the disk before the request leaves, what came of it before anything else is done. A task that is known
is waited for, however often this has to begin again; its video gets its name in the store only when all of it is there
and sound. Nothing here ever submits twice: a request is made again only after a provable no.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from storyboard.errors import (
    AccountRefused,
    DecisionNeeded,
    MediaTrouble,
    NotFound,
    NotSent,
    ProviderError,
    Rejected,
    SceneFailed,
    UnknownOutcome,
    Unreachable,
)
from storyboard.executor.crew import Crew
from storyboard.executor.polling import pause
from storyboard.executor.retry import wait_after
from storyboard.language.facts import format_of
from storyboard.planning.event import Event
from storyboard.planning.fingerprint import Components, digest_of
from storyboard.planning.lock import take_value
from storyboard.planning.take import Take
from storyboard.promises import Address
from storyboard.providers.ark.wire import is_over
from storyboard.providers.provider import Task
from storyboard.world.addresses import TaskAddresses
from storyboard.world.media import boxes, probe

T = TypeVar("T")
LONGEST_LIFE = 259_200 + 3600
"""Seconds after which a task that hasn't ended won't: the longest life that may be asked for, and an hour."""


@dataclass(frozen=True, slots=True)
class Job:
    """A scene to be made: from which key, under which profiles."""

    scene: str
    profile: str
    components: Components


@dataclass(frozen=True, slots=True)
class Known:
    """A task that the provider has, and the intent that it came of."""

    intent: str
    task: str


async def perform(job: Job, crew: Crew, order: Callable[[], Awaitable[bytes]], known: Known | None = None) -> Take:
    """Make a scene, or go on with a task that is known already; the take, in the store.

    Raises SceneFailed, UnknownOutcome (the scene is held from then on), Rejected, NotSent or Unreachable.
    """
    async with crew.slots:
        if known is None:
            crew.stop.check()
            known = await submitted(job, crew, await order())
        task = await ended(job, known, crew)
    return await stored(job, known, task, crew)


async def submitted(job: Job, crew: Crew, body: bytes) -> Known:
    """Submit the body; again only after a no, or if it provably never left."""
    attempts = 0
    while True:
        await _turn(crew)
        crew.stop.check()
        intent = crew.dice.token()
        about = {"profile": job.profile, "key": dict(job.components), "body": digest_of(body)}
        crew.note(Event("intended", job.scene, intent, about))
        attempts += 1
        try:
            task = await crew.provider.submit(body, intent)
        except (NotSent, Rejected) as error:
            crew.note(
                Event(
                    "not_sent" if isinstance(error, NotSent) else "rejected",
                    job.scene,
                    intent,
                    {"error": error.what},
                )
            )
            await _wait_or_give_up(error, attempts, job, crew)
        except UnknownOutcome as error:
            crew.note(Event("unknown", job.scene, intent, {"error": error.what}))
            raise
        else:
            crew.note(Event("accepted", job.scene, intent, {"task": task}))
            return Known(intent, task)


async def _turn(crew: Crew) -> None:
    """Wait until a paid request may go: what has ended is fetched before anything is submitted, since its address dies,
    and the service takes so many a minute. All of that comes before the intent: what is written down is sent."""
    async with crew.hands:
        pass
    await crew.provider.turn("create")


async def _wait_or_give_up(error: ProviderError, attempts: int, job: Job, crew: Crew) -> None:
    """Wait for the next attempt, and say so; once somebody wants to leave, there is none."""
    if isinstance(error, AccountRefused):
        crew.stop.why = crew.stop.why or error
    seconds = wait_after(error, attempts, crew.dice.fraction())
    if seconds is None or crew.stop.interrupted:
        raise error
    crew.tell(Event("seen", job.scene, body={"status": f"again in {seconds:.0f} s: {error.what}"}))
    await crew.clock.sleep(seconds)


async def _patiently(job: Job, crew: Crew, question: Callable[[], Awaitable[T]]) -> T:
    """Ask something that costs nothing, again and again until there is an answer. Raises what can't be waited out."""
    attempts = 0
    while True:
        try:
            return await question()
        except (Unreachable, Rejected) as error:
            attempts += 1
            await _wait_or_give_up(error, attempts, job, crew)


async def ended(job: Job, known: Known, crew: Crew) -> Task:
    """Wait until a task has succeeded. Raises SceneFailed if it came to anything else."""
    began = crew.clock.now()
    said, wait = "", 0.0
    while True:
        task = await _looked(job, known, crew, wait)
        if task.word != said:
            said = task.word
            crew.note(Event("seen", job.scene, known.intent, {"task": known.task, "status": said}))
        if is_over(task.status):
            break
        if crew.clock.now() - began > LONGEST_LIFE:
            raise Unreachable(
                f"task {known.task} has not ended in three days: the service says {task.word}", "run again"
            )
        wait = pause(crew.clock.now() - began, crew.pace)
    crew.note(Event("ended", job.scene, known.intent, {"status": task.status, "error": task.error}))
    if task.status != "succeeded":
        why = task.error or f"the service says {task.status}"
        hint = task.hint or "change the scene or run again"
        raise SceneFailed(f"task {known.task} came to nothing: {why}", f"nothing was billed; {hint}")
    return task


async def _looked(job: Job, known: Known, crew: Crew, wait: float = 0.0) -> Task:
    """How a task stands, `wait` seconds from now. Only where the service says that there is no such task is it lost:
    any other no is a no to this question, and the task goes on."""
    waits = iter((wait,))
    try:
        return await _patiently(job, crew, lambda: crew.watcher.look(known.task, next(waits, 0.0)))
    except NotFound as error:
        raise _lost(job, known, "the service knows it no more", crew) from error


def _lost(job: Job, known: Known, why: str, crew: Crew) -> DecisionNeeded:
    """What was paid for can't be had any more: that is written down, and somebody has to decide."""
    crew.note(Event("ended", job.scene, known.intent, {"status": "lost", "error": why}))
    hint = f"to pay for it again, say `storyboard resolve {job.scene} --submit-again`"
    return DecisionNeeded(f"task {known.task} was paid for, but can't be had any more: {why}", hint)


async def stored(job: Job, known: Known, task: Task, crew: Crew) -> Take:
    """Bring a task's video and last frame into the store, and say so."""
    digest, measures, task = await _video(job, known, task, crew)
    frame = await _frame(job, task, crew)
    assert task.video is not None  # noqa: S101 - it was just fetched
    crew.addresses.put(task.id, TaskAddresses(task.video, task.frame, task.expires))
    take = Take(
        digest=digest,
        components=job.components,
        frame=frame,
        seconds=round(measures.seconds, 3),
        width=measures.width,
        height=measures.height,
        task=known.task,
        tokens=task.tokens,
    )
    crew.note(Event("stored", job.scene, known.intent, {"profile": job.profile, "take": take_value(take)}))
    return take


async def _video(job: Job, known: Known, task: Task, crew: Crew) -> tuple[str, probe.Measures, Task]:
    """Fetch a video until it is whole; each new attempt asks for its address anew."""
    attempts = 0
    while True:
        try:
            if task.video is None:
                raise Unreachable(f"task {task.id} succeeded, but names no video")
            digest, measures = await _fetched(job.scene, task.video, "mp4", crew)
        except Unreachable as error:
            attempts += 1
            if 0 < task.expires < crew.clock.now():
                raise _lost(job, known, f"videos can be fetched for 24 hours ({error.what})", crew) from error
            await _wait_or_give_up(error, attempts, job, crew)
            task = await _looked(job, known, crew)
        else:
            return digest, measures, task


async def _frame(job: Job, task: Task, crew: Crew) -> str:
    """The digest of the API's own last frame; empty if it gave none that can be had, since a video has one anyway."""
    if task.frame is None:
        return ""
    for attempt in range(1, 4):
        try:
            return (await _fetched(job.scene, task.frame, "", crew))[0]
        except Unreachable as error:
            if attempt < 3:
                await crew.clock.sleep(wait_after(error, attempt, crew.dice.fraction()) or 0)
    return ""


async def _fetched(name: str, address: Address, ending: str, crew: Crew) -> tuple[str, probe.Measures]:
    """Fetch a file, check it, and give it its name. Raises Unreachable if it isn't whole."""
    part = crew.store.part(digest_of(name.encode())[7:19] + (ending or "frame"))
    try:
        async with crew.hands:
            await crew.provider.fetch(address, part)
        digest = await asyncio.to_thread(part.close)
        measures, ending = await asyncio.to_thread(_checked, part.path, ending)
        await asyncio.to_thread(crew.store.keep, part.path, digest, ending)
        return digest, measures
    except MediaTrouble as error:
        raise Unreachable(f"what came from {address.bare} is not whole: {error.what}") from error
    finally:
        part.discard()


def _checked(path: Path, ending: str) -> tuple[probe.Measures, str]:
    """A file's measures if it is a whole video (`mp4`) or else a picture. Raises MediaTrouble."""
    if ending == "mp4":
        boxes.check(path)
        return probe.video(path), ending
    with path.open("rb") as file:
        kind = format_of(file.read(16))
    return probe.image(path), kind
