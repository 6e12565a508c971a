"""A submission in doubt → adopt, or hold.

The provider's list is looked through for a task that bears the submission's mark. One that fits in every respect that
the service echoes is ours; two, or none after everything that may be late has had its time, and a person decides.
Absence is only believed of a list that was asked for after the grace had passed, never of an older one.
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
"""Seconds by which the service's clock may be behind ours unnoticed."""
FIRST_LOOK_AGAIN = 15.0


@dataclass(frozen=True, slots=True)
class Scan:
    """All that the provider lists, asked for at `began` (Unix seconds of our clock)."""

    began: float
    tasks: tuple[Task, ...]
    ahead: float = 0.0
    """Seconds by which the provider's clock is ahead of ours."""


@dataclass(frozen=True, slots=True)
class Adopt:
    """The task is the submission's own."""

    task: str


@dataclass(frozen=True, slots=True)
class Hold:
    """A person has to decide; `tasks` are those that might be it."""

    why: str
    tasks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LookAgain:
    """Nothing yet, which proves nothing yet: look again after so many seconds."""

    after: float


Verdict: TypeAlias = "Adopt | Hold | LookAgain"


def verdict(
    attempt: Attempt, scan: Scan, owned: Collection[str], grace: float, looks: int = 0, since: float = float("inf")
) -> Verdict:
    """What a list says of an attempt in doubt. `owned` are tasks that others have; `grace` is in seconds: how late a
    request may arrive, and a task be listed. `looks` counts the lists that said nothing so far. `since` is when one
    began to look: the request left before that, even if a clock that was wrong then says that it will leave next year.

    Without a mark nothing is adopted: time alone picks the wrong one of two twins.
    """
    if not attempt.carried:
        return Hold("its request carried no marker, so its task can't be identified")
    found = tuple(task.id for task in scan.tasks if task.id not in owned and _fits(task, attempt, grace, scan.ahead))
    if len(found) > 1:
        return Hold(f"{len(found)} tasks bear its mark", found)
    if found:
        return Adopt(found[0])
    ends = min(attempt.at, since) + grace
    if scan.began >= ends:
        return Hold("the service lists no task that bears its mark")
    return LookAgain(min(max(0.0, ends - scan.began), FIRST_LOOK_AGAIN * 2**looks))


def _fits(task: Task, attempt: Attempt, grace: float, ahead: float) -> bool:
    begun, sent = task.created_at or task.id_time, attempt.at + ahead
    in_time = begun is None or sent - CLOCKS_DIFFER <= begun <= sent + grace + CLOCKS_DIFFER
    return (
        attempt.carried.fits(task.expires_after, task.safety_identifier)
        and in_time
        and is_same_model(task.model, str(attempt.asked.get("model", "")))
    )


def unrecorded(
    scan: Scan, markers: Sequence[Marker], asked: Mapping[str, str | int | bool], owned: Collection[str]
) -> tuple[Task, ...]:
    """Tasks that carry a marker of a scene's key though no attempt here has them: another copy of the project, or a
    record that is lost, submitted them.

    In the order of the markers: the likelier a marker, the earlier it stands there. A task that has ended and says
    other than was asked for is a stranger's that carries the marker by chance.
    """
    found = [(place, task) for task in scan.tasks if task.id not in owned and (place := _place(task, markers)) >= 0]
    ours = [(place, task) for place, task in found if may_be_of(task, asked)]
    return tuple(task for _, task in sorted(ours, key=lambda row: (row[0], row[1].created_at, row[1].id)))


def _place(task: Task, markers: Sequence[Marker]) -> int:
    """The place of the marker that a task carries; -1 if it carries none of them."""
    fitting = (n for n, marker in enumerate(markers) if marker.fits(task.expires_after, task.safety_identifier))
    return next(fitting, -1)


def may_be_of(task: Task, asked: Mapping[str, str | int | bool]) -> bool:
    """May a task be of a request that asked for this? One of which nothing can be had, or that says otherwise, not."""
    model = str(asked.get("model", ""))
    return (
        is_same_model(task.model, model)
        and task.status not in WITHOUT_VIDEO
        and not (task.status == "succeeded" and reported_mismatch(task, asked))
    )


def lookalikes(
    scan: Scan, life: int | None, asked: Mapping[str, str | int | bool], owned: Collection[str]
) -> tuple[Task, ...]:
    """Tasks that may be of a request without a marker whose author fixed its life: of the same model and life, and
    contradicting nothing that was asked for."""
    return tuple(
        task
        for task in scan.tasks
        if task.id not in owned and task.expires_after == life and life is not None and may_be_of(task, asked)
    )


def odds(markers: Sequence[Marker], foreign: int) -> float:
    """How likely it is that one of so many tasks of others carries one of these markers by chance, from 0 to 1."""
    if any(marker.identifier for marker in markers):
        return 0.0
    return 1.0 - (1.0 - len(markers) / WIDTH) ** foreign


WITHOUT_VIDEO = ("failed", "cancelled", "expired")
"""Ends of a task of which nothing can be had, and for which nothing was billed."""


LISTED = max(site.listed_for for site in SITES.values())
"""Seconds for which a service lists a task."""


def trust_of_events(events: Sequence[tuple[float, Recorded]], now: float) -> RecordTrust:
    """How far our record can be trusted to be whole at a moment: not if it begins today, nor if its last run broke off.

    What was missing then is missing ever after; it only stops to matter once the service doesn't list it any more.
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
    """Where an adopted task, now that it has succeeded, says other than was asked for; empty if nowhere.

    A stranger's task may bear the same mark by chance, one in 65,536; only now does it say what it was.
    """
    return reported_mismatch(task, attempt.asked)
