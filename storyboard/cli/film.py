"""`storyboard film`"""

from __future__ import annotations

import click

from storyboard.cli.common import emulator_option, file_option, named, profile_option, tell_problems
from storyboard.cli.echo import echo


@click.command("film")
@file_option
@profile_option
@emulator_option
def command(file: str, profiles: tuple[str, ...], emulator: bool) -> None:
    """Cut the selected segments together, as they are."""
    from storyboard import project, studio
    from storyboard.cli.run import told_film
    from storyboard.world.files import layout_of

    layout = layout_of(file, project.realm_of(emulator=emulator))
    judgement, _ = project.survey(layout, named(profiles))
    tell_problems(judgement)
    assert judgement.graph is not None  # noqa: S101 - `tell_problems` leaves if there is a mistake
    made = studio.film(layout, judgement.graph, studio.takes_now(layout, judgement.graph))
    echo(told_film(made))
