"""`storyboard merge-lock`"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from storyboard.cli.echo import echo
from storyboard.errors import StateDamaged, UsageError

if TYPE_CHECKING:
    from storyboard.planning.lock import Lockfile


@click.command("merge-lock")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def command(files: tuple[Path, ...]) -> None:
    """Unite both sides of a merged lock: the takes and decisions of both.

    With one file, which has git's merge marks in it: `storyboard merge-lock storyboard.lock`. With three, as git's
    merge driver: base, ours and theirs; the result is written to ours. To have git call it:

    \b
    git config merge.storyboard.driver "storyboard merge-lock %O %A %B"
    echo "storyboard.lock merge=storyboard" >> .gitattributes

    Where each side selected a different take of a scene, ours stays selected, and a line says so: `storyboard plan`
    selects by what the storyboard says now.
    """
    from storyboard.language.source import escape_for_terminal
    from storyboard.planning.lock import Lockfile
    from storyboard.planning.lock_format import to_text
    from storyboard.planning.lock_merge import merged, selected_otherwise, sides_of
    from storyboard.world.durable import write_atomically

    if len(files) not in (1, 3):
        raise UsageError(
            f"merge-lock takes 1 file or 3, not {len(files)}", "`storyboard merge-lock FILE`, or BASE OURS THEIRS"
        )
    if len(files) == 1:
        target = files[0]
        base_text, *texts = sides_of(_text(target))
        ours, theirs = (_lock(text, target.name) for text in texts)
        try:
            base = _lock(base_text, target.name)
        except StateDamaged:  # git moves lines that both sides share out of the marks: then there is no base to read
            base = Lockfile()
    else:
        target = files[1]
        base, ours, theirs = (
            _lock(_text(path), f"{side} ({path.name})")
            for path, side in zip(files, ("BASE", "OURS", "THEIRS"), strict=True)
        )
    united = merged(base, ours, theirs)
    text = to_text(united)
    if text != _text(target):
        write_atomically(target, text.encode())
    for profile, scene in selected_otherwise(base, ours, theirs):
        where = f"{scene} ({profile})" if profile else scene
        echo(f"note: {escape_for_terminal(where)}: each side selected a different take; ours stays selected", err=True)
    count = sum(len(block.takes) for block in united.blocks.values())
    echo(f"{count} takes of both sides are in {escape_for_terminal(target.name)}", err=True)


def _lock(text: str, name: str) -> Lockfile:
    """The lock of one side; an empty file is one without takes. Raises StateDamaged."""
    from storyboard.planning.lock import Lockfile
    from storyboard.planning.lock_format import from_text

    try:
        return from_text(text, name) if text.strip() else Lockfile()
    except StateDamaged as error:
        raise StateDamaged(
            error.what, "give the path of a lock that storyboard wrote, or restore it from git"
        ) from error


def _text(path: Path) -> str:
    from storyboard.world.files import read_text

    return read_text(path, 1 << 30)
