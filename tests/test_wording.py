"""The measures of wording and structure, each on a small text with one offence planted."""

from __future__ import annotations

import ast

import pytest

from tests import wording
from tests.wording import Figure, Module, Offence


def module(text: str, path: str = "storyboard/planning/sample.py") -> Module:
    """A module with this text."""
    return Module(path, text, ast.parse(text))


def offences(figure: Figure) -> list[tuple[int, str]]:
    """Line and text of each offence."""
    return [(one.line, one.what) for one in figure.offences]


def test_docstrings_of_modules_functions_and_constants_are_read() -> None:
    """A string that is a statement is a docstring; one that is a value is not."""
    text = '"""One."""\nLIMIT = 3\n"""Two."""\n\ndef run():\n    """Three."""\n    return "four"\n'
    assert sorted(wording.docstrings(ast.parse(text))) == [(1, "One."), (3, "Two."), (6, "Three.")]


@pytest.mark.parametrize("code", ["`tell`", "``say `x` ``", "```sh\nsay hello\n```\n", "~~~\ntold\n~~~\n"])
def test_code_is_no_prose(code: str) -> None:
    """Inline code and code blocks are left out."""
    assert [word for _, word in wording.words_of(f"before\n{code}\nafter")] == ["before", "after"]


def test_lines_are_counted_across_code() -> None:
    """A word after a code block has the line that it has in the file."""
    assert list(wording.words_of("one\n```\ncode\n```\ntwo", first_line=10)) == [(10, "one"), (14, "two")]


def test_a_stray_backtick_hides_one_paragraph_at_most() -> None:
    """Inline code doesn't reach over a blank line."""
    assert [word for _, word in wording.words_of("a ` b\n\nsaid ` c")] == ["a", "b", "said", "c"]


def test_a_word_is_found_with_its_line_and_rate() -> None:
    """One of four words is one in four, whatever its case and ending."""
    say, whoever = wording.word_figures("sample", [("a.md", 3, "plain words\nSaid nobody's")])
    assert (say.value, offences(say), say.exceeded) == (250.0, [(4, "said")], True)
    assert (whoever.value, offences(whoever)) == (250.0, [(4, "nobody's")])


def test_plain_text_is_within_the_bounds() -> None:
    """Words that only contain one of the family don't count."""
    assert not any(
        figure.exceeded for figure in wording.word_figures("sample", [("a.md", 1, "essay, untold, foretell")])
    )


@pytest.mark.parametrize("name", ["told_books", "opened", "_asking", "__kept", "known_model", "put"])
def test_a_participle_is_recognised(name: str) -> None:
    """Its first word counts, without leading underscores."""
    assert wording.is_participle(name)


@pytest.mark.parametrize("name", ["read", "bring", "feed_all", "is_opened", "find_lost_task", "seed", "string"])
def test_a_verb_is_no_participle(name: str) -> None:
    """Nor is a participle that comes later in the name."""
    assert not wording.is_participle(name)


def test_properties_overloads_and_magic_methods_need_no_verb() -> None:
    """Fixtures neither."""
    text = "class A:\n" + "".join(
        f"    {decorator}\n    def opened(self): ...\n"
        for decorator in ("@property", "@cached_property", "@typing.overload", "@pytest.fixture(scope='module')")
    )
    text += "    def __init__(self): ...\n    @staticmethod\n    def closed(): ...\n"
    assert [function.name for function in wording.functions(ast.parse(text))] == ["closed"]


def test_the_share_of_participles_leaves_out_changed_copies() -> None:
    """A function on the list of copies counts among the functions, but is no offence."""
    figure = wording.participle_figure(
        [module("def opened(): ...\ndef padded(): ...\nasync def run(): ...\ndef go(): ...\n")]
    )
    assert (figure.value, offences(figure)) == (25.0, [(1, "opened")])


@pytest.mark.parametrize(
    "text",
    [
        "intent = 1",
        "x.intent",
        "def run(intent): ...",
        "run(intent=1)",
        "def intent(): ...",
        "class A:\n    intent: str",
        "from a import intent",
        "from a import intent as b",
        "from a import b as intent",
        "match x:\n    case A(intent=b): ...",
        "match x:\n    case A() as intent: ...",
        "def f():\n    global intent",
    ],
)
def test_a_retired_identifier_is_found(text: str) -> None:
    """Wherever it stands."""
    assert {what for _, what in offences(wording.retired_name_figure([module(text)]))} == {"intent -> attempt_id"}


