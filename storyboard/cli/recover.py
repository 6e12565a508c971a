"""`storyboard recover`"""

from __future__ import annotations

import click

from storyboard.cli.common import (
    emulator_option,
    file_option,
    profile_option,
    provider_option,
)


@click.command("recover")
@click.argument("selection", nargs=-1)
@file_option
@profile_option
@provider_option
@emulator_option
@click.option("--take-over", is_flag=True, help="Accept a journal from another machine as your own.")
def command(
    selection: tuple[str, ...], file: str, profiles: tuple[str, ...], provider: str, emulator: bool, take_over: bool
) -> None:
    """Rebuild a lost journal from the service's task list. Nothing is submitted.

    Tasks of the last seven days are identified by their marker; videos that are less than a day old are downloaded.
    """
    from storyboard.cli.load import load
    from storyboard.cli.progress import display
    from storyboard.cli.run import print_outcome
    from storyboard.operations.apply import apply
    from storyboard.operations.options import RunOptions
    from storyboard.operations.prepare import prepare

    loaded = load(file, profiles, emulator=emulator, provider=provider)
    options = RunOptions(
        selection=selection,
        speed=20.0 if emulator else None,
        provider=provider,
        recover=True,
        take_over=take_over,
    )
    with display(loaded.graph.order) as shows:
        prepared = prepare(loaded, options)
        shows.begin(prepared.plan)
        outcome = apply(prepared, shows.on_event)
    print_outcome(outcome)
    if outcome.exit_code:
        raise click.exceptions.Exit(outcome.exit_code)
