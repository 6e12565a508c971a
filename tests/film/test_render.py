"""The film of real takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from storyboard.errors import MediaTrouble
from storyboard.film.render import render
from storyboard.planning.timeline import Shot, Transition
from storyboard.world.media import clip, probe
from tests.builders import graph_of
from tests.media import BLUE, GREEN, RED, colour_of, is_complete, same

SCENES = """
storyboard: 1
model: seedance-2.0
scenes:
  one: {prompt: A lighthouse.}
  two: {chain: one, prompt: He lights the lamp.}
  three: {prompt: A storm.}
"""
COLOURS = {"one": RED, "two": BLUE, "three": GREEN}


@pytest.fixture
def takes(tmp_path: Path) -> dict[str, Path]:
    """A take of two seconds for each scene."""
    return {scene: same(colour, tmp_path / f"{scene}.mp4") for scene, colour in COLOURS.items()}


def test_takes_that_agree_are_copied(tmp_path: Path, takes: dict[str, Path]) -> None:
    """In the order of the scenes; the picture that a chained scene shares with the one before is shown once."""
    timeline = render(graph_of(SCENES), takes, tmp_path / "renders" / "film.mp4")
    assert timeline.shots == (Shot("one", 0, 47), Shot("two", 0, 48), Shot("three", 0, 48))
    assert (timeline.copied, probe.video(tmp_path / "renders" / "film.mp4").frames) == (True, 143)


def test_a_film_as_its_cut_says(tmp_path: Path, takes: dict[str, Path]) -> None:
    """Scenes in another order, a part of one, and a dissolve."""
    cut = "film: {cut: [three, {dissolve: 0.5}, {scene: one, in: 0.5, out: 1.5}]}\n"
    timeline = render(graph_of(SCENES + cut), takes, tmp_path / "film.mp4")
    assert (timeline.transitions, timeline.copied) == ((Transition(1, "dissolve", 12),), False)
    assert probe.video(tmp_path / "film.mp4").frames == timeline.frames == 48 + 24 - 12
    first, *_, last = clip.pictures(tmp_path / "film.mp4")
    assert [colour_of(first), colour_of(last)] == [pytest.approx(GREEN, abs=5), pytest.approx(RED, abs=5)]


def test_takes_of_different_sizes_are_encoded(tmp_path: Path, takes: dict[str, Path]) -> None:
    """The film has the size of the first."""
    clip.write(takes["three"], [(0, clip.last_picture(takes["two"]).resize((112, 192)))], 30, (112, 192), None)
    timeline = render(graph_of(SCENES), takes, tmp_path / "film.mp4")
    found = probe.video(tmp_path / "film.mp4")
    assert (timeline.copied, found.width, found.height, found.frames) == (False, 192, 112, 47 + 48 + 30)


def test_a_film_of_a_size_of_its_own_is_encoded(tmp_path: Path, takes: dict[str, Path]) -> None:
    """Takes that agree are encoded to the size that the storyboard gives, and copied if they have it."""
    found = {}
    for size in ("96x56", "192x112"):
        timeline = render(graph_of(SCENES + f"film: {{size: {size}}}\n"), takes, tmp_path / "film.mp4")
        measured = probe.video(tmp_path / "film.mp4")
        found[size] = (timeline.copied, measured.width, measured.height)
    assert found == {"96x56": (False, 96, 56), "192x112": (True, 192, 112)}


def test_a_film_replaces_the_one_before(tmp_path: Path, takes: dict[str, Path]) -> None:
    """Atomically, with no other file left beside it."""
    target = tmp_path / "renders" / "film.mp4"
    for _ in range(2):
        render(graph_of(SCENES), takes, target)
    assert ([path.name for path in target.parent.iterdir()], is_complete(target)) == (["film.mp4"], True)


def test_a_take_that_cannot_be_read_leaves_the_film_as_it_was(tmp_path: Path, takes: dict[str, Path]) -> None:
    """The error names it."""
    (tmp_path / "film.mp4").write_bytes(b"the film before")
    takes["two"].write_bytes(b"broken")
    with pytest.raises(MediaTrouble, match=r"two\.mp4"):
        render(graph_of(SCENES), takes, tmp_path / "film.mp4")
    assert (tmp_path / "film.mp4").read_bytes() == b"the film before"
