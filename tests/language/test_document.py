"""YAML text → a tree: what is read, and what is refused at its place."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storyboard.language.document import LARGEST, parse
from storyboard.language.nodes import Mapping, Plain, Scalar, data, node_at
from storyboard.language.problem import Problem
from storyboard.language.source import Place, Source
from storyboard.language.yaml_scalar import scalar_value


def read(text: str) -> Any:
    """The plain values of a text that is read."""
    tree = parse(Source("a.yaml", text))
    assert not isinstance(tree, tuple), tree
    return data(tree)


def refused(text: str) -> tuple[Problem, ...]:
    """The problems of a text that is not read."""
    tree = parse(Source("a.yaml", text))
    assert isinstance(tree, tuple), tree
    return tree


@pytest.mark.row(77)
@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("16:9", "16:9"),
        ("1:30:00", "1:30:00"),
        ("no", "no"),
        ("on", "on"),
        ("Yes", "Yes"),
        ("y", "y"),
        ("2026-04-01", "2026-04-01"),
        ("1_000", "1_000"),
        ("0b11", "0b11"),
        ("=", "="),
        ("true", True),
        ("False", False),
        ("tRUE", "tRUE"),
        ("~", None),
        ("null", None),
        ("", None),
        ("8", 8),
        ("-1", -1),
        ("010", 10),
        ("0o10", 8),
        ("0x1F", 31),
        ("4.5", 4.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("1.2.3", "1.2.3"),
    ],
)
def test_plain_scalars_are_those_of_yaml_1_2(written: str, expected: Plain) -> None:
    """A plain scalar is a number, true, false or null only by YAML 1.2; all else is text."""
    actual = scalar_value(written)
    assert (actual, type(actual)) == (expected, type(expected))


def test_quotes_make_text() -> None:
    """A value in quotes is text, whatever it looks like."""
    assert read("a: '8'\nb: \"true\"\nc: ''") == {"a": "8", "b": "true", "c": ""}


@pytest.mark.row(77)
def test_keys_are_words() -> None:
    """As keys, `on`, `3`, `null` and `1.50` are the words that the author wrote."""
    assert read("on: 1\n3: 2\nnull: 3\n1.50: 4") == {"on": 1, "3": 2, "null": 3, "1.50": 4}


def test_a_folded_block_joins_its_lines() -> None:
    """A prompt as a folded block may hold colons, hashes and braces."""
    assert read("prompt: >-\n  {keeper} says: hold on\n  # out there\n") == {
        "prompt": "{keeper} says: hold on # out there"
    }


@pytest.mark.row(77)
def test_every_key_that_stands_twice_is_told() -> None:
    """All duplicate keys of a text are reported at once, each at its second place."""
    places = [(problem.code, str(problem.place)) for problem in refused("a: 1\nb: {c: 1, c: 2}\na: 2\na: 3")]
    assert places == [("SB102", "a.yaml:2:11"), ("SB102", "a.yaml:3:1"), ("SB102", "a.yaml:4:1")]


def test_the_same_key_in_two_mappings_is_no_mistake() -> None:
    """A key may occur once in each mapping."""
    assert read("a: {x: 1}\nb: {x: 2}") == {"a": {"x": 1}, "b": {"x": 2}}


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("a: &x 1\nb: 2", "SB103", "a.yaml:1:4"),
        ("a: 1\nb: *x", "SB103", "a.yaml:2:4"),
        ("a: {<<: {b: 1}}", "SB103", "a.yaml:1:5"),
        ("a: !!str 1", "SB103", "a.yaml:1:4"),
        ("a: !x [1]", "SB103", "a.yaml:1:4"),
        ("a: 1\n---\nb: 2", "SB101", "a.yaml:2:1"),
        ("", "SB101", "a.yaml:1:1"),
        ("# nothing but a comment\n", "SB101", "a.yaml:1:1"),
        ("a: ]", "SB101", "a.yaml:1:4"),
        ("{a: 1}: b", "SB101", "a.yaml:1:1"),
        ("a: 1\nb: x\x1by", "SB105", "a.yaml:2:5"),
        ("a: \ud800", "SB105", "a.yaml:1:4"),
        ("a: .inf", "SB105", "a.yaml:1:4"),
        ("a: .nan", "SB105", "a.yaml:1:4"),
        ("a: 1e999", "SB105", "a.yaml:1:4"),
        ("a: " + "9" * 5000, "SB105", "a.yaml:1:4"),
    ],
)
def test_what_is_refused(text: str, code: str, place: str) -> None:
    """What YAML would read, and a storyboard won't, is refused at its place."""
    assert [(problem.code, str(problem.place)) for problem in refused(text)] == [(code, place)]


