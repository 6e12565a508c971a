"""Looking in the provider's list for tasks of a scene's key that this project's record doesn't know.

Before each paid request a list is read that began once the scene was ready: another copy of the project, or a record
that was lost, may have submitted just this scene. What is found is never adopted at once, since two copies that adopted
each other's tasks would go on in step and double more; a person decides, or `recover` is run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from storyboard.errors import DecisionNeeded, ProviderError, RateLimited, Rejected, Unreachable
from storyboard.executor.asking import ask_patiently, wait_or_give_up
from storyboard.executor.crew import Crew
from storyboard.executor.job import Job, Known
from storyboard.executor.reconcile import LISTED, WITHOUT_VIDEO, Scan, lookalikes, may_be_of, odds, unrecorded
from storyboard.executor.retry import Failures
from storyboard.planning.attempt import Attempt, RecordedElsewhere
from storyboard.planning.event import Adopted, Ended, Imported, Recorded
from storyboard.planning.fingerprint import key_of
from storyboard.planning.marker import (
    NO_MARKER,
    Marker,
    identifier_of,
    marker_of,
    marker_of_version_1,
    occurrence_of,
)
from storyboard.providers.provider import Task

ATTEMPTS_BEFORE = 5
"""Remakes of a scene, of a lost record, whose markers are looked for."""
LIST_PATIENCE = 60.0
"""Seconds for which a list may fail before a scene whose record is complete is paid for without one."""


def next_marker(job: Job, crew: Crew) -> tuple[Marker, int]:
    """What the next request of a job carries, and which of its key's tasks it is; no marker where its author, or the
    user, leaves no room for one. No other scene of this run gets the same."""
    history, key = crew.journal.history, key_of(job.components)
    used = {attempt.occurrence for attempt in history.with_key(job.components) if attempt.state != "refused"}
    used |= {number for (one, number), unit in crew.occurrences.items() if one == key and unit != job.unit}
    occurrence = occurrence_of(job.rank, job.alike, used)
    crew.occurrences[key, occurrence] = job.unit
    in_use = {attempt.marker for attempt in history.in_doubt if attempt.marker is not None}
    return _marker(job, crew, occurrence, in_use), occurrence


def _marker(job: Job, crew: Crew, occurrence: int, taken: Collection[int] = ()) -> Marker:
    if crew.marker == "safety_identifier" and job.identified:
        return Marker(identifier=identifier_of(job.components, occurrence))
    return Marker(marker_of(job.components, occurrence, taken)) if job.marked else NO_MARKER


class Expected(NamedTuple):
    """The markers that a task of a job's key may carry, each with its occurrence, the next request's own first."""

    likely: list[tuple[Marker, int]]
    """Those of first tasks, and of the remake of each task that is known to have come to nothing."""
    unlikely: list[tuple[Marker, int]]
    """Those of remakes of tasks that nothing is known of. They are too many to prove anything: among fifty scenes, one
    scene's remake has the marker of another's first task by chance in one project of six."""


def _markers(job: Job, crew: Crew, carried: Marker, occurrence: int, scan: Scan) -> Expected:
    """The markers that are looked for.

    A complete record knows its own tasks: those of another copy may be the first ones, up to the next one here, and a
    remake after each that came to nothing. One that may have gaps may lack later ones, too; and the markers of
    version 1 are looked for as long as their tasks are listed. Those of attempts whose task isn't known are left out:
    an answer is under way, or a person has decided.
    """
    limit = job.alike * (1 + ATTEMPTS_BEFORE)
    most = _most_elsewhere(job, crew, occurrence + 1, limit, scan)
    earlier = [number for number in range(most) if number != occurrence]
    likely = [(carried, occurrence), *((_marker(job, crew, number), number) for number in earlier)]
    unlikely: list[tuple[Marker, int]] = []
    if crew.memory != "whole":
        unlikely = [(_marker(job, crew, number), number) for number in range(most, limit)]
        if crew.markers_of_version_1 and job.marked:
            numbers = range(ATTEMPTS_BEFORE)
            old = [marker_of_version_1(job.profile, job.scene, job.components, number) for number in numbers]
            likely.append((Marker(old[0]), 0))
            unlikely += [(Marker(seconds), 0) for seconds in old[1:]]
    attempts = crew.journal.history.with_key(job.components)
    unknown = {attempt.carried for attempt in attempts if not attempt.task and attempt.state != "refused"}
    return Expected(*([row for row in rows if row[0] and row[0] not in unknown] for rows in (likely, unlikely)))


def _most_elsewhere(job: Job, crew: Crew, most: int, limit: int, scan: Scan) -> int:
    """How many occurrences may be used if another copy remade what came to nothing: a task without a video that the
    record doesn't know says that its remake may be there, under the next marker."""
    owned = crew.journal.history.owned
    ended = [task for task in scan.tasks if task.id not in owned and task.status in WITHOUT_VIDEO]
    while ended and most < limit:
        markers = [_marker(job, crew, number) for number in range(most)]
        spent = sum(any(one.fits(task.expires_after, task.safety_identifier) for task in ended) for one in markers)
        reach = min(limit, job.alike + spent) if spent else most
        if reach <= most:
            break
        most = reach
    return most


