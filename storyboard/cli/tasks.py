"""`storyboard tasks`"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from storyboard.cli.common import Finite, check_task_id, colour, file_option, json_option
from storyboard.cli.echo import echo
from storyboard.errors import DecisionNeeded, NotFound, Rejected, StateDamaged

if TYPE_CHECKING:
    from storyboard.providers.provider import Page, Provider, Task
    from storyboard.report.tasks import Owned
    from storyboard.world.layout import Layout

STATUSES = ("queued", "running", "succeeded", "failed", "cancelled", "expired")
_STYLES = {"running": "blue", "succeeded": "green", "failed": "red", "expired": "red", "cancelled": "magenta"}
RUNNING = "InvalidAction.RunningTaskDeletion"
"""The service's error code for cancelling a running task."""
DAYS = "the service keeps the record of a task for seven days"

emulator_option = click.option("--emulator", is_flag=True, help="Use the embedded emulator, not the real service.")
speed_option = click.option(
    "--speed",
    type=Finite(0, min_open=True),
    default=20.0,
    show_default=True,
    help="Speed of the embedded emulator; the same as in the run.",
)


def service_options(function: Callable[..., None]) -> Callable[..., None]:
    """Add the options of commands that send requests to the service."""
    for option in (speed_option, emulator_option, file_option):
        function = option(function)
    return function


@click.group("tasks")
def command() -> None:
    """List the service's tasks; cancel or delete them."""


