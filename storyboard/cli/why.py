"""`storyboard why`"""

from __future__ import annotations

import json

import click

from storyboard.cli.common import (
    emulator_option,
    file_option,
    json_option,
    problem_printer,
    profile_option,
)
from storyboard.cli.echo import echo


@click.command("why")
@click.argument("scene")
@file_option
@profile_option
@emulator_option
@json_option
def command(scene: str, file: str, profiles: tuple[str, ...], emulator: bool, as_json: bool) -> None:
    """Show why SCENE would be remade, down to the scenes where the change began."""
    from storyboard.cli.state import read_state
    from storyboard.errors import UsageError
    from storyboard.language.problem import nearest
    from storyboard.language.source import escape_for_terminal
    from storyboard.planning.causes import root_causes
    from storyboard.report.view import reason_value

    state = read_state(file, profiles=profiles, emulator=emulator, on_problems=problem_printer(as_json))
    known = f"scenes: {', '.join(state.graph.order[:20])}"
    if scene not in state.graph.order:
        raise UsageError(f'there is no scene "{scene}"', nearest(scene, state.graph.order) or known)
    causes = root_causes(scene, state.planned.plan)
    if as_json:
        value = [{"scene": name, **reason_value(reason)} for name, reason in causes]
        echo(json.dumps(value, ensure_ascii=False, indent=1))
        return
    if not causes:
        echo(f"{scene} is kept: its take matches the current inputs")
    for name, reason in causes:
        echo(f"{escape_for_terminal(name)}: {escape_for_terminal(str(reason))}")
    state.print_realm_hint()
