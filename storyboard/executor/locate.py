"""Find tasks in the provider's list: of a request whose answer was lost, or that this project's record doesn't know.

Before each paid request a list is read that began once the scene was ready: another copy of the project, or a record
that was lost, may have submitted the same scene. A task that is found then is never adopted at once, since two copies
that adopted each other's tasks would go on in step and double more; a person decides, or `recover` is run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import replace

from storyboard.errors import (
    DecisionNeeded,
    ProviderError,
    RateLimited,
    Rejected,
    UnknownOutcome,
    Unreachable,
)
from storyboard.executor.asking import ask_patiently, wait_or_raise
from storyboard.executor.context import RunContext
from storyboard.executor.job import Job, Known
from storyboard.executor.markers import expected_markers, next_marker, other_attempt
from storyboard.executor.reconcile import (
    Adopt,
    Hold,
    Scan,
    Verdict,
    find_unrecorded,
    lookalikes,
    may_be_of,
    odds,
    verdict,
)
from storyboard.executor.retry import (
    Failures,
)
from storyboard.executor.unrecorded import (
    command_to_run,
    possible_remake,
    task_of_another_scene,
    unidentified,
    unknown_task,
)
from storyboard.planning.attempt import Attempt, RecordedElsewhere
from storyboard.planning.event import (
    Adopted,
    Held,
    Waiting,
)
from storyboard.planning.fingerprint import key_of
from storyboard.planning.marker import (
    NO_MARKER,
    Marker,
)
from storyboard.providers.provider import Task

LIST_PATIENCE = 60.0
"""Seconds for which the list may fail before a scene is paid for without one, if the record is complete."""


async def find_lost_task(job: Job, context: RunContext, attempt: Attempt) -> Known:
    """Return the task of an attempt in doubt, found in the provider's list by its marker.

    Raises UnknownOutcome if it isn't listed, if several are, or if the list can't be read: the scene is held then.
    """
    # `since`: the request left before now, even if a clock that was set wrong dates the attempt into the future.
    looks, since = 0, context.clock.now()
    while True:
        match await _judge_or_hold(job, context, attempt, looks, since):
            case Adopt(task):
                context.note(Adopted(job.scene, attempt.attempt_id, task, storyboard=job.storyboard))
                return Known(attempt.attempt_id, task)
            case Hold(why):
                # Never submitted again by itself: absence from a list proves nothing about a task that was taken on.
                context.note(Held(job.scene, attempt.attempt_id, why, storyboard=job.storyboard))
                raise UnknownOutcome(f"{attempt.error or 'its answer was lost'}, and {why}")
            case later:
                reason = f"looking for its task again in {later.after:.0f} s"
                context.tell(Waiting(job.scene, reason, context.clock.now() + later.after))
                await context.gate.until_interrupted(context.clock.sleep(later.after))
                looks += 1


async def _judge_or_hold(job: Job, context: RunContext, attempt: Attempt, looks: int, since: float) -> Verdict:
    """Judge an attempt by a list; without a list the attempt stays in doubt."""
    try:
        return await judge_attempt(job, context, attempt, looks, since=since)
    except (Unreachable, Rejected) as error:
        return Hold(f"its task can't be looked for: {error.what}")


async def judge_attempt(
    job: Job,
    context: RunContext,
    attempt: Attempt,
    looks: int = 0,
    owned: Collection[str] | None = None,
    since: float = float("inf"),
) -> Verdict:
    """Judge an attempt by a list that is read from now on; an interrupted run doesn't wait for one."""
    if context.gate.interrupted:
        return Hold("the run was interrupted before its task was looked for")
    if not context.lists:
        return Hold(f"{context.provider_name} lists no tasks in which it could be looked for")
    now = context.clock.now()
    # An older list doesn't count: it may have been read before the request arrived.
    scan = await ask_patiently(job, context, lambda: context.listing.since(now))
    owned = context.journal.history.owned if owned is None else owned
    return verdict(attempt, scan, owned, context.poll_policy.grace, looks, since)


