"""`storyboard run`"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from storyboard import project
from storyboard.cli.common import Amount, Finite, file_option, profile_option, provider_option
from storyboard.cli.echo import echo
from storyboard.cli.listen import receiving
from storyboard.cli.load import load
from storyboard.cli.progress import Display, display
from storyboard.cli.show import money, show_plan, show_results, told_books
from storyboard.errors import DecisionNeeded
from storyboard.executor.run import Outcome
from storyboard.language.source import escape_for_terminal
from storyboard.operations.apply import apply
from storyboard.operations.film import Film, film
from storyboard.operations.options import RunOptions
from storyboard.operations.prepare import Prepared, prepare
from storyboard.planning.event import Notice
from storyboard.planning.money import Money
from storyboard.promises import Realm
from storyboard.world.mounts import place_of

if TYPE_CHECKING:
    from storyboard.web.callbacks import Heard, Receiver


@click.command("run")
@click.argument("selection", nargs=-1)
@file_option
@profile_option
@provider_option
@click.option("--emulator", is_flag=True, help="Make it on the embedded emulator: no key, no cost, real files.")
@click.option(
    "--speed",
    type=Finite(0, min_open=True),
    default=20.0,
    show_default=True,
    help="The embedded emulator's.",
)
@click.option("--hold-reply", type=click.IntRange(0, 600_000), default=0, metavar="MS", hidden=True)
@click.option("--yes", is_flag=True, help="Don't ask before spending.")
@click.option("--max-cost", type=Amount(), help="Make nothing if it may cost more: 50, or 50 CNY.")
@click.option("--jobs", type=click.IntRange(1, 1000), help="Tasks in flight at once; left out: your settings, else 3.")
@click.option("--fail-fast", is_flag=True, help="Begin nothing new once a scene has failed.")
@click.option(
    "--listen",
    metavar="HOST:PORT",
    help="Hear there from the service when a task changes, instead of finding out by asking now and then.",
)
@click.option(
    "--callback-url",
    metavar="URL",
    help="With --listen: the https address under which the service reaches it; its host is one that you trust.",
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
    """Make what is missing or changed of SELECTION (all, if left out), and cut the film.

    SELECTION: ids and globs; `+storm` and what it needs, `storm+` and what follows; `tag:act1`, `state:stale`; a space
    for either, a comma for both.
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
    with receiving(layout, listen, callback_url) as receiver, display(graph.order) as shows:
        prepared = prepare(loaded, options)
        show_plan(prepared.plan, layout.realm)
        if not _is_agreed(prepared, layout.realm, yes=yes):
            raise DecisionNeeded("nothing was made: you said no")
        if prepared.plan.makes:
            shows.begin(prepared.plan)
        outcome = apply(prepared, _telling(shows, receiver), receiver)
    told_results(outcome)
    _tell_money(outcome, layout.realm)
    if receiver is not None:
        _tell_heard(receiver.heard)
    for name in project.changed_since(layout, loaded.sources):
        echo(
            f"note: {escape_for_terminal(name)} was changed while the run was on; what was made is as it said before",
            err=True,
        )
    if not selection and outcome.exit_code == 0:
        echo(told_film(film(layout, graph, outcome.takes)))
    if outcome.exit_code:
        raise click.exceptions.Exit(outcome.exit_code)


def _telling(shows: Display, receiver: Receiver | None) -> Callable[[Notice], None]:
    """Who hears what happens."""
    if receiver is None:
        return shows.tell

    def tell(event: Notice) -> None:
        receiver.tell(event)
        shows.tell(event)

    return tell


def _tell_heard(heard: Heard) -> None:
    said = f"callbacks: {heard.hints} heeded, {heard.ignored} of no use, {heard.forged} forged and ignored"
    echo(said, err=True)


def _is_agreed(prepared: Prepared, realm: Realm, *, yes: bool) -> bool:
    """Ask before anything is spent; emulated runs never ask."""
    return realm == "emulated" or yes or not prepared.spends or _asked(money(prepared.plan.cost))


def _asked(price: str) -> bool:
    if not sys.stdin.isatty():
        raise DecisionNeeded(f"this would cost about {price}, and there is nobody to ask", "say --yes if you agree")
    return click.confirm(f"Spend about {price}?", default=False)


def told_results(outcome: Outcome) -> None:
    """What became of the scenes: at length where something has to be done, and a line for each."""
    for result in outcome.results.values():
        if result.state in ("failed", "held"):
            _tell_trouble(f"{result.state}: {escape_for_terminal(result.scene)}", result.what, result.hint)
    for result in outcome.earlier:
        _tell_trouble(
            f"{result.state}: {escape_for_terminal(result.scene)}, an earlier submission", result.what, result.hint
        )
    stopped, told = outcome.stopped, (*outcome.results.values(), *outcome.earlier)
    if stopped is not None and all(result.what != stopped.what for result in told):
        _tell_trouble("stopped", stopped.what, stopped.hint)
    for remark in outcome.remarks:
        echo(f"note: {escape_for_terminal(remark)}", err=True)
    show_results(outcome.results.values())
    if outcome.interrupted:
        echo("interrupted; the same command goes on where this one stopped", err=True)
    echo(f"{outcome.submitted} task{'s' if outcome.submitted != 1 else ''} submitted")


def _tell_trouble(who: str, what: str, hint: str) -> None:
    echo(f"{who}: {escape_for_terminal(what)}", err=True)
    for line in hint.splitlines():
        echo(f"  {escape_for_terminal(line)}", err=True)


def _tell_money(outcome: Outcome, realm: Realm) -> None:
    """What was spent in this run, and by the project so far; on the emulator, what would have been."""
    budget = outcome.budget
    if budget.project.spent or budget.project.reserved:
        word = "spent" if realm == "real" else "nothing was paid; for real, spent"
        echo(f"{word}: {told_books(budget.run)}; the project so far: {told_books(budget.project)}")


def told_film(film: Film) -> str:
    """Where a film lies and how it came there."""
    how = "copied" if film.copied else "encoded"
    return f"film: {film.path} ({film.frames / 24:.2f} s, {how if film.anew else 'unchanged'})"
