"""`storyboard resolve`"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from storyboard.cli.common import checked_task, emulator_option, file_option, named, profile_option, tell_problems
from storyboard.cli.echo import echo
from storyboard.errors import DecisionNeeded, UsageError

if TYPE_CHECKING:
    from storyboard.planning.attempt import Attempt
    from storyboard.studio import Doubt


@click.command("resolve")
@click.argument("scene")
@click.option("--adopt", metavar="TASK", default="", help="This task came of it: wait for it and fetch it.")
@click.option(
    "--submit-again",
    is_flag=True,
    help="Make it anew in the next run; if a task came of it after all, both are billed.",
)
@click.option("--abandon", is_flag=True, help="Want no more of it: nothing is made, until you say --submit-again.")
@click.option(
    "--not-mine",
    metavar="TASK",
    default="",
    help="This listed task, whose marker fits the scene's, is of another project or scene: the next run submits SCENE.",
)
@click.option("--yes", is_flag=True, help="Don't ask.")
@file_option
@profile_option
@emulator_option
def command(
    scene: str,
    adopt: str,
    submit_again: bool,
    abandon: bool,
    not_mine: str,
    yes: bool,
    file: str,
    profiles: tuple[str, ...],
    emulator: bool,
) -> None:
    """Decide about SCENE's submission whose answer was lost, or whose video can't be had.

    What it may cost is shown first, and on a terminal one is asked.
    """
    from storyboard import project, studio
    from storyboard.language.problem import nearest
    from storyboard.world.clock import SystemClock
    from storyboard.world.files import layout_of

    if bool(adopt) + submit_again + abandon + bool(not_mine) != 1:
        raise UsageError("say one of --adopt TASK, --submit-again, --abandon and --not-mine TASK")
    if adopt or not_mine:
        checked_task(adopt or not_mine)
    layout = layout_of(file, project.realm_of(emulator=emulator))
    judgement, facts = project.survey(layout, named(profiles))
    tell_problems(judgement)
    graph = judgement.graph
    assert graph is not None  # noqa: S101 - `tell_problems` leaves if there is a mistake
    past = project.past_on_disk(layout, SystemClock())
    names = (*graph.order, *(attempt.scene for attempt in past.attempts.values()))
    if scene not in names:
        known = f"there are: {', '.join(graph.order[:20])}"
        raise UsageError(f'no scene is called "{scene}"', nearest(scene, graph.order) or known)
    if not_mine:
        studio.disclaim(layout, scene, not_mine)
        going_on = f"storyboard run{' --emulator' if emulator else ''}"
        echo(f"{scene}: task {not_mine} belongs to another scene or project")
        echo(f"`{going_on}` submits the scene, at the price that it shows first")
        return
    choice = f"--adopt {adopt}" if adopt else "--abandon" if abandon else "--submit-again"

    decided: list[Doubt] = []

    def agree(doubt: Doubt) -> bool:
        decided.append(doubt)
        echo(told_doubt(doubt))
        echo(f"{choice}: {told_choice(doubt, adopt, abandon=abandon)}")
        return yes or layout.realm == "emulated" or not sys.stdin.isatty() or click.confirm("Do that?", default=False)

    if not studio.resolve(layout, graph, facts, scene, adopt, abandon=abandon, agree=agree):
        raise DecisionNeeded("nothing was decided: you said no")
    if abandon:
        echo(f"{scene}: its submission is given up; {taking_back(decided[0].attempt, emulator=emulator)}")
        return
    word = f"task {adopt} is its own" if adopt else "it will be submitted again"
    echo(f"{scene}: {word}; go on with `storyboard run{' --emulator' if emulator else ''}`")


def taking_back(attempt: Attempt, *, emulator: bool) -> str:
    """How one has it after all: a task that is there needn't be made twice."""
    from storyboard.planning.advice import deciding

    choice = f"--adopt {attempt.task}" if attempt.task else "--submit-again"
    command = deciding(attempt.scene, attempt.profile, choice + (" --emulator" if emulator else ""))
    return f"{command} {'takes that back' if attempt.task else 'has it made after all'}"


def told_doubt(doubt: Doubt) -> str:
    """The submission, when it was, and what it may be billed."""
    from storyboard.language.source import shown
    from storyboard.report.tasks import date_of

    attempt = doubt.attempt
    if not attempt.at:
        return f"{shown(attempt.scene)}: this project's record knows no submission of it"
    task = f", task {attempt.task}" if attempt.task else ""
    mark = f", mark {attempt.marker}" if attempt.marker is not None else ""
    state = f"{attempt.state}: {attempt.error}" if attempt.error else attempt.state
    return f"{shown(attempt.scene)}: submitted on {date_of(attempt.at)} UTC{task}{mark}; {shown(state)}"


def told_choice(doubt: Doubt, adopt: str, *, abandon: bool) -> str:
    """What may come of a choice, in money."""
    much = doubt.counts.rounded if doubt.counts.currency else "an unknown sum"
    if adopt:
        return f"this task's bill is the scene's, up to {much}; nothing is submitted"
    if abandon:
        return f"if it was taken on it is billed all the same, up to {much}, and its video is not fetched"
    if doubt.counts.currency and not doubt.counts.amount:
        return "nothing is billed for what was submitted; the plan says what the new one may cost"
    return f"it may be billed twice: up to {much} for what was submitted, and as much for the new one"
