"""Every mistake is reported at once, and nothing that only follows from another mistake."""

from __future__ import annotations

import json
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from storyboard.language.facts import FileFacts
from storyboard.language.problem import mistakes
from storyboard.language.validator import ValidationResult
from tests.builders import codes, judge
from tests.fuzz.storyboards import Author

ASSETS = """\
storyboard: 1
assets:
  quay: {image: quay.png}
  harbour: {video: harbour.mp4}
sets:
  pier: {style: grey}
cast:
  keeper: {name: the keeper, images: [keeper.png]}
scenes:
"""
HEIC = {"quay.png": FileFacts("quay.png", format="heic")}


def told(scenes: str, head: str = ASSETS, **files: Any) -> list[str]:
    """The codes of what is found in some scenes, with assets that there are."""
    return codes(judge(head + scenes, **files))


def test_a_mistake_of_form_hides_none_of_another_scene() -> None:
    """A key that is misspelt, a duration that isn't made and a picture in a format that isn't taken."""
    scenes = "  a: {promt: x}\n  b: {prompt: x, duration: 22}\n  c: {first_frame: quay}\n"
    assert told(scenes, facts=HEIC) == ["SB201", "SB402", "SB509"]


def test_a_mistake_of_meaning_hides_none_of_another_scene() -> None:
    """The kinds of files are checked although names are unknown elsewhere."""
    assert told("  a: {chain: nobody}\n  b: {first_frame: quay}\n", facts=HEIC) == ["SB301", "SB509"]


def test_a_key_of_other_models_hides_nothing() -> None:
    """Without `frames` and `camera_fixed` a scene is what it would be, and so are the defaults."""
    head = ASSETS.replace("assets:", "defaults: {frames: 121}\nassets:")
    assert told("  a: {prompt: x, camera_fixed: true, duration: 22}\n", head) == ["SB205", "SB205", "SB402"]


def test_a_key_of_other_models_hides_no_mistake_beside_it() -> None:
    """What is left of the film and of an asset without it is not one thing."""
    assets = "storyboard: 1\nassets: {quay: {image: quay.png, video: quay.mp4, frames: 1}}\nscenes:\n"
    assert told("  a: {prompt: x}\nfilm: {cut: [{in: 4, out: 2}], frames: 1}\n", assets) == [
        "SB207",
        "SB205",
        "SB208",
        "SB205",
    ]


def test_what_follows_from_a_mistake_is_not_told() -> None:
    """A scene with a misspelt prompt key isn't reported to have no prompt."""
    assert told("  a: {promt: x}\n") == ["SB201"]


@pytest.mark.parametrize(
    ("sound", "broken"),
    [
        ("quay: {image: quay.png}", "quay: {imge: quay.png}"),
        ("keeper: {name: the keeper,", "keeper: {nmae: the keeper,"),
        ("pier: {style: grey}", "pier: {stlye: grey}"),
    ],
)
def test_a_name_in_doubt_is_not_said_to_be_unknown(sound: str, broken: str) -> None:
    """Scenes that name an asset, a member of the cast or a set with a mistake wait until it is mended."""
    scenes = "  a: {set: pier, references: [quay, keeper], prompt: '{quay} {keeper}'}\n  b: {prompt: x, duration: 22}\n"
    assert [code for code in told(scenes, ASSETS.replace(sound, broken)) if code != "SB203"] == ["SB201", "SB402"]


def test_what_a_scene_in_doubt_hands_over_is_in_doubt() -> None:
    """The length of an extended video is unknown if its scene's duration is not a number."""
    scenes = "  a: {prompt: x, duration: long}\n  b: {extend: {scene: a, from: 6, to: 9}}\n  c: {chain: b}\n"
    assert told(scenes) == ["SB202"]


def test_what_a_wrong_scene_hands_over_is_in_doubt() -> None:
    """The same of a scene with a mistake of meaning."""
    assert told("  a: {chain: nobody, out: 1}\n  b: {extend: a}\n") == ["SB301"]


def test_a_film_that_shows_what_is_in_doubt_is_in_doubt() -> None:
    """Where the film leaves a scene isn't checked while the scene's length is unknown."""
    scenes = "  a: {prompt: x, duration: long}\n  b: {prompt: x}\nfilm: {cut: [{scene: a, out: 9}, {fade: 1}]}\n"
    assert told(scenes) == ["SB202"]


