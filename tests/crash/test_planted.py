"""Each planted bug still finds the code that it replaces: a bug that can't be planted proves nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crash.planted import BUGS, planted


@pytest.mark.parametrize("bug", BUGS)
def test_a_bug_finds_its_place(bug: str, tmp_path: Path) -> None:
    """The code that it replaces occurs in the program exactly once."""
    source = planted(bug, tmp_path)
    assert [(source / name).read_text("utf-8").count(after) > 0 for name, _, after in BUGS[bug]] == [True] * len(
        BUGS[bug]
    )
