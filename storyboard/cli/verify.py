"""`storyboard verify`"""

from __future__ import annotations

import json

import click

from storyboard.cli.common import emulator_option, file_option, json_option
from storyboard.cli.echo import echo
from storyboard.errors import ExitCode
from storyboard.language.source import escape_for_terminal


@click.command("verify")
@file_option
@emulator_option
@click.option("--deep", is_flag=True, help="Also decode every video to its end.")
@json_option
def command(file: str, emulator: bool, deep: bool, as_json: bool) -> None:
    """Check every take and frame in the store against its digest.

    An altered file is moved aside (nothing is deleted); a missing file is listed. `storyboard run` downloads either
    again while the service still has it, and buys nothing. A last frame is downloaded once a scene is made from it; if
    the service no longer has it, the last picture of the video is used. Exits with 5 if a fault was found.
    """
    from storyboard import project
    from storyboard.operations.verify import verify
    from storyboard.world.layout import layout_of

    layout = layout_of(file, project.realm_of(emulator=emulator))
    report = verify(layout, deep=deep)
    if as_json:
        faults = [{"digest": one.digest, "what": one.what, "scenes": list(one.scenes)} for one in report.problems]
        echo(json.dumps({"checked": report.checked, "faults": faults}, ensure_ascii=False, indent=1))
    else:
        for one in report.problems:
            whose = f" ({', '.join(one.scenes)})" if one.scenes else ""
            echo(escape_for_terminal(f"{one.digest[:19]}…{whose}: {one.what}"), err=True)
        how, count = "decoded" if deep else "checked", len(report.problems)
        echo(f"{report.checked} files {how}, {count or 'no'} fault{'' if count == 1 else 's'}")
    if report.problems:
        raise click.exceptions.Exit(ExitCode.REFUSED)
