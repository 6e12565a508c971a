"""`storyboard init`"""

from __future__ import annotations

from pathlib import Path
from shlex import quote

import click

from storyboard.cli.echo import echo
from storyboard.errors import UsageError

TEMPLATE = """\
# yaml-language-server: $schema=.storyboard/storyboard.schema.json
storyboard: 1
title: A first film
model: seedance-2.0

defaults:                  # request parameters that every scene inherits
  ratio: 16:9
  resolution: 720p
  duration: 5

scenes:                    # the order of the film
  morning:
    prompt: >-
      A small harbour at first light, mist over the water, slow dolly in.

  boat:
    chain: morning         # starts on the last frame of morning
    prompt: >-
      A fishing boat leaves the quay. A man on deck says: "Back by noon."

  sea:
    extend: boat           # continues boat's video
    prompt: >-
      Extend {boat} forward: the boat meets the open sea, gulls overhead.
    duration: 8
"""
IGNORED = (".storyboard/", "renders/")


@click.command("init")
@click.argument("folder", default=".")
def command(folder: str) -> None:
    """Create a new storyboard in FOLDER: the file, assets/, .gitignore, and the schema for your editor."""
    from storyboard.language.source import escape_for_terminal
    from storyboard.world.durable import write_atomically
    from storyboard.world.shipped import schema_text

    place = Path(folder or ".")
    target = place / "storyboard.yaml"
    if target.exists():
        raise UsageError(f"{target} already exists", "name another folder")
    if place.exists() and not place.is_dir():
        raise UsageError(f"{place} is not a folder", "name another one")
    write_atomically(place / ".storyboard" / "storyboard.schema.json", schema_text().encode())
    write_atomically(target, TEMPLATE.encode())
    (place / "assets").mkdir(exist_ok=True)
    _add_to_gitignore(place / ".gitignore")
    echo(f"{escape_for_terminal(str(target))} is written. Try it at no cost:\n")
    echo(("" if place == Path() else f"  cd {escape_for_terminal(quote(folder))}\n") + "  storyboard run --emulator")


def _add_to_gitignore(path: Path) -> None:
    """Add the missing lines to a .gitignore; keep its other lines."""
    from storyboard.world.durable import write_atomically
    from storyboard.world.files import read_text

    text = read_text(path) if path.exists() else ""
    missing = [line for line in IGNORED if line not in text.splitlines()]
    if missing:
        text += ("" if not text or text.endswith("\n") else "\n") + "\n".join(missing) + "\n"
        write_atomically(path, text.encode("utf-8", "surrogateescape"))