async def recover(job: Job, context: RunContext) -> Known:
    """Find the task of a job's key that only a lost record knew, and write it down again. Nothing is submitted.

    Raises DecisionNeeded if the provider lists none, none that can be identified, or one that fits two scenes.
    """
    if not context.lists:
        raise DecisionNeeded(
            f"{context.provider_name} lists no tasks in which it could be looked for", command_to_run(context)
        )
    scan = await ask_patiently(job, context, lambda: context.listing.since(context.began))
    likely, unlikely = expected_markers(job, context, *next_marker(job, context), scan)
    if not (likely or unlikely):
        raise unidentified(job, context, lookalikes(scan, job.life, job.asked, context.journal.history.owned), scan)
    task = await _first_of_key(job, context, likely, scan)
    _check_not_given(job, context, likely, scan)  # now: another scene may have been given one in the meantime
    if task is not None:
        other = other_attempt(job, context, task.expires_after) if task.expires_after is not None else None
        if other is not None and not other.vouched:  # it may be a duplicate of that one's, by another copy
            raise task_of_another_scene(job, context, task, other)
        return record_found(job, context, task, likely)
    task = await _first_of_key(job, context, unlikely, scan)
    if task is not None:
        raise possible_remake(job, context, task, scan)
    raise DecisionNeeded("the service lists no task of it", command_to_run(context))


async def _first_of_key(
    job: Job, context: RunContext, markers: Sequence[tuple[Marker, int]], scan: Scan
) -> Task | None:
    """Return the first listed task with one of these markers that no attempt has; None if there is none."""
    for task in find_unrecorded(scan, [marker for marker, _ in markers], job.asked, context.journal.history.owned):
        _, of_this_key, _ = await _check_again(task, job, context)
        if of_this_key and task.id not in context.journal.history.owned:  # another scene may have taken it meanwhile
            return task
    return None


def _check_not_given(job: Job, context: RunContext, likely: Sequence[tuple[Marker, int]], scan: Scan) -> None:
    """Raise DecisionNeeded if another scene was given a task by its marker alone, and this scene's marker is the same.

    In one of seventy projects of fifty scenes two scenes have the same marker. When the first one was recovered, the
    key of the second may not have been known, because it depended on a video that was still to be downloaded. So only
    now is it known that the task fits both, and only a person can see which scene it shows.
    """
    history, key = context.journal.history, key_of(job.components)
    found = find_unrecorded(scan, [marker for marker, _ in likely], job.asked, ())
    for task in found:
        owner = history.owner(task.id)
        if owner is not None and owner.found_by_marker and key_of(owner.components) != key:
            raise task_of_another_scene(job, context, task, owner)


def record_found(job: Job, context: RunContext, task: Task, markers: Sequence[tuple[Marker, int]]) -> Known:
    """Write a listed task down as this job's, with the marker by which it was found."""
    fitting = (row for row in markers if row[0].fits(task.expires_after, task.safety_identifier))
    marker, occurrence = next(fitting, (NO_MARKER, 0))
    attempt_id = context.dice.token()
    # As if it had been there all along, but without the digest of a body: this record sent no request.
    context.note(replace(job.intended(attempt_id, marker, occurrence), at=task.created_at))
    context.note(Adopted(job.scene, attempt_id, task.id, storyboard=job.storyboard))
    return Known(attempt_id, task.id)


