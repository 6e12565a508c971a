"""Takes are found by what they were made from, whatever the name of the scene, the profile or the storyboard's file."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from storyboard.planning.lock import Lockfile
from storyboard.planning.lock_format import from_text
from tests.cli.command_line import CommandResult, run, run_command

HEAD = """\
storyboard: 1
model: seedance-2.0-fast
defaults: {ratio: 16:9, resolution: 480p, duration: 4}
profiles:
  draft: {}
  wide: {}
  tall: {ratio: 9:16}
scenes:
"""
FILM = HEAD + "  quay: {prompt: A quay.}\n  boat: {chain: quay, prompt: A boat.}\n  rain: {prompt: Rain.}\n"
TRAILER = HEAD + "  opening: {prompt: Rain.}\n  title: {prompt: A lighthouse.}\n"


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """A storyboard whose film was made, with a trailer beside it that was not."""
    path = tmp_path / "film.yaml"
    path.write_text(FILM, "utf-8")
    (tmp_path / "trailer.yaml").write_text(TRAILER, "utf-8")
    assert run(path).submitted == 3
    return path


def lock_of(path: Path) -> Lockfile:
    """The emulated lock of a storyboard."""
    place = path.parent / ".storyboard/emulated" / f"{path.stem}.lock"
    return from_text(place.read_text("utf-8"), place.name)


def steps(path: Path, *words: str) -> dict[str, str]:
    """The planned step of each scene."""
    result = run_command("plan", "-f", str(path), "--emulator", "--json", *words)
    return {scene: step["step"] for scene, step in json.loads(result.out)["scenes"].items()}


def lose_the_record(path: Path) -> None:
    """Remove record, store and lock, but not the service's own ledger."""
    for name in ("state.db", "witness", "store", "addresses.jsonl", f"{path.stem}.lock"):
        place = path.parent / ".storyboard/emulated" / name
        shutil.rmtree(place) if place.is_dir() else place.unlink()


def test_profiles_of_one_key_share_a_take(film: Path) -> None:
    """In any order; each profile has a separate block in the lock."""
    submitted = [run(film, "--profile", profile).submitted for profile in ("draft", "draft,wide", "wide,draft")]
    blocks = {profile for profile, _ in lock_of(film).blocks}
    assert (submitted, blocks) == ([0, 0, 0], {"", "draft", "draft,wide", "wide,draft"})


def test_a_profile_that_changes_something_has_takes_of_its_own(film: Path) -> None:
    """A profile that changes something has separate takes, and returning to the first one submits nothing."""
    assert [run(film, "--profile", "tall").submitted, run(film).submitted] == [3, 0]


def test_a_second_storyboard_uses_what_the_first_has_made(film: Path) -> None:
    """A second storyboard uses the takes of the first, and only makes its own scenes."""
    result = run(film.with_name("trailer.yaml"))
    assert (result.code, result.submitted, result.made) == (0, 1, {"title"})


def test_a_renamed_file_keeps_its_lock(film: Path) -> None:
    """`plan` reports it, `run` moves it, and nothing is submitted; afterwards there is one lock."""
    movie = film.rename(film.with_name("movie.yaml"))
    plan = run_command("plan", "-f", str(movie), "--emulator")
    result = run(movie)
    locks = sorted(path.name for path in (film.parent / ".storyboard/emulated").glob("*.lock"))
    assert ("film.lock has no storyboard any more" in plan.out, result.submitted, locks) == (True, 0, ["movie.lock"])
    assert len(lock_of(movie).blocks) == 3


def test_a_new_storyboard_takes_over_none_of_two_locks(film: Path) -> None:
    """Which of them is meant can't be determined; equal takes are used all the same."""
    run(film.with_name("trailer.yaml"))
    movie = film.rename(film.with_name("movie.yaml"))
    film.with_name("trailer.yaml").unlink()
    result = run(movie)
    locks = sorted(path.name for path in (film.parent / ".storyboard/emulated").glob("*.lock"))
    assert (result.submitted, locks) == (0, ["film.lock", "movie.lock", "trailer.lock"])


