"""Every mistake that the program tells has a broken storyboard, with its place and the message as it is read.

A place is marked by hand, in a comment beside the line, with the code: carets `^` mean the line above, `v` the line
below (where the line itself can't be followed by a comment: before a block, say). They stand under what is meant as a
terminal shows it, so that a Chinese character takes two. Where the mistake begins with the line, so that there is no
room for a `#` before it, the `#` touches the carets and counts as the first of them; a `#` without carets means the
first character of the line above.

    duration: 22          # the second          #^^^^^ SB201          # SB203
    #         ^^ SB402
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from storyboard.language.capability import MEGABYTE, Capabilities
from storyboard.language.facts import Facts, FileFacts
from storyboard.language.problem import format_problem
from storyboard.language.source import Place, Source, columns
from storyboard.language.validator import ValidationResult, validate
from storyboard.project import read, survey
from storyboard.providers.catalogue import capabilities
from storyboard.report.pages import pages
from storyboard.world.layout import layout_of
from storyboard.world.shipped import codes_text
from tests.builders import ROOT

BROKEN = ROOT / "tests" / "broken"
FOLDERS = sorted(path for path in BROKEN.iterdir() if path.is_dir())

ROWS: Mapping[str, Capabilities] = {
    "SB404-ratio-not-made": {
        name: replace(row, ratios=tuple(ratio for ratio in row.ratios if ratio != "21:9"))
        for name, row in capabilities().items()
    }
}
"""Other limits where today's models accept all that the schema lets through."""

THERE: Mapping[str, Facts] = {
    "SB545-not-had": {
        "https://films.example/harbour.mp4": FileFacts("", trouble="unfetched", why="it answers 404"),
        "https://films.example/waves.mp3": FileFacts("", trouble="silent", why="it didn't come whole within 60 s"),
    },
    "SB546-otherwise-than-stated": {
        "https://films.example/harbour.mp4": FileFacts(
            "", None, 1000, "mp4", "sha256:0a", width=960, height=720, seconds=6.04, fps=24
        ),
    },
}
"""What was found at the addresses of a folder, where it matters."""

GROWN: Mapping[str, Mapping[str, int]] = {
    "SB513-picture-too-heavy": {"quay.png": 31},
    "SB524-video-too-heavy": {"harbour.mp4": 51},
    "SB533-sound-too-heavy": {"waves.wav": 16},
    "SB541-request-too-heavy": {"one.png": 20, "two.png": 20, "three.png": 20},
}
"""Files that are kept small and made as large as this, in MB, in a copy of their folder: by zeros at their end."""

UNMARKED: Mapping[str, str] = {"SB101-empty-file": "with a comment in it, the file would not be empty"}
"""Folders whose text can't contain a mark, with the reason."""


@pytest.fixture(params=FOLDERS, ids=lambda folder: folder.name)
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A broken storyboard's folder; a copy of it, where files have to grow."""
    found: Path = request.param
    grown = GROWN.get(found.name, {})
    if not grown:
        return found
    copy = Path(shutil.copytree(found, tmp_path / found.name))
    for name, size in grown.items():
        os.truncate(copy / name, size * MEGABYTE)
    return copy


def judgement_of(folder: Path) -> ValidationResult:
    """What `storyboard validate` finds in a folder."""
    layout = layout_of(str(folder / "storyboard.yaml"), "real")
    judgement, facts = survey(layout)
    rows, there = ROWS.get(folder.name), THERE.get(folder.name)
    if rows is None and there is None:
        return judgement
    return validate(read(layout), rows or capabilities(), {**facts, **(there or {})})


def code_of(folder: Path) -> str:
    """The code that a folder is named for."""
    return folder.name.partition("-")[0]


def test_each_mistake_is_told_in_full(folder: Path) -> None:
    """The output for a broken storyboard is exactly what its folder expects."""
    judgement = judgement_of(folder)
    actual = "".join(format_problem(problem, judgement.sources) + "\n" for problem in judgement.problems)
    expected = (folder / "expected.txt").read_text("utf-8")
    assert actual == expected


def test_a_folder_is_named_for_what_it_shows(folder: Path) -> None:
    """Every message in a folder has the code of the folder's name, or is a note, or has its own mark."""
    expected = {code_of(folder), *(code for code, _, _ in marks(folder))}
    codes = {problem.code for problem in judgement_of(folder).problems if problem.severity != "note"}
    assert codes | {code_of(folder)} == expected


def test_the_place_is_where_a_hand_marked_it(folder: Path) -> None:
    """Line, column and width of every problem of the folder's own code are those of the marks in its text."""
    judgement = judgement_of(folder)
    marked = sorted(marks(folder))
    codes = {code for code, _, _ in marked}
    found = {(p.code, *_seen(p.place, judgement.sources[p.place.file])) for p in judgement.problems if p.code in codes}
    assert (sorted(found), bool(marked)) == (marked, folder.name not in UNMARKED)


Seen = tuple[str, tuple[int, int, int]]
"""A file, and in it a line, a column of the terminal and a width in such columns, the first two from 1."""


def _seen(place: Place, source: Source) -> Seen:
    line = source.line(place.line)
    before, meant = line[: place.column - 1], line[place.column - 1 : place.column - 1 + place.width]
    return place.file, (place.line, columns(before) + 1, max(1, columns(meant)))


def marks(folder: Path) -> Iterator[tuple[str, str, tuple[int, int, int]]]:
    """The marks in the storyboards of a folder: the code, and what is meant."""
    for path in sorted(folder.glob("*.yaml")):
        lines = path.read_text("utf-8", "replace").split("\n")
        for number, line in enumerate(lines, start=1):
            mark = MARK.fullmatch(line)
            if mark is not None:
                step = 1 if mark["signs"].startswith("v") else -1
                while MARK.fullmatch(lines[number + step - 1]):
                    number += step
                first = mark.start("hash") if not mark["gap"] else mark.start("signs")
                width = len(mark["signs"]) + (not mark["gap"])
                yield mark["code"], path.name, (number + step, first + 1, width)


MARK = re.compile(r" *(?P<hash>#)(?P<gap> *(?=[v^]))?(?P<signs>\^*|v*) (?P<code>SB\d{3})")


def test_every_code_has_its_page_its_rule_and_its_folder() -> None:
    """The codes in the source are those of the pages and of the folders: none is missing, none is left over."""
    rooms = [room.read_text("utf-8") for room in (ROOT / "storyboard" / "language").rglob("*.py")]
    in_source = {code for text in rooms for code in re.findall(r'"(SB\d{3})"', text)}
    of_folders = {code_of(folder) for folder in FOLDERS}
    assert (in_source, set(pages(codes_text()))) == (of_folders, of_folders)


def test_every_rule_says_which_code_it_holds() -> None:
    """The docstrings of the rules name the codes that the rules report."""
    rooms = [room.read_text("utf-8") for room in (ROOT / "storyboard" / "language" / "rules").glob("*.py")]
    told_there = {code for text in rooms for code in re.findall(r'"(SB\d{3})"', text)}
    in_docstrings = {code for text in rooms for code in re.findall(r"\b(SB\d{3})(?:, a \w+)?:", text)}
    assert in_docstrings == told_there


def test_every_code_is_mapped_to_what_it_is_for() -> None:
    """The table of what is checked names every code, and none that there isn't."""
    page = (ROOT / "docs" / "coverage.md").read_text("utf-8")
    assert set(re.findall(r"SB\d{3}", page)) == {code_of(folder) for folder in FOLDERS}
