"""The boxes of a file: complete, torn, hostile, and the error for each."""

from __future__ import annotations

from pathlib import Path

import pytest

from storyboard.errors import MediaTrouble
from storyboard.world.media import mp4


def box(name: bytes, content: bytes = b"", length: int | None = None) -> bytes:
    """A box; its length may lie."""
    return (8 + len(content) if length is None else length).to_bytes(4, "big") + name + content


def long_box(name: bytes, content: bytes, length: int | None = None) -> bytes:
    """A box whose length needs eight bytes."""
    return (
        (1).to_bytes(4, "big") + name + (16 + len(content) if length is None else length).to_bytes(8, "big") + content
    )


FTYP, MDAT = box(b"ftyp", b"isom"), box(b"mdat", b"pictures")
MOOV = box(b"moov", box(b"mvhd", b"x" * 8) + box(b"trak", b"y"))


def said(folder: Path, content: bytes) -> str:
    """What is wrong with a file; empty if nothing is."""
    (folder / "a.mp4").write_bytes(content)
    try:
        mp4.check(folder / "a.mp4")
    except MediaTrouble as error:
        return error.what
    return ""


@pytest.mark.parametrize(
    "content",
    [
        FTYP + MOOV + MDAT,
        FTYP + MDAT + MOOV,
        FTYP + box(b"free") + box(b"wide") + MDAT + MOOV,
        FTYP + MOOV + long_box(b"mdat", b"pictures"),
        FTYP + MOOV + box(b"mdat", b"pictures", length=0),
    ],
    ids=["moov-first", "moov-last", "others", "long", "to-the-end"],
)
def test_a_whole_file_is_whole(tmp_path: Path, content: bytes) -> None:
    """In whatever order its boxes are, and however their lengths are written."""
    assert said(tmp_path, content) == ""


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "it has no ftyp and no moov and no mdat and no mvhd and no trak"),
        (MOOV + MDAT, "it has no ftyp"),
        (FTYP + MOOV, "it has no mdat"),
        (FTYP + MDAT, "it has no moov and no mvhd and no trak"),
        (FTYP + MDAT + box(b"moov", box(b"mvhd")), "it has no trak"),
        (FTYP + MOOV + MDAT + b"more", "its parts don't add up: at byte 61 of 65"),
        (FTYP + MOOV + MDAT[:-1], "its parts don't add up: at byte 45 of 60"),
        (FTYP + MOOV + box(b"mdat", length=7), "its parts don't add up: at byte 45 of 53"),
        (FTYP + MOOV + long_box(b"mdat", b"x", length=15), "its parts don't add up: at byte 45 of 62"),
        (FTYP + MOOV + long_box(b"mdat", b"x", length=2**63), "its parts don't add up: at byte 45 of 62"),
        (FTYP + MDAT + box(b"moov", box(b"mvhd", length=90)), "its parts don't add up: at byte 36 of 44"),
        (box(b"free") * (mp4.MOST + 1), f"it has more than {mp4.MOST} parts"),
        (b"<html>sign in</html>", "its parts don't add up: at byte 0 of 20"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, content: bytes, words: str) -> None:
    """What is missing, or where it stops to make sense."""
    assert said(tmp_path, content) == words


@pytest.mark.parametrize("whole", [FTYP + MOOV + MDAT, FTYP + MDAT + MOOV], ids=["moov-first", "moov-last"])
@pytest.mark.row(49)
def test_a_cut_file_is_never_whole(tmp_path: Path, whole: bytes) -> None:
    """Wherever it was cut."""
    assert [cut for cut in range(len(whole)) if said(tmp_path, whole[:cut]) == ""] == []
