"""`storyboard status`"""

from __future__ import annotations

import json

import click

from storyboard.cli.common import (
    emulator_option,
    file_option,
    json_option,
    profile_option,
    telling,
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

    SELECTION: ids and globs; `+storm` and what it needs, `storm+` and what follows; `tag:act1`, `state:stale`; a space
    for either, a comma for both.
    """
    from storyboard.cli.show import books_value, show_statuses, summary, told_books
    from storyboard.cli.state import look
    from storyboard.planning.selection import select
    from storyboard.planning.status import statuses_of
    from storyboard.report.view import status_value

    looked = look(file, profiles=profiles, emulator=emulator, tell=telling(as_json))
    found = statuses_of(looked.planned.plan, looked.planned.inputs)
    if selection:
        chosen = select(selection, looked.graph, {status.scene: status.state for status in found})
        found = tuple(status for status in found if status.scene in chosen)
    if as_json:
        scenes = [status_value(status) for status in found]
        value = {"realm": looked.layout.realm, "scenes": scenes, "money": books_value(looked.books)}
        echo(json.dumps(value, ensure_ascii=False, indent=1))
        return
    show_statuses(found)
    echo(summary(looked.planned.plan, looked.layout.realm))
    if looked.books.spent or looked.books.reserved:
        echo(f"spent so far{'' if looked.layout.realm == 'real' else ', had it been real'}: {told_books(looked.books)}")
    if looked.layout.realm == "real":
        _tell_day()
    looked.hint_at_other_realm()


def _tell_day() -> None:
    """What today comes to, where there is a cap on it."""
    from storyboard.cli.show import told_books
    from storyboard.world import settings
    from storyboard.world.clock import SystemClock
    from storyboard.world.spending import Spending, folder

    cap = settings.read(settings.environment()).max_cost_day
    if cap is not None:
        today = Spending(folder(settings.environment()), SystemClock()).today()
        echo(f"today, in all projects: {told_books(today)}, of {cap.rounded_down}")
