"""The syntax of selections."""

from __future__ import annotations

import pytest

from storyboard.errors import UsageError
from storyboard.planning.selection import select
from storyboard.planning.status import SceneState
from tests.builders import graph_of

GRAPH = graph_of(
    "storyboard: 1\nscenes:\n"
    "  act1-dusk: {prompt: A., tags: [night, sea]}\n"
    "  act1-lamp: {chain: act1-dusk, tags: [night]}\n"
    "  act2-storm: {extend: act1-lamp, tags: [sea]}\n"
    "  quay: {prompt: B.}\n"
)
STATES: dict[str, SceneState] = {"act1-dusk": "kept", "act1-lamp": "stale", "act2-storm": "stale", "quay": "new"}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("quay", "quay"),
        ("act1-*", "act1-dusk act1-lamp"),
        ("*", "act1-dusk act1-lamp act2-storm quay"),
        ("+act2-storm", "act1-dusk act1-lamp act2-storm"),
        ("act1-lamp+", "act1-lamp act2-storm"),
        ("+act1-lamp+", "act1-dusk act1-lamp act2-storm"),
        ("tag:night", "act1-dusk act1-lamp"),
        ("tag:nobody", ""),
        ("tag:night+", "act1-dusk act1-lamp act2-storm"),
        ("state:stale", "act1-lamp act2-storm"),
        ("state:failed", ""),
        ("quay act1-dusk", "act1-dusk quay"),
        ("tag:night,tag:sea", "act1-dusk"),
        ("tag:sea,state:stale", "act2-storm"),
        ("act1-*,state:stale quay", "act1-lamp quay"),
        ("", ""),
    ],
)
def test_what_is_meant(words: str, expected: str) -> None:
    """Words are joined, a comma narrows, a plus before or after reaches up or down, filters may be empty."""
    assert select(words.split(), GRAPH, STATES) == frozenset(expected.split())


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("quai", 'did you mean "quay"?'),
        ("xyz", "there are: act1-dusk, act1-lamp, act2-storm, quay"),
        ("act9-*", "there are: act1-dusk, act1-lamp, act2-storm, quay"),
        ("state:stole", 'did you mean "stale"?'),
        ("+", "there are: act1-dusk, act1-lamp, act2-storm, quay"),
    ],
)
def test_a_word_that_means_nothing(word: str, hint: str) -> None:
    """The message for an unknown scene or state suggests the nearest name."""
    with pytest.raises(UsageError) as told:
        select([word], GRAPH, STATES)
    assert told.value.hint == hint
