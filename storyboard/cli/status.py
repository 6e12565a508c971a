"""`storyboard status`"""

from __future__ import annotations

import json

import click

from storyboard.cli.common import (
    emulator_option,
    file_option,
    json_option,
    problem_printer,
    profile_option,
)
from storyboard.cli.echo import echo


@click.command("status")
@click.argument("selection", nargs=-1)
@file_option
@profile_option
@emulator_option
@json_option
def command(selection: tuple[str, ...], file: str, profiles: tuple[str, ...], emulator: bool, as_json: bool) -> None:
    """Show where each scene stands: new, stale, kept, running, failed, held or blocked.

    SELECTION: ids and globs; `+storm` adds what storm is made from, `storm+` what is made from storm; `tag:act1`,
    `state:stale`. A space means union, a comma intersection.
    """
    from storyboard.cli.show import books_to_json, format_books, format_summary, print_scenes
    from storyboard.cli.state import read_state
    from storyboard.planning.selection import select
    from storyboard.planning.status import statuses_of
    from storyboard.report.view import status_value

    state = read_state(file, profiles=profiles, emulator=emulator, on_problems=problem_printer(as_json))
    found = statuses_of(state.planned.plan, state.planned.inputs)
    if selection:
        chosen = select(selection, state.graph, {row.scene: row.state for row in found})
        found = tuple(row for row in found if row.scene in chosen)
    if as_json:
        scenes = [status_value(row) for row in found]
        value = {"realm": state.layout.realm, "scenes": scenes, "money": books_to_json(state.books)}
        echo(json.dumps(value, ensure_ascii=False, indent=1))
        return
    print_scenes(found)
    echo(format_summary(state.planned.plan, state.layout.realm))
    if state.books.spent or state.books.reserved:
        echo(f"spent so far{'' if state.layout.realm == 'real' else ', as if real'}: {format_books(state.books)}")
    if state.layout.realm == "real":
        _print_today()
    state.print_realm_hint()


def _print_today() -> None:
    """Print today's spending in all projects, if the user's settings cap it."""
    from storyboard.cli.show import format_books
    from storyboard.world import settings
    from storyboard.world.clock import SystemClock
    from storyboard.world.spending import Spending, folder

    cap = settings.read(settings.environment()).max_cost_day
    if cap is not None:
        today = Spending(folder(settings.environment()), SystemClock()).today()
        echo(f"today, in all projects: {format_books(today)}, of {cap.rounded_down}")
