"""`storyboard resolve`"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from storyboard.cli.common import check_task_id, emulator_option, file_option, profile_option
from storyboard.cli.echo import echo
from storyboard.errors import DecisionNeeded, UsageError

if TYPE_CHECKING:
    from storyboard.operations.decide import UnresolvedAttempt
    from storyboard.planning.attempt import Attempt


@click.command("resolve")
@click.argument("scene")
@click.option("--adopt", metavar="TASK", default="", help="TASK is the scene's: wait for it and download its video.")
@click.option(
    "--submit-again",
    is_flag=True,
    help="Submit the scene again in the next run; if the first request created a task after all, both are billed.",
)
@click.option("--abandon", is_flag=True, help="Give the submission up: the scene is not made until --submit-again.")
@click.option(
    "--not-mine",
    metavar="TASK",
    default="",
    help="TASK, whose marker matches the scene's, belongs to another project or scene: the next run submits SCENE.",
)
@click.option("--yes", is_flag=True, help="Skip the confirmation.")
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
    """Decide about SCENE's submission whose response was lost, or whose video can't be downloaded.

    Shows first what the decision may cost; on a terminal, asks for confirmation.
    """
    from storyboard import project
    from storyboard.cli.load import load
    from storyboard.language.problem import nearest
    from storyboard.operations import decide
    from storyboard.world.clock import SystemClock

    if bool(adopt) + submit_again + abandon + bool(not_mine) != 1:
        raise UsageError("give one of --adopt TASK, --submit-again, --abandon and --not-mine TASK")
    if adopt or not_mine:
        check_task_id(adopt or not_mine)
    loaded = load(file, profiles, emulator=emulator)
    layout, graph = loaded.layout, loaded.graph
    past = project.past_on_disk(layout, SystemClock())
    names = (*graph.order, *(attempt.scene for attempt in past.attempts.values()))
    if scene not in names:
        known = f"scenes: {', '.join(graph.order[:20])}"
        raise UsageError(f'there is no scene "{scene}"', nearest(scene, graph.order) or known)
    if not_mine:
        decide.disclaim(layout, scene, not_mine)
        command = f"storyboard run{' --emulator' if emulator else ''}"
        echo(f"{scene}: task {not_mine} belongs to another scene or project")
        echo(f"`{command}` shows the price, then submits the scene")
        return
    choice = f"--adopt {adopt}" if adopt else "--abandon" if abandon else "--submit-again"

    decision = decide.prepare_decision(loaded, scene, adopt, abandon=abandon)
    doubt = decision.about
    echo(format_attempt(doubt))
    echo(f"{choice}: {format_choice(doubt, adopt, abandon=abandon)}")
    asks = not yes and layout.realm != "emulated" and sys.stdin.isatty()
    if asks and not click.confirm("Do that?", default=False):
        raise DecisionNeeded("nothing was decided: not confirmed")
    decide.apply_decision(decision)
    if abandon:
        echo(f"{scene}: the submission is given up; {format_undo(doubt.attempt, emulator=emulator)}")
        return
    what = f"task {adopt} is adopted" if adopt else "it will be submitted again"
    echo(f"{scene}: {what}; continue with `storyboard run{' --emulator' if emulator else ''}`")


def format_undo(attempt: Attempt, *, emulator: bool) -> str:
    """Return the command that reverses an --abandon: adopt the task if there is one, else submit again."""
    from storyboard.planning.advice import command_to_decide

    choice = f"--adopt {attempt.task}" if attempt.task else "--submit-again"
    command = command_to_decide(attempt.scene, attempt.profile, choice + (" --emulator" if emulator else ""))
    return f"{command} {'reverses that' if attempt.task else 'makes the scene after all'}"


def format_attempt(doubt: UnresolvedAttempt) -> str:
    """Return a line about a submission: its time, task, marker and state."""
    from storyboard.language.source import escape_for_terminal
    from storyboard.report.tasks import date_of

    attempt = doubt.attempt
    if not attempt.at:
        return f"{escape_for_terminal(attempt.scene)}: this project's journal has no submission of it"
    task = f", task {attempt.task}" if attempt.task else ""
    mark = f", marker {attempt.marker}" if attempt.marker is not None else ""
    state = f"{attempt.state}: {attempt.error}" if attempt.error else attempt.state
    submitted = f"submitted on {date_of(attempt.at)} UTC{task}{mark}"
    return f"{escape_for_terminal(attempt.scene)}: {submitted}; {escape_for_terminal(state)}"


def format_choice(doubt: UnresolvedAttempt, adopt: str, *, abandon: bool) -> str:
    """Return a line about what a choice may cost."""
    limit = doubt.counts.rounded if doubt.counts.currency else "an unknown amount"
    if adopt:
        return f"the task is billed up to {limit}; nothing is submitted"
    if abandon:
        return f"if the request was accepted, it is billed up to {limit} all the same, and its video is not downloaded"
    if doubt.counts.currency and not doubt.counts.amount:
        return "the first submission is not billed; the plan shows what the new one may cost"
    return f"it may be billed twice: up to {limit} for the first submission, and as much for the new one"
