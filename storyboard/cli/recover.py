"""`storyboard recover`"""

from __future__ import annotations

import click

from storyboard.cli.common import (
    emulator_option,
    file_option,
    named,
    profile_option,
    provider_option,
    tell_problems,
)


@click.command("recover")
@click.argument("selection", nargs=-1)
@file_option
@profile_option
@provider_option
@emulator_option
@click.option("--take-over", is_flag=True, help="A record that came from another machine is your own from now on.")
def command(
    selection: tuple[str, ...], file: str, profiles: tuple[str, ...], provider: str, emulator: bool, take_over: bool
) -> None:
    """Rebuild a lost record from what the service still lists. Nothing is submitted.

    Tasks of the last seven days are known by the mark that they bear; what was made within a day is fetched.
    """
    from storyboard import project, studio
    from storyboard.cli.progress import display
    from storyboard.cli.run import told_results
    from storyboard.world.files import layout_of

    layout = layout_of(file, project.realm_of(emulator=emulator, provider=provider))
    judgement, facts = project.survey(layout, named(profiles), provider)
    tell_problems(judgement)
    graph = judgement.graph
    assert graph is not None  # noqa: S101 - `tell_problems` leaves if there is a mistake
    with display(graph.order) as shows:

        def agree(planned: project.Planned) -> bool:
            shows.begin(planned.plan)
            return True

        wish = studio.Wish(
            agree=agree,
            tell=shows.tell,
            selection=selection,
            speed=20.0 if emulator else None,
            provider=provider,
            recover=True,
            take_over=take_over,
        )
        outcome = studio.run(layout, graph, facts, wish)
    assert outcome is not None  # noqa: S101 - nobody said no
    told_results(outcome)
    if outcome.exit_code:
        raise click.exceptions.Exit(outcome.exit_code)
