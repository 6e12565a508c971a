"""A submission in doubt → adopt, or hold.

The provider's list is looked through for a task that bears the submission's mark. One that fits in every respect that
the service echoes is ours; two, or none after everything that may be late has had its time, and a person decides.
Absence is only believed of a list that was asked for after the grace had passed, never of an older one.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from storyboard.errors import UsageError
from storyboard.executor.likeness import said_otherwise
from storyboard.planning.attempt import Attempt
from storyboard.planning.event import Adopted, Decided, Disowned, Imported, Memory, Recorded, RunClosed, RunOpened
from storyboard.planning.marker import WIDTH, Marker
from storyboard.planning.past import Past
from storyboard.providers.provider import Task

CLOCKS_DIFFER = 5.0
"""Seconds by which the service's clock may be behind ours unnoticed."""
BEIJING = timedelta(hours=8)
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
    begun, sent = task.created_at or time_in(task.id), attempt.at + ahead
    in_time = begun is None or sent - CLOCKS_DIFFER <= begun <= sent + grace + CLOCKS_DIFFER
    return (
        attempt.carried.fits(task.expires_after, task.safety_identifier)
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
        _same_model(task.model, model)
        and task.status not in WITHOUT_VIDEO
        and not (task.status == "succeeded" and said_otherwise(task, asked))
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


LISTED = 7 * 86_400.0
"""Seconds for which a service lists a task."""


def memory_of(events: Sequence[tuple[float, Recorded]], now: float) -> Memory:
    """How far our record can be trusted to be whole at a moment: not if it begins today, nor if its last run broke off.

    What was missing then is missing ever after; it only stops to matter once the service doesn't list it any more.
    """
    runs = [(at, event) for at, event in events if isinstance(event, RunOpened | RunClosed)]
    if not runs or not isinstance(runs[-1][1], RunClosed):
        return "doubtful"
    doubts = (at for at, event in events if _is_doubt(event))
    return "doubtful" if any(abs(now - at) < LISTED for at in doubts) else "whole"


def _is_doubt(event: Recorded) -> bool:
    match event:
        case RunOpened(memory=memory) | Imported(trust=memory):
            return memory != "whole"
        case _:
            return False


def disagreement(task: Task, attempt: Attempt) -> str:
    """Where an adopted task, now that it has succeeded, says other than was asked for; empty if nowhere.

    A stranger's task may bear the same mark by chance, one in 65,536; only now does it say what it was.
    """
    return said_otherwise(task, attempt.asked)


UNDECIDED = ("in doubt", "lost", "given up", "cancelled")
"""States of an attempt that only a person ends."""


def in_doubt(
    past: Past, storyboard: str, profile: str, scene: str, adopt: str = "", asked: Collection[str] = ()
) -> Attempt:
    """The scene's attempt of which nobody knows what came, or that was lost, given up, or cancelled by somebody, or
    whose task was held: it doesn't end, or its video can't be had. Of several, one that today's plan waits for (the
    intents that it `asked` about).

    To `adopt` a task: its own attempt, or one that has none yet, even one that was made anew, as its task has shown
    itself after all. No task that may be had is put out by another. Raises UsageError if there is none.
    """
    attempts = _concerning(past, storyboard, profile, scene, asked)
    found = [attempt for attempt in attempts if attempt.state in UNDECIDED or attempt.held]
    if adopt:
        found = _adopters(adopt, found, [attempt for attempt in attempts if attempt.state == "abandoned"])
    found = [attempt for attempt in found if attempt.intent in asked] or found
    if not found:
        raise UsageError(f'scene "{scene}" has no submission in doubt', "`storyboard status` shows how scenes stand")
    return found[-1]


def _concerning(past: Past, storyboard: str, profile: str, scene: str, asked: Collection[str]) -> list[Attempt]:
    """The scene's own attempts, and others' that today's plan waits for on its behalf; else those that were made for a
    scene of this name in any storyboard of the folder."""
    own = list(past.of(storyboard, profile, scene))
    asked_about = [past.attempts[intent] for intent in asked if intent in past.attempts]
    own += [attempt for attempt in asked_about if attempt not in own]
    return own or [a for a in past.attempts.values() if (a.profile, a.scene) == (profile, scene)]


def _adopters(task: str, undecided: list[Attempt], anew: list[Attempt]) -> list[Attempt]:
    """Those that a task may belong to: the likeliest that there are."""
    return (
        [attempt for attempt in (*undecided, *anew) if attempt.task == task]
        or [attempt for attempt in undecided if not attempt.task]
        or [attempt for attempt in anew if not attempt.task]
        or [attempt for attempt in undecided if not attempt.held]
    )


def decision(attempt: Attempt, adopt: str, past: Past, *, abandon: bool = False) -> Adopted | Decided:
    """What a person decided, as an event: adopt a task as the attempt's, want no more of it (`abandon`), or have it
    made anew.

    A task belongs to one attempt at the most: raises UsageError if another has it, unless that has it by its marker
    alone and for the same storyboard: `taken_back` says so then.
    """
    if not adopt:
        choice = "abandon" if abandon else "submit again"
        return Decided(attempt.scene, attempt.intent, choice, storyboard=attempt.storyboard)
    owner = _owner(adopt, past)
    if owner is not None and owner.intent != attempt.intent and taken_back(attempt, adopt, past) is None:
        raise UsageError(
            f'task {adopt} belongs to scene "{owner.scene}" already', "look again with `storyboard tasks list`"
        )
    return Adopted(attempt.scene, attempt.intent, adopt, "person", storyboard=attempt.storyboard)


def taken_back(attempt: Attempt, adopt: str, past: Past) -> Disowned | None:
    """The event by which a task that is adopted leaves the attempt that was given it, since its marker fitted that
    one's scene as well; None if no attempt has to give it up."""
    owner = _owner(adopt, past)
    if owner is None or owner.intent == attempt.intent:
        return None
    if not owner.found_by_marker or owner.storyboard != attempt.storyboard:
        return None
    why = f"a person says that it is of scene {attempt.scene}"
    return Disowned(owner.scene, owner.intent, adopt, why, ambiguous=True, storyboard=owner.storyboard)


def _owner(task: str, past: Past) -> Attempt | None:
    """The attempt that has a task."""
    return next((attempt for attempt in past.attempts.values() if attempt.task == task and task), None)
