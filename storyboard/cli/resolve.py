"""`storyboard resolve`"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from storyboard.cli.common import checked_task, emulator_option, file_option, profile_option
from storyboard.cli.echo import echo
from storyboard.errors import DecisionNeeded, UsageError

if TYPE_CHECKING:
    from storyboard.operations.decide import UnresolvedAttempt
    from storyboard.planning.attempt import Attempt


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
    from storyboard import project
    from storyboard.cli.load import load
    from storyboard.language.problem import nearest
    from storyboard.operations import decide
    from storyboard.world.clock import SystemClock

    if bool(adopt) + submit_again + abandon + bool(not_mine) != 1:
        raise UsageError("say one of --adopt TASK, --submit-again, --abandon and --not-mine TASK")
    if adopt or not_mine:
        checked_task(adopt or not_mine)
    loaded = load(file, profiles, emulator=emulator)
    layout, graph = loaded.layout, loaded.graph
    past = project.past_on_disk(layout, SystemClock())
    names = (*graph.order, *(attempt.scene for attempt in past.attempts.values()))
    if scene not in names:
        known = f"there are: {', '.join(graph.order[:20])}"
        raise UsageError(f'no scene is called "{scene}"', nearest(scene, graph.order) or known)
    if not_mine:
        decide.disclaim(layout, scene, not_mine)
        going_on = f"storyboard run{' --emulator' if emulator else ''}"
        echo(f"{scene}: task {not_mine} belongs to another scene or project")
        echo(f"`{going_on}` submits the scene, at the price that it shows first")
        return
    choice = f"--adopt {adopt}" if adopt else "--abandon" if abandon else "--submit-again"

    decision = decide.prepare_decision(loaded, scene, adopt, abandon=abandon)
    doubt = decision.about
    echo(told_doubt(doubt))
    echo(f"{choice}: {told_choice(doubt, adopt, abandon=abandon)}")
    asks = not yes and layout.realm != "emulated" and sys.stdin.isatty()
    if asks and not click.confirm("Do that?", default=False):
        raise DecisionNeeded("nothing was decided: you said no")
    decide.apply_decision(decision)
    if abandon:
        echo(f"{scene}: its submission is given up; {taking_back(doubt.attempt, emulator=emulator)}")
        return
    word = f"task {adopt} is its own" if adopt else "it will be submitted again"
    echo(f"{scene}: {word}; go on with `storyboard run{' --emulator' if emulator else ''}`")


def taking_back(attempt: Attempt, *, emulator: bool) -> str:
    """How one has it after all: a task that is there needn't be made twice."""
    from storyboard.planning.advice import deciding

    choice = f"--adopt {attempt.task}" if attempt.task else "--submit-again"
    command = deciding(attempt.scene, attempt.profile, choice + (" --emulator" if emulator else ""))
    return f"{command} {'takes that back' if attempt.task else 'has it made after all'}"


def told_doubt(doubt: UnresolvedAttempt) -> str:
    """The submission, when it was, and what it may be billed."""
    from storyboard.language.source import escape_for_terminal
    from storyboard.report.tasks import date_of

    attempt = doubt.attempt
    if not attempt.at:
        return f"{escape_for_terminal(attempt.scene)}: this project's record knows no submission of it"
    task = f", task {attempt.task}" if attempt.task else ""
    mark = f", mark {attempt.marker}" if attempt.marker is not None else ""
    state = f"{attempt.state}: {attempt.error}" if attempt.error else attempt.state
    submitted = f"submitted on {date_of(attempt.at)} UTC{task}{mark}"
    return f"{escape_for_terminal(attempt.scene)}: {submitted}; {escape_for_terminal(state)}"


def told_choice(doubt: UnresolvedAttempt, adopt: str, *, abandon: bool) -> str:
    """What may come of a choice, in money."""
    much = doubt.counts.rounded if doubt.counts.currency else "an unknown sum"
    if adopt:
        return f"this task's bill is the scene's, up to {much}; nothing is submitted"
    if abandon:
        return f"if it was taken on it is billed all the same, up to {much}, and its video is not fetched"
    if doubt.counts.currency and not doubt.counts.amount:
        return "nothing is billed for what was submitted; the plan says what the new one may cost"
    return f"it may be billed twice: up to {much} for what was submitted, and as much for the new one"
