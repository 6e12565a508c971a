"""`storyboard status`"""

from __future__ import annotations

import json

import click

from storyboard.cli.common import (
    emulator_option,
    file_option,
    json_option,
    named,
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
    from storyboard.cli.show import show_rows, summary
    from storyboard.cli.state import look
    from storyboard.planning.selection import select
    from storyboard.report.view import rows

    looked = look(file, profiles=named(profiles), emulator=emulator, tell=telling(as_json))
    found = rows(looked.planned.plan, looked.planned.world)
    if selection:
        chosen = select(selection, looked.graph, {row.scene: row.state for row in found})
        found = tuple(row for row in found if row.scene in chosen)
    if as_json:
        value = {"realm": looked.layout.realm, "scenes": [row.value() for row in found]}
        echo(json.dumps(value, ensure_ascii=False, indent=1))
        return
    show_rows(found)
    echo(summary(looked.planned.plan, looked.layout.realm))
    looked.hint_at_other_realm()
