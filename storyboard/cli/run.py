"""`storyboard run`"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from storyboard import project
from storyboard.cli.common import Amount, Finite, file_option, profile_option, provider_option
from storyboard.cli.echo import echo
from storyboard.cli.listen import receive_callbacks
from storyboard.cli.load import load
from storyboard.cli.progress import Display, display
from storyboard.cli.show import format_books, format_cost, print_plan, print_results
from storyboard.errors import DecisionNeeded
from storyboard.executor.run import Outcome
from storyboard.language.source import escape_for_terminal
from storyboard.operations.apply import apply
from storyboard.operations.film import Film, film
from storyboard.operations.options import RunOptions
from storyboard.operations.prepare import Prepared, prepare
from storyboard.planning.event import Notice
from storyboard.planning.money import Money
from storyboard.protocols import Realm
from storyboard.world.mounts import place_of

if TYPE_CHECKING:
    from storyboard.web.callbacks import CallbackCounts, Receiver


@click.command("run")
@click.argument("selection", nargs=-1)
@file_option
@profile_option
@provider_option
@click.option("--emulator", is_flag=True, help="Use the embedded emulator: no key, no cost, playable videos.")
@click.option(
    "--speed",
    type=Finite(0, min_open=True),
    default=20.0,
    show_default=True,
    help="Speed of the embedded emulator.",
)
@click.option("--hold-reply", type=click.IntRange(0, 600_000), default=0, metavar="MS", hidden=True)
@click.option("--yes", is_flag=True, help="Skip the confirmation.")
@click.option("--max-cost", type=Amount(), help="Submit nothing if the run may cost more: 50, or 50 CNY.")
@click.option(
    "--jobs",
    type=click.IntRange(1, 1000),
    help="Tasks in flight at once; default: from your settings, else 3.",
)
@click.option("--fail-fast", is_flag=True, help="Submit nothing more once a scene has failed.")
@click.option(
    "--listen",
    metavar="HOST:PORT",
    help="Receive the service's callbacks there, so that a finished task is noticed at once.",
)
@click.option(
    "--callback-url",
    metavar="URL",
    help="With --listen: the https address under which the service reaches it; your settings must trust its host.",
)
def command(
    selection: tuple[str, ...],
    file: str,
    profiles: tuple[str, ...],
    provider: str,
    emulator: bool,
    speed: float,
    hold_reply: int,
    yes: bool,
    max_cost: Money | None,
    jobs: int | None,
    fail_fast: bool,
    listen: str | None,
    callback_url: str | None,
) -> None:
    """Make what is missing or changed in SELECTION (default: all scenes), and cut the film.

    SELECTION: ids and globs; `+storm` adds what storm is made from, `storm+` what is made from storm; `tag:act1`,
    `state:stale`. A space means union, a comma intersection.
    """
    loaded = load(file, profiles, emulator=emulator, provider=provider)
    layout, graph = loaded.layout, loaded.graph
    warning = place_of(layout.folder).warning
    if warning:
        echo(f"note: {escape_for_terminal(str(layout.folder))} {escape_for_terminal(warning)}", err=True)
    options = RunOptions(
        selection=selection,
        jobs=jobs,
        fail_fast=fail_fast,
        max_cost=max_cost,
        speed=speed if emulator else None,
        provider=provider,
        hold_reply=hold_reply / 1000,
    )
    with receive_callbacks(layout, listen, callback_url) as receiver, display(graph.order) as shows:
        prepared = prepare(loaded, options)
        print_plan(prepared.plan, layout.realm)
        if not _confirm(prepared, layout.realm, yes=yes):
            raise DecisionNeeded("nothing was made: not confirmed")
        if prepared.plan.makes:
            shows.begin(prepared.plan)
        outcome = apply(prepared, _event_handler(shows, receiver), receiver)
    print_outcome(outcome)
    _print_spending(outcome, layout.realm)
    if receiver is not None:
        _print_callback_counts(receiver.counts)
    for name in project.find_changed(layout, loaded.sources):
        echo(f"note: {escape_for_terminal(name)} changed during the run; the earlier version was used", err=True)
    if not selection and outcome.exit_code == 0:
        echo(format_film(film(layout, graph, outcome.takes)))
    if outcome.exit_code:
        raise click.exceptions.Exit(outcome.exit_code)


def _event_handler(shows: Display, receiver: Receiver | None) -> Callable[[Notice], None]:
    """Return the function that gets the events of a run."""
    if receiver is None:
        return shows.on_event

    def on_event(event: Notice) -> None:
        receiver.on_event(event)
        shows.on_event(event)

    return on_event


def _print_callback_counts(counts: CallbackCounts) -> None:
    echo(f"callbacks: {counts.hints} used, {counts.ignored} ignored, {counts.forged} forged", err=True)


def _confirm(prepared: Prepared, realm: Realm, *, yes: bool) -> bool:
    """Ask for confirmation if the run spends money; emulated runs never ask."""
    return realm == "emulated" or yes or not prepared.spends or _ask(format_cost(prepared.plan.cost))


def _ask(price: str) -> bool:
    if not sys.stdin.isatty():
        raise DecisionNeeded(
            f"this would cost about {price}, and there is no terminal to confirm it on", "add --yes to confirm"
        )
    return click.confirm(f"Spend about {price}?", default=False)


def print_outcome(outcome: Outcome) -> None:
    """Print the result of a run: details where something has to be done, and a line for each scene."""
    for result in outcome.results.values():
        if result.state in ("failed", "held"):
            _print_problem(f"{result.state}: {escape_for_terminal(result.scene)}", result.what, result.hint)
    for result in outcome.earlier:
        _print_problem(
            f"{result.state}: {escape_for_terminal(result.scene)}, an earlier submission", result.what, result.hint
        )
    stopped, printed = outcome.stopped, (*outcome.results.values(), *outcome.earlier)
    if stopped is not None and all(result.what != stopped.what for result in printed):
        _print_problem("stopped", stopped.what, stopped.hint)
    for remark in outcome.remarks:
        echo(f"note: {escape_for_terminal(remark)}", err=True)
    print_results(outcome.results.values())
    if outcome.interrupted:
        echo("interrupted; run the same command again to continue", err=True)
    echo(f"{outcome.submitted} task{'s' if outcome.submitted != 1 else ''} submitted")


def _print_problem(subject: str, what: str, hint: str) -> None:
    echo(f"{subject}: {escape_for_terminal(what)}", err=True)
    for line in hint.splitlines():
        echo(f"  {escape_for_terminal(line)}", err=True)


def _print_spending(outcome: Outcome, realm: Realm) -> None:
    """Print the money spent in this run and in the project so far; on the emulator, what it would have been."""
    budget = outcome.budget
    if budget.project.spent or budget.project.reserved:
        label = "spent" if realm == "real" else "nothing was paid; the real service would cost"
        echo(f"{label}: {format_books(budget.run)}; the project so far: {format_books(budget.project)}")


def format_film(film: Film) -> str:
    """Return a line about a film: its path, its length, and how it was written."""
    how = "copied" if film.copied else "encoded"
    return f"film: {film.path} ({film.frames / 24:.2f} s, {how if film.anew else 'unchanged'})"