def test_two_scenes_that_swap_their_names_keep_their_takes(film: Path) -> None:
    """Each take stays with the scene that it was made from."""
    before = {scene: block.selected for (_, scene), block in lock_of(film).blocks.items()}
    swapped = "  rain: {prompt: A quay.}\n  boat: {chain: rain, prompt: A boat.}\n  quay: {prompt: Rain.}\n"
    film.write_text(HEAD + swapped, "utf-8")
    result = run(film)
    after = {scene: block.selected for (_, scene), block in lock_of(film).blocks.items()}
    assert (result.submitted, after["quay"], after["rain"]) == (0, before["rain"], before["quay"])


def test_a_lost_record_is_found_under_a_new_name(film: Path) -> None:
    """A task's marker names no scene: `run` holds the scene, `recover` adopts the task."""
    lose_the_record(film)
    film.write_text(FILM.replace("rain:", "shower:"), "utf-8")
    held, recovered, again = run(film), run_command("recover", "-f", str(film), "--emulator"), run(film)
    assert (held.code, held.submitted, recovered.code, again.code, again.submitted) == (4, 0, 0, 0, 0)


def test_verify_names_the_scenes_of_all_storyboards(film: Path) -> None:
    """A missing file may belong to another storyboard as well."""
    trailer = film.with_name("trailer.yaml")
    run(trailer)
    digest = lock_of(trailer).blocks["", "opening"].take
    assert digest is not None
    next((film.parent / ".storyboard/emulated/store").rglob(f"{digest.digest[7:]}.mp4")).unlink()
    result = run_command("verify", "-f", str(trailer), "--emulator")
    assert (result.code, "(rain of film, opening)" in result.err or "(opening, rain of film)" in result.err) == (
        5,
        True,
    )


def test_what_two_storyboards_and_three_profiles_cost(film: Path) -> None:
    """Plan, run, rename and run again: the table of submissions was written in advance."""
    trailer = film.with_name("trailer.yaml")
    table: list[tuple[Path, tuple[str, ...], dict[str, str], int]] = [
        (film, (), {"quay": "keep", "boat": "keep", "rain": "keep"}, 0),
        (film, ("--profile", "draft"), {"quay": "keep", "boat": "keep", "rain": "keep"}, 0),
        (film, ("--profile", "tall"), {"quay": "make", "boat": "make", "rain": "make"}, 3),
        (trailer, (), {"opening": "keep", "title": "make"}, 1),
        (trailer, ("--profile", "tall"), {"opening": "keep", "title": "make"}, 1),
        (trailer, ("--profile", "draft,wide"), {"opening": "keep", "title": "keep"}, 0),
    ]
    result: list[CommandResult] = []
    for path, words, planned, _ in table:
        assert steps(path, *words) == planned
        result.append(run(path, *words))
    assert [(one.code, one.submitted) for one in result] == [(0, row[3]) for row in table]
    movie = film.rename(film.with_name("movie.yaml"))
    movie.write_text(FILM.replace("rain:", "shower:"), "utf-8")
    again = [run(movie), run(movie, "--profile", "tall"), run(movie, "--profile", "wide")]
    assert [(one.code, one.submitted) for one in again] == [(0, 0)] * 3
    assert run_command("verify", "-f", str(movie), "--emulator").code == 0


def test_two_branches_are_merged_and_keep_what_either_has_made(film: Path) -> None:
    """Each branch changes another scene, and both remake; with the merged lock nothing of either is made again."""
    lock = film.parent / ".storyboard/emulated/film.lock"
    base = lock.read_text("utf-8")
    texts = [FILM.replace("Rain.", "Snow."), FILM.replace("A boat.", "A ship.")]
    sides = []
    for text in texts:
        lock.write_text(base, "utf-8")
        film.write_text(text, "utf-8")
        assert run(film).submitted == 1
        sides.append(lock.read_text("utf-8"))
    names = [film.parent / name for name in ("base", "ours", "theirs")]
    for path, text in zip(names, (base, *sides), strict=True):
        path.write_text(text, "utf-8")
    assert run_command("merge-lock", *map(str, names)).code == 0
    lock.write_text(names[1].read_text("utf-8"), "utf-8")
    both = texts[0].replace("A boat.", "A ship.")
    submitted = []
    for text in (*texts, both):
        film.write_text(text, "utf-8")
        submitted.append(run(film).submitted)
    assert submitted == [0, 0, 0]
