"""`storyboard why`"""

from __future__ import annotations

import json

import click

from storyboard.cli.common import (
    emulator_option,
    file_option,
    json_option,
    profile_option,
    telling,
)
from storyboard.cli.echo import echo


@click.command("why")
@click.argument("scene")
@file_option
@profile_option
@emulator_option
@json_option
def command(scene: str, file: str, profiles: tuple[str, ...], emulator: bool, as_json: bool) -> None:
    """Say why SCENE would be made anew, down to the scenes where it began."""
    from storyboard.cli.state import look
    from storyboard.errors import UsageError
    from storyboard.language.problem import nearest
    from storyboard.language.source import escape_for_terminal
    from storyboard.planning.causes import root_causes
    from storyboard.report.view import reason_value

    looked = look(file, profiles=profiles, emulator=emulator, tell=telling(as_json))
    known = f"there are: {', '.join(looked.graph.order[:20])}"
    if scene not in looked.graph.order:
        raise UsageError(f'no scene is called "{scene}"', nearest(scene, looked.graph.order) or known)
    causes = root_causes(scene, looked.planned.plan)
    if as_json:
        value = [{"scene": name, **reason_value(reason)} for name, reason in causes]
        echo(json.dumps(value, ensure_ascii=False, indent=1))
        return
    if not causes:
        echo(f"{scene} is kept: its take is good for today's inputs")
    for name, reason in causes:
        echo(f"{escape_for_terminal(name)}: {escape_for_terminal(str(reason))}")
    looked.hint_at_other_realm()
