"""`storyboard resolve`"""

from __future__ import annotations

import click

from storyboard.cli.common import checked_task, emulator_option, file_option, named, profile_option, tell_problems
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
@click.option("--abandon", is_flag=True, help="Want no more of it: nothing is made, until you say --submit-again.")
@file_option
@profile_option
@emulator_option
def command(
    scene: str,
    adopt: str,
    submit_again: bool,
    abandon: bool,
    file: str,
    profiles: tuple[str, ...],
    emulator: bool,
) -> None:
    """Decide about SCENE's submission whose answer was lost."""
    from storyboard import project, studio
    from storyboard.language.problem import nearest
    from storyboard.world.files import layout_of

    if bool(adopt) + submit_again + abandon != 1:
        raise UsageError("say one of --adopt TASK, --submit-again and --abandon")
    if adopt:
        checked_task(adopt)
    layout = layout_of(file, project.realm_of(emulator=emulator))
    judgement, _ = project.survey(layout, named(profiles))
    tell_problems(judgement)
    assert judgement.graph is not None  # noqa: S101 - `tell_problems` leaves if there is a mistake
    if scene not in judgement.graph.order:
        known = f"there are: {', '.join(judgement.graph.order[:20])}"
        raise UsageError(f'no scene is called "{scene}"', nearest(scene, judgement.graph.order) or known)
    studio.resolve(layout, ",".join(named(profiles)), scene, adopt, abandon=abandon)
    if abandon:
        echo(f"{scene}: its submission is given up; `storyboard resolve {scene} --submit-again` takes that back")
        return
    word = f"task {adopt} is its own" if adopt else "it will be submitted again"
    echo(f"{scene}: {word}; go on with `storyboard run{' --emulator' if emulator else ''}`")
