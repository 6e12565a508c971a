"""A lock comes with git: it may be hostile, or badly merged. It is valid or damaged, and never causes a traceback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storyboard.errors import StateDamaged
from storyboard.planning.causes import root_causes
from storyboard.planning.lock import VERSION, Lockfile
from storyboard.planning.lock_format import from_text, to_text
from storyboard.planning.planner import plan
from storyboard.planning.status import statuses_of
from storyboard.report.view import status_value
from tests.builders import graph_of
from tests.planning.values import made, plan_inputs

FILM = """\
storyboard: 1
scenes:
  dusk: {prompt: A lighthouse at dusk., duration: -1}
  lamp: {chain: dusk}
  storm: {extend: {scene: dusk, tail: 2}, duration: 8}
"""
CHANGED = graph_of(FILM.replace("dusk., ", "dawn., "))
TEXT = to_text(made(graph_of(FILM)))
HALF = "\ud800"
HOSTILE: tuple[Any, ...] = (
    float("nan"),
    float("inf"),
    float("-inf"),
    -1,
    -0.5,
    0,
    2**53,
    10**400,
    1e300,
    True,
    None,
    "",
    HALF,
    f"sha256:{HALF}",
    "x",
    "7",
    [],
    [["a"]],
    ["a", "b"],
    {},
    {HALF: "x"},
    {"input.x": "1", "upstream.": "2", "input": "3", "upstream.-1": "4", "input.0": "5", "input.1.of": "6"},
    {"upstream.1": 7, "prompt": 8, "mode": True},
    {"prompt": ["a"]},
    {"prompt": 0.5},
    {"prompt": None},
)


def changed(**values: object) -> str:
    """The lock in which dusk's take has other values."""
    value = json.loads(TEXT)
    value["scenes"]["dusk"]["takes"]["ark:cgt-dusk"].update(values)
    return json.dumps(value)


def places(value: object, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The path to everything in a lock."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield (*path, key)
            yield from places(inner, (*path, key))


PLACES = tuple(places(json.loads(TEXT)))


def mutated(path: tuple[str, ...], hostile: object, *, as_name: bool) -> str:
    """The lock with something else at a place: as its value, or as its name."""
    value = inner = json.loads(TEXT)
    for key in path[:-1]:
        inner = inner[key]
    if as_name:
        inner[hostile if isinstance(hostile, str) else json.dumps(hostile)] = inner.pop(path[-1])
    else:
        inner[path[-1]] = hostile
    return json.dumps(value)


def lock_or_damage(text: str) -> Lockfile | None:
    """The lock of a text; None if it is damaged."""
    try:
        return from_text(text, "film.lock")
    except StateDamaged:
        return None


@settings(max_examples=600, deadline=None)
@given(st.sampled_from(PLACES), st.sampled_from(HOSTILE), st.booleans())
def test_whatever_stands_in_it_is_damaged_or_can_be_planned_with(
    path: tuple[str, ...], hostile: object, as_name: bool
) -> None:
    """A lock that is read can be used to plan, to report and to explain, and be written again."""
    lock = lock_or_damage(mutated(path, hostile, as_name=as_name))
    if lock is not None and lock.version > VERSION:
        with pytest.raises(StateDamaged, match="only reads newer ones"):
            to_text(lock)
    elif lock is not None:
        known = plan_inputs(lock)
        found = plan(CHANGED, known)
        shown: list[object] = [status_value(status) for status in statuses_of(found, known)]
        shown += [str(reason) for id in CHANGED.order for _, reason in root_causes(id, found)]
        json.dumps(shown, ensure_ascii=False, allow_nan=False).encode()
        assert lock_or_damage(to_text(lock).encode().decode()) == lock


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("seconds", float("nan")),
        ("seconds", float("inf")),
        ("seconds", -1),
        ("seconds", 2**53),
        ("seconds", "5"),
        ("seconds", True),
        ("width", -1),
        ("width", 2.5),
        ("height", 2**53),
        ("tokens", -1),
        ("tokens", 10**400),
        ("tokens", False),
        ("key", []),
        ("key", [["a", "b"]]),
        ("key", "a"),
        ("key", {"prompt": ["a"]}),
        ("key", {"prompt": None}),
        ("key", {"prompt": HALF}),
        ("key", {HALF: "a"}),
        ("take", -1),
        ("take", "1"),
        ("take", True),
        ("video", HALF),
        ("video", 7),
        ("video", "sha256:x"),
        ("frame", None),
        ("mood", HALF),
        ("mood", {HALF: 1}),
        ("mood", float("nan")),
    ],
)
def test_a_take_that_no_run_wrote_is_damage(name: str, value: object) -> None:
    """The values of a take can be counted, compared and written again, or the lock is refused."""
    with pytest.raises(StateDamaged, match=r"film\.lock"):
        from_text(changed(**{name: value}), "film.lock")


@pytest.mark.parametrize("name", ["input.x", "input.", "input", "upstream.-1", "input.0", "upstream.1.of", "camera"])
def test_a_name_that_no_key_has_is_only_another_key(name: str) -> None:
    """A later storyboard's keys may have names that ours haven't: a take of such a key is stale, and shown as that."""
    known = plan_inputs(from_text(changed(key={name: "1"}), "film.lock"))
    assert [status.state for status in statuses_of(plan(CHANGED, known), known)] == ["stale"] * 3


@pytest.mark.parametrize("name", ["dusk", "ark:cgt-dusk", "selected", "frame", "storyboard_lock"])
def test_half_a_character_is_damage_wherever_it_stands(name: str) -> None:
    """A lone half of a pair can't be written again, as a scene's name neither."""
    text = TEXT.replace(f'"{name}": ', f'"{name}\\ud800": ')
    with pytest.raises(StateDamaged, match=r"film\.lock"):
        from_text(text, "film.lock")


def test_bytes_that_are_no_text_are_damage() -> None:
    """A text read from a file that isn't UTF-8 is refused with a message that states this."""
    text = TEXT.encode().replace(b"cgt-dusk", b"cgt-\xff").decode("utf-8", "surrogateescape")
    with pytest.raises(StateDamaged, match="UTF-8"):
        from_text(text, "film.lock")