async def check_unrecorded(job: Job, context: RunContext, carried: Marker, occurrence: int) -> None:
    """Check, before a request is paid for, that the provider doesn't list a task of this key already.

    `carried` and `occurrence` are those of the request that is about to leave. Raises DecisionNeeded, so that nothing
    is submitted, if a task is listed that the record doesn't know, or if the list can't be read while the record may be
    incomplete.
    """
    if not context.lists:
        context.remark(
            f"{context.provider_name} lists no tasks: what another copy of the project submits can't be seen"
        )
        return
    if not carried and context.trust == "complete":
        return  # a task of another copy could not be identified, and this record lacks none of its own
    scan = await _list_before_paying(job, context)
    if scan is None:
        return
    owned = context.journal.history.owned
    if not carried:  # the author fixed the task's life: only tasks that look like it can be found
        found = lookalikes(scan, job.life, job.asked, owned)
        if found:
            raise unidentified(job, context, found, scan)
        return
    looked_at: dict[str, Task] = {}
    while True:
        scan = replace(scan, tasks=tuple(looked_at.get(task.id, task) for task in scan.tasks))
        likely, unlikely = expected_markers(job, context, carried, occurrence, scan)
        _check_not_given(job, context, likely, scan)
        markers = [marker for marker, _ in (*likely, *unlikely)]
        found = tuple(task for task in find_unrecorded(scan, markers, job.asked, owned) if task.id not in looked_at)
        if not found:
            return
        for task in found:
            now, of_this_key, elsewhere = await _check_again(task, job, context)
            if of_this_key and task.id not in context.journal.history.owned:
                raise unknown_task(job, context, now, scan, odds(markers, len(scan.tasks)), elsewhere)
            # it came to nothing since it was listed: its remake may be listed under the next marker
            looked_at[task.id] = replace(task, status=now.status, word=now.word)


async def _check_again(task: Task, job: Job, context: RunContext) -> tuple[Task, bool, RecordedElsewhere | None]:
    """Ask again for a listed task that carries a marker of the job's key.

    Return the task, whether it is of that key, and the other record of this user that has it, if any. It isn't of that
    key if it contradicts what was asked for, or if another record has it for another key: then it carries the marker by
    chance.
    """
    try:
        now = await context.provider.get_task(task.id)  # what a list said of it may be old
    except (Unreachable, Rejected):
        now = task  # in doubt it counts as listed: holding a scene costs nothing, a second task does
    if not may_be_of(now, job.asked):  # whether this answer repeats the marker doesn't matter: the list did
        return now, False, None
    elsewhere = await asyncio.to_thread(context.recorded_elsewhere, task.id)
    same = elsewhere is None or dict(elsewhere.components) == dict(job.components)
    return now, same, elsewhere


async def _list_before_paying(job: Job, context: RunContext) -> Scan | None:
    """Return a list that is read from now on; None if it can't be read for a while and the record is complete.

    Raises DecisionNeeded if it can't be read and the record may be incomplete.
    """
    moment, failures = context.clock.now(), Failures()
    while True:
        try:
            return await context.listing.since(moment)
        except (Unreachable, Rejected) as error:
            context.gate.check(job.model)  # an interrupted run doesn't wait for a list
            failures.more(context.clock.now())
            if (
                not isinstance(error, RateLimited)
                and context.listing.seconds_of_failure(context.clock.now()) >= LIST_PATIENCE
            ):
                _continue_without_list(context, error)
                return None
            try:
                await wait_or_raise(error, failures, job, context)
            except ProviderError:
                if context.gate.why is not None:
                    raise
                _continue_without_list(context, error)
                return None
            context.gate.check(job.model)


def _continue_without_list(context: RunContext, error: ProviderError) -> None:
    """Go on without a list if the record is complete: it knows every task of its own, and a service that lists nothing
    for a minute shouldn't stop the film. Raises DecisionNeeded if the record may be incomplete."""
    if context.trust != "complete":
        what = f"the service's list of tasks can't be read ({error.what}), and this project's record may be incomplete"
        raise DecisionNeeded(
            what, f"`storyboard run{context.options}` tries again: nothing is submitted before the list was read"
        )
    context.remark(
        f"the service's list of tasks can't be read ({error.what}); scenes are submitted without it, since this "
        "project's record is complete"
    )
