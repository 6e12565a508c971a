"""Excerpts: carets are under the right characters, and nothing in the line controls a terminal."""

from __future__ import annotations

import pytest

from storyboard.language.problem import Problem, format_problem
from storyboard.language.source import WIDEST, Place, Source, columns, excerpt

LINES = {
    "latin": ("duration: 22", "22", "duration: ", "^^"),
    "chinese before": ("灯塔: 黄昏", "黄昏", "灯塔: ", "^^^^"),
    "full-width punctuation": ("名字：灯塔", "灯塔", "名字：", "^^^^"),
    "combining marks": ("cafe\u0301: x", "x", "café: ", "^"),
    "a mark alone is meant": ("e\u0301", "\u0301", "e", "^"),
    "a tab": ("\tduration: 22", "22", " duration: ", "^^"),
    "an escape sequence": ("\x1b[31mred: 22", "22", "\\x1b[31mred: ", "^^"),
    "a bidi override": ("a\u202eb: 22", "22", "a\\u202eb: ", "^^"),
    "a variation selector": ("❤\ufe0f: 22", "22", "❤: ", "^^"),
}


@pytest.mark.parametrize("name", LINES)
def test_the_caret_stands_under_what_is_meant(name: str) -> None:
    """As many columns before it as the line has before the place, and as wide as what is meant."""
    line, meant, before, carets = LINES[name]
    place = Place("x.yaml", 1, line.index(meant) + 1, len(meant))
    lower = excerpt(Source("x.yaml", line), place).split("\n")[1].partition("| ")[2]
    assert (len(lower) - len(lower.lstrip()), lower.lstrip()) == (columns(before), carets)


@pytest.mark.parametrize("column", [1, 60, 5_000_000, 9_999_999, 10_000_000])
def test_a_line_of_ten_megabytes_is_clipped_around_the_place(column: int) -> None:
    """What is shown is as long as a line may be, and the caret points at what is meant."""
    text = "x" * (column - 1) + "Y" + "x" * (10_000_000 - column)
    upper, lower = excerpt(Source("x.yaml", text), Place("x.yaml", 1, column)).split("\n")
    assert len(upper) <= WIDEST + 12
    assert upper[lower.index("^")] == "Y"


def test_a_wide_place_ends_with_the_excerpt() -> None:
    """Carets don't run on where the line is clipped."""
    _, lower = excerpt(Source("x.yaml", "x" * 10_000), Place("x.yaml", 1, 1, 10_000)).split("\n")
    assert lower.count("^") == WIDEST


HOSTILE = ["\x1b]0;owned\x07", "\x9b31m", "\u202egnp.exe", "\u2066x", "\r", "\n", "\u2028", "\u200b", "\x00", "\ud800"]


@pytest.mark.parametrize("text", HOSTILE, ids=[ascii(text) for text in HOSTILE])
def test_a_message_holds_nothing_that_a_terminal_acts_on(text: str) -> None:
    """Control, bidi and invisible characters are shown by their numbers, in every part of a message."""
    problem = Problem("SB301", f"a {text} b", Place(f"{text}.yaml", 1, 1), f"c {text} d")
    message = format_problem(problem, {f"{text}.yaml": Source(f"{text}.yaml", f"e {text.strip()} f")})
    assert all(char == "\n" or char.isprintable() for char in message)


def test_a_word_of_ten_megabytes_is_told_by_its_ends() -> None:
    """A message repeats the beginning and the end of a word, not all of it."""
    word = "a" * 5_000_000 + "b" * 5_000_000
    problem = Problem("SB201", f'the scene has no key "{word}"', Place("x.yaml", 1, 1), word)
    assert (len(problem.sentence) < 2_100, len(problem.hint) < 2_100) == (True, True)


def test_a_sentence_of_ordinary_length_is_told_whole() -> None:
    """What an author can read is not clipped."""
    sentence = " ".join(["lighthouse"] * 100)
    assert Problem("SB201", sentence, Place("x.yaml", 1, 1)).sentence == sentence