def test_sixty_four_levels_are_read() -> None:
    """A text may be nested 64 levels deep."""
    value = read("[" * 64 + "]" * 64)
    depth = 0
    while value:
        value, depth = value[0], depth + 1
    assert depth == 63


def test_deep_nesting_is_refused_before_anything_is_built() -> None:
    """Nine hundred brackets are refused at the 65th."""
    assert [(problem.code, str(problem.place)) for problem in refused("[" * 900)] == [("SB104", "a.yaml:1:65")]


@pytest.mark.parametrize("text", ["[" * 100_000, "{a: " * 100_000, "- " * 100_000, "[" * 5_000 + "]" * 5_000])
def test_what_the_reader_of_yaml_gives_up_itself_is_too_deep_too(text: str) -> None:
    """Some parsers read far ahead and fail before the 65th level can be refused: the message is the same, in line 1."""
    told = [(problem.code, problem.sentence, problem.place.line) for problem in refused(text)]
    assert told == [("SB104", "nested deeper than 64 levels", 1)]


def test_a_huge_file_is_refused() -> None:
    """A text of more than 16 MB is refused before it is parsed."""
    assert [problem.code for problem in refused("#" * (LARGEST + 1))] == ["SB104"]


def test_a_byte_order_mark_is_no_part_of_the_text() -> None:
    """A byte order mark at the beginning is passed over, and moves no column."""
    tree = parse(Source("a.yaml", "\ufeffa: 1"))
    assert isinstance(tree, Mapping)
    assert (data(tree), tree.keys["a"]) == ({"a": 1}, Place("a.yaml", 1, 1, 1))


def test_line_ends_of_windows() -> None:
    """Lines that end in CR LF are read, and counted, like those that end in LF."""
    tree = parse(Source("a.yaml", "a: 1\r\nb: two\r\n"))
    assert node_at(tree, ("b",)) == Scalar("two", Place("a.yaml", 2, 4, 3))  # type: ignore[arg-type]  # it is a tree


def test_places_count_characters() -> None:
    """Columns and widths count characters, not bytes."""
    tree = parse(Source("a.yaml", "灯塔: [海, 😀😀]"))
    assert node_at(tree, ("灯塔", 1)).place == Place("a.yaml", 1, 9, 2)  # type: ignore[arg-type]  # it is a tree


@settings(max_examples=150, deadline=None)
@given(
    st.text(alphabet=st.sampled_from("ab:-#{}[]'\"|>&*!%@,? \n\r\t\x00\x07\x85\u2028\ufeff\ud800é海1.~<"), max_size=40)
)
def test_no_text_breaks_the_reader(text: str) -> None:
    """Whatever the text, there is a tree or a problem with a place in it."""
    tree = parse(Source("a.yaml", text))
    places = [problem.place for problem in tree] if isinstance(tree, tuple) else [tree.place]
    assert all(place.line > 0 and place.column > 0 for place in places)


@pytest.mark.parametrize(
    ("path", "line"),
    [(("scenes", "a"), 2), (("scenes", "b"), 2), (("scenes", 0), 2), (("list", 1), 4), (("list", 9), 4)],
)
def test_a_path_is_followed_as_far_as_it_leads(path: tuple[str | int, ...], line: int) -> None:
    """Where a path ends in nothing, its last node that is there is found."""
    tree = parse(Source("storyboard.yaml", "scenes:\n  a: {x: 1}\nlist:\n  [1, 2]\n"))
    assert not isinstance(tree, tuple)
    assert node_at(tree, path).place.line == line


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("- x\n" * 50_002, "SB104"),
        (("a%d: [" + "x," * 45_000 + "]\n") * 11 % tuple(range(11)), "SB104"),
        ("a: 0x" + "f" * 4_001, "SB105"),
    ],
    ids=["too broad", "too much", "too many digits"],
)
def test_what_is_more_than_a_film_is_refused(text: str, code: str) -> None:
    """There is an end to what is read, long before the memory's."""
    found = parse(Source("a.yaml", text))
    assert isinstance(found, tuple)
    assert [problem.code for problem in found] == [code]


def test_of_very_many_doubled_keys_some_are_told() -> None:
    """Five hundred are enough to see what is wrong."""
    found = parse(Source("a.yaml", "a: 1\n" * 2_000))
    assert isinstance(found, tuple)
    assert len(found) == 500
