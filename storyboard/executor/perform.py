"""One scene from order to take: the paid step, and the only place where the order of its acts is written.

An intent is on the disk before the request leaves, what came of it before anything else is done. A task that is known
is waited for, however often this has to begin again; its video gets its name in the store only when all of it is there
and sound. Nothing here ever submits twice: a request is made again only after a provable no.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import replace

from storyboard.errors import (
    DecisionNeeded,
    FileTrouble,
    Gone,
    NotFound,
    NotSent,
    RateLimited,
    Rejected,
    SceneFailed,
    UnknownOutcome,
    Unreachable,
    Unusable,
)
from storyboard.executor.asking import ask_patiently, wait_or_give_up
from storyboard.executor.crew import Crew
from storyboard.executor.fetch import Fetched
from storyboard.executor.job import Job, Known, Order
from storyboard.executor.likeness import Measured, anothers, otherwise
from storyboard.executor.locate import check_unrecorded, next_marker, recover, settle_duplicates
from storyboard.executor.polling import odd_after, pause
from storyboard.executor.reconcile import LISTED, Adopt, Hold, Verdict, disagreement, verdict
from storyboard.executor.retry import (
    FETCHES_AN_HOUR,
    FETCHES_IN_ALL,
    Failures,
    wait_after,
    wait_to_fetch,
)
from storyboard.planning import event as happened
from storyboard.planning.advice import again, lost_hint
from storyboard.planning.attempt import Attempt
from storyboard.planning.event import (
    Accepted,
    Adopted,
    Disowned,
    Ended,
    Held,
    Intended,
    Missed,
    Seen,
    Stored,
    Unanswered,
    Waiting,
)
from storyboard.planning.fingerprint import digest_of
from storyboard.planning.marker import Marker
from storyboard.planning.take import Take, id_of
from storyboard.promises import Address, is_count
from storyboard.providers.ark.wire import is_over
from storyboard.providers.provider import Task
from storyboard.world.addresses import TaskAddresses

LONGEST_LIFE = 259_200
"""Seconds: the longest life that may be asked for a task (the API's `execution_expires_after`)."""
OVERDUE = 3600
"""Seconds after the end of its life by which a task has ended, or won't."""


async def perform(job: Job, crew: Crew, order: Order, begun: Attempt | None = None) -> Take:
    """Make a scene, or go on with an attempt at it that was begun already; the take, in the store.

    Raises SceneFailed, UnknownOutcome (the scene is held from then on), Rejected, NotSent or Unreachable.
    """
    async with crew.slots:
        if begun is None:
            crew.stop.check()
            known = await submitted(job, crew, order)
        elif begun.task:
            known = Known(begun.intent, begun.task)
        else:
            known = await sought(job, crew, begun)
        task = await ended(job, known, crew)
    return await stored(job, known, task, crew)


async def submitted(job: Job, crew: Crew, order: Order) -> Known:
    """Submit a scene's request; again only after a no, or if it provably never left."""
    if crew.memory == "sought":
        return await recover(job, crew)
    carried, occurrence = next_marker(job, crew)
    body = await order(carried)
    failures = Failures()
    while True:
        try:
            async with crew.stop.passage(job.model):
                # in this order: the turn may take a minute, and a list has to be as young as it can be when we pay
                await _turn(crew)
                await check_unrecorded(job, crew, carried, occurrence)
                attempt = await _attempted(job, crew, body, carried, occurrence)
        except (NotSent, Rejected) as error:
            if isinstance(error, RateLimited):
                crew.slots.narrow()
            failures.more(crew.clock.now())
            await wait_or_give_up(error, failures, job, crew, paid=True)
            continue
        if not attempt.task:
            return await sought(job, crew, attempt)
        crew.slots.widen()
        return await settle_duplicates(job, crew, Known(attempt.intent, attempt.task))


async def _attempted(job: Job, crew: Crew, body: bytes, carried: Marker, occurrence: int) -> Attempt:
    """Submit once, and write down what came of it; an attempt that has a task, or is in doubt.

    Raises NotSent or Rejected if nothing did, Stopped or OverBudget before anything is written.
    """
    crew.stop.check(job.model)
    if _undecided(job, crew):  # no `assert`: `python -O` would leave it out
        raise AssertionError("at most one submission of a scene's key may be without an answer")
    if crew.memory == "sought":
        raise AssertionError("a run that only recovers pays for nothing")
    intent = crew.dice.token()
    crew.reserve(intent, job.reserve)
    _note_intended(job, crew, replace(job.intended(intent, carried, occurrence), body=digest_of(body)))
    try:
        _check_awake(crew, intent)
        with crew.scanner.creating():
            task = await crew.provider.submit(body, intent)
        if task in crew.journal.history.owned:
            raise UnknownOutcome(f"the service names task {task}, which is another attempt's")
    except (NotSent, Rejected) as error:
        no = happened.NotSent if isinstance(error, NotSent) else happened.Rejected
        crew.note(no(job.scene, intent, error.what, storyboard=job.storyboard))
        raise
    except UnknownOutcome as error:
        crew.note(Unanswered(job.scene, intent, error.what, storyboard=job.storyboard))
    else:
        _note_accepted(job, crew, intent, task)
    return crew.journal.history.attempt(intent)


SLEPT = 10.0
"""Seconds after which what was written down a moment ago was not."""


def _check_awake(crew: Crew, intent: str) -> None:
    """A process may be stopped at any step, and a lid closed: whoever wakes up between writing down and sending looks
    whether the world has gone on without him. Raises NotSent, or AnotherRunner if the record is another's by now."""
    crew.journal.check_ours()
    if crew.clock.now() - crew.journal.history.attempt(intent).at > SLEPT:
        raise NotSent("this machine slept before it was sent")


def _note_intended(job: Job, crew: Crew, intended: Intended) -> None:
    """What the disk takes only by half, a row without its witness, would be in doubt from then on: nothing was sent,
    and that is written down as well. Raises FileTrouble all the same."""
    try:
        crew.note(intended)
    except FileTrouble as error:
        if crew.journal.history.get(intended.intent) is not None:
            with suppress(FileTrouble):
                crew.note(happened.NotSent(job.scene, intended.intent, error.what, storyboard=job.storyboard))
        raise


def _note_accepted(job: Job, crew: Crew, intent: str, task: str) -> None:
    try:
        crew.note(Accepted(job.scene, intent, task, storyboard=job.storyboard))
    except FileTrouble as error:  # what the disk doesn't take is at least told; the next run looks for it by its mark
        raise FileTrouble(f"{error.what}; the service has taken task {task} on", error.hint) from error


def _undecided(job: Job, crew: Crew) -> bool:
    """Is a submission of this scene, from just this key, without an answer?"""
    attempts = crew.journal.history.of(*job.target[:3])
    return any(one.state == "in doubt" and dict(one.components) == dict(job.components) for one in attempts)


async def sought(job: Job, crew: Crew, attempt: Attempt) -> Known:
    """The task of an attempt in doubt, found in the provider's list by its mark.

    Raises UnknownOutcome, with what a person can do, if it isn't there, or not for certain, or if nobody may look.
    """
    looks, since = 0, crew.clock.now()
    while True:
        match await _said_or_held(job, crew, attempt, looks, since):
            case Adopt(task):
                crew.note(Adopted(job.scene, attempt.intent, task, storyboard=job.storyboard))
                return Known(attempt.intent, task)
            case Hold(why):
                crew.note(Held(job.scene, attempt.intent, why, storyboard=job.storyboard))
                raise UnknownOutcome(f"{attempt.error or 'its answer was lost'}, and {why}")
            case later:
                reason = f"looking for its task again in {later.after:.0f} s"
                crew.tell(Waiting(job.scene, reason, crew.clock.now() + later.after))
                await crew.stop.unless_left(crew.clock.sleep(later.after))
                looks += 1


async def _said_or_held(job: Job, crew: Crew, attempt: Attempt, looks: int, since: float) -> Verdict:
    """What a list says of an attempt; where none can be had, the attempt is as much in doubt as it was."""
    try:
        return await _said_of(job, crew, attempt, looks, since=since)
    except (Unreachable, Rejected) as error:
        return Hold(f"its task can't be looked for: {error.what}")


async def _said_of(
    job: Job,
    crew: Crew,
    attempt: Attempt,
    looks: int = 0,
    owned: Collection[str] | None = None,
    since: float = float("inf"),
) -> Verdict:
    """What a list that is made from now on says of an attempt; nobody who wants to leave waits for one."""
    if crew.stop.interrupted:
        return Hold("the run was interrupted before its task was looked for")
    if not crew.lists:
        return Hold(f"{crew.provider_name} lists no tasks in which it could be looked for")
    now = crew.clock.now()
    scan = await ask_patiently(job, crew, lambda: crew.scanner.since(now))
    owned = crew.journal.history.owned if owned is None else owned
    return verdict(attempt, scan, owned, crew.pace.grace, looks, since)


async def _turn(crew: Crew) -> None:
    """Wait until a paid request may go: what has ended is fetched before anything is submitted, since its address dies,
    and the service takes so many a minute. All of that comes before the intent: what is written down is sent."""
    await crew.fetcher.idle()
    await crew.stop.unless_halted(crew.provider.turn("create"))


async def ended(job: Job, known: Known, crew: Crew) -> Task:
    """Wait until a task has succeeded. Raises SceneFailed if it came to anything else."""
    began = crew.clock.now()
    said, wait = "", 0.0
    while True:
        task = await _looked(job, known, crew, wait)
        if task.word != said:
            odd = odd_after(said, task.word)
            said = task.word
            crew.note(Seen(job.scene, known.intent, known.task, said, odd, storyboard=job.storyboard))
        if is_over(task.status):
            break
        if crew.clock.now() > (task.created_at or began) + (task.expires_after or LONGEST_LIFE) + OVERDUE:
            why = f"task {known.task} has outlived its time by an hour: the service says {task.word}"
            then = "`storyboard run` looks at it once more, and fetches it if there is anything"
            raise _held(job, known, why, then, crew)
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
    found = await _said_of(job, crew, attempt, owned=others, since=now)
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


async def _looked(job: Job, known: Known, crew: Crew, wait: float = 0.0) -> Task:
    """How a task stands, `wait` seconds from now. Only where the service says that there is no such task is it lost:
    any other no is a no to this question, and the task goes on."""
    waits = iter((wait,))
    try:
        task = await ask_patiently(job, crew, lambda: crew.watcher.look(known.task, next(waits, 0.0)))
        return on_our_clock(task, crew.clock.now())
    except NotFound as error:
        if await _may_show_yet(job, known, crew):
            raise Unreachable(f"the service doesn't show task {known.task} at the moment", "run again") from error
        raise _forgotten(job, known, crew) from error


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


def _forgotten(job: Job, known: Known, crew: Crew) -> DecisionNeeded:
    """A task that is neither found nor listed is lost, if it is so old that a service forgets it. As long as it can't
    have been forgotten it is more likely that somebody else is asked: another account's key finds nothing of ours."""
    attempt = crew.journal.history.get(known.intent)
    if attempt is None or crew.clock.now() - attempt.at >= LISTED:
        return _lost(job, known, "the service knows it no more", crew)
    why = f"the service knows no task {known.task}, though it keeps them for seven days"
    then = "`storyboard run` goes on with it, with a key of the account that it was submitted with"
    return _held(job, known, why, then, crew)


def _lost(job: Job, known: Known, why: str, crew: Crew) -> DecisionNeeded:
    """What was paid for can't be had any more: that is written down, and somebody has to decide."""
    crew.note(Ended(job.scene, known.intent, "lost", why, storyboard=job.storyboard))
    what = f"task {known.task} was paid for, but can't be had any more: {why}"
    return DecisionNeeded(what, lost_hint(job.scene, job.profile, known.task))


def _held(job: Job, known: Known, why: str, then: str, crew: Crew) -> DecisionNeeded:
    """A task is there, and this run doesn't get on with it: the next one tries again, or somebody decides."""
    crew.note(Held(job.scene, known.intent, why, storyboard=job.storyboard))
    return DecisionNeeded(why, f"{then}; {again(job.scene, job.profile, paid=True)}")


async def stored(job: Job, known: Known, task: Task, crew: Crew, only: str = "") -> Take:
    """Bring a task's video and last frame into the store, and say so, and what of it is other than was asked for.

    Raises DecisionNeeded if it has to be the one of a digest (`only`), and is not: then nothing is said of it.
    """
    video, task = await _video(job, known, task, crew)
    if only not in ("", video.digest):
        raise DecisionNeeded("the service has another one now")
    frame = await _frame(job, task, crew)
    crew.addresses.put(task.id, TaskAddresses(_address_of(task), task.frame, task.expires))
    take = Take(
        id=id_of(_provider(known, crew), known.task),
        digest=video.digest,
        components=job.components,
        frame=frame,
        seconds=round(video.seconds, 3),
        width=video.width,
        height=video.height,
        tokens=task.tokens if is_count(task.tokens) else None,
        ordinal=job.ordinal,
    )
    odd = otherwise(task, job.asked, _measured(video), job.pixels)
    stored_now = Stored(job.scene, known.intent, take, profile=job.profile, error=odd, storyboard=job.storyboard)
    crew.note(stored_now)
    return take


def _address_of(task: Task) -> Address:
    """Where the video of a task that can be fetched is."""
    if task.video is None:  # no `assert`: `python -O` would leave it out
        raise AssertionError(f"task {task.id} can be fetched, but names no video")
    return task.video


def _provider(known: Known, crew: Crew) -> str:
    """Who made a task: the provider that it was asked of, which is this run's own where that was not written down."""
    attempt = crew.journal.history.get(known.intent)
    return (attempt.provider if attempt is not None else "") or crew.provider_name


def _measured(video: Fetched) -> Measured:
    return Measured(video.seconds, video.width, video.height)


NAMELESS_MOST = 10
"""How often a task that has succeeded is asked for the address that it should name."""
ANOTHERS_MOST = 3
"""How often a video that is like neither its task nor the request is sent back; then it is what was paid for."""


async def _video(job: Job, known: Known, task: Task, crew: Crew) -> tuple[Fetched, Task]:
    """Fetch a video until it is whole; each new attempt asks for its address anew.

    An address that has died is only the last one if it was dead already when the service named it.
    """
    failures, anothers_came, missed = Failures(), 0, list(_missed(known, crew))
    told = 0.0  # when the address was named: before the first failure nobody knows, a machine may have slept since
    while True:
        task = await _fetchable(job, known, task, missed, crew)
        try:
            came = await crew.fetcher.bring(job.scene, _address_of(task), video=True)
            unlike = anothers(task, job.asked, _measured(came), job.pixels)
            if not unlike or anothers_came == ANOTHERS_MOST:
                return came, task
            anothers_came += 1
            raise Unusable(f"what came may be another task's video: {unlike}")
        except Unreachable as error:
            if isinstance(error, Unusable):
                missed.append(crew.clock.now())
                crew.note(Missed(job.scene, known.intent, error.what, storyboard=job.storyboard))
            if isinstance(error, Gone) and 0 < task.expires < told:
                raise _lost(job, known, f"videos can be fetched for 24 hours ({error.what})", crew) from error
            failures.more(crew.clock.now())
            await wait_or_give_up(error, failures, job, crew)
            task, told = await _looked(job, known, crew), crew.clock.now()


def _missed(known: Known, crew: Crew) -> tuple[float, ...]:
    """When the task's video was asked for in vain already."""
    attempt = crew.journal.history.get(known.intent)
    return () if attempt is None else attempt.missed


async def _fetchable(job: Job, known: Known, task: Task, missed: Sequence[float], crew: Crew) -> Task:
    """A task that has succeeded, once it names its video and that may be asked for. Raises DecisionNeeded if either
    doesn't come about: it was paid for."""
    failures = Failures()
    while task.video is None:
        if failures.count == NAMELESS_MOST:
            why = f"task {known.task} succeeded, but the service names no video of it"
            raise _held(job, known, why, "`storyboard run` asks it once more", crew)
        failures.more(crew.clock.now())
        nameless = Unusable(f"task {known.task} succeeded, but names no video")
        await wait_or_give_up(nameless, failures, job, crew)
        task = await _looked(job, known, crew)
    wait = wait_to_fetch(missed, crew.clock.now())
    if wait is None:
        why = f"the video of task {known.task} didn't come in {FETCHES_IN_ALL} attempts"
        raise _held(job, known, why, "nobody asks for it any more, since its address soon answers nobody", crew)
    if not wait:
        return task
    often = Unusable(f"the video was asked for {FETCHES_AN_HOUR} times within the hour", "run again later")
    crew.tell(Waiting(job.scene, f"again in {wait:.0f} s: {often.what}", crew.clock.now() + wait))
    await crew.stop.unless_left(crew.clock.sleep(wait))
    if crew.stop.interrupted:
        raise often
    return await _fetchable(job, known, await _looked(job, known, crew), missed, crew)


FRAMES_MOST = 3
"""How often a last frame is asked for."""


async def _frame(job: Job, task: Task, crew: Crew) -> str:
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
