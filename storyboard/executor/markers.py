"""Which marker the next request of a scene carries, and which markers its earlier tasks may carry."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from storyboard.executor.crew import Crew
from storyboard.executor.job import Job
from storyboard.executor.reconcile import (
    LISTED,
    WITHOUT_VIDEO,
    Scan,
)
from storyboard.planning.event import (
    Imported,
    Recorded,
)
from storyboard.planning.history import key_of
from storyboard.planning.marker import (
    NO_MARKER,
    Marker,
    identifier_of,
    marker_of,
    marker_of_version_1,
    occurrence_of,
)

ATTEMPTS_BEFORE = 5
"""Remakes of a scene, of a lost record, whose markers are looked for."""


def next_marker(job: Job, crew: Crew) -> tuple[Marker, int]:
    """What the next request of a job carries, and which of its key's tasks it is; no marker where its author, or the
    user, leaves no room for one. No other scene of this run gets the same."""
    history, key = crew.journal.history, key_of(job.components)
    used = {attempt.occurrence for attempt in history.with_key(job.components) if attempt.state != "refused"}
    used |= {number for (one, number), unit in crew.occurrences.items() if one == key and unit != job.unit}
    occurrence = occurrence_of(job.rank, job.alike, used)
    crew.occurrences[key, occurrence] = job.unit
    in_use = {attempt.marker for attempt in history.in_doubt if attempt.marker is not None}
    return _marker_for(job, crew, occurrence, in_use), occurrence


def _marker_for(job: Job, crew: Crew, occurrence: int, taken: Collection[int] = ()) -> Marker:
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


def expected_markers(job: Job, crew: Crew, carried: Marker, occurrence: int, scan: Scan) -> Expected:
    """The markers that are looked for.

    A complete record knows its own tasks: those of another copy may be the first ones, up to the next one here, and a
    remake after each that came to nothing. One that may have gaps may lack later ones, too; and the markers of
    version 1 are looked for as long as their tasks are listed. Those of attempts whose task isn't known are left out:
    an answer is under way, or a person has decided.
    """
    limit = job.alike * (1 + ATTEMPTS_BEFORE)
    most = _count_possible(job, crew, occurrence + 1, limit, scan)
    earlier = [number for number in range(most) if number != occurrence]
    likely = [(carried, occurrence), *((_marker_for(job, crew, number), number) for number in earlier)]
    unlikely: list[tuple[Marker, int]] = []
    if crew.memory != "whole":
        unlikely = [(_marker_for(job, crew, number), number) for number in range(most, limit)]
        if crew.markers_of_version_1 and job.marked:
            numbers = range(ATTEMPTS_BEFORE)
            old = [marker_of_version_1(job.profile, job.scene, job.components, number) for number in numbers]
            likely.append((Marker(old[0]), 0))
            unlikely += [(Marker(seconds), 0) for seconds in old[1:]]
    attempts = crew.journal.history.with_key(job.components)
    unknown = {attempt.carried for attempt in attempts if not attempt.task and attempt.state != "refused"}
    return Expected(*([row for row in rows if row[0] and row[0] not in unknown] for rows in (likely, unlikely)))


def _count_possible(job: Job, crew: Crew, most: int, limit: int, scan: Scan) -> int:
    """How many occurrences may be used if another copy remade what came to nothing: a task without a video that the
    record doesn't know says that its remake may be there, under the next marker."""
    owned = crew.journal.history.owned
    ended = [task for task in scan.tasks if task.id not in owned and task.status in WITHOUT_VIDEO]
    while ended and most < limit:
        markers = [_marker_for(job, crew, number) for number in range(most)]
        spent = sum(any(one.fits(task.expires_after, task.safety_identifier) for task in ended) for one in markers)
        reach = min(limit, job.alike + spent) if spent else most
        if reach <= most:
            break
        most = reach
    return most


def looks_for_version_1(events: Iterable[tuple[float, Recorded]], now: float) -> bool:
    """May tasks be listed that version 1 submitted? Only for as long after its record was brought over as a service
    lists them."""
    return any(isinstance(event, Imported) and abs(now - at) < LISTED for at, event in events)
