"""Hints that name the commands by which a person decides about a submission."""

from __future__ import annotations

IN_DOUBT = "it was submitted, but the answer was lost: it may be in the making, and be billed"


def command_to_decide(scene: str, profile: str, choice: str) -> str:
    """Return the command that decides about a scene's submission."""
    return f"`storyboard resolve {scene} {choice}{f' --profile {profile}' if profile else ''}`"


def lost_hint(scene: str, profile: str, task: str) -> str:
    """Return what a person can do about a task that can't be retrieved any more."""
    look = f"{command_to_decide(scene, profile, f'--adopt {task}')} has it looked at once more"
    return f"{look}; {again(scene, profile, paid=True)}"


def again(scene: str, profile: str, *, paid: bool = False) -> str:
    """Return the hint that has a scene submitted again. `paid`: it may have been paid for before."""
    purpose = "pay for it again" if paid else "have it made after all"
    return f"to {purpose}, run {command_to_decide(scene, profile, '--submit-again')}"


def in_doubt_hint(scene: str, profile: str) -> str:
    """Return what a person can do about a submission in doubt."""
    return (
        "look for it with `storyboard tasks list`, then run one of\n"
        f"  {command_to_decide(scene, profile, '--adopt TASK')}\n"
        f"  {command_to_decide(scene, profile, '--submit-again')} (it may be billed twice)\n"
        f"  {command_to_decide(scene, profile, '--abandon')}"
    )