def test_a_film_with_a_mistake_hides_none_of_a_scene() -> None:
    """The scenes are judged whatever the film is."""
    assert told("  a: {prompt: x, duration: 22}\nfilm: {cuts: [a]}\n") == ["SB402", "SB201"]


def test_a_film_that_names_nobody_hides_none_of_a_scene() -> None:
    """The inputs that its scenes provide are checked all the same."""
    assert told("  a: {first_frame: quay}\nfilm: {cut: [a, nobody]}\n", facts=HEIC) == ["SB509", "SB301"]


def test_a_mistake_in_the_defaults_puts_everything_in_doubt() -> None:
    """What scenes inherit is part of each of them."""
    head = ASSETS.replace("assets:", "defaults: {duration: long}\nassets:")
    assert told("  a: {chain: nobody}\n", head) == ["SB202"]


def test_a_mistake_in_an_included_file_hides_none_elsewhere() -> None:
    """Its assets are in doubt by themselves, as the storyboard's own are."""
    head = "storyboard: 1\ninclude: [cast.yaml]\nscenes:\n"
    scenes = "  a: {first_frame: pier}\n  b: {first_frame: wharf, duration: 22}\n"
    file = "assets:\n  pier: {imge: x.png}\n  wharf: {image: y.png}\n"
    assert told(scenes, head, included={"cast.yaml": file}) == ["SB201", "SB402"]


def test_a_mistake_of_form_hides_no_other_sort_of_it() -> None:
    """An asset of two kinds, a key, and a comment in a prompt are reported beside a misspelt key of another scene."""
    head = ASSETS.replace("quay.png}", "quay.png, video: quay.mp4}")
    scenes = f"  a: {{promt: x}}\n  b: {{prompt: sk-{'a1' * 12}}}\n  c:\n    prompt: Red #5 lamp\n"
    assert told(scenes, head) == ["SB207", "SB201", "SB701", "SB607"]


def test_what_is_brought_in_wrongly_brings_nothing_in() -> None:
    """Nothing further is reported about files that are no list of paths."""
    assert told("  a: {prompt: x}\n", ASSETS.replace("assets:", "include: [5]\nassets:")) == ["SB202"]


def test_a_mistake_goes_before_a_profile_that_there_isn_t() -> None:
    """A profile that is asked for may be missing by that very mistake."""
    assert codes(judge("storyboard: 1\nscenes:\n  a: {promt: x}\n", "draft")) == ["SB201"]


def test_more_than_is_told_puts_everything_in_doubt() -> None:
    """Of a thousand scenes with a mistake five hundred are reported, and nothing further."""
    scenes = "".join(f"  s{number}: {{promt: x}}\n" for number in range(1000))
    assert set(told(f"{scenes}  last: {{chain: nobody}}\n")) == {"SB201"}


def test_more_wrong_names_than_are_told_put_everything_in_doubt() -> None:
    """The film may name what isn't there, untold."""
    scenes = "".join(f"  s{number}: {{after: nobody{number}, prompt: x}}\n" for number in range(600))
    assert set(told(f"{scenes}film: {{cut: [nobody]}}\n")) == {"SB301"}


def planted(tree: dict[str, Any]) -> Iterator[str]:
    """Texts of a storyboard with an unknown key in one of its entries, each in turn."""
    for block in ("scenes", "assets", "cast", "sets"):
        for id in tree.get(block, {}):
            yield json.dumps({**tree, block: {**tree[block], id: {**tree[block][id], "nonsense": 1}}}, indent=1)


def sound_ones() -> Iterator[tuple[dict[str, Any], ValidationResult]]:
    """Storyboards by chance, of those that have no mistake."""
    for seed in range(600):
        tree = Author(Random(seed)).storyboard()  # noqa: S311 - the same storyboards each time
        judgement = judge(json.dumps(tree, indent=1))
        if judgement.graph is not None:
            yield tree, judgement


def test_one_mistake_is_told_as_one() -> None:
    """A storyboard without a mistake that is given one, in whatever entry, has one: nothing else is made of it."""
    found = [
        [problem.code for problem in mistakes(judge(text).problems)]
        for tree, _ in sound_ones()
        for text in planted(tree)
    ]
    assert (len(found) > 200, {tuple(row) for row in found}) == (True, {("SB201",)})