async def recover(job: Job, crew: Crew) -> Known:
    """The task of a job's key that only a lost record knew, written down again. Nothing is submitted.

    Raises DecisionNeeded if the provider lists none, or none that can be identified.
    """
    if not crew.lists:
        raise DecisionNeeded(f"{crew.provider_name} lists no tasks in which it could be looked for", _makes_it(crew))
    scan = await ask_patiently(job, crew, lambda: crew.scanner.since(crew.began))
    likely, unlikely = _markers(job, crew, *next_marker(job, crew), scan)
    if not (likely or unlikely):
        raise _unidentified(job, crew, lookalikes(scan, job.life, job.asked, crew.journal.history.owned), scan)
    task = await _first_of_key(job, crew, likely, scan)
    _check_taken(job, crew, likely, scan)  # now: another scene may have been given one in the meantime
    if task is not None:
        return _recorded(job, crew, task, likely)
    task = await _first_of_key(job, crew, unlikely, scan)
    if task is not None:
        raise _perhaps_a_remake(job, crew, task, scan)
    raise DecisionNeeded("the service lists no task of it", _makes_it(crew))


async def _first_of_key(job: Job, crew: Crew, markers: Sequence[tuple[Marker, int]], scan: Scan) -> Task | None:
    """The first listed task with one of these markers that no attempt has; None if there is none."""
    for task in unrecorded(scan, [marker for marker, _ in markers], job.asked, crew.journal.history.owned):
        _, of_this_key, _ = await _as_it_stands(task, job, crew)
        if of_this_key and task.id not in crew.journal.history.owned:  # another scene may have taken it meanwhile
            return task
    return None


def _check_taken(job: Job, crew: Crew, likely: Sequence[tuple[Marker, int]], scan: Scan) -> None:
    """Raise DecisionNeeded if another scene was given a task by its marker alone that carries this scene's, too.

    Of fifty scenes two have the same marker in one project of seventy. When the first of them was recovered the key of
    the second may not have been known, since it hung on a video that was still to be fetched: so it is only now that
    the task turns out to fit both, and only a person can see whose it is.
    """
    history, key = crew.journal.history, key_of(job.components)
    found = unrecorded(scan, [marker for marker, _ in likely], job.asked, ())
    for task in found:
        owner = history.owner(task.id)
        if owner is not None and owner.found_by_marker and key_of(owner.components) != key:
            raise _taken(job, crew, task, owner)


def _makes_it(crew: Crew) -> str:
    return f"`storyboard run{crew.options}` makes it"


def _recorded(job: Job, crew: Crew, task: Task, markers: Sequence[tuple[Marker, int]]) -> Known:
    """A task that is written down as this job's, with the marker by which it was found."""
    fitting = (row for row in markers if row[0].fits(task.expires_after, task.safety_identifier))
    marker, occurrence = next(fitting, (NO_MARKER, 0))
    intent = crew.dice.token()
    crew.note(replace(job.intended(intent, marker, occurrence), at=task.created_at))
    crew.note(Adopted(job.scene, intent, task.id, storyboard=job.storyboard))
    return Known(intent, task.id)


async def check_unrecorded(job: Job, crew: Crew, carried: Marker, occurrence: int) -> None:
    """Raise DecisionNeeded if the provider lists a task of this job's key that the record doesn't know, or if it can't
    be asked while the record may have gaps. Then nothing may be submitted.

    `carried` and `occurrence` are those of the request that is about to leave.
    """
    if not crew.lists:
        crew.remark(f"{crew.provider_name} lists no tasks: what another copy of the project submits can't be seen")
        return
    if not carried and crew.memory == "whole":
        return
    scan = await _list_before_paying(job, crew)
    if scan is None:
        return
    owned = crew.journal.history.owned
    if not carried:
        found = lookalikes(scan, job.life, job.asked, owned)
        if found:
            raise _unidentified(job, crew, found, scan)
        return
    looked_at: dict[str, Task] = {}
    while True:
        scan = replace(scan, tasks=tuple(looked_at.get(task.id, task) for task in scan.tasks))
        likely, unlikely = _markers(job, crew, carried, occurrence, scan)
        _check_taken(job, crew, likely, scan)
        markers = [marker for marker, _ in (*likely, *unlikely)]
        found = tuple(task for task in unrecorded(scan, markers, job.asked, owned) if task.id not in looked_at)
        if not found:
            return
        for task in found:
            now, of_this_key, elsewhere = await _as_it_stands(task, job, crew)
            if of_this_key and task.id not in crew.journal.history.owned:
                raise _unknown_here(job, crew, now, scan, odds(markers, len(scan.tasks)), elsewhere)
            # it came to nothing since it was listed: its remake may be listed under the next marker
            looked_at[task.id] = replace(task, status=now.status, word=now.word)


