"""The explanation of a code, in the terminal."""

from __future__ import annotations

import pytest

from storyboard.report.pages import pages
from storyboard.world.shipped import codes_text
from tests.cli.command_line import run_command


def test_a_code_is_explained() -> None:
    """With its title, the reason for it, and a wrong and a right example."""
    result = run_command("explain", "sb402")
    assert (result.code, result.out.splitlines()[0]) == (0, "SB402  Duration not supported")
    assert all(word in result.out for word in ("Why: ", "# wrong", "# right", "extend"))


def test_without_a_code_all_are_listed() -> None:
    """Without a code all codes are listed, one a line."""
    result = run_command("explain")
    assert [line.split()[0] for line in result.out.splitlines()] == list(pages(codes_text()))


@pytest.mark.parametrize(("code", "hint"), [("SB40", "SB40"), ("nonsense", "`storyboard explain` lists all codes")])
def test_an_unknown_code_is_a_wrong_word(code: str, hint: str) -> None:
    """The message names the nearest code, or how to list all."""
    result = run_command("explain", code)
    assert (result.code, hint in result.err) == (2, True)


def test_every_page_is_short_and_says_the_same_things() -> None:
    """Its meaning, the reason, a wrong and a right example, and what to do, in few lines."""
    found = pages(codes_text())
    unlike = [
        code
        for code, page in found.items()
        if not all(word in page.text for word in ("Why: ", "# wrong", "# right")) or page.text.count("\n") > 20
    ]
    assert unlike == []