@command.command("list")
@service_options
@click.option("--status", type=click.Choice(STATUSES), help="Only tasks with this status.")
@click.option("--model", default="", help="Only tasks of this model or endpoint.")
@click.option(
    "--service-tier",
    type=click.Choice(("default", "flex")),
    help="Only tasks of this tier; default: as the service does, which omits flex.",
)
@click.option("--task", "tasks", multiple=True, metavar="TASK", help="Only this task; may be repeated.")
@click.option("--page", type=click.IntRange(1, 500), default=1, show_default=True)
@click.option("--size", type=click.IntRange(1, 500), default=20, show_default=True, help="Tasks per page.")
@json_option
def list_tasks(
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
    """List the tasks of the last seven days, each with its scene."""
    from storyboard.project import chosen
    from storyboard.providers.catalogue import capabilities
    from storyboard.providers.provider import TaskQuery

    asked = tuple(check_task_id(task) for task in tasks)
    row = capabilities(chosen()).get(model)
    layout = _layout(file, emulator)

    async def question(provider: Provider) -> Page:
        name = row.id if row else model
        return await provider.list(TaskQuery(status or "", name, service_tier or "", asked, page, size))

    found = _ask(layout, question, speed if emulator else None)
    rows = _find_owners(layout, found.tasks)
    if as_json:
        value = {"realm": layout.realm, "total": found.total, "page": page, "size": size}
        _print_json({**value, "tasks": [row.value() for row in rows]})
        return
    if rows:
        echo(_table(rows))
    echo(f"{len(rows)} of {found.total} task{'' if found.total == 1 else 's'}, page {page}")


@command.command("get")
@click.argument("task")
@service_options
@json_option
def get_task(task: str, file: str, emulator: bool, speed: float, as_json: bool) -> None:
    """Show TASK. Addresses are shown without their signatures, since a signed address gives access to the video."""
    from storyboard.language.source import escape_for_terminal
    from storyboard.report.tasks import date_of

    layout = _layout(file, emulator)
    (row,) = _find_owners(layout, (_get_task(layout, task, speed if emulator else None),))
    if as_json:
        _print_json({"realm": layout.realm, **row.value()})
        return
    value = row.value() | {"scene": row.whose or None, "profile": None, "may_be": None}
    for name in ("created_at", "updated_at", "addresses_expire_at"):
        value[name] = f"{date_of(value[name])} UTC" if value[name] else None
    value["stored"] = "yes" if row.stored else "no"
    for name, field in value.items():
        if field is not None:
            echo(f"{name.replace('_', ' '):24}{escape_for_terminal(str(field))}")


@command.command("cancel")
@click.argument("task")
@service_options
def cancel_task(task: str, file: str, emulator: bool, speed: float) -> None:
    """Cancel TASK while it is queued. A running task can't be cancelled and is billed."""
    layout = _layout(file, emulator)
    embedded = speed if emulator else None
    found = _get_task(layout, task, embedded)
    (row,) = _find_owners(layout, (found,))
    if found.status == "cancelled":
        echo(f"{task} is already cancelled")
        return
    if found.status == "running":
        raise _task_runs_error(task)
    if found.status != "queued":
        hint = "`storyboard tasks delete` removes its record at the service" if found.status in STATUSES else ""
        raise Rejected(f"task {task} can't be cancelled: its status is {found.word}", hint)
    _cancel_or_delete(layout, task, embedded)
    echo(f"{task} is cancelled and will not be billed")
    if row.scene:
        from storyboard.planning.advice import command_to_decide

        remedy = command_to_decide(row.scene, row.profile, f"--submit-again{' --emulator' if emulator else ''}")
        echo(f"{row.scene}: the next run holds it; {remedy} makes the scene after all")


@command.command("delete")
@click.argument("task")
@service_options
@click.option("--yes", is_flag=True, help="Delete it even if its video isn't stored.")
def delete_task(task: str, file: str, emulator: bool, speed: float, yes: bool) -> None:
    """Delete the service's record of TASK, which has ended. For seven days it is the proof of what was bought."""
    layout = _layout(file, emulator)
    embedded = speed if emulator else None
    found = _get_task(layout, task, embedded)
    (row,) = _find_owners(layout, (found,))
    if found.status == "running":
        raise _task_runs_error(task)
    if found.status not in STATUSES or found.status == "queued":
        raise Rejected(
            f"task {task} has not ended: its status is {found.word}", "`storyboard tasks cancel` cancels a queued task"
        )
    if found.status == "succeeded":
        if not row.stored and not yes:
            hint = "`storyboard run` downloads it if it belongs to a scene here; --yes deletes the record all the same"
            raise DecisionNeeded(
                f"the video of task {task} is not stored and can't be downloaded without the record", hint
            )
        warning = f"warning: {DAYS}: the record of {task} was the proof of what was bought"
        echo(colour(warning, fg="yellow"), err=True)
    _cancel_or_delete(layout, task, embedded)
    echo(f"{task} is deleted")


def _task_runs_error(task: str) -> Rejected:
    return Rejected(
        f"task {task} is running: it can't be cancelled any more and will be billed",
        "its video is downloaded by the next `storyboard run`",
        code=RUNNING,
        status=409,
    )


def _layout(file: str, emulator: bool) -> Layout:
    from storyboard import project
    from storyboard.world.layout import layout_of

    return layout_of(file, project.realm_of(emulator=emulator))


def _ask(layout: Layout, question: Callable[[Provider], Any], speed: float | None) -> Any:
    from storyboard.operations.service import ask

    return ask(layout, question, speed)


def _get_task(layout: Layout, task: str, speed: float | None) -> Task:
    id = check_task_id(task)
    try:
        found: Task = _ask(layout, lambda provider: provider.get_task(id), speed)
    except NotFound as error:
        raise NotFound(f"the service knows no task {id}", DAYS, code=error.code, status=error.status) from error
    return found


def _cancel_or_delete(layout: Layout, task: str, speed: float | None) -> None:
    """Send DELETE for a task that was just seen queued or ended: the API uses one call for cancel and delete."""
    try:
        _ask(layout, lambda provider: provider.cancel(task), speed)
    except Rejected as error:
        if error.code == RUNNING:
            raise _task_runs_error(task) from error
        raise


def _find_owners(layout: Layout, tasks: tuple[Task, ...]) -> list[Owned]:
    """Return the tasks with their scenes; with a note and without scenes if the journal can't be read."""
    from storyboard import project
    from storyboard.planning.past import Past
    from storyboard.report.tasks import find_owner
    from storyboard.world.clock import SystemClock
    from storyboard.world.store import Store

    try:
        state = project.state_on_disk(layout, SystemClock())
    except StateDamaged as error:
        echo(f"note: the scenes of the tasks are not certain: {error.what}", err=True)
        digests = Store(layout.hidden / "store").digests()
        return [find_owner(task, Past(), {}, digests) for task in tasks]
    past = state.past(layout.stem)
    return [find_owner(task, past, state.locks, state.store.digests()) for task in tasks]


def _print_json(value: dict[str, Any]) -> None:
    echo(json.dumps(value, ensure_ascii=False, indent=1))


def _table(rows: list[Owned]) -> str:
    """Return a table with a line for each task; lines are never wrapped, since the output may be a pipe."""
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
    Console(file=paper, width=1000, force_terminal=_is_terminal(), highlight=False).print(grid)
    return "\n".join(line.rstrip() for line in paper.getvalue().splitlines())


def _is_terminal() -> bool:
    import sys

    return sys.stdout is not None and sys.stdout.isatty()