async def _as_it_stands(task: Task, job: Job, crew: Crew) -> tuple[Task, bool, RecordedElsewhere | None]:
    """A listed task that carries a marker of the job's key, as it stands now; whether it is of that key, which it isn't
    if it says otherwise by now, or if another record of this user has it for another key; and that record."""
    try:
        now = await crew.provider.look(task.id)  # what a list said of it may be old
    except (Unreachable, Rejected):
        now = task
    if not may_be_of(now, job.asked):  # the marker was in the list: an answer that lacks it proves nothing
        return now, False, None
    elsewhere = await asyncio.to_thread(crew.recorded_elsewhere, task.id)
    same = elsewhere is None or dict(elsewhere.components) == dict(job.components)
    return now, same, elsewhere  # another film's task carries this marker by chance


async def _list_before_paying(job: Job, crew: Crew) -> Scan | None:
    """A list that begins now. None if it can't be had for a while, and the record is complete all the same.

    Raises DecisionNeeded if it can't be had and the record may have gaps.
    """
    moment, failures = crew.clock.now(), Failures()
    while True:
        try:
            return await crew.scanner.since(moment)
        except (Unreachable, Rejected) as error:
            crew.stop.check(job.model)
            failures.more(crew.clock.now())
            if not isinstance(error, RateLimited) and crew.scanner.failing_for(crew.clock.now()) >= LIST_PATIENCE:
                _go_without_list(crew, error)
                return None
            try:
                await wait_or_give_up(error, failures, job, crew)
            except ProviderError:
                if crew.stop.why is not None:
                    raise
                _go_without_list(crew, error)
                return None
            crew.stop.check(job.model)


def _go_without_list(crew: Crew, error: ProviderError) -> None:
    """Go on without a list, where the record is complete. Raises DecisionNeeded where it may have gaps."""
    if crew.memory != "whole":
        what = f"the service's list of tasks can't be read ({error.what}), and this project's record may be incomplete"
        raise DecisionNeeded(
            what, f"`storyboard run{crew.options}` tries again: nothing is submitted before the list was read"
        )
    crew.remark(
        f"the service's list of tasks can't be read ({error.what}); scenes are submitted without it, since this "
        "project's record is complete"
    )


def _unknown_here(
    job: Job, crew: Crew, task: Task, scan: Scan, chance: float, elsewhere: RecordedElsewhere | None
) -> DecisionNeeded:
    """A task carries the scene's marker, and the record doesn't know it."""
    what = f"task {task.id} ({_age(task, scan)}{task.word}) was submitted for this scene"
    if elsewhere is not None:
        what += f", by the project in {elsewhere.folder}"
    else:
        what += " but is missing from this project's record"
    if chance >= 0.0005 and elsewhere is None:
        what += f"; or it belongs to another project and carries the scene's marker by chance (1 in {1 / chance:.0f})"
    return DecisionNeeded(what, _hint(job, crew, task.id))


def _taken(job: Job, crew: Crew, task: Task, owner: Attempt) -> DecisionNeeded:
    """A task that fits this scene was taken for another one's, which fits as well."""
    what = f"task {task.id} carries this scene's marker, but scene {owner.scene} was given it, whose marker is the same"
    options = _options(job, crew)
    hint = (
        f"look at the video of {owner.scene}\n"
        f"`storyboard resolve {job.scene} --not-mine {task.id}{options}` if it is right there; "
        "then the next run submits this scene"
    )
    if owner.storyboard == job.storyboard:
        hint += f"\n`storyboard resolve {job.scene} --adopt {task.id}{options}` if it is this scene's"
    return DecisionNeeded(what, hint)


def _perhaps_a_remake(job: Job, crew: Crew, task: Task, scan: Scan) -> DecisionNeeded:
    """A task fits the scene only if it is the remake of one that is no longer listed."""
    what = (
        f"task {task.id} ({_age(task, scan)}{task.word}) may be a remake of this scene, or another's that carries the "
        "same marker by chance"
    )
    options = _options(job, crew)
    hint = (
        f"`storyboard resolve {job.scene} --adopt {task.id}{options}` if it is the scene's own\n"
        f"`storyboard resolve {job.scene} --not-mine {task.id}{options}` if it isn't; then the next run submits it"
    )
    return DecisionNeeded(what, hint)


