"""`storyboard verify`"""

from __future__ import annotations

import json

import click

from storyboard.cli.common import emulator_option, file_option, json_option
from storyboard.cli.echo import echo
from storyboard.language.source import escape_for_terminal


@click.command("verify")
@file_option
@emulator_option
@click.option("--deep", is_flag=True, help="Decode every video to its end, too.")
@json_option
def command(file: str, emulator: bool, deep: bool, as_json: bool) -> None:
    """Check every take and frame in the store against its digest.

    What was altered is put aside (nothing is deleted), what is gone is named: `storyboard run` fetches either again
    while the service still has it, and buys nothing; a last frame only once a scene is made from it, and else it takes
    the last picture of the video. Exits with 5 if something was found.
    """
    from storyboard import project
    from storyboard.operations.verify import verify
    from storyboard.world.layout import layout_of

    layout = layout_of(file, project.realm_of(emulator=emulator))
    found = verify(layout, deep=deep)
    if as_json:
        faults = [{"digest": one.digest, "what": one.what, "scenes": list(one.scenes)} for one in found.problems]
        echo(json.dumps({"checked": found.checked, "faults": faults}, ensure_ascii=False, indent=1))
    else:
        for one in found.problems:
            whose = f" ({', '.join(one.scenes)})" if one.scenes else ""
            echo(escape_for_terminal(f"{one.digest[:19]}…{whose}: {one.what}"), err=True)
        how, count = "decoded" if deep else "checked", len(found.problems)
        echo(f"{found.checked} files {how}, {count or 'no'} fault{'' if count == 1 else 's'}")
    if found.problems:
        raise click.exceptions.Exit(5)
