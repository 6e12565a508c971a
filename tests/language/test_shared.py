"""What scenes share: sets, included files, a profile's assets, the film's size."""

from __future__ import annotations

import pytest

from storyboard.language.inputs import Input, LocalFile, RemoteFile
from storyboard.language.prompt import compose
from storyboard.language.source import Source
from storyboard.language.validator import parse_file, parse_storyboard
from tests.builders import SCHEMA, codes, graph_of, judge

SETS = """\
storyboard: 1
assets: {stove: {image: stove.png}, lamp: {image: lamp.png}}
sets:
  kitchen: {references: [stove], environment: A small kitchen., style: 35mm film, duration: 8}
  bare: {style: ink}
scenes:
  it: {prompt: She cooks., SCENE}
"""
CAST = "assets: {quay: {image: stills/quay.png}, pier: {image: https://films.example/pier.png}}\n"
SIZED = "storyboard: 1\nprofiles: {tall: {film: {size: 720x1280}}, draft: {ratio: 1:1}}\nscenes: {a: {prompt: A.}}\n"


def inputs(text: str, *profiles: str, **included: str) -> tuple[Input, ...]:
    """Return the inputs of the scene `it`; `cast` is `film/cast.yaml`."""
    return graph_of(text, *profiles, included={f"film/{name}.yaml": file for name, file in included.items()}).inputs[
        "it"
    ]


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("set: kitchen", ["stove.png"]),
        ("set: kitchen, references: [lamp]", ["lamp.png", "stove.png"]),
        ("set: bare, references: [lamp]", ["lamp.png"]),
        ("references: [lamp]", ["lamp.png"]),
    ],
)
def test_the_references_of_a_set_are_appended(keys: str, expected: list[str]) -> None:
    """A scene's own references come first, then those of its set."""
    found = [item.origin for item in inputs(SETS.replace("SCENE", keys))]
    assert found == [LocalFile(path) for path in expected]


@pytest.mark.parametrize(
    ("keys", "expected"),
    [("set: kitchen", (8, "35mm film")), ("set: kitchen, duration: 5, style: ink", (5, "ink"))],
)
def test_a_scene_wins_over_its_set(keys: str, expected: tuple[int, str]) -> None:
    """A set's value applies where the scene has none."""
    scene = graph_of(SETS.replace("SCENE", keys)).scene("it")
    assert (scene.parameters.duration, scene.style) == expected


def test_a_set_says_where_a_scene_plays() -> None:
    """The set's environment comes after the scene's own words."""
    graph = graph_of(SETS.replace("SCENE", "set: kitchen"))
    assert compose(graph.scene("it"), graph.storyboard).text == "She cooks.\nA small kitchen.\n35mm film"


def test_a_set_that_is_not_there() -> None:
    """A set has to be one of the storyboard's, or of what it includes."""
    assert codes(judge(SETS.replace("SCENE", "set: attic"))) == ["SB301"]


def test_paths_are_relative_to_the_file_that_names_them() -> None:
    """Paths in an included file are relative to it; an address is unchanged."""
    text = "storyboard: 1\ninclude: [film/cast.yaml]\nscenes: {it: {references: [quay, pier]}}\n"
    found = [item.origin for item in inputs(text, cast=CAST)]
    assert found == [LocalFile("film/stills/quay.png"), RemoteFile("https://films.example/pier.png")]


def test_a_path_from_the_root_of_the_disk_stays_as_it_is() -> None:
    """So that a rule can report that it is outside."""
    text = "storyboard: 1\ninclude: [film/cast.yaml]\nscenes: {it: {references: [quay]}}\n"
    assert inputs(text, cast="assets:\n  quay: {image: /quay.png}\n")[0].origin == LocalFile("/quay.png")


def test_a_set_of_an_included_file() -> None:
    """Sets are shared by include as well."""
    text = "storyboard: 1\ninclude: [film/cast.yaml]\nscenes: {it: {prompt: She cooks., set: attic}}\n"
    graph = graph_of(text, included={"film/cast.yaml": "sets:\n  attic: {style: ink}\n"})
    assert graph.scene("it").style == "ink"


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("assets:\n  quay: {image: a.png}\n", []),
        ("scenes:\n  a: {prompt: A.}\n", ["SB201"]),
        ("assets:\n  quay: {image: a.png, video: a.mp4}\n", ["SB207"]),
        ("assets: {\n", ["SB101"]),
        ("- a\n", ["SB202"]),
        ("missing", ["SB210"]),
        ("outside", ["SB210"]),
        ("no file", ["SB210"]),
    ],
)
def test_what_may_be_included(file: str, expected: list[str]) -> None:
    """An included file has assets, cast and sets; a mistake in it is reported at its place."""
    text = "storyboard: 1\ninclude: [cast.yaml]\nscenes: {it: {prompt: She cooks.}}\n"
    assert codes(judge(text, included={"cast.yaml": file})) == expected


def test_a_file_is_included_once() -> None:
    """Naming a file twice brings it in once."""
    main = parse_file(Source("storyboard.yaml", "include: [a.yaml, b.yaml, a.yaml]\n"))
    assert main.includes == ("a.yaml", "b.yaml")


def test_what_is_no_storyboard_includes_nothing() -> None:
    """A text that can't be opened names no files."""
    assert parse_file(Source("storyboard.yaml", "[")).includes == ()


def test_one_id_in_two_files() -> None:
    """Ids are one space over all files; the message names the other file."""
    text = "storyboard: 1\ninclude: [cast.yaml]\nassets: {quay: {image: a.png}}\nscenes: {it: {prompt: A.}}\n"
    problems = judge(text, included={"cast.yaml": "assets:\n  Quay: {image: b.png}\n"}).problems
    assert [problem.sentence for problem in problems] == ['"Quay" is also asset "quay" (storyboard.yaml:3:10)']


@pytest.mark.parametrize(
    ("profiles", "expected"),
    [((), "quay.png"), (("draft",), "small.png"), (("draft", "tall"), "tall.png"), (("tall", "draft"), "small.png")],
)
def test_a_profile_brings_assets_of_its_own(profiles: tuple[str, ...], expected: str) -> None:
    """Of several profiles the last wins; a profile's asset replaces the storyboard's."""
    text = (
        "storyboard: 1\nassets: {quay: {image: quay.png}}\n"
        "profiles: {draft: {assets: {quay: {image: small.png}}}, tall: {assets: {quay: {image: tall.png}}}}\n"
        "scenes: {it: {first_frame: quay}}\n"
    )
    assert inputs(text, *profiles)[0].origin == LocalFile(expected)


@pytest.mark.parametrize(
    ("film", "profiles", "expected"),
    [
        ("", (), None),
        ("film: {size: 1280x720}\n", (), (1280, 720)),
        ("film: {size: 1280x720}\n", ("draft",), (1280, 720)),
        ("film: {size: 1280x720}\n", ("tall",), (720, 1280)),
        ("", ("tall",), (720, 1280)),
    ],
)
def test_the_films_size(film: str, profiles: tuple[str, ...], expected: tuple[int, int] | None) -> None:
    """A profile's size wins over the film's."""
    reading = parse_storyboard(parse_file(Source("storyboard.yaml", SIZED + film)), SCHEMA, profiles)
    assert reading.storyboard is not None
    assert reading.storyboard.film_size == expected
