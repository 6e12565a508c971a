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
from storyboard.executor.asking import wait_or_raise
from storyboard.executor.context import RunContext
from storyboard.executor.duplicates import settle_duplicates
from storyboard.executor.job import Job, Known, Order
from storyboard.executor.locate import check_unrecorded, find_lost_task, recover
from storyboard.executor.markers import next_marker
from storyboard.executor.retry import (
    Failures,
)
from storyboard.planning import event as happened
from storyboard.planning.attempt import Attempt
from storyboard.planning.event import (
    Accepted,
    Intended,
    Unanswered,
)
from storyboard.planning.fingerprint import digest_of
from storyboard.planning.marker import (
    Marker,
)


async def submit(job: Job, context: RunContext, order: Order) -> Known:
    """Submit a scene's request, and return its task.

    The request is sent again only after a refusal, or if it provably never left.
    Raises DecisionNeeded, UnknownOutcome, Rejected, NotSent, Stopped or OverBudget.
    """
    if context.trust == "recovering":  # `storyboard recover` never pays
        return await recover(job, context)
    carried, occurrence = next_marker(job, context)
    body = await order(carried)
    failures = Failures()
    while True:
        try:
            async with context.gate.admit(job.model):
                # In this order: waiting for the turn may take a minute, and the list has to be as recent as possible
                # when the request leaves, since another copy of the project may submit the same scene meanwhile.
                await _wait_for_turn(context)
                await check_unrecorded(job, context, carried, occurrence)
                attempt = await submit_once(job, context, body, carried, occurrence)
        except (NotSent, Rejected) as error:
            # A refusal, or a request that never left: nothing was taken on, so sending it again can't pay twice.
            if isinstance(error, RateLimited):
                context.limiter.narrow()
            failures.more(context.clock.now())
            await wait_or_raise(error, failures, job, context, paid=True)
            continue
        if not attempt.task:  # the answer was lost: the task may exist and be billed, so it is looked for
            return await find_lost_task(job, context, attempt)
        context.limiter.widen()
        return await settle_duplicates(job, context, Known(attempt.attempt_id, attempt.task))


async def submit_once(job: Job, context: RunContext, body: bytes, carried: Marker, occurrence: int) -> Attempt:
    """Send a request once and return the attempt, which has a task or is in doubt.

    Raises NotSent or Rejected if the request led to nothing, Stopped or OverBudget before anything is written.
    """
    context.gate.check(job.model)
    # The next two checks can't fail if the rest of the program is right. They are no `assert`s, since `python -O`
    # removes those, and what they guard against costs money.
    if _has_undecided(job, context):
        raise AssertionError("at most one submission of a scene's key may be without an answer")
    if context.trust == "recovering":
        raise AssertionError("a run that only recovers pays for nothing")
    attempt_id = context.dice.token()
    context.reserve(
        attempt_id, job.reserve
    )  # before the request: two scenes at once must not both fit into what is left
    # On the disk, synced, before the request leaves: after a crash at any later moment the next run knows that a task
    # may exist, and looks for it by its marker instead of submitting again.
    _note_intended(job, context, replace(job.intended(attempt_id, carried, occurrence), body=digest_of(body)))
    try:
        _check_awake(context, attempt_id)
        with (
            context.listing.note_create()
        ):  # a task that appears in a list meanwhile is this one, not a page that shifted
            task = await context.provider.submit(body, attempt_id)
        if task in context.journal.history.owned:
            # A confused proxy or a cached answer: two attempts with one task would fetch one video for two scenes.
            raise UnknownOutcome(f"the service names task {task}, which is another attempt's")
    except (NotSent, Rejected) as error:
        # Written down as well: else a crash now would leave the attempt in doubt, and hold its scene.
        no = happened.NotSent if isinstance(error, NotSent) else happened.Rejected
        context.note(no(job.scene, attempt_id, error.what, storyboard=job.storyboard))
        raise
    except UnknownOutcome as error:
        # A time-out, a torn connection, a 5xx: the service may have taken the request on.
        context.note(Unanswered(job.scene, attempt_id, error.what, storyboard=job.storyboard))
    else:
        _note_accepted(job, context, attempt_id, task)
    return context.journal.history.attempt(attempt_id)


SLEPT = 10.0
"""Seconds between writing down and sending after which the process must have been stopped in between."""


def _check_awake(context: RunContext, attempt_id: str) -> None:
    """Check, just before the request leaves, that this process was not stopped since the attempt was written down.

    A laptop may sleep at any step, and another process may have taken the record over meanwhile, found nothing listed
    and submitted the scene itself. Raises NotSent, or AnotherRunner if another process has the record.
    """
    context.journal.check_ours()
    if context.clock.now() - context.journal.history.attempt(attempt_id).at > SLEPT:
        raise NotSent("this machine slept before it was sent")


def _note_intended(job: Job, context: RunContext, intended: Intended) -> None:
    """Write down that a request is about to leave. Raises FileTrouble if the disk takes it only in part.

    A row without its witness would be in doubt from then on, though nothing was sent: that it wasn't is written down,
    too, if the disk allows.
    """
    try:
        context.note(intended)
    except FileTrouble as error:
        if context.journal.history.get(intended.attempt_id) is not None:
            with suppress(FileTrouble):
                context.note(happened.NotSent(job.scene, intended.attempt_id, error.what, storyboard=job.storyboard))
        raise


def _note_accepted(job: Job, context: RunContext, attempt_id: str, task: str) -> None:
    """Write down the task of an attempt. Raises FileTrouble, which names the task, if the disk doesn't take it."""
    try:
        context.note(Accepted(job.scene, attempt_id, task, storyboard=job.storyboard))
    except FileTrouble as error:
        # The message is the only place where the task's name stands; the next run looks for it by its marker.
        raise FileTrouble(f"{error.what}; the service has taken task {task} on", error.hint) from error


def _has_undecided(job: Job, context: RunContext) -> bool:
    """Has this scene a submission with exactly this key whose answer is missing?"""
    attempts = context.journal.history.of(*job.target[:3])
    return any(one.state == "in doubt" and dict(one.components) == dict(job.components) for one in attempts)


async def _wait_for_turn(context: RunContext) -> None:
    """Wait until a paid request may leave.

    Videos that are ready are downloaded first, since their addresses expire, and the service takes only so many creates
    a minute. All waiting comes before the attempt is written down, so that what is written down is sent at once.
    """
    await context.fetcher.idle()
    await context.gate.until_halted(context.provider.turn("create"))
