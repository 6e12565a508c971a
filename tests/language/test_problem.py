"""Problems: order, hints and formatting."""

from __future__ import annotations

from storyboard.language.problem import Problem, format_problem, in_order, mistakes, nearest
from storyboard.language.source import Place, Source
from tests.builders import judge

TEXT = """\
storyboard: 1
scenes:
  storm:
    prompt: A storm rolls in.
    duration: 22
"""


def test_a_mistake_is_told_as_the_format_shows_it() -> None:
    """A problem has its place, code and sentence, an excerpt with a caret, and what to do."""
    judgement = judge(TEXT)
    assert format_problem(judgement.problems[0], judgement.sources).split("\n") == [
        'storyboard.yaml:5:15: SB402 scene "storm" asks for 22 s; seedance-2.0 makes 4 to 15 s',
        "    5 |     duration: 22",
        "      |               ^^",
        "  shorten it, or continue it in a second scene with `extend: storm`",
    ]


def test_without_the_text_there_is_no_excerpt() -> None:
    """A problem in a file that isn't available is formatted without its line."""
    problem = Problem("SB301", "who is that?", Place("b.yaml", 3, 1))
    assert format_problem(problem, {}) == "b.yaml:3:1: SB301 who is that?"


def test_a_terminal_is_not_at_the_mercy_of_a_storyboard() -> None:
    """Control characters in names are shown, not sent to the terminal."""
    problem = Problem("SB301", 'names "\x1b[2J"', Place("a.yaml", 1, 1))
    assert format_problem(problem, {"a.yaml": Source("a.yaml", "")}) == 'a.yaml:1:1: SB301 names "\\x1b[2J"'


def test_problems_stand_in_the_order_of_the_text() -> None:
    """Problems are sorted by place, line before column, and each is reported once."""
    late, early = Problem("SB1", "late", Place("a", 10, 1)), Problem("SB2", "early", Place("a", 9, 20))
    assert in_order([late, early, late]) == (early, late)


def test_a_warning_is_no_mistake() -> None:
    """Warnings don't stop a run."""
    warning = Problem("SB603", "hm", Place("a", 1, 1), severity="warning")
    mistake = Problem("SB602", "no", Place("a", 2, 1))
    assert mistakes([warning, mistake]) == (mistake,)


def test_the_nearest_word_is_offered() -> None:
    """A word that is similar to a known one is treated as a typing error."""
    assert [nearest("promt", ["model", "prompt"]), nearest("xyz", ["model"])] == ['did you mean "prompt"?', ""]


def test_every_mistake_is_told_in_one_go() -> None:
    """Mistakes of different subjects in different scenes are reported together, by place."""
    judgement = judge(
        "storyboard: 1\nscenes:\n  a:\n    prompt: Look at {b}.\n    duration: 2\n  c:\n    chain: d\n    seed: -5\n"
    )
    assert [(problem.code, problem.place.line) for problem in judgement.problems] == [
        ("SB601", 4),
        ("SB402", 5),
        ("SB301", 7),
        ("SB405", 8),
    ]
