"""Checks of a folder before anything is paid for: no existing file is touched, and no file stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from storyboard.errors import FileTrouble
from storyboard.world.machine_checks import check_writable


def test_a_file_of_the_user_s_is_left_alone(tmp_path: Path) -> None:
    """Whatever it is called: the project's folder is tried too."""
    (tmp_path / ".trial").write_text("precious")
    check_writable(tmp_path)
    found = [(path.name, path.read_text()) for path in tmp_path.iterdir()]
    assert found == [(".trial", "precious")]


def test_nothing_stays_in_what_is_nearest_above_a_folder(tmp_path: Path) -> None:
    """That isn't made, either: it is only asked for."""
    check_writable(tmp_path / "renders" / "scenes")
    assert list(tmp_path.iterdir()) == []


def test_where_nothing_can_be_written_is_told(tmp_path: Path) -> None:
    """A file is in the folder's place."""
    (tmp_path / "renders").write_text("")
    with pytest.raises(FileTrouble, match="can't be written"):
        check_writable(tmp_path / "renders")
