"""What a person decides about submissions: which one is meant, and the events that say so."""

from __future__ import annotations

from collections.abc import Collection

from storyboard.errors import UsageError
from storyboard.planning.attempt import Attempt
from storyboard.planning.event import Adopted, Decided, Disowned
from storyboard.planning.past import Past

UNDECIDED = ("in doubt", "lost", "given up", "cancelled")
"""States of an attempt that only a person ends."""


def find_unresolved(
    past: Past, storyboard: str, profile: str, scene: str, adopt: str = "", asked: Collection[str] = ()
) -> Attempt:
    """The scene's attempt of which nobody knows what came, or that was lost, given up, or cancelled by somebody, or
    whose task was held: it doesn't end, or its video can't be had. Of several, one that today's plan waits for (the
    intents that it `asked` about).

    To `adopt` a task: its own attempt, or one that has none yet, even one that was made anew, as its task has shown
    itself after all. No task that may be had is put out by another. Raises UsageError if there is none.
    """
    attempts = _attempts_of(past, storyboard, profile, scene, asked)
    found = [attempt for attempt in attempts if attempt.state in UNDECIDED or attempt.held]
    if adopt:
        found = _adopters(adopt, found, [attempt for attempt in attempts if attempt.state == "abandoned"])
    found = [attempt for attempt in found if attempt.attempt_id in asked] or found
    if not found:
        raise UsageError(f'scene "{scene}" has no submission in doubt', "`storyboard status` shows how scenes stand")
    return found[-1]


def _attempts_of(past: Past, storyboard: str, profile: str, scene: str, asked: Collection[str]) -> list[Attempt]:
    """The scene's own attempts, and others' that today's plan waits for on its behalf; else those that were made for a
    scene of this name in any storyboard of the folder."""
    own = list(past.of(storyboard, profile, scene))
    asked_about = [past.attempts[attempt_id] for attempt_id in asked if attempt_id in past.attempts]
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


def decide(attempt: Attempt, adopt: str, past: Past, *, abandon: bool = False) -> Adopted | Decided:
    """What a person decided, as an event: adopt a task as the attempt's, want no more of it (`abandon`), or have it
    made anew.

    A task belongs to one attempt at the most: raises UsageError if another has it, unless that has it by its marker
    alone and for the same storyboard: `give_back` says so then.
    """
    if not adopt:
        choice = "abandon" if abandon else "submit again"
        return Decided(attempt.scene, attempt.attempt_id, choice, storyboard=attempt.storyboard)
    owner = _owner(adopt, past)
    if owner is not None and owner.attempt_id != attempt.attempt_id and give_back(attempt, adopt, past) is None:
        raise UsageError(
            f'task {adopt} belongs to scene "{owner.scene}" already', "look again with `storyboard tasks list`"
        )
    return Adopted(attempt.scene, attempt.attempt_id, adopt, "person", storyboard=attempt.storyboard)


def give_back(attempt: Attempt, adopt: str, past: Past) -> Disowned | None:
    """The event by which a task that is adopted leaves the attempt that was given it, since its marker fitted that
    one's scene as well; None if no attempt has to give it up."""
    owner = _owner(adopt, past)
    if owner is None or owner.attempt_id == attempt.attempt_id:
        return None
    if not owner.found_by_marker or owner.storyboard != attempt.storyboard:
        return None
    why = f"a person decided that it belongs to scene {attempt.scene}"
    return Disowned(owner.scene, owner.attempt_id, adopt, why, ambiguous=True, storyboard=owner.storyboard)


def _owner(task: str, past: Past) -> Attempt | None:
    """The attempt that has a task."""
    return next((attempt for attempt in past.attempts.values() if attempt.task == task and task), None)
