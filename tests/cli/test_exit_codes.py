"""The exit codes: one table, which the README and the tree in `errors.py` repeat."""

from __future__ import annotations

import re
from pathlib import Path

from storyboard import errors
from storyboard.errors import EXIT_CODES, ExitCode, Interrupted, StoryboardError, exit_code_of

README = Path(__file__).parents[2] / "README.md"


def test_the_readme_lists_every_exit_code() -> None:
    """Its section on exit codes has a row for each of them and no other."""
    section = README.read_text("utf-8").partition("## Exit codes\n")[2].partition("\n## ")[0]
    listed = [int(code) for row in re.findall(r"^\| ([\d, ]+) \|", section, re.MULTILINE) for code in row.split(",")]
    assert listed == sorted(ExitCode)


def test_the_tree_of_errors_shows_the_codes_of_the_table() -> None:
    """Each line that names a code names the one that the class has."""
    tree = re.findall(r"^[ │├└─]*(\w+) .*exit (\d)$", errors.__doc__ or "", re.MULTILINE)
    shown = {name: int(code) for name, code in tree}
    assert shown == {name: exit_code_of(getattr(errors, name)) for name in shown}
    assert {kind.__name__ for kind in EXIT_CODES} - {StoryboardError.__name__} <= shown.keys()


def test_an_interrupted_command_has_the_code_of_its_signal() -> None:
    """128 and the number of the signal, as shells expect."""
    assert (Interrupted(2).exit_code, Interrupted(15).exit_code) == (ExitCode.INTERRUPTED, ExitCode.TERMINATED)
