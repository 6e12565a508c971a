"""The options of one run."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from storyboard.planning.money import Money
from storyboard.world.layout import Layout


@dataclass(frozen=True, slots=True)
class RunOptions:
    """Options of a run. `speed` is that of an embedded emulator; None means there is none."""

    selection: tuple[str, ...] = ()
    jobs: int | None = None
    """Tasks in flight at once; None: the number in the user's settings."""
    fail_fast: bool = False
    speed: float | None = None
    provider: str = ""
    """The provider that makes the videos; empty: the one in the user's settings."""
    max_cost: Money | None = None
    """The most that the tasks of this run may cost, in the plan's currency where it names none."""
    hold_reply: float = 0.0
    """Seconds for which an embedded emulator delays its answer to a create request."""
    recover: bool = False
    """Only look for tasks that the service already has; submit nothing."""
    take_over: bool = False
    """Treat a record that another machine or user wrote as this user's own from now on."""

    def suggest(self, layout: Layout) -> str:
        """Return the options that a suggested command repeats, as ` -f film.yaml --emulator`.

        The profile is left out: it depends on the scene.
        """
        file = layout.storyboard.name
        named = "" if file == "storyboard.yaml" else f" -f {shlex.quote(file)}"
        provider = f" --provider {self.provider}" if self.provider and self.recover else ""
        return f"{named}{' --emulator' if self.speed is not None else ''}{provider}"
