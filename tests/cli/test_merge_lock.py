"""`merge-lock` unites both sides of a merged lock, by hand or as git's merge driver."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from storyboard.planning.lock import Lockfile
from storyboard.planning.lock_format import from_text, to_text
from tests.cli.command_line import run_command
from tests.planning.values import take

FIRST = take("first", {"prompt": "first"})
OURS = take("ours", {"prompt": "ours"})
THEIRS = take("theirs", {"prompt": "theirs"})
BOTH = take("both", {"prompt": "both"})
BASE = Lockfile().with_take("", "dusk", FIRST, select=True)
OURS_LOCK = BASE.with_take("", "dusk", OURS, select=True)
THEIRS_LOCK = BASE.with_take("", "dusk", THEIRS, select=False)
EVERY_TAKE = {FIRST.id, OURS.id, THEIRS.id}
GIT = ("git", "-c", "user.name=A", "-c", "user.email=a@films.example", "-c", "init.defaultBranch=main")


def written(folder: Path, *texts: str) -> list[Path]:
    """Files with these texts."""
    paths = [folder / f"{number}.lock" for number, _ in enumerate(texts)]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text, "utf-8")
    return paths


def marked(folder: Path, base: Lockfile, ours: Lockfile, theirs: Lockfile, *style: str) -> Path:
    """A lock in which git has left the marks of a failed merge."""
    (one, middle, other) = written(folder, to_text(ours), to_text(base), to_text(theirs))
    words = ["git", "merge-file", "-p", *style, str(one), str(middle), str(other)]
    text = subprocess.run(words, check=False, capture_output=True, text=True).stdout
    assert "<<<<<<<" in text
    path = folder / "storyboard.lock"
    path.write_text(text, "utf-8")
    return path


def lock_of(path: Path) -> Lockfile:
    """The lock in a file."""
    return from_text(path.read_text("utf-8"), path.name)


def takes_of(path: Path, scene: str = "dusk") -> set[str]:
    """The takes of a scene in the lock of a file."""
    return set(lock_of(path).block("", scene).takes)


@pytest.mark.parametrize("style", [(), ("--diff3",)])
def test_a_lock_with_merge_marks_gets_the_takes_of_both_sides(tmp_path: Path, style: Iterable[str]) -> None:
    """A file with merge marks becomes a lock with the takes of both sides."""
    path = marked(tmp_path, BASE, OURS_LOCK, THEIRS_LOCK, *style)
    code = run_command("merge-lock", str(path)).code
    assert (code, takes_of(path)) == (0, EVERY_TAKE)


def test_a_lock_with_the_marks_of_style_zdiff3_gets_the_takes_of_both_sides(tmp_path: Path) -> None:
    """In this style git writes equal lines of both sides outside of the marks, even if the base lacks them."""
    both = BASE.with_take("", "dusk", BOTH, select=True)
    ours, theirs = (both.with_take("", "dusk", one, select=True) for one in (OURS, THEIRS))
    path = marked(tmp_path, BASE, ours, theirs, "--zdiff3")
    said = run_command("merge-lock", str(path))
    assert (said.code, said.err.count("can't be read as a lock")) == (0, 0)
    assert takes_of(path) == EVERY_TAKE | {BOTH.id}


def test_a_lock_without_merge_marks_is_not_written(tmp_path: Path) -> None:
    """A lock that needs no merge stays unchanged."""
    (path,) = written(tmp_path, to_text(BASE))
    before = path.stat()
    code, after = run_command("merge-lock", str(path)).code, path.stat()
    assert (code, after.st_ino, after.st_mtime_ns) == (0, before.st_ino, before.st_mtime_ns)


def test_three_files_are_base_ours_and_theirs(tmp_path: Path) -> None:
    """The result is written to the second of three files, and the other two stay unchanged."""
    base, ours, theirs = written(tmp_path, to_text(BASE), to_text(OURS_LOCK), to_text(THEIRS_LOCK))
    code = run_command("merge-lock", str(base), str(ours), str(theirs)).code
    assert (code, takes_of(base), takes_of(ours), takes_of(theirs)) == (
        0,
        {FIRST.id},
        EVERY_TAKE,
        {FIRST.id, THEIRS.id},
    )


def test_an_empty_base_is_a_lock_without_takes(tmp_path: Path) -> None:
    """Git gives an empty base for a lock that both branches have added."""
    base, ours, theirs = written(tmp_path, "", to_text(OURS_LOCK), to_text(THEIRS_LOCK))
    code = run_command("merge-lock", str(base), str(ours), str(theirs)).code
    assert (code, takes_of(ours)) == (0, EVERY_TAKE)


def git(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run git in a folder."""
    return subprocess.run([*GIT, *words], cwd=folder, check=False, capture_output=True, text=True)


