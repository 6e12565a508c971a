"""The page of the house names its rooms, and no others."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
HOUSE = ROOT / "storyboard"


def _rooms() -> set[str]:
    """Every module by floor and name; a package within a floor is one room, the commands are listed elsewhere."""
    found = set()
    for path in HOUSE.glob("*/*"):
        floor, name = path.parent.name, path.stem
        if floor not in ("cli", "schemas", "docs") and (path.suffix == ".py" or (path / "__init__.py").exists()):
            found.add(f"{floor}/{name}")
    modules = {f"{path.parent.parent.name}/{path.parent.name}/{path.stem}" for path in HOUSE.glob("providers/*/*.py")}
    rooms = (found | modules) - {"providers/ark", "providers/byteplus"}
    return {room for room in rooms if not room.endswith("__init__")}


def _named() -> set[str]:
    """The rooms of the table: `floor/room`, and those that follow in the same cell, on the same floor."""
    named = set()
    for row in re.findall(r"^\| (`.*?) \|", (ROOT / "docs" / "house.md").read_text("utf-8"), re.MULTILINE):
        floor = ""
        for word in re.findall(r"`([^`]+)`", row):
            place, _, name = word.rstrip("/").rpartition("/")
            floor = place or floor
            named.add(f"{floor}/{name}")
    return named


def test_the_page_names_every_room_and_no_other() -> None:
    """Whoever looks for a room finds its sentence; whoever reads of one finds it."""
    assert _named() == _rooms()
