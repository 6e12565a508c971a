"""The provider's tasks, each with the scene that it belongs to according to the record."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from storyboard.planning.attempt import Attempt
from storyboard.planning.lock import Lockfile
from storyboard.planning.past import Past, StoredTake
from storyboard.providers.provider import Task


@dataclass(frozen=True, slots=True)
class Owned:
    """A task with its owner: the scene that it was submitted for, or the scenes in doubt whose marker it carries.

    `stored` is True if its video is in the store. No value of it holds a signature.
    """

    task: Task
    scene: str = ""
    profile: str = ""
    storyboard: str = ""
    may_be: tuple[str, ...] = ()
    stored: bool = False

    @property
    def whose(self) -> str:
        """The scene's name; with a question mark, the scenes that it may belong to; empty for an unknown task."""
        name = f"{self.scene} ({self.profile})" if self.profile else self.scene
        return name or " or ".join(f"{scene}?" for scene in self.may_be)

    def value(self) -> dict[str, Any]:
        """Return it as a JSON value."""
        task = self.task
        return {
            "id": task.id,
            "status": task.word,
            "scene": self.scene or None,
            "profile": self.profile or None,
            "storyboard": self.storyboard or None,
            "may_be": list(self.may_be),
            "stored": self.stored,
            "model": task.model,
            "created_at": task.created_at or None,
            "updated_at": task.updated_at or None,
            "duration": task.duration,
            "resolution": task.resolution or None,
            "ratio": task.ratio or None,
            "generate_audio": task.sound,
            "tokens": task.tokens,
            "execution_expires_after": task.expires_after,
            "video": task.video and task.video.bare,
            "last_frame": task.frame and task.frame.bare,
            "addresses_expire_at": (task.expires or None) if task.video else None,
            "error": task.error or None,
        }


def find_owner(task: Task, past: Past, locks: Mapping[str, Lockfile], digests: Collection[str]) -> Owned:
    """Return a task with its owner, by the record and the locks of the folder (by storyboard).

    `digests` are those of the files in the store.
    """
    attempts = [attempt for attempt in past.attempts.values() if attempt.task == task.id]
    takes = [
        StoredTake(storyboard, profile, scene, take)
        for storyboard, lock in locks.items()
        for (profile, scene), block in lock.blocks.items()
        for take in block.takes.values()
    ]
    of_task = [row for row in (*past.takes, *takes) if row.take.task == task.id]
    stored = any(row.take.digest in digests for row in of_task)
    if attempts:
        last = attempts[-1]
        return Owned(task, last.scene, last.profile, last.storyboard, stored=stored)
    if of_task:
        first = of_task[0]
        return Owned(task, first.scene, first.profile, first.storyboard, stored=stored)
    return Owned(task, may_be=tuple(dict.fromkeys(a.scene for a in past.attempts.values() if _may_be(task, a))))


def _may_be(task: Task, attempt: Attempt) -> bool:
    return attempt.state == "in doubt" and attempt.carried.fits(task.expires_after, task.safety_identifier)


def date_of(instant: float) -> str:
    """Return an instant of the provider's as a UTC date and time; empty if it is missing or beyond the calendar."""
    try:
        return f"{datetime.fromtimestamp(instant, UTC):%Y-%m-%d %H:%M:%S}" if instant > 0 else ""
    except (ValueError, OverflowError, OSError):
        return ""
