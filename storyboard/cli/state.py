"""Read a project for the commands that write nothing."""

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
class ProjectState:
    """A project's current state: its paths, its graph, its plan, and the money spent."""

    layout: Layout
    graph: Graph
    planned: Planned
    books: Books

    def print_realm_hint(self) -> None:
        """Print a note if the real realm is empty but the emulated realm is not."""
        other = Layout(self.layout.storyboard, "emulated")
        if self.layout.realm == "real" and not self.planned.inputs.lock.blocks and other.lock.exists():
            echo(
                "note: the real realm is still empty; add `--emulator` to see what was made on the emulator",
                err=True,
            )


def read_state(
    file: str,
    *,
    profiles: tuple[str, ...],
    emulator: bool,
    on_problems: Callable[[ValidationResult], None],
    selection: tuple[str, ...] = (),
    provider: str = "",
) -> ProjectState:
    """Read a project. A mistake in the storyboard is printed and ends the command with exit code 1."""
    loaded = load(file, profiles, emulator=emulator, provider=provider, on_problems=on_problems)
    layout, clock = loaded.layout, SystemClock()
    state = project.state_on_disk(layout, clock)
    planned = project.planned(layout, loaded.graph, loaded.facts, state, clock, selection, provider)
    return ProjectState(layout, loaded.graph, planned, books_of(event for _, event in state.events))
