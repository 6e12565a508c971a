"""`storyboard film`"""

from __future__ import annotations

import click

from storyboard.cli.common import emulator_option, file_option, profile_option
from storyboard.cli.echo import echo


@click.command("film")
@file_option
@profile_option
@emulator_option
def command(file: str, profiles: tuple[str, ...], emulator: bool) -> None:
    """Cut the film from the selected takes as they are; nothing is made."""
    from storyboard.cli.load import load
    from storyboard.cli.run import format_film
    from storyboard.operations import film

    loaded = load(file, profiles, emulator=emulator)
    made = film.film(loaded.layout, loaded.graph, film.takes_now(loaded.layout, loaded.graph))
    echo(format_film(made))