def test_a_retired_word_in_a_text_is_no_identifier() -> None:
    """Strings, and names that merely contain it, are left alone."""
    assert offences(wording.retired_name_figure([module('intent_of = "intent"')])) == []


def test_some_names_are_retired_in_the_package_alone() -> None:
    """A test may define `tell`; the package may call a file's `tell`, and not define its own."""
    text = "def tell(): ...\nfile.tell()\n"
    assert offences(wording.retired_name_figure([module(text)])) == [(1, "tell -> on_event")]
    assert offences(wording.retired_name_figure([module(text, "tests/sample.py")])) == []


@pytest.mark.parametrize("word", ["found", "row", "look", "whole", "form"])
def test_words_of_the_language_stay(word: str) -> None:
    """They may name a local variable."""
    assert offences(wording.retired_name_figure([module(f"{word} = 1")])) == []


def test_a_module_with_a_retired_path_is_found() -> None:
    """A package's path stands for all that is below it."""
    figure = wording.retired_module_figure([module("", "tests/house/test_page.py"), module("", "tests/housework.py")])
    assert figure.offences == (Offence("tests/house/test_page.py", 1, "tests.house -> tests.architecture"),)


@pytest.mark.parametrize(
    "text",
    [
        "from storyboard.film import montage",
        "from storyboard.film.montage import A, B",
        "import storyboard.film.montage",
    ],
)
def test_an_import_of_a_retired_path_is_found(text: str) -> None:
    """Once a line, however many names it imports."""
    expected = [(1, "storyboard.film.montage -> storyboard.planning.timeline")]
    assert offences(wording.retired_module_figure([module(text)])) == expected


def test_a_long_module_is_found() -> None:
    """300 lines are allowed, 301 are not, unless the module is listed as a table."""
    long = module("x = 1\n" * 301, "storyboard/long.py")
    assert wording.length_figure([module("x = 1\n" * 300), long]).offences == (
        Offence("storyboard/long.py", 1, "301 lines", 301),
    )
    assert wording.length_figure([long], {"storyboard/long.py"}).offences == ()


ARM = "class A:\n  def go(self, x):\n    match x:\n      case 1: ...\n      case _:\n        {}\n"


def test_a_default_arm_is_found_with_its_function() -> None:
    """A method is named after its class."""
    assert offences(wording.default_arm_figure([module(ARM.format("pass"))], ())) == [(5, "A.go")]


@pytest.mark.parametrize("body", ["assert_never(x)", "raise ValueError"])
def test_a_default_arm_that_cant_be_reached_is_fine(body: str) -> None:
    """The type checker holds it, or it raises."""
    assert list(wording.default_arms(ast.parse(ARM.format(body)))) == []


def test_an_allowed_arm_is_no_offence() -> None:
    """An allowance that no arm needs is one."""
    here = ("storyboard/planning/sample.py", "A.go")
    assert offences(wording.default_arm_figure([module(ARM.format("pass"))], [here])) == []
    assert offences(wording.default_arm_figure([module("")], [here])) == [(1, "A.go needs no allowance")]


def test_the_worst_files_come_first() -> None:
    """A file is shown once, with its first line and its commonest offences."""
    found = (Offence("a.py", 4, "told"), Offence("b.py", 2, "say"), Offence("b.py", 9, "say"))
    assert list(wording.lines_of(Figure("words", 3, 0, "places", found), most=1)) == [
        "over  words: 3 places (bound 0)",
        "        b.py:2  2: say",
    ]


def test_the_script_fails_over_a_bound_unless_it_only_reports(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its exit code is 1, or 0 with `--report`."""
    monkeypatch.setattr(wording, "measure", lambda _: [Figure("words", 3, 0, "places", ())])
    assert (wording.main([]), wording.main(["--report"])) == (1, 0)
    assert capsys.readouterr().out == "over  words: 3 places (bound 0)\n" * 2
