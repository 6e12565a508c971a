"""Which marker the next request of a scene carries, and which markers its earlier tasks may carry."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from storyboard.executor.context import RunContext
from storyboard.executor.job import Job
from storyboard.executor.reconcile import (
    LISTED,
    WITHOUT_VIDEO,
    Scan,
)
from storyboard.planning.attempt import Attempt
from storyboard.planning.event import (
    Imported,
    Recorded,
)
from storyboard.planning.fingerprint import key_of
from storyboard.planning.marker import (
    NO_MARKER,
    Marker,
    identifier_of,
    marker_of,
    marker_of_version_1,
    occurrence_of,
)

ATTEMPTS_BEFORE = 5
"""How many remakes of a scene are looked for by their markers when the record may be incomplete."""


def next_marker(job: Job, context: RunContext) -> tuple[Marker, int]:
    """Return the marker of a job's next request, and its occurrence among the tasks of its key.

    The marker is empty where the author or the user leaves no room for one. No other scene of this run gets the same
    occurrence.
    """
    history, key = context.journal.history, key_of(job.components)
    used = {attempt.occurrence for attempt in history.with_key(job.components) if attempt.state != "refused"}
    used |= {number for (one, number), unit in context.occurrences.items() if one == key and unit != job.unit}
    occurrence = occurrence_of(job.rank, job.alike, used)
    context.occurrences[key, occurrence] = job.unit
    in_use = {attempt.marker for attempt in history.in_doubt if attempt.marker is not None}
    return _marker_for(job, context, occurrence, in_use), occurrence


def _marker_for(job: Job, context: RunContext, occurrence: int, taken: Collection[int] = ()) -> Marker:
    if context.marker == "safety_identifier" and job.identified:
        return Marker(identifier=identifier_of(job.components, occurrence))
    return Marker(marker_of(job.components, occurrence, taken)) if job.marked else NO_MARKER


class Expected(NamedTuple):
    """The markers that a task of a job's key may carry, each with its occurrence, the next request's own first."""

    likely: list[tuple[Marker, int]]
    """Those of first tasks, and of the remake of each task that is known to have come to nothing."""
    unlikely: list[tuple[Marker, int]]
    """Those of remakes of tasks that nothing is known of. They are too many to prove anything: among fifty scenes, one
    scene's remake has the marker of another's first task by chance in one project of six."""


def expected_markers(job: Job, context: RunContext, carried: Marker, occurrence: int, scan: Scan) -> Expected:
    """Return the markers of the tasks that are looked for.

    A complete record knows its own tasks. Another copy's may be the first ones, up to the next one here, and a remake
    after each task that failed. A record that may be incomplete may lack later ones, too, and the markers of version 1
    are looked for as long as their tasks are listed. The markers of attempts whose task isn't known are left out: an
    answer is on its way, or a person has decided.
    """
    limit = job.alike * (1 + ATTEMPTS_BEFORE)
    most = _count_possible(job, context, occurrence + 1, limit, scan)
    earlier = [number for number in range(most) if number != occurrence]
    likely = [(carried, occurrence), *((_marker_for(job, context, number), number) for number in earlier)]
    likely += [
        (_marker_for(job, context, number, {marker.seconds}), number)
        for marker, number in likely
        if marker.seconds is not None and other_attempt(job, context, marker.seconds) is not None
    ]  # a copy for which that attempt was in doubt passed the marker over and took the next one
    unlikely: list[tuple[Marker, int]] = []
    if context.trust != "complete":
        unlikely = [(_marker_for(job, context, number), number) for number in range(most, limit)]
        if context.markers_of_version_1 and job.marked:
            numbers = range(ATTEMPTS_BEFORE)
            old = [marker_of_version_1(job.profile, job.scene, job.components, number) for number in numbers]
            likely.append((Marker(old[0]), 0))
            unlikely += [(Marker(seconds), 0) for seconds in old[1:]]
    attempts = context.journal.history.with_key(job.components)
    unknown = {attempt.carried for attempt in attempts if not attempt.task and attempt.state != "refused"}
    return Expected(*([row for row in rows if row[0] and row[0] not in unknown] for rows in (likely, unlikely)))


def other_attempt(job: Job, context: RunContext, marker: int) -> Attempt | None:
    """Return an attempt at another key whose request carried this marker, too; None if there is none."""
    key = key_of(job.components)
    attempts = context.journal.history.with_marker(marker)
    return next((attempt for attempt in attempts if key_of(attempt.components) != key), None)


def _count_possible(job: Job, context: RunContext, most: int, limit: int, scan: Scan) -> int:
    """Return how many occurrences may be used if another copy remade what failed: for each failed task of the key, its
    own or another copy's, a remake may be listed under the next marker."""
    ended = [task for task in scan.tasks if task.status in WITHOUT_VIDEO]
    while ended and most < limit:
        markers = [_marker_for(job, context, number) for number in range(most)]
        spent = sum(any(one.fits(task.expires_after, task.safety_identifier) for task in ended) for one in markers)
        reach = min(limit, job.alike + spent) if spent else most
        if reach <= most:
            break
        most = reach
    return most


def looks_for_version_1(events: Iterable[tuple[float, Recorded]], now: float) -> bool:
    """Return whether tasks may be listed that version 1 submitted: only for as long after the import of its record as a
    service lists tasks."""
    return any(isinstance(event, Imported) and abs(now - at) < LISTED for at, event in events)
