"""`storyboard resolve`"""

from __future__ import annotations

import re

import click

from storyboard.cli.common import emulator_option, file_option, named, profile_option, tell_problems
from storyboard.cli.echo import echo
from storyboard.errors import UsageError


@click.command("resolve")
@click.argument("scene")
@click.option("--adopt", metavar="TASK", default="", help="This task came of it: wait for it and fetch it.")
@click.option(
    "--submit-again",
    is_flag=True,
    help="Make it anew in the next run; if a task came of it after all, both are billed.",
)
@file_option
@profile_option
@emulator_option
def command(scene: str, adopt: str, submit_again: bool, file: str, profiles: tuple[str, ...], emulator: bool) -> None:
    """Decide about SCENE's submission whose answer was lost."""
    from storyboard import project, studio
    from storyboard.language.problem import nearest
    from storyboard.world.files import layout_of

    if bool(adopt) == submit_again:
        raise UsageError("say one of --adopt TASK and --submit-again")
    if adopt and not re.fullmatch(r"cgt-[A-Za-z0-9-]{1,100}", adopt):
        raise UsageError(f"{adopt} is no task's id", "they look like cgt-20260101120000-abcde")
    layout = layout_of(file, project.realm_of(emulator=emulator))
    judgement, _ = project.survey(layout, named(profiles))
    tell_problems(judgement)
    assert judgement.graph is not None  # noqa: S101 - `tell_problems` leaves if there is a mistake
    if scene not in judgement.graph.order:
        known = f"there are: {', '.join(judgement.graph.order[:20])}"
        raise UsageError(f'no scene is called "{scene}"', nearest(scene, judgement.graph.order) or known)
    studio.resolve(layout, ",".join(named(profiles)), scene, adopt)
    word = f"task {adopt} is its own" if adopt else "it will be submitted again"
    echo(f"{scene}: {word}; go on with `storyboard run{' --emulator' if emulator else ''}`")
