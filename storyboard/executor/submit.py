"""Submit a scene's request at most once, and write down what is known of it before and after."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from storyboard.errors import (
    FileTrouble,
    NotSent,
    RateLimited,
    Rejected,
    UnknownOutcome,
)
from storyboard.executor.asking import wait_or_give_up
from storyboard.executor.crew import Crew
from storyboard.executor.duplicates import settle_duplicates
from storyboard.executor.job import Job, Known, Order
from storyboard.executor.locate import check_unrecorded, find_lost_task, recover
from storyboard.executor.markers import next_marker
from storyboard.executor.retry import (
    Failures,
)
from storyboard.planning import event as happened
from storyboard.planning.event import (
    Accepted,
    Intended,
    Unanswered,
)
from storyboard.planning.fingerprint import digest_of
from storyboard.planning.history import Attempt
from storyboard.planning.marker import (
    Marker,
)


async def submit(job: Job, crew: Crew, order: Order) -> Known:
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
                await _wait_for_turn(crew)
                await check_unrecorded(job, crew, carried, occurrence)
                attempt = await submit_once(job, crew, body, carried, occurrence)
        except (NotSent, Rejected) as error:
            if isinstance(error, RateLimited):
                crew.slots.narrow()
            failures.more(crew.clock.now())
            await wait_or_give_up(error, failures, job, crew, paid=True)
            continue
        if not attempt.task:
            return await find_lost_task(job, crew, attempt)
        crew.slots.widen()
        return await settle_duplicates(job, crew, Known(attempt.intent, attempt.task))


async def submit_once(job: Job, crew: Crew, body: bytes, carried: Marker, occurrence: int) -> Attempt:
    """Submit once, and write down what came of it; an attempt that has a task, or is in doubt.

    Raises NotSent or Rejected if nothing did, Stopped or OverBudget before anything is written.
    """
    crew.stop.check(job.model)
    if _has_undecided(job, crew):  # no `assert`: `python -O` would leave it out
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


def _has_undecided(job: Job, crew: Crew) -> bool:
    """Is a submission of this scene, from just this key, without an answer?"""
    attempts = crew.journal.history.of(*job.target[:3])
    return any(one.state == "in doubt" and dict(one.components) == dict(job.components) for one in attempts)


async def _wait_for_turn(crew: Crew) -> None:
    """Wait until a paid request may go: what has ended is fetched before anything is submitted, since its address dies,
    and the service takes so many a minute. All of that comes before the intent: what is written down is sent."""
    await crew.fetcher.idle()
    await crew.stop.unless_halted(crew.provider.turn("create"))
