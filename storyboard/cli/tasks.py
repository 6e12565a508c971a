"""`storyboard tasks`"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from storyboard.cli.common import Finite, checked_task, colour, file_option, json_option
from storyboard.cli.echo import echo
from storyboard.errors import DecisionNeeded, NotFound, Rejected, StateDamaged

if TYPE_CHECKING:
    from storyboard.providers.provider import Page, Provider, Task
    from storyboard.report.tasks import Owned
    from storyboard.world.layout import Layout

STATUSES = ("queued", "running", "succeeded", "failed", "cancelled", "expired")
_STYLES = {"running": "blue", "succeeded": "green", "failed": "red", "expired": "red", "cancelled": "magenta"}
RUNNING = "InvalidAction.RunningTaskDeletion"
"""What the service calls it when a task that runs should be cancelled."""
DAYS = "the service keeps what it knows of a task for seven days"

emulator_option = click.option("--emulator", is_flag=True, help="Ask the embedded emulator, not the real service.")
speed_option = click.option(
    "--speed",
    type=Finite(0, min_open=True),
    default=20.0,
    show_default=True,
    help="The embedded emulator's, as the run had it.",
)


def asking(door: Callable[..., None]) -> Callable[..., None]:
    """The options of everybody who asks the service."""
    for option in (speed_option, emulator_option, file_option):
        door = option(door)
    return door


@click.group("tasks")
def command() -> None:
    """The service's own tasks: see them, and cancel or forget them."""


@command.command("list")
@asking
@click.option("--status", type=click.Choice(STATUSES), help="Only those that stand so.")
@click.option("--model", default="", help="Only those of this model or endpoint.")
@click.option(
    "--service-tier",
    type=click.Choice(("default", "flex")),
    help="Only those of this tier; left out: as the service does, which leaves flex out.",
)
@click.option("--task", "tasks", multiple=True, metavar="TASK", help="Only this one; may be said several times.")
@click.option("--page", type=click.IntRange(1, 500), default=1, show_default=True)
@click.option("--size", type=click.IntRange(1, 500), default=20, show_default=True, help="Tasks on a page.")
@json_option
def listing(
    file: str,
    emulator: bool,
    speed: float,
    status: str | None,
    model: str,
    service_tier: str | None,
    tasks: tuple[str, ...],
    page: int,
    size: int,
    as_json: bool,
) -> None:
    """The tasks of the last seven days, each with the scene that it belongs to."""
    from storyboard.project import chosen
    from storyboard.providers.catalogue import capabilities
    from storyboard.providers.provider import TaskQuery

    asked = tuple(checked_task(task) for task in tasks)
    row = capabilities(chosen()).get(model)
    layout = _layout(file, emulator)

    async def question(provider: Provider) -> Page:
        name = row.id if row else model
        return await provider.list(TaskQuery(status or "", name, service_tier or "", asked, page, size))

    found = _asked(layout, question, speed if emulator else None)
    rows = _owned(layout, found.tasks)
    if as_json:
        value = {"realm": layout.realm, "total": found.total, "page": page, "size": size}
        _print_json({**value, "tasks": [row.value() for row in rows]})
        return
    if rows:
        echo(_table(rows))
    echo(f"{len(rows)} of {found.total} task{'' if found.total == 1 else 's'}, page {page}")


@command.command("get")
@click.argument("task")
@asking
@json_option
def getting(task: str, file: str, emulator: bool, speed: float, as_json: bool) -> None:
    """How TASK stands. Addresses are shown without their signatures: whoever has one can fetch the video."""
    from storyboard.language.source import escape_for_terminal
    from storyboard.report.tasks import date_of

    layout = _layout(file, emulator)
    (row,) = _owned(layout, (_looked(layout, task, speed if emulator else None),))
    if as_json:
        _print_json({"realm": layout.realm, **row.value()})
        return
    said = row.value() | {"scene": row.whose or None, "profile": None, "may_be": None}
    for name in ("created_at", "updated_at", "addresses_expire_at"):
        said[name] = f"{date_of(said[name])} UTC" if said[name] else None
    said["stored"] = "yes" if row.stored else "no"
    for name, value in said.items():
        if value is not None:
            echo(f"{name.replace('_', ' '):24}{escape_for_terminal(str(value))}")


@command.command("cancel")
@click.argument("task")
@asking
def cancelling(task: str, file: str, emulator: bool, speed: float) -> None:
    """Cancel TASK while it is queued; one that runs goes on, and is billed."""
    layout = _layout(file, emulator)
    embedded = speed if emulator else None
    found = _looked(layout, task, embedded)
    (row,) = _owned(layout, (found,))
    if found.status == "cancelled":
        echo(f"{task} is cancelled already")
        return
    if found.status == "running":
        raise _too_late(task)
    if found.status != "queued":
        hint = "`storyboard tasks delete` makes the service forget it" if found.status in STATUSES else ""
        raise Rejected(f"task {task} can't be cancelled: the service says {found.word}", hint)
    _removed(layout, task, embedded)
    echo(f"{task} is cancelled, and will not be billed")
    if row.scene:
        from storyboard.planning.advice import deciding

        remedy = deciding(row.scene, row.profile, f"--submit-again{' --emulator' if emulator else ''}")
        echo(f"{row.scene}: the next run holds it; {remedy} then has it made after all")


