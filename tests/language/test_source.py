"""A place in a text, and the excerpt with a caret."""

from __future__ import annotations

import pytest

from storyboard.language.source import Place, Source, columns, escape_for_terminal, excerpt


def carets(text: str, place: Place) -> list[str]:
    """The lines of an excerpt."""
    return excerpt(Source("a.yaml", text), place).split("\n")


def test_carets_stand_under_what_is_meant() -> None:
    """An excerpt shows the line with its number, and carets as wide as what is meant."""
    actual = carets("x: 1\nduration: 22", Place("a.yaml", 2, 11, 2))
    assert actual == ["    2 | duration: 22", "      |           ^^"]


def test_chinese_takes_two_columns() -> None:
    """Carets are right under wide characters and after them."""
    actual = carets("灯塔: 海", Place("a.yaml", 1, 5, 1))
    assert actual == ["    1 | 灯塔: 海", "      |       ^^"]


def test_a_tab_is_shown_as_one_space() -> None:
    """A tab doesn't shift the caret."""
    actual = carets("a:\tb", Place("a.yaml", 1, 4, 1))
    assert actual == ["    1 | a: b", "      |    ^"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\x85", "\u2028", "\u2029"])
def test_a_line_ends_where_yaml_ends_it(end: str) -> None:
    """The line that is shown is the one that the reader of YAML has counted."""
    assert Source("a.yaml", f"one{end}two{end}three").line(2) == "two"


def test_a_byte_order_mark_is_not_shown() -> None:
    """The first line is shown as it is counted: without a byte order mark."""
    actual = carets("\ufeffa: 1", Place("a.yaml", 1, 4, 1))
    assert actual == ["    1 | a: 1", "      |    ^"]


def test_beyond_the_text_there_is_nothing() -> None:
    """A line that isn't there is empty."""
    assert [Source("a.yaml", "one").line(number) for number in (0, 1, 2)] == ["", "one", ""]


def test_what_a_terminal_would_act_on_is_made_visible() -> None:
    """Escapes, overrides of direction and zero-width characters are written out."""
    assert escape_for_terminal("a\x1b[31m\u202eb\u200b") == "a\\x1b[31m\\u202eb\\u200b"


def test_combining_marks_take_no_column() -> None:
    """A combining accent is above the letter before it."""
    assert columns("e\u0301") == 1
