"""Which of several layers a value comes from: the storyboard, its defaults, the scene, the profiles."""

from __future__ import annotations

import pytest

from storyboard.language.source import Place
from tests.builders import graph_of, judge

LAYERED = """\
storyboard: 1
model: seedance-2.0
style: 35mm film
defaults: {duration: 6, ratio: 4:3, seed: 1}
profiles:
  draft: {resolution: 480p, duration: 4, model: seedance-2.0-fast}
  tall: {ratio: 9:16, duration: 10, style: vertical}
scenes:
  plain: {prompt: Waves.}
  own: {prompt: Waves., duration: 8, ratio: "1:1", style: ink, model: seedance-2.0-fast}
"""


def test_without_a_word_the_services_own_defaults_hold() -> None:
    """Without any setting, a request has the API's defaults."""
    asked = graph_of("storyboard: 1\nscenes: {a: {prompt: Waves.}}").scene("a").parameters
    assert (asked.ratio, asked.resolution, asked.duration, asked.generate_audio, asked.watermark, asked.seed) == (
        "adaptive",
        "720p",
        5,
        True,
        False,
        -1,
    )


@pytest.mark.parametrize(
    ("scene", "profiles", "expected"),
    [
        ("plain", (), (6, "4:3", "720p", "35mm film", "seedance-2.0")),
        ("own", (), (8, "1:1", "720p", "ink", "seedance-2.0-fast")),
        ("plain", ("draft",), (4, "4:3", "480p", "35mm film", "seedance-2.0-fast")),
        ("own", ("draft",), (4, "1:1", "480p", "ink", "seedance-2.0-fast")),
        ("own", ("tall",), (10, "9:16", "720p", "vertical", "seedance-2.0-fast")),
        ("plain", ("draft", "tall"), (10, "9:16", "480p", "vertical", "seedance-2.0-fast")),
        ("plain", ("tall", "draft"), (4, "9:16", "480p", "vertical", "seedance-2.0-fast")),
    ],
)
def test_a_profile_wins_over_the_scene_and_the_scene_over_the_defaults(
    scene: str, profiles: tuple[str, ...], expected: tuple[object, ...]
) -> None:
    """The profile has the last word, of several profiles the last named; then the scene, then the defaults."""
    found = graph_of(LAYERED, *profiles).scene(scene)
    asked = found.parameters
    assert (asked.duration, asked.ratio, asked.resolution, found.style, found.model.name) == expected


def test_profiles_are_known_as_they_were_named() -> None:
    """A combination of profiles has their names, joined by commas, in their order."""
    assert graph_of(LAYERED, "tall", "draft").storyboard.profile == "tall,draft"


def test_a_value_stands_where_it_was_written() -> None:
    """An inherited value is reported at the place of the defaults or the profile that it comes from."""
    places = [graph_of(LAYERED, *names).scene("plain").place_of("duration") for names in ((), ("draft",))]
    assert places == [Place("storyboard.yaml", 4, 22, 1), Place("storyboard.yaml", 6, 39, 1)]


EDITED = """\
storyboard: 1
style: 35mm film
defaults: {tools: [{type: web_search}]}
scenes:
  dusk: {prompt: A lighthouse at dusk.}
  night: {edit: dusk, prompt: "In {dusk}, let it be night."}
"""


def test_what_a_mode_has_no_use_for_is_left_out() -> None:
    """Style and web search of the defaults are left out of an edit, and that is remembered."""
    scene = graph_of(EDITED).scene("night")
    assert (scene.style, scene.parameters.web_search, scene.left_out) == ("", False, ("style", "tools"))


def test_where_a_mode_has_use_for_it_nothing_is_left_out() -> None:
    """The same defaults hold in a text-to-video scene."""
    scene = graph_of(EDITED).scene("dusk")
    assert (scene.style, scene.parameters.web_search, scene.left_out) == ("35mm film", True, ())


def test_what_an_edit_says_itself_is_kept() -> None:
    """A style that an edit scene writes itself is sent."""
    text = EDITED.replace('night."}', 'night.", style: ink}')
    assert graph_of(text).scene("night").style == "ink"


def test_what_a_scene_says_itself_and_may_not_is_a_mistake() -> None:
    """Web search in a chained scene is reported, not left out."""
    text = "storyboard: 1\nscenes: {a: {prompt: Waves.}, b: {chain: a, tools: [{type: web_search}]}}"
    assert [problem.code for problem in judge(text).problems] == ["SB407"]


def test_an_endpoint_is_like_a_model() -> None:
    """An endpoint is sent by its id, and has the limits of the model that it is like."""
    model = (
        graph_of("storyboard: 1\nmodel: {id: ep-1, like: seedance-2.0}\nscenes: {a: {prompt: Waves.}}").scene("a").model
    )
    assert (model.name, model.row) == ("ep-1", "seedance-2.0")


def test_a_profile_may_be_what_makes_a_mistake() -> None:
    """A storyboard is judged in the light of its profiles, at the place in the profile."""
    text = "storyboard: 1\nprofiles: {long: {duration: 16}}\nscenes: {a: {prompt: Waves.}}"
    found = [
        [(problem.code, problem.place.line) for problem in judge(text, *names).problems] for names in ((), ("long",))
    ]
    assert found == [[], [("SB402", 2)]]


def test_a_whole_number_may_have_a_point() -> None:
    """To JSON Schema 5.0 is an integer; the request has 5."""
    asked = graph_of("storyboard: 1\nscenes: {a: {prompt: Waves., duration: 5.0, seed: 7.0}}").scene("a").parameters
    assert (repr(asked.duration), repr(asked.seed)) == ("5", "7")
