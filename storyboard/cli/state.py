"""Reading a project for the doors that only look."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from storyboard import project
from storyboard.cli.echo import echo
from storyboard.cli.load import load
from storyboard.language.graph import Graph
from storyboard.language.validator import ValidationResult
from storyboard.planning.budget import Books, books_of
from storyboard.project import Planned
from storyboard.world.clock import SystemClock
from storyboard.world.layout import Layout


@dataclass(frozen=True, slots=True)
class Looked:
    """A project as it stands: its places, its graph, what would be made, and what was spent."""

    layout: Layout
    graph: Graph
    planned: Planned
    books: Books

    def hint_at_other_realm(self) -> None:
        """Say so if nothing was made for real, but something was on the emulator."""
        other = Layout(self.layout.storyboard, "emulated")
        if self.layout.realm == "real" and not self.planned.inputs.lock.blocks and other.lock.exists():
            echo(
                "note: nothing was made for real yet; `--emulator` shows what was made on the emulator",
                err=True,
            )


def look(
    file: str,
    *,
    profiles: tuple[str, ...],
    emulator: bool,
    tell: Callable[[ValidationResult], None],
    selection: tuple[str, ...] = (),
    provider: str = "",
) -> Looked:
    """Read a project. Mistakes are told, and end the command."""
    loaded = load(file, profiles, emulator=emulator, provider=provider, tell=tell)
    layout, clock = loaded.layout, SystemClock()
    state = project.state_on_disk(layout, clock)
    planned = project.planned(layout, loaded.graph, loaded.facts, state, clock, selection, provider)
    return Looked(layout, loaded.graph, planned, books_of(event for _, event in state.events))
