"""A storyboard cloned from a stranger, with links in its hidden folder: no command writes through one."""

from __future__ import annotations

from pathlib import Path

import pytest

from storyboard.testing.emulator import emulator
from tests.cli.command_line import STORYBOARD, run, run_command

HIDDEN = Path("film/.storyboard/emulated")


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """A storyboard in a checkout, with a file of the user beside it."""
    (tmp_path / "film" / ".git").mkdir(parents=True)
    (tmp_path / "film" / "storyboard.yaml").write_text(STORYBOARD, "utf-8")
    (tmp_path / "theirs").write_text("precious\n")
    return tmp_path / "film" / "storyboard.yaml"


@pytest.mark.parametrize("name", ["lock", "addresses.jsonl", "service/ledger.jsonl"])
def test_a_run_writes_through_no_link(film: Path, tmp_path: Path, name: str) -> None:
    """The message names the link, and nothing is made."""
    (tmp_path / HIDDEN / name).parent.mkdir(parents=True)
    (tmp_path / HIDDEN / name).symlink_to(tmp_path / "theirs")
    result = run(film)
    assert (result.code, f"{name} is a link" in result.err, (tmp_path / "theirs").read_text()) == (
        5,
        True,
        "precious\n",
    )


@pytest.mark.parametrize(
    "words",
    [("run",), ("recover",), ("verify",), ("resolve", "dusk", "--submit-again"), ("run", "--listen", "127.0.0.1:0")],
)
def test_a_command_that_writes_stays_in_the_project(film: Path, tmp_path: Path, words: tuple[str, ...]) -> None:
    """The whole hidden folder is a link that leads out of the project."""
    outside = tmp_path / "outside"
    (outside / "emulated").mkdir(parents=True, mode=0o755)
    (film.parent / ".storyboard").symlink_to(outside)
    with emulator(tmp_path / "ledger") as emulated, pytest.MonkeyPatch.context() as patched:
        for name, value in emulated.environment.items():
            patched.setenv(name, value)
        result = run_command(*words, "-f", str(film))
    found = [path.name for path in outside.rglob("*")]
    assert (result.code, "leads out of the project" in result.err, found) == (5, True, ["emulated"])


def test_the_secret_of_callbacks_is_not_drawn_beside_a_link(film: Path, tmp_path: Path) -> None:
    """A run with `--listen` writes the secret before anything else."""
    (tmp_path / HIDDEN).parent.mkdir(parents=True)
    (tmp_path / HIDDEN).symlink_to(tmp_path / "film")
    result = run(film, "--listen", "127.0.0.1:0")
    assert (result.code, "is a link" in result.err, (film.parent / "callbacks.key").exists()) == (5, True, False)
