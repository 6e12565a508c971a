"""The progress display of a run: a live table on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from storyboard.cli.echo import TolerantStdout, echo
from storyboard.language.source import escape_for_terminal
from storyboard.planning.event import (
    Accepted,
    Adopted,
    Ended,
    Intended,
    Interrupting,
    Notice,
    NotSent,
    Rejected,
    Seen,
    Stored,
    Unanswered,
    Waiting,
)
from storyboard.planning.plan import Plan
from storyboard.planning.step import Make

MOST_ROWS = 30


class Display(Protocol):
    """Shows the events of a run."""

    def begin(self, plan: Plan) -> None:
        """Start the display; the plan is confirmed."""
        ...

    def on_event(self, event: Notice) -> None:
        """Show an event."""
        ...


def describe(event: Notice) -> str:
    """Return an event in a few words; empty for an event that is not shown."""
    match event:
        case Intended(body=""):
            return "found in the service's list"
        case Intended():
            return "submitting"
        case Accepted(task=task) | Adopted(task=task):
            return f"task {task}"
        case Seen(status=status, odd=odd):
            return status + (f" ({odd})" if odd else "")
        case Waiting(reason=reason):
            return reason
        case NotSent(error=error) | Rejected(error=error) | Unanswered(error=error):
            return error
        case Ended(status="succeeded"):
            return "downloading"
        case Ended(status=status, error=error):
            return error or status
        case Stored(take=take, error=odd):
            return f"stored, {take.seconds:.2f} s" + (f", but {odd}" if odd else "")
        case Interrupting():
            return (
                "stopping: nothing new is submitted; waiting for the tasks in flight; interrupt again to exit at once"
            )
        case _:
            return ""


def scene_of(event: Notice) -> str:
    """Return the scene of an event; empty if the event concerns the whole run."""
    return str(getattr(event, "scene", ""))


@contextmanager
def display(scenes: Sequence[str]) -> Iterator[Display]:
    """Open a display for the length of a run; rich is imported only for a terminal."""
    if not sys.stdout.isatty():
        yield LineDisplay()
        return
    table = Table(scenes)
    try:
        yield table
    finally:
        table.close()


class LineDisplay:
    """Prints a line for each event, for pipes and logs."""

    def begin(self, plan: Plan) -> None:
        """Do nothing: lines need no preparation."""

    def on_event(self, event: Notice) -> None:
        """Print a line, unless the event is not shown."""
        words = describe(event)
        if words:
            echo(f"{escape_for_terminal(scene_of(event)) or 'run'}: {escape_for_terminal(words)}")


class Table:
    """A live table with a row for each scene that is made."""

    def __init__(self, scenes: Sequence[str]) -> None:
        self._order = list(scenes)
        self._rows: dict[str, tuple[str, float]] = {}
        self._note = ""
        self._live: Any = None

    def begin(self, plan: Plan) -> None:
        """Start the live display."""
        from rich.console import Console
        from rich.live import Live

        for id in self._order:
            if isinstance(plan.step(id), Make):
                self._rows[id] = ("waiting", 0.0)
        screen = Console(file=TolerantStdout())  # type: ignore[arg-type]  # it has every method that rich calls
        self._live = Live(get_renderable=self._render, console=screen, refresh_per_second=4, transient=False)
        self._live.start()

    def on_event(self, event: Notice) -> None:
        """Update the row of the event's scene, or the note of the run."""
        words, scene = describe(event), scene_of(event)
        if words and scene:
            began = self._rows.get(scene, ("", 0.0))[1] or time.monotonic()
            self._rows[scene] = (words, began)
        elif words:
            self._note = words

    def _render(self) -> Any:
        from rich.table import Table as Grid
        from rich.text import Text

        grid = Grid.grid(padding=(0, 2))
        busy = [row for row in self._rows.items() if not row[1][0].startswith("stored")]
        done = len(self._rows) - len(busy)
        rows = list(self._rows.items()) if len(self._rows) <= MOST_ROWS else busy[:MOST_ROWS]
        for id, (words, began) in rows:
            age = f"{time.monotonic() - began:4.0f} s" if began and not words.startswith("stored") else ""
            style = "green" if words.startswith("stored") else "dim" if words == "waiting" else "cyan"
            grid.add_row(
                Text(escape_for_terminal(id)),
                Text(escape_for_terminal(words), style=style, overflow="ellipsis", no_wrap=True),
                Text(age, style="dim"),
            )
        grid.add_row(Text(f"{done} of {len(self._rows)}", style="bold"), Text(escape_for_terminal(self._note)), "")
        return grid

    def close(self) -> None:
        """Stop updating; the last state stays on the terminal."""
        if self._live is not None:
            self._live.stop()
