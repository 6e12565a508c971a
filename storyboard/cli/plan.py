"""`storyboard plan`"""

from __future__ import annotations

import json

import click

from storyboard.cli.common import (
    emulator_option,
    file_option,
    json_option,
    profile_option,
    provider_option,
    telling,
)
from storyboard.cli.echo import echo


@click.command("plan")
@click.argument("selection", nargs=-1)
@file_option
@profile_option
@provider_option
@emulator_option
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 10 if there is something to make.")
@json_option
def command(
    selection: tuple[str, ...],
    file: str,
    profiles: tuple[str, ...],
    provider: str,
    emulator: bool,
    detailed_exitcode: bool,
    as_json: bool,
) -> None:
    """Say what would be made, why, and what it costs. Writes nothing, needs no network and no key.

    SELECTION: ids and globs; `+storm` and what it needs, `storm+` and what follows; `tag:act1`, `state:stale`; a space
    for either, a comma for both.
    """
    from storyboard.cli.show import plan_value, show_plan
    from storyboard.cli.state import look

    looked = look(
        file,
        profiles=profiles,
        emulator=emulator,
        selection=selection,
        tell=telling(as_json),
        provider=provider,
    )
    if as_json:
        echo(json.dumps(plan_value(looked.planned.plan, looked.layout.realm), ensure_ascii=False, indent=1))
    else:
        show_plan(looked.planned.plan, looked.layout.realm)
        looked.hint_at_other_realm()
    if detailed_exitcode and looked.planned.plan.makes:
        raise click.exceptions.Exit(10)
    if looked.planned.plan.holds:
        raise click.exceptions.Exit(4)
