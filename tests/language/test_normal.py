"""The laws of how prompts are written before they are sent and compared."""

from __future__ import annotations

import textwrap

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storyboard.language.prompt import compose, normal
from tests.builders import graph_of

WORDS = st.lists(st.text(alphabet="abcé,.{}:-", min_size=1, max_size=8), min_size=1, max_size=12)
TEXTS = st.text(alphabet="ab é\u0301e海灯，。 \t\n\r\u3000\u00a0", max_size=40)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("  Waves.  \n", "Waves."),
        ("Waves\n  and \t gulls.", "Waves and gulls."),
        ("灯塔\n在海边，\n  黄昏。", "灯塔在海边，黄昏。"),
        ("灯塔 at dusk", "灯塔 at dusk"),
        ("One.\n\nTwo.", "One.\nTwo."),
        ("One.\n \t \n\n\nTwo.", "One.\nTwo."),
        ("One.\r\n\r\nTwo\r\nthree.", "One.\nTwo three."),
        ("cafe\u0301", "caf\u00e9"),
        ("", ""),
        (" \n \n ", ""),
    ],
)
def test_white_space_is_folded(written: str, expected: str) -> None:
    """Ends are trimmed, white space is one space (none between Chinese characters), a blank line is one newline."""
    assert normal(written) == expected


@settings(max_examples=150, deadline=None)
@given(TEXTS)
def test_a_paragraph_written_once_stays(text: str) -> None:
    """What was written in its one way is written so again: paragraph by paragraph, nothing changes any more."""
    once = normal(text)
    assert [normal(paragraph) for paragraph in once.split("\n")] == once.split("\n")


@settings(max_examples=100, deadline=None)
@given(TEXTS)
def test_a_text_written_once_stays(text: str) -> None:
    """The same of a whole text, its paragraphs set apart as an author sets them."""
    once = normal(text)
    assert normal(once.replace("\n", "\n\n")) == once


@settings(max_examples=100, deadline=None)
@given(WORDS, st.integers(min_value=5, max_value=60), st.sampled_from(["\n", "\n    ", "\r\n", " \n\t"]))
def test_wrapping_changes_nothing(words: list[str], width: int, end: str) -> None:
    """A prompt may be wrapped at any width, with any line ends and indentation."""
    text = " ".join(words)
    wrapped = end.join(textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False))
    assert normal(wrapped) == normal(text)


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="灯塔在海边黄昏，。", min_size=1, max_size=30), st.integers(min_value=1, max_value=10))
def test_chinese_may_be_wrapped_anywhere(text: str, width: int) -> None:
    """A line may end between any two Chinese characters."""
    wrapped = "\n".join(text[start : start + width] for start in range(0, len(text), width))
    assert normal(wrapped) == text


def test_how_yaml_writes_a_prompt_changes_nothing() -> None:
    """A plain, quoted, folded or literal prompt, wrapped here or there, is the same prompt."""
    forms = [
        "prompt: Waves and gulls.",
        'prompt: "Waves and gulls."',
        "prompt: >-\n      Waves and\n      gulls.",
        "prompt: |\n      Waves\n      and gulls.\n",
    ]
    graphs = [graph_of(f"storyboard: 1\nscenes:\n  a:\n    {form}\n") for form in forms]
    assert {compose(graph.scene("a"), graph.storyboard).text for graph in graphs} == {"Waves and gulls."}
