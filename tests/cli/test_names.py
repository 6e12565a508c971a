"""Scenes, profiles and files may have any name: nothing is lost or mixed up."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from storyboard.world.layout import file_name
from tests.cli.command_line import run

LONG = "\U00020000" * 64
IDS = ("con", "con_", "NUL", "灯塔", "a-last", "a", LONG)
STORYBOARD = """\
storyboard: 1
model: seedance-2.0-fast
defaults: {ratio: 16:9, resolution: 480p, duration: 4, return_last_frame: true}
profiles: {aux: {resolution: 480p}}
scenes:
"""


@pytest.mark.row(74)
def test_each_scene_has_a_video_of_its_own_under_a_name_that_every_disk_takes(tmp_path: Path) -> None:
    """Device names, a name of 256 bytes, one with our own ending; in the store each file is named by its digest."""
    scenes = "".join(f"  {id}: {{prompt: 'scene {n}'}}\n" for n, id in enumerate(IDS))
    stem = unicodedata.normalize("NFD", "Prés du phare")
    path = tmp_path / f"{stem}.yaml"
    path.write_text(STORYBOARD + scenes, "utf-8")
    result = run(path, "--profile", "aux", "--jobs", "9")
    folder = tmp_path / "renders" / "emulated" / file_name(stem) / "aux_"
    made = {file.name for file in (folder / "scenes").iterdir()}
    names = {file_name(id) for id in IDS}
    assert (result.code, result.submitted, (folder / "film.mp4").exists()) == (0, len(IDS), True)
    assert made == {f"{name}.mp4" for name in names} | {f"{name}-last.png" for name in names}
    assert len({(folder / "scenes" / f"{name}.mp4").read_bytes() for name in names}) == len(IDS)
    stored = [file.stem for file in (tmp_path / ".storyboard").glob("emulated/store/sha256/??/*")]
    assert {len(name) for name in stored} == {64}
