"""What a run shows while it is on: a live table on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from storyboard.cli.echo import Screen, echo
from storyboard.language.source import shown
from storyboard.planning.event import Event
from storyboard.planning.plan import Make, Plan

MOST_ROWS = 30


class Display(Protocol):
    """Hears what happens and shows it."""

    def begin(self, plan: Plan) -> None:
        """The plan is agreed to; work begins."""
        ...

    def tell(self, event: Event) -> None:
        """Something happened."""
        ...


def words_of(event: Event) -> str:
    """An event in a few words; empty if nobody needs to hear of it."""
    body = event.body
    match event.kind:
        case "intended":
            return "submitting"
        case "accepted" | "adopted":
            return f"task {body.get('task', '')}"
        case "seen":
            odd = body.get("odd")
            return f"{body.get('status', '')}" + (f" ({odd})" if odd else "")
        case "not_sent" | "rejected" | "unknown":
            return str(body.get("error", ""))
        case "ended" if body.get("status") == "succeeded":
            return "downloading"
        case "ended":
            return str(body.get("error") or body.get("status", ""))
        case "stored":
            odd = body.get("error")
            return f"stored, {body['take']['seconds']:.2f} s" + (f", but {odd}" if odd else "")
        case "run_closed" if body.get("interrupted"):
            return "stopping: nothing new is submitted, what is in flight is waited for; once more leaves at once"
        case _:
            return ""


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

    def tell(self, event: Event) -> None:
        """A line, if the event has words."""
        words = words_of(event)
        if words:
            echo(f"{shown(event.scene) or 'run'}: {shown(words)}")


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
            if isinstance(plan.steps[id], Make):
                self._rows[id] = ("waiting", 0.0)
        screen = Console(file=Screen())  # type: ignore[arg-type]  # all that it asks of a file is there
        self._live = Live(get_renderable=self._drawn, console=screen, refresh_per_second=4, transient=False)
        self._live.start()

    def tell(self, event: Event) -> None:
        """Change a row."""
        words = words_of(event)
        if words and event.scene:
            began = self._rows.get(event.scene, ("", 0.0))[1] or time.monotonic()
            self._rows[event.scene] = (words, began)
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
                Text(shown(id)),
                Text(shown(words), style=style, overflow="ellipsis", no_wrap=True),
                Text(age, style="dim"),
            )
        grid.add_row(Text(f"{done} of {len(self._rows)}", style="bold"), Text(shown(self._note)), "")
        return grid

    def close(self) -> None:
        """Leave the last picture standing."""
        if self._live is not None:
            self._live.stop()
