"""What a run shows while it is on: a live table on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from storyboard.cli.echo import Screen, echo
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
    """Hears what happens and shows it."""

    def begin(self, plan: Plan) -> None:
        """The plan is agreed to; work begins."""
        ...

    def tell(self, event: Notice) -> None:
        """Something happened."""
        ...


def words_of(event: Notice) -> str:
    """An event in a few words; empty if nobody needs to hear of it."""
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
            return "stopping: nothing new is submitted, what is in flight is waited for; once more leaves at once"
        case _:
            return ""


def scene_of(event: Notice) -> str:
    """The scene that an event is about; empty if it is about the run."""
    return str(getattr(event, "scene", ""))


@contextmanager
def display(scenes: Sequence[str]) -> Iterator[Display]:
    """A display for as long as a run lasts; rich is loaded only where somebody looks."""
    if not sys.stdout.isatty():
        yield Lines()
        return
    table = Table(scenes)
    try:
        yield table
    finally:
        table.close()


class Lines:
    """A line for everything that happens, for pipes and logs."""

    def begin(self, plan: Plan) -> None:
        """Nothing to prepare."""

    def tell(self, event: Notice) -> None:
        """A line, if the event has words."""
        words = words_of(event)
        if words:
            echo(f"{escape_for_terminal(scene_of(event)) or 'run'}: {escape_for_terminal(words)}")


class Table:
    """A row for each scene that is made, kept up to date."""

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
        screen = Console(file=Screen())  # type: ignore[arg-type]  # all that it asks of a file is there
        self._live = Live(get_renderable=self._drawn, console=screen, refresh_per_second=4, transient=False)
        self._live.start()

    def tell(self, event: Notice) -> None:
        """Change a row."""
        words, scene = words_of(event), scene_of(event)
        if words and scene:
            began = self._rows.get(scene, ("", 0.0))[1] or time.monotonic()
            self._rows[scene] = (words, began)
        elif words:
            self._note = words

    def _drawn(self) -> Any:
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
        """Leave the last picture standing."""
        if self._live is not None:
            self._live.stop()
