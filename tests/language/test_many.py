"""The number of reported problems, and schemas with unknown keywords."""

from __future__ import annotations

from storyboard.language.document import parse
from storyboard.language.fast_schema import has_form
from storyboard.language.problem import MOST_TOLD, nearest
from storyboard.language.schema import problems
from storyboard.language.source import Source
from tests.builders import codes, judge

COUNT = MOST_TOLD + 5


def storyboard(scene: str) -> str:
    """Very many scenes that are alike."""
    return "storyboard: 1\nscenes:\n" + "".join(f"  s{number}: {{{scene}}}\n" for number in range(COUNT))


def test_of_many_mistakes_the_first_are_told() -> None:
    """At most a thousand mistakes are reported."""
    assert codes(judge(storyboard("prompt: A., duration: 2"))) == ["SB402"] * MOST_TOLD


def test_many_warnings_hide_no_mistake() -> None:
    """At most a thousand warnings are reported as well, and a mistake is reported beside them."""
    warned = "prompt: {action: A., dialogue: [{speaker: a, line: B.}]}, generate_audio: false"
    found = codes(judge(storyboard(warned) + "  last: {prompt: A., duration: 2}\n"))
    assert (found.count("SB606"), found.count("SB402")) == (MOST_TOLD, 1)


def test_the_nearest_of_very_many_words() -> None:
    """Of very many words those are compared that begin or end alike."""
    words = [f"scene-{number}" for number in range(500)]
    assert nearest("scnee-77", words) == 'did you mean "scene-77"?'


def test_of_very_many_words_none_may_be_near() -> None:
    """A word that is like none of very many gets no guess."""
    assert nearest("光", [f"scene-{number}" for number in range(500)]) == ""


def test_a_very_long_word_is_like_nothing() -> None:
    """What is too long for a name is compared with none."""
    assert nearest("a" * 10_000, ["a" * 9_999]) == ""


def test_a_schema_with_other_words_is_judged_all_the_same() -> None:
    """A schema that the fast check can't read is left to the library, and its error reported in its words."""
    tree = parse(Source("a.yaml", "a: 1\nb: 2\n"))
    schema = {"type": "object", "maxProperties": 1}
    assert not has_form({"a": 1}, schema)
    found = problems(tree, schema)  # type: ignore[arg-type]  # a text that can be read
    assert [(problem.code, problem.place.line) for problem in found] == [("SB204", 1)]
