"""A submission in doubt → adopt, or hold: here, as a person decides."""

from __future__ import annotations

from storyboard.errors import UsageError
from storyboard.planning.event import Attempt, Event, Past


def in_doubt(past: Past, profile: str, scene: str) -> Attempt:
    """The scene's attempt of which nobody knows what came, or that was lost. Raises UsageError if there is none."""
    found = [attempt for attempt in past.of(profile, scene) if attempt.state in ("in doubt", "lost")]
    if not found:
        raise UsageError(f'scene "{scene}" has no submission in doubt', "`storyboard status` shows how scenes stand")
    return found[-1]


def decision(attempt: Attempt, adopt: str, past: Past) -> Event:
    """What a person decided, as an event: adopt a task as the attempt's, or give the attempt up, to make it anew.

    A task belongs to one attempt at the most: raises UsageError if another has it.
    """
    if not adopt:
        return Event("decided", attempt.scene, attempt.intent, {"choice": "submit again"})
    owner = next((other for other in past.attempts.values() if other.task == adopt), None)
    if owner is not None:
        raise UsageError(f'task {adopt} belongs to scene "{owner.scene}" already', "look again in the vendor's console")
    return Event("adopted", attempt.scene, attempt.intent, {"task": adopt})
