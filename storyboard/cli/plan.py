"""`storyboard plan`"""

from __future__ import annotations

import json

import click

from storyboard.cli.common import (
    emulator_option,
    file_option,
    json_option,
    problem_printer,
    profile_option,
    provider_option,
)
from storyboard.cli.echo import echo
from storyboard.errors import ExitCode


@click.command("plan")
@click.argument("selection", nargs=-1)
@file_option
@profile_option
@provider_option
@emulator_option
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 10 if the plan makes something.")
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
    """Show what would be made, why, and what it costs. Writes nothing; needs no network and no key.

    SELECTION: ids and globs; `+storm` adds what storm is made from, `storm+` what is made from storm; `tag:act1`,
    `state:stale`. A space means union, a comma intersection.
    """
    from storyboard.cli.show import plan_to_json, print_plan
    from storyboard.cli.state import read_state

    state = read_state(
        file,
        profiles=profiles,
        emulator=emulator,
        selection=selection,
        on_problems=problem_printer(as_json),
        provider=provider,
    )
    if as_json:
        echo(json.dumps(plan_to_json(state.planned.plan, state.layout.realm), ensure_ascii=False, indent=1))
    else:
        print_plan(state.planned.plan, state.layout.realm)
        state.print_realm_hint()
    if detailed_exitcode and state.planned.plan.makes:
        raise click.exceptions.Exit(ExitCode.CHANGES)
    if state.planned.plan.holds:
        raise click.exceptions.Exit(ExitCode.DECISION)