def _hint(job: Job, crew: Crew, task: str) -> str:
    options = _options(job, crew)
    return (
        f"`storyboard recover {job.scene}{options}` takes it as the scene's own, and nothing is submitted\n"
        f"`storyboard resolve {job.scene} --not-mine {task}{options}` if it belongs to another project; "
        "then the next run submits the scene"
    )


def _options(job: Job, crew: Crew) -> str:
    return (f" --profile {job.profile}" if job.profile else "") + crew.options


def _unidentified(job: Job, crew: Crew, found: Sequence[Task], scan: Scan) -> DecisionNeeded:
    """Its author fixed the task's life, so that it can't be identified; tasks like it may be its own."""
    if not found:
        what = "its request carries no marker, so that a task of it can't be identified, and none like it is listed"
        return DecisionNeeded(what, _makes_it(crew))
    options = _options(job, crew)
    listed = ", ".join(f"{task.id} ({_age(task, scan)}{task.word})" for task in found[:3])
    what = (
        "this project's record may be incomplete, its request carries no marker, and the service lists "
        f"{len(found)} like it: {listed}"
    )
    hint = (
        f"`storyboard resolve {job.scene} --adopt {found[0].id}{options}` if it is the scene's own\n"
        f"`storyboard resolve {job.scene} --not-mine {found[0].id}{options}` if it is another scene's or project's"
    )
    return DecisionNeeded(what, hint)


def _age(task: Task, scan: Scan) -> str:
    seconds = scan.began + scan.ahead - task.created_at
    if not task.created_at or seconds < 0:
        return ""
    if seconds < 120:
        return f"{seconds:.0f} s old, "
    return f"{seconds / 60:.0f} min old, " if seconds < 7200 else f"{seconds / 3600:.0f} h old, "


async def settle_duplicates(job: Job, crew: Crew, known: Known) -> Known:
    """Look, after a task was accepted, whether another copy submitted the same scene at the same moment.

    Of two such tasks the later one is a duplicate. If that is ours and still queued it is cancelled, which costs
    nothing, and the earlier one takes its place; else both are billed, and the other's video is kept as a take. Only
    the later one's own copy cancels it: two copies that cancelled each other's would be left with none.
    """
    attempt = crew.journal.history.attempt(known.intent)
    if not (attempt.carried and crew.lists) or crew.stop.interrupted:
        return known
    try:
        scan = await crew.scanner.since(crew.clock.now())
    except (Unreachable, Rejected):
        return known
    since = attempt.at + scan.ahead - crew.pace.grace
    owned = crew.journal.history.owned
    others = [task for task in unrecorded(scan, [attempt.carried], job.asked, owned) if task.created_at >= since]
    own = next((task for task in scan.tasks if task.id == known.task), None)
    if not others or own is None:
        return known
    markers = [(attempt.carried, attempt.occurrence)]
    first = min(others, key=lambda task: (task.created_at, task.id))
    if (first.created_at, first.id) < (own.created_at, own.id) and await _cancelled(job, crew, known):
        crew.remark(f"{job.scene}: task {known.task} duplicated {first.id}, and was cancelled before it cost anything")
        return _recorded(job, crew, first, markers)
    for task in others:
        crew.remark(f"{job.scene}: another copy submitted task {task.id} as well; its video is kept as a take")
        crew.duplicates.append(_recorded(job, crew, task, markers).intent)
    return known


async def settle_late_duplicates(job: Job, crew: Crew, task: str) -> None:
    """Look once more, when the task of a request whose answer was lost has been fetched.

    When it was looked for, another copy's task may have been listed already, and the one that our own request became
    not yet: that one would be paid for, and known to nobody.
    """
    attempt = crew.journal.history.owner(task)
    if attempt is not None and attempt.sent and attempt.found_by_marker:
        await settle_duplicates(job, crew, Known(attempt.intent, task))


async def _cancelled(job: Job, crew: Crew, known: Known) -> bool:
    """Cancel our own task if it is queued; did that succeed?"""
    try:
        if (await crew.provider.look(known.task)).status != "queued":
            return False
        await crew.provider.cancel(known.task)
    except (Unreachable, Rejected):
        return False
    crew.note(Ended(job.scene, known.intent, "cancelled", "it duplicated another task", storyboard=job.storyboard))
    return True


def looks_for_version_1(events: Iterable[tuple[float, Recorded]], now: float) -> bool:
    """May tasks be listed that version 1 submitted? Only for as long after its record was brought over as a service
    lists them."""
    return any(isinstance(event, Imported) and abs(now - at) < LISTED for at, event in events)
