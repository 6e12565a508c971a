"""Decide for a submission in doubt: adopt a task, or hold the scene.

The provider's list is searched for a task that carries the submission's marker. A task that agrees in every field that
the service echoes is adopted. If two agree, or none does after the grace period, a person decides. A missing task
counts as missing only in a list requested after the grace period, never in an older one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from storyboard.executor.conformance import reported_mismatch
from storyboard.planning.attempt import Attempt
from storyboard.planning.event import Imported, Recorded, RecordTrust, RunClosed, RunOpened
from storyboard.planning.marker import WIDTH, Marker
from storyboard.providers.provider import Task
from storyboard.providers.sites import SITES, is_same_model

CLOCKS_DIFFER = 5.0
"""Seconds by which the service's clock may be behind ours without being noticed."""
FIRST_LOOK_AGAIN = 15.0


@dataclass(frozen=True, slots=True)
class Scan:
    """All tasks that the provider lists; requested at `began` (Unix seconds of our clock)."""

    began: float
    tasks: tuple[Task, ...]
    ahead: float = 0.0
    """Seconds by which the provider's clock is ahead of ours."""


@dataclass(frozen=True, slots=True)
class Adopt:
    """The task belongs to the submission."""

    task: str


@dataclass(frozen=True, slots=True)
class Hold:
    """A person has to decide; `tasks` are the candidates."""

    why: str
    tasks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LookAgain:
    """No task is listed, which proves nothing yet: look again after this many seconds."""

    after: float


Verdict: TypeAlias = "Adopt | Hold | LookAgain"


def verdict(
    attempt: Attempt, scan: Scan, owned: Collection[str], grace: float, looks: int = 0, since: float = float("inf")
) -> Verdict:
    """Decide what a list means for an attempt in doubt. `owned` are tasks of other attempts. `grace` is in seconds: how
    late a request may arrive and its task be listed. `looks` counts the earlier lists without a result. `since` is when
    the search began: the request was sent before that, even if a wrong clock dates it later.

    Nothing is adopted without a marker: the time alone can't distinguish two equal submissions.
    """
    if not attempt.carried:
        return Hold("its request carried no marker, so its task can't be identified")
    found = tuple(task.id for task in scan.tasks if task.id not in owned and _fits(task, attempt, grace, scan.ahead))
    if len(found) > 1:
        return Hold(f"{len(found)} tasks carry its marker", found)
    if found:
        return Adopt(found[0])
    ends = min(attempt.at, since) + grace
    if scan.began >= ends:
        return Hold("the service lists no task that carries its marker")
    return LookAgain(min(max(0.0, ends - scan.began), FIRST_LOOK_AGAIN * 2**looks))


def _fits(task: Task, attempt: Attempt, grace: float, ahead: float) -> bool:
    begun, sent = task.created_at or task.id_time, attempt.at + ahead
    in_time = begun is None or sent - CLOCKS_DIFFER <= begun <= sent + grace + CLOCKS_DIFFER
    return (
        attempt.carried.fits(task.expires_after, task.safety_identifier)
        and in_time
        and is_same_model(task.model, str(attempt.asked.get("model", "")))
    )


def find_unrecorded(
    scan: Scan, markers: Sequence[Marker], asked: Mapping[str, str | int | bool], owned: Collection[str]
) -> tuple[Task, ...]:
    """Return the tasks that carry a marker of a scene's key but belong to no attempt of this record: another copy of
    the project submitted them, or a lost record did.

    They are ordered by marker, the likeliest marker first. A finished task whose data differ from the request is
    excluded: it carries the marker by chance.
    """
    found = [(place, task) for task in scan.tasks if task.id not in owned and (place := _place(task, markers)) >= 0]
    ours = [(place, task) for place, task in found if may_be_of(task, asked)]
    return tuple(task for _, task in sorted(ours, key=lambda row: (row[0], row[1].created_at, row[1].id)))


def _place(task: Task, markers: Sequence[Marker]) -> int:
    """Return the index of the marker that a task carries; -1 if it carries none of them."""
    fitting = (n for n, marker in enumerate(markers) if marker.fits(task.expires_after, task.safety_identifier))
    return next(fitting, -1)


def may_be_of(task: Task, asked: Mapping[str, str | int | bool]) -> bool:
    """Return whether a task may belong to a request for this. A task that has no video, or whose data differ, can't."""
    model = str(asked.get("model", ""))
    return (
        is_same_model(task.model, model)
        and task.status not in WITHOUT_VIDEO
        and not (task.status == "succeeded" and reported_mismatch(task, asked))
    )


def lookalikes(
    scan: Scan, life: int | None, asked: Mapping[str, str | int | bool], owned: Collection[str]
) -> tuple[Task, ...]:
    """Return the tasks that may belong to a request without a marker whose author fixed its life. They have the same
    model and life, and their data don't contradict the request."""
    return tuple(
        task
        for task in scan.tasks
        if task.id not in owned and task.expires_after == life and life is not None and may_be_of(task, asked)
    )


def odds(markers: Sequence[Marker], foreign: int) -> float:
    """Return the probability, from 0 to 1, that one of `foreign` unrelated tasks carries one of these markers by
    chance."""
    if any(marker.identifier for marker in markers):
        return 0.0
    return 1.0 - (1.0 - len(markers) / WIDTH) ** foreign


WITHOUT_VIDEO = ("failed", "cancelled", "expired")
"""Final states of a task that has no video and is not billed."""


LISTED = max(site.listed_for for site in SITES.values())
"""Seconds for which a service lists a task."""


def trust_of_events(events: Sequence[tuple[float, Recorded]], now: float) -> RecordTrust:
    """Return how far our record can be trusted to be complete at a moment. It is doubtful if it begins today, or if its
    last run did not close.

    A gap in the record never closes. It stops mattering once the service no longer lists the missing task.
    """
    runs = [(at, event) for at, event in events if isinstance(event, RunOpened | RunClosed)]
    if not runs or not isinstance(runs[-1][1], RunClosed):
        return "suspect"
    doubts = (at for at, event in events if _is_doubt(event))
    return "suspect" if any(abs(now - at) < LISTED for at in doubts) else "complete"


def _is_doubt(event: Recorded) -> bool:
    match event:
        case RunOpened(trust=trust) | Imported(trust=trust):
            return trust != "complete"
        case _:
            return False


def disagreement(task: Task, attempt: Attempt) -> str:
    """Return how the data of an adopted task that has succeeded differ from the request; empty if they agree.

    A stranger's task may carry the same marker by chance, with a probability of 1 in 65,536. Only a finished task shows
    its data.
    """
    return reported_mismatch(task, attempt.asked)
