"""An unchanged storyboard is not checked again; a changed one always is."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from storyboard.language.problem import format_problem
from storyboard.project import validate
from storyboard.world.cache import RACY, Cache
from storyboard.world.layout import layout_of

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000 1f15c4890000000d49444154789c6360000000000500"
    "01a5f645400000000049454e44ae426082".replace(" ", "")
)
TEXT = """\
storyboard: 1
include: [cast.yaml]
assets:
  quay: {image: quay.png}
scenes:
  dusk: {prompt: a lighthouse}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A storyboard with an included file."""
    (tmp_path / "storyboard.yaml").write_text(TEXT, "utf-8")
    (tmp_path / "cast.yaml").write_text("sets: {}\nassets: {gulls: {audio: https://example.com/gulls.mp3}}\n", "utf-8")
    return tmp_path


def entries() -> int:
    """The number of cached results."""
    home = Path(os.environ["XDG_CACHE_HOME"], "storyboard")
    return len(list(home.glob("*.json"))) if home.is_dir() else 0


def judged(project: Path, later: float = 3600.0) -> str:
    """The output of `validate` this many seconds later, when every timestamp is old."""
    layout = layout_of(str(project / "storyboard.yaml"), "real")
    verdict = validate(layout, (), "", Cache(os.environ, time.time() + later))
    return "\n".join(
        [*(format_problem(problem, verdict.sources) for problem in verdict.problems), f"{verdict.scenes} scenes"]
    )


def test_the_same_is_said_again(project: Path) -> None:
    """The cached result is repeated word by word, excerpts included."""
    first = judged(project)
    assert judged(project) == first
    assert entries() == 1


CHANGES: dict[str, Callable[[Path], object]] = {
    "the storyboard": lambda p: (p / "storyboard.yaml").write_text(TEXT.replace("dusk", "first"), "utf-8"),
    "an included file": lambda p: (p / "cast.yaml").write_text("assets: 3\n", "utf-8"),
    "an included file is gone": lambda p: (p / "cast.yaml").unlink(),
    "a file appears": lambda p: (p / "quay.png").write_bytes(PIXEL),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_seen(project: Path, change: str) -> None:
    """In everything that the result depends on: the text, its included files, and the files that it names."""
    before = judged(project)
    CHANGES[change](project)
    assert judged(project) != before


def test_a_missing_included_file_is_missed_until_it_is_there(project: Path) -> None:
    """A result depends on the absence of a file too."""
    (project / "cast.yaml").rename(project / "elsewhere.yaml")
    before = judged(project)
    (project / "elsewhere.yaml").rename(project / "cast.yaml")
    assert ("SB210" in before, "SB210" in judged(project)) == (True, False)


def test_a_change_that_keeps_size_and_time_is_seen(project: Path) -> None:
    """A restored modification time doesn't hide different content: the change time can't be set back."""
    path = project / "storyboard.yaml"
    before, status = judged(project), path.stat()
    path.write_text(TEXT.replace("dusk: {prompt:", "last: {prompt:"), "utf-8")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert judged(project) != before


def test_settings_are_part_of_what_is_asked(project: Path) -> None:
    """Another host is trusted: the earlier result is no longer valid."""
    (project / "storyboard.yaml").write_text(TEXT + "defaults: {callback_url: https://hooks.example/x}\n", "utf-8")
    before = judged(project)
    settings = Path(os.environ["XDG_CONFIG_HOME"], "storyboard", "settings.toml")
    settings.parent.mkdir(parents=True)
    settings.write_text('trusted_hosts = ["hooks.example"]\n', "utf-8")
    assert ("SB410" in before, "SB410" in judged(project)) == (True, False)


def test_what_was_written_just_now_is_not_remembered(project: Path) -> None:
    """A file younger than the clock's resolution may be written again without a new timestamp."""
    judged(project, later=0.0)
    assert entries() == 0


def test_what_changes_while_it_is_judged_is_not_remembered(project: Path) -> None:
    """Timestamps are compared with the moment before reading, not that of caching."""
    opened = (project / "storyboard.yaml").stat().st_mtime - 1
    memory = Cache(os.environ, opened + RACY)
    memory.put({"of": "the old text"}, [project / "storyboard.yaml"], "verdict")
    assert memory.get("verdict") is None


def test_a_torn_entry_is_no_entry(project: Path) -> None:
    """The cache may contain anything; the result is the same."""
    first = judged(project)
    for path in Path(os.environ["XDG_CACHE_HOME"], "storyboard").glob("*.json"):
        path.write_bytes(path.read_bytes()[:-20])
    assert judged(project) == first