def test_git_merges_two_branches_that_remade_one_scene(tmp_path: Path) -> None:
    """With the driver configured, `git merge` leaves no conflict, and the lock has the takes of both branches."""
    path = tmp_path / "storyboard.lock"
    git(tmp_path, "init", "-q")
    driver = f"'{sys.executable}' -P -m storyboard merge-lock %O %A %B"
    git(tmp_path, "config", "merge.storyboard.driver", driver)
    (tmp_path / ".gitattributes").write_text("storyboard.lock merge=storyboard\n", "utf-8")
    commits = {"base": BASE, "theirs": THEIRS_LOCK, "ours": OURS_LOCK}
    for name, lock in commits.items():
        git(tmp_path, "checkout", "-q", *(() if name == "base" else ("main",)), "-b", name.replace("base", "main"))
        path.write_text(to_text(lock), "utf-8")
        git(tmp_path, "add", ".")
        git(tmp_path, "commit", "-q", "-m", name)
    merge = git(tmp_path, "merge", "-q", "--no-edit", "theirs")
    unmerged = git(tmp_path, "ls-files", "--unmerged").stdout
    assert (merge.returncode, unmerged, takes_of(path)) == (0, "", EVERY_TAKE)


def test_unknown_keys_of_both_sides_survive(tmp_path: Path) -> None:
    """Keys that this program doesn't know are kept at the top, in a block and in a take."""
    ours = replace(OURS_LOCK, extra={"ours_top": 1})
    block = replace(THEIRS_LOCK.block("", "dusk"), extra={"their_block": 2})
    known = replace(THEIRS, extra={"their_take": 3})
    block = replace(block, takes={**block.takes, THEIRS.id: known})
    theirs = replace(THEIRS_LOCK, blocks={("", "dusk"): block}, extra={"their_top": 4})
    paths = written(tmp_path, to_text(BASE), to_text(ours), to_text(theirs))
    run_command("merge-lock", *map(str, paths))
    value = json.loads(paths[1].read_text("utf-8"))
    found = value["scenes"]["dusk"]
    assert (value["ours_top"], value["their_top"], found["their_block"], found["takes"][THEIRS.id]["their_take"]) == (
        1,
        4,
        2,
        3,
    )


@pytest.mark.parametrize("place", [1, 2])
def test_a_lock_of_a_newer_version_is_refused_and_unchanged(tmp_path: Path, place: int) -> None:
    """Whichever side has the newer lock, nothing is written."""
    texts = [to_text(BASE), to_text(OURS_LOCK), to_text(THEIRS_LOCK)]
    texts[place] = texts[place].replace('"storyboard_lock": 2', '"storyboard_lock": 3')
    paths = written(tmp_path, *texts)
    said = run_command("merge-lock", *map(str, paths))
    after = [path.read_text("utf-8") for path in paths]
    assert (said.code, "a lock of version 3" in said.err, after) == (5, True, texts)


@pytest.mark.parametrize("text", ["Dear diary\n", "{}\n", "[1]\n", "\ufeff\x00"])
def test_a_file_that_is_no_lock_is_refused_with_one_message(tmp_path: Path, text: str) -> None:
    """The message names the file, nothing is written, and the exit code is 5."""
    path = tmp_path / "notes.txt"
    path.write_text(text, "utf-8")
    said = run_command("merge-lock", str(path))
    messages = [line for line in said.err.splitlines() if line.startswith("storyboard: ")]
    assert (said.code, len(messages), "notes.txt" in said.err, path.read_text("utf-8")) == (5, 1, True, text)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    """A video in the lock's place is reported as no lock, without a traceback."""
    path = tmp_path / "storyboard.lock"
    path.write_bytes(bytes(range(256)))
    said = run_command("merge-lock", str(path))
    assert (said.code, "can't be read as a lock" in said.err, path.read_bytes()) == (5, True, bytes(range(256)))


@pytest.mark.parametrize("count", [0, 2, 4])
def test_another_number_of_files_is_wrong_usage(tmp_path: Path, count: int) -> None:
    """Only 1 file or 3 files are accepted."""
    paths = written(tmp_path, *[to_text(BASE)] * count)
    assert run_command("merge-lock", *map(str, paths)).code == 2


def test_a_file_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    """A missing file is wrong usage."""
    assert run_command("merge-lock", str(tmp_path / "storyboard.lock")).code == 2


@pytest.mark.parametrize("style", [(), ("--diff3",)])
def test_where_both_selected_another_take_ours_stays_selected(tmp_path: Path, style: Iterable[str]) -> None:
    """The lock selects our side's take, and a note names the scene."""
    theirs = BASE.with_take("", "dusk", THEIRS, select=True)
    path = marked(tmp_path, BASE, OURS_LOCK, theirs, *style)
    said = run_command("merge-lock", str(path))
    note = "note: dusk: each side selected a different take; ours stays selected"
    assert (said.code, lock_of(path).block("", "dusk").selected, note in said.err.splitlines()) == (0, OURS.id, True)


def test_a_take_that_only_their_side_selected_is_selected(tmp_path: Path) -> None:
    """Our side made no choice, so theirs counts, and there is no note."""
    theirs = BASE.with_take("", "dusk", THEIRS, select=True)
    ours = BASE.with_take("", "dusk", OURS, select=False)
    paths = written(tmp_path, to_text(BASE), to_text(ours), to_text(theirs))
    said = run_command("merge-lock", *map(str, paths))
    assert (lock_of(paths[1]).block("", "dusk").selected, "note:" in said.err) == (THEIRS.id, False)
