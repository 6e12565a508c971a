"""Why a scene is made, in words that name the place."""

from __future__ import annotations

import pytest

from storyboard.language.facts import FileFacts
from storyboard.planning.reason import differences
from tests.builders import graph_of
from tests.planning.values import digest, key, take

FILM = """\
storyboard: 1
scenes:
  dusk:
    prompt: A lighthouse at dusk, slow dolly in, gulls in the distance, and far away a boat.
    ratio: 16:9
    duration: 5
  lamp:
    chain: dusk
"""


def reasons(old: str, new: str, scene: str = "dusk") -> list[str]:
    """Why a take of the old storyboard doesn't fit the new one."""
    before, after = graph_of(old), graph_of(new)
    return [str(reason) for reason in differences(scene, after, key(scene, before), key(scene, after))]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("duration: 5", "duration: 8", "duration 5 → 8 (storyboard.yaml:6:15)"),
        ("    duration: 5", "    generate_audio: false", "generate_audio true → false (storyboard.yaml:6:21)"),
        ("ratio: 16:9", "ratio: 4:3", "ratio 16:9 → 4:3 (storyboard.yaml:5:12)"),
        ("scenes:", "defaults: {seed: 7}\nscenes:", "seed -1 → 7 (storyboard.yaml:2:18)"),
        ("    ratio: 16:9\n", "", "ratio 16:9 → adaptive"),
        (
            "scenes:",
            "model: seedance-2.0-fast\nscenes:",
            "model doubao-seedance-2-0-260128 → doubao-seedance-2-0-fast-260128 (storyboard.yaml:2:8)",
        ),
        (
            "    duration: 5",
            "    tools: [{type: web_search}]",
            "web_search false → true (storyboard.yaml:6:5)",
        ),
        (
            "slow dolly in",
            "a quick pan",
            'prompt "A lighthouse at dusk, slow dolly in, gulls in the distance…"'
            ' → "A lighthouse at dusk, a quick pan, gulls in the distance…" (storyboard.yaml:4:13)',
        ),
    ],
)
def test_what_changed_is_told_from_what_to_what(old: str, new: str, expected: str) -> None:
    """A reason gives the old value and the new, and the place of the new one."""
    assert reasons(FILM, FILM.replace(old, new)) == [expected]


def test_every_difference_is_a_reason() -> None:
    """All changes are listed, the prompt before the parameters."""
    changed = FILM.replace("duration: 5", "duration: 8").replace("at dusk", "at dawn").replace("16:9", "4:3")
    found = [reason.partition(" ")[0] for reason in reasons(FILM, changed)]
    assert found == ["prompt", "duration", "ratio"]


def test_without_a_difference_there_is_no_reason() -> None:
    """A key that stayed the same gives no reason."""
    assert reasons(FILM, FILM + "# the end\n") == []


def test_another_mode() -> None:
    """A change of mode is a reason, and so is the new input."""
    found = reasons(FILM, FILM.replace("    ratio: 16:9", "    first_frame: quay.png\n    ratio: 16:9"))
    assert found == [
        "mode text → first_frame (storyboard.yaml:3:3)",
        "first_frame quay.png is new (storyboard.yaml:5:18)",
    ]


def test_an_input_that_is_gone() -> None:
    """A removed input is a reason."""
    found = reasons(FILM.replace("    ratio: 16:9", "    first_frame: quay.png\n    ratio: 16:9"), FILM)
    assert found[-1] == "input 1 is no longer there (storyboard.yaml:3:3)"


def test_another_file() -> None:
    """A file with other bytes is another input, listed by the name that the author gave it."""
    graph = graph_of("storyboard: 1\nassets: {quay: {image: q.png}}\nscenes: {a: {first_frame: quay}}")
    keys = [key("a", graph, facts={"q.png": FileFacts("q.png", digest=digest(word))}) for word in ("one", "two")]
    found = [str(reason) for reason in differences("a", graph, *keys)]
    assert found == ["first_frame quay is another file (storyboard.yaml:3:27)"]


def test_a_parent_that_is_made_anew() -> None:
    """A scene that waits for a new take of its parent names the parent, so the cause can be traced."""
    graph = graph_of(FILM)
    old = key("lamp", graph, {"dusk": take("one", {})})
    found = [(str(reason), reason.upstream) for reason in differences("lamp", graph, old, key("lamp", graph))]
    assert found == [("dusk is made anew (storyboard.yaml:8:12)", "dusk")]


def test_a_parent_that_hands_over_something_else() -> None:
    """Another selected take of a parent is listed as another output."""
    graph = graph_of(FILM)
    old, new = (key("lamp", graph, {"dusk": take(word, {})}) for word in ("one", "two"))
    found = [(reason.kind, reason.what, reason.upstream) for reason in differences("lamp", graph, old, new)]
    assert found == [("upstream", "dusk hands over something else", "dusk")]
