"""`storyboard merge-lock`"""

from __future__ import annotations

from pathlib import Path

import click

from storyboard.cli.echo import echo


@click.command("merge-lock")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def command(files: tuple[Path, ...]) -> None:
    """Unite both sides of a merged lock: the takes and decisions of both.

    With one file, which has git's merge marks in it: `storyboard merge-lock storyboard.lock`. With three, as git's
    merge driver: base, ours and theirs; the result is written to ours. To have git call it:

    \b
    git config merge.storyboard.driver "storyboard merge-lock %O %A %B"
    echo "storyboard.lock merge=storyboard" >> .gitattributes

    Where both sides selected another take of a scene, ours stays selected, and a line says so: `storyboard plan`
    selects by what the storyboard says now.
    """
    from storyboard.errors import StateDamaged, UsageError
    from storyboard.language.source import shown
    from storyboard.planning.lock import Lock, from_text, merged, selected_otherwise, sides_of, to_text
    from storyboard.world.files import read_text, write_in_one_stroke

    if len(files) not in (1, 3):
        raise UsageError(
            f"merge-lock takes 1 file or 3, not {len(files)}", "`storyboard merge-lock FILE`, or BASE OURS THEIRS"
        )
    texts = sides_of(_text(files[0])) if len(files) == 1 else tuple(_text(path) for path in files)
    target = files[0] if len(files) == 1 else files[1]
    names = [f"{side} of {target.name}" for side in ("the base", "our side", "their side")]
    try:
        base, ours, theirs = (
            from_text(text, name) if text.strip() else Lock() for text, name in zip(texts, names, strict=True)
        )
    except StateDamaged as error:
        raise StateDamaged(error.what, "name a lock of storyboard's; or restore it from git") from error
    united = merged(base, ours, theirs)
    text = to_text(united)
    if text != read_text(target):
        write_in_one_stroke(target, text.encode())
    for profile, scene in selected_otherwise(base, ours, theirs):
        where = f"{scene} ({profile})" if profile else scene
        echo(f"note: {shown(where)}: both sides selected another take; ours stays selected", err=True)
    echo(
        f"{shown(str(target))}: {sum(len(block.takes) for block in united.blocks.values())} takes of both sides",
        err=True,
    )


def _text(path: Path) -> str:
    from storyboard.world.files import read_text

    return read_text(path, 1 << 30)
