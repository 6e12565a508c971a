"""The fast check of the schema agrees with the library for every text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from storyboard.language import document, nodes
from storyboard.language.fast_schema import Unread, check_of, has_form
from storyboard.language.source import Source
from storyboard.world.shipped import schema

SCHEMA = schema()
BROKEN = sorted((Path(__file__).parents[1] / "broken").glob("*/storyboard.yaml"))
KEYS = st.sampled_from([*SCHEMA["definitions"]["scene"]["properties"], "scene", "at", "tail", "id", "like", "action"])
LEAVES = st.sampled_from([None, True, 0, 1, -1, 5.0, 2.5, "", "x", "out", "16:9", "720p", "en", "a b"])
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3))


@given(st.dictionaries(KEYS, VALUES, max_size=5))
def test_scenes_by_chance_are_judged_alike(scene: dict[str, Any]) -> None:
    """Yes where the library finds nothing, no where it finds something."""
    value = {"storyboard": 1, "scenes": {"dusk": scene}}
    assert has_form(value, SCHEMA) == Draft202012Validator(SCHEMA).is_valid(value)


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.parent.name)
def test_broken_storyboards_are_judged_alike(path: Path) -> None:
    """The examples of every mistake too."""
    tree = document.parse(Source("storyboard.yaml", path.read_text("utf-8")))
    value = None if isinstance(tree, tuple) else nodes.data(tree)
    assert has_form(value, SCHEMA) == Draft202012Validator(SCHEMA).is_valid(value)


def test_a_word_that_is_not_read_is_left_to_the_library() -> None:
    """A schema with another word gets no yes."""
    assert has_form(3, {"multipleOf": 3}) is False
    with pytest.raises(Unread):
        check_of({"multipleOf": 3})
