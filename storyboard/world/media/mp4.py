"""The boxes of an MP4 file: are they all there, and do they add up to the file?

An MP4 file is a row of boxes, each with its length and name before its content (ISO/IEC 14496-12, *Object Structure*).
A file that was cut has a box that reaches beyond its end, wherever it was cut but between two boxes; then one of those
that a player needs is missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from storyboard.errors import MediaTrouble

NEEDED = {"": ("ftyp", "moov", "mdat"), "moov": ("mvhd", "trak")}
"""The boxes that a file, and its `moov`, must contain."""
MOST = 10_000
"""The maximum number of boxes in a row: a file of empty ones would take hours."""


def check(path: Path) -> None:
    """Raise MediaTrouble, with what is wrong, for a file that is no whole MP4 video."""
    with path.open("rb") as file:
        rows = {"": _row(file, 0, file.seek(0, 2))}
        start, length = rows[""].get("moov", (0, 0))
        rows["moov"] = _row(file, start, start + length)
    missing = [name for row, names in NEEDED.items() for name in names if name not in rows[row]]
    if missing:
        raise MediaTrouble(f"it has no {' and no '.join(missing)}")


def _row(file: BinaryIO, at: int, end: int) -> dict[str, tuple[int, int]]:
    """The boxes from one place to another, by name: where their content starts, and how long it is."""
    found = {}
    for count, (name, start, length) in enumerate(_boxes(file, at, end)):
        if count >= MOST:
            raise MediaTrouble(f"it has more than {MOST} parts")
        found[name] = (start, length)
    return found


def _boxes(file: BinaryIO, at: int, end: int) -> Iterator[tuple[str, int, int]]:
    while at < end:
        file.seek(at)
        head = file.read(min(16, end - at))
        length, start = int.from_bytes(head[:4], "big"), 8
        if length == 0:
            length = end - at
        elif length == 1:
            length, start = int.from_bytes(head[8:], "big"), 16
        if length < start or length > end - at:
            raise MediaTrouble(f"its parts don't add up: at byte {at} of {end}")
        yield head[4:8].decode("latin-1"), at + start, length - start
        at += length