@command.command("delete")
@click.argument("task")
@asking
@click.option("--yes", is_flag=True, help="Also if its video isn't stored: nobody can fetch it afterwards.")
def deleting(task: str, file: str, emulator: bool, speed: float, yes: bool) -> None:
    """Make the service forget TASK, which has ended. Its record is the proof of what was bought, for seven days."""
    layout = _layout(file, emulator)
    embedded = speed if emulator else None
    found = _looked(layout, task, embedded)
    (row,) = _owned(layout, (found,))
    if found.status == "running":
        raise _too_late(task)
    if found.status not in STATUSES or found.status == "queued":
        raise Rejected(
            f"task {task} has not ended: the service says {found.word}", "`storyboard tasks cancel` does that"
        )
    if found.status == "succeeded":
        if not row.stored and not yes:
            hint = "`storyboard run` fetches it, if a scene here asked for it; --yes lets it go for good"
            raise DecisionNeeded(
                f"the video of task {task} is not stored: without its record nobody can fetch it", hint
            )
        warning = f"warning: {DAYS}: the record of {task} was the proof of what was bought"
        echo(colour(warning, fg="yellow"), err=True)
    _removed(layout, task, embedded)
    echo(f"{task} is forgotten")


def _too_late(task: str) -> Rejected:
    return Rejected(
        f"task {task} is running: it can't be cancelled any more, and will be billed",
        "its video is fetched by the next `storyboard run`",
        code=RUNNING,
        status=409,
    )


def _layout(file: str, emulator: bool) -> Layout:
    from storyboard import project
    from storyboard.world.layout import layout_of

    return layout_of(file, project.realm_of(emulator=emulator))


def _asked(layout: Layout, question: Callable[[Provider], Any], speed: float | None) -> Any:
    from storyboard.operations.service import ask

    return ask(layout, question, speed)


def _looked(layout: Layout, task: str, speed: float | None) -> Task:
    id = checked_task(task)
    try:
        found: Task = _asked(layout, lambda provider: provider.get_task(id), speed)
    except NotFound as error:
        raise NotFound(f"the service knows no task {id}", DAYS, code=error.code, status=error.status) from error
    return found


def _removed(layout: Layout, task: str, speed: float | None) -> None:
    """Only ever said of a task that was just seen queued or ended: the service has one word for both."""
    try:
        _asked(layout, lambda provider: provider.cancel(task), speed)
    except Rejected as error:
        if error.code == RUNNING:
            raise _too_late(task) from error
        raise


def _owned(layout: Layout, tasks: tuple[Task, ...]) -> list[Owned]:
    """Whose the tasks are. A record that can't be read ends nothing: one looks at tasks just then."""
    from storyboard import project
    from storyboard.planning.past import Past
    from storyboard.report.tasks import owned
    from storyboard.world.clock import SystemClock
    from storyboard.world.store import Store

    try:
        state = project.state_on_disk(layout, SystemClock())
    except StateDamaged as error:
        echo(f"note: whose the tasks are is not certain: {error.what}", err=True)
        digests = Store(layout.hidden / "store").digests()
        return [owned(task, Past(), {}, digests) for task in tasks]
    past = state.past(layout.stem)
    return [owned(task, past, state.locks, state.store.digests()) for task in tasks]


def _print_json(value: dict[str, Any]) -> None:
    echo(json.dumps(value, ensure_ascii=False, indent=1))


def _table(rows: list[Owned]) -> str:
    """A line for each task, as wide as it has to be: what reads it may be a pipe."""
    import io

    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from storyboard.language.source import escape_for_terminal
    from storyboard.report.tasks import date_of

    grid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="")
    for name in ("task", "status", "scene", "model", "created (UTC)", "tokens", "error"):
        grid.add_column(name, no_wrap=True, justify="right" if name == "tokens" else "left")
    for row in rows:
        task = row.task
        words = (task.id, task.word, row.whose, task.model, date_of(task.created_at), task.tokens, task.error)
        cells = [Text(escape_for_terminal("" if word is None else str(word))) for word in words]
        cells[1].stylize(_STYLES.get(task.status, ""))
        grid.add_row(*cells)
    paper = io.StringIO()
    Console(file=paper, width=1000, force_terminal=_seen(), highlight=False).print(grid)
    return "\n".join(line.rstrip() for line in paper.getvalue().splitlines())


def _seen() -> bool:
    import sys

    return sys.stdout is not None and sys.stdout.isatty()
