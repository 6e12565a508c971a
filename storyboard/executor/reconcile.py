"""A submission in doubt → adopt, or hold.

The provider's list is looked through for a task that bears the submission's mark. One that fits in every respect that
the service echoes is ours; two, or none after everything that may be late has had its time, and a person decides.
Absence is only believed of a list that was asked for after the grace had passed, never of an older one.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, TypeAlias

from storyboard.errors import UsageError
from storyboard.executor.likeness import said_otherwise
from storyboard.planning.event import Attempt, Event, Past
from storyboard.providers.provider import Task

CLOCKS_DIFFER = 5.0
"""Seconds by which the service's clock may be behind ours unnoticed."""
BEIJING = timedelta(hours=8)
FIRST_LOOK_AGAIN = 15.0


Memory = Literal["whole", "doubtful", "sought"]
"""Of our record of what was submitted: nothing is missing; something may be, so that one looks before one pays; or
much is, and it is sought: then nothing is paid for."""


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
    if attempt.marker is None:
        return Hold("it bears no mark by which its task could be known")
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
    begun, sent = task.created_at or time_in(task.id), attempt.at + ahead
    in_time = begun is None or sent - CLOCKS_DIFFER <= begun <= sent + grace + CLOCKS_DIFFER
    return (
        task.expires_after == attempt.marker
        and in_time
        and _same_model(task.model, str(attempt.asked.get("model", "")))
    )


def _same_model(said: str, asked: str) -> bool:
    """An endpoint (`ep-…`) is answered by the model behind it, whose name we don't know."""
    return not said or not asked or asked.startswith("ep-") or said == asked


def time_in(id: str) -> float | None:
    """When a task was created, as its id says in Beijing time (`cgt-YYYYMMDDHHMMSS-xxxxx`), in Unix seconds."""
    found = re.match(r"cgt-(?:batch-)?(\d{14})-", id)
    try:
        return (
            (datetime.strptime(found[1], "%Y%m%d%H%M%S").replace(tzinfo=UTC) - BEIJING).timestamp() if found else None
        )
    except ValueError:
        return None


def twins(scan: Scan, markers: Sequence[int], model: str, owned: Collection[str]) -> tuple[Task, ...]:
    """Tasks that bear a mark of a scene that we have never submitted: somebody did, from another copy, or from a
    state that is lost. In the order of the marks: the likelier a mark, the earlier it stands there."""
    bear = [task for task in scan.tasks if task.expires_after in markers and task.id not in owned]
    ours = (task for task in bear if _same_model(task.model, model) and task.status not in WITHOUT_VIDEO)
    return tuple(sorted(ours, key=lambda task: markers.index(task.expires_after or 0)))


WITHOUT_VIDEO = ("failed", "cancelled", "expired")
"""Ends of a task of which nothing can be had, and for which nothing was billed."""


LISTED = 7 * 86_400.0
"""Seconds for which a service lists a task."""


def memory_of(events: Sequence[tuple[float, Event]], now: float) -> Memory:
    """How far our record can be trusted to be whole at a moment: not if it begins today, nor if its last run broke off.

    What was missing then is missing ever after; it only stops to matter once the service doesn't list it any more.
    """
    runs = [(at, event) for at, event in events if event.kind in ("run_opened", "run_closed")]
    if not runs or runs[-1][1].kind != "run_closed":
        return "doubtful"
    doubts = (at for at, event in runs if event.body.get("memory", "whole") != "whole")
    return "doubtful" if any(abs(now - at) < LISTED for at in doubts) else "whole"


def disagreement(task: Task, attempt: Attempt) -> str:
    """Where an adopted task, now that it has succeeded, says other than was asked for; empty if nowhere.

    A stranger's task may bear the same mark by chance, one in 65,536; only now does it say what it was.
    """
    return said_otherwise(task, attempt.asked)


UNDECIDED = ("in doubt", "lost", "given up", "cancelled")
"""States of an attempt that only a person ends."""


def in_doubt(past: Past, profile: str, scene: str, adopt: str = "", asked: Collection[str] = ()) -> Attempt:
    """The scene's attempt of which nobody knows what came, or that was lost, given up, or cancelled by somebody, or
    whose task was held: it doesn't end, or its video can't be had. Of several, one that today's plan waits for (the
    intents that it `asked` about).

    To `adopt` a task: its own attempt, or one that has none yet, even one that was made anew, as its task has shown
    itself after all. No task that may be had is put out by another. Raises UsageError if there is none.
    """
    attempts = past.of(profile, scene)
    found = [attempt for attempt in attempts if attempt.state in UNDECIDED or attempt.held]
    if adopt:
        found = _adopters(adopt, found, [attempt for attempt in attempts if attempt.state == "abandoned"])
    found = [attempt for attempt in found if attempt.intent in asked] or found
    if not found:
        raise UsageError(f'scene "{scene}" has no submission in doubt', "`storyboard status` shows how scenes stand")
    return found[-1]


def _adopters(task: str, undecided: list[Attempt], anew: list[Attempt]) -> list[Attempt]:
    """Those that a task may belong to: the likeliest that there are."""
    return (
        [attempt for attempt in (*undecided, *anew) if attempt.task == task]
        or [attempt for attempt in undecided if not attempt.task]
        or [attempt for attempt in anew if not attempt.task]
        or [attempt for attempt in undecided if not attempt.held]
    )


def decision(attempt: Attempt, adopt: str, past: Past, *, abandon: bool = False) -> Event:
    """What a person decided, as an event: adopt a task as the attempt's, want no more of it (`abandon`), or have it
    made anew.

    A task belongs to one attempt at the most: raises UsageError if another has it.
    """
    if not adopt:
        choice = "abandon" if abandon else "submit again"
        return Event("decided", attempt.scene, attempt.intent, {"choice": choice})
    owner = next((other for other in past.attempts.values() if other.task == adopt), attempt)
    if owner.intent != attempt.intent:
        raise UsageError(
            f'task {adopt} belongs to scene "{owner.scene}" already', "look again with `storyboard tasks list`"
        )
    return Event("adopted", attempt.scene, attempt.intent, {"task": adopt, "by": "person"})
