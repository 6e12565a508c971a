"""A project of the first layout: it is read in place, imported by the first command that writes, and never bought
again."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from storyboard.planning.lock_format import from_text
from tests.cli.command_line import STORYBOARD, run, run_command
from tests.first_layout import put_back

TRAILER = STORYBOARD.replace("Gulls.", "Terns.")


def ids(path: Path) -> list[str]:
    """The identities of all takes in a lock."""
    lock = from_text(path.read_text("utf-8"), path.name)
    return sorted(id for block in lock.blocks.values() for id in block.takes)


def ledger(folder: Path) -> list[str]:
    """The tasks of the embedded service."""
    lines = (folder / ".storyboard/emulated/service/ledger.jsonl").read_text("utf-8").splitlines()
    return [str(json.loads(line)["task_id"]) for line in lines]


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A storyboard whose film was made, in the first layout."""
    path = tmp_path / "storyboard.yaml"
    path.write_text(STORYBOARD, "utf-8")
    assert run(path).code == 0
    put_back(tmp_path)
    return path


def test_readers_read_it_where_it_lies(old: Path) -> None:
    """`plan` keeps every scene, `film` finds every video, and nothing is moved."""
    plan = run_command("plan", "-f", str(old), "--emulator", "--json")
    steps = [step["step"] for step in json.loads(plan.out)["scenes"].values()]
    film = run_command("film", "-f", str(old), "--emulator")
    assert (steps, film.code) == (["keep"] * 4, 0)
    assert not (old.parent / ".storyboard/emulated/state.db").exists()


def test_the_first_run_brings_it_over(old: Path) -> None:
    """Nothing is submitted; record, store, lock and the service's tasks are in the new places, and stay there."""
    tasks = sorted(f"ark:{task}" for task in _ledger_of(old.parent / ".storyboard/storyboard/emulated/service"))
    first, second = run(old), run(old)
    hidden = old.parent / ".storyboard/emulated"
    assert (first.code, first.submitted, second.submitted) == (0, 0, 0)
    assert (ids(hidden / "storyboard.lock"), sorted(f"ark:{task}" for task in ledger(old.parent))) == (tasks, tasks)
    assert not list((old.parent / ".storyboard/storyboard/emulated/store").rglob("*.mp4"))


def test_it_is_brought_over_once(old: Path) -> None:
    """The record is imported once, however often a command writes afterwards."""
    for _ in range(2):
        run(old)
    with closing(sqlite3.connect(old.parent / ".storyboard/emulated/state.db")) as database:
        assert database.execute("select count(*) from events where kind = 'imported'").fetchone() == (1,)


def _ledger_of(service: Path) -> list[str]:
    return [str(json.loads(line)["task_id"]) for line in (service / "ledger.jsonl").read_text("utf-8").splitlines()]


def test_an_old_program_refuses_what_was_brought_over(old: Path) -> None:
    """Its database has a newer version: an old program only reads it, and buys nothing because of it."""
    run(old)
    with closing(sqlite3.connect(old.parent / ".storyboard/storyboard/emulated/state.db")) as database:
        assert database.execute("pragma user_version").fetchone() == (2,)


def test_two_storyboards_come_into_one_record(tmp_path: Path) -> None:
    """Each was made separately; afterwards they share store and record, and equal takes are one video."""
    made = {"storyboard": STORYBOARD, "trailer": TRAILER}
    for stem, text in made.items():
        (tmp_path / stem).mkdir()
        (tmp_path / stem / f"{stem}.yaml").write_text(text, "utf-8")
        run(tmp_path / stem / f"{stem}.yaml")
        put_back(tmp_path / stem, stem)
    (tmp_path / "trailer" / "trailer.yaml").rename(tmp_path / "storyboard" / "trailer.yaml")
    (tmp_path / "trailer" / ".storyboard" / "trailer").rename(tmp_path / "storyboard" / ".storyboard" / "trailer")
    folder = tmp_path / "storyboard"
    submitted = [run(folder / f"{stem}.yaml").submitted for stem in made]
    takes = [len(ids(folder / ".storyboard/emulated" / f"{stem}.lock")) for stem in made]
    assert (submitted, takes, len(ledger(folder))) == ([0, 0], [4, 4], 8)


def test_a_change_remakes_what_it_concerns(old: Path) -> None:
    """An imported take counts like one of the current program."""
    old.write_text(STORYBOARD.replace("Gulls.", "Terns."), "utf-8")
    assert (run(old).made, run(old).submitted) == ({"alone"}, 0)


def test_verify_finds_everything(old: Path) -> None:
    """`verify` finds all files, before and after the import."""
    before = run_command("verify", "-f", str(old), "--emulator")
    run(old)
    after = run_command("verify", "-f", str(old), "--emulator")
    assert (before.code, after.code, before.out) == (0, 0, after.out)


@pytest.mark.parametrize("name", ["store", "state.db", "witness", "addresses.jsonl", "storyboard.lock", "service"])
@pytest.mark.parametrize("verb", ["plan", "run"])
def test_a_link_in_it_is_not_followed(old: Path, name: str, verb: str) -> None:
    """A clone may contain one: nothing behind it is read, moved or written, and the message names it."""
    outside = old.parent / "outside"
    place = old.parent / ".storyboard/storyboard/emulated" / name
    place.rename(outside)
    place.symlink_to(outside)
    before = sorted((path.name, path.stat().st_size) for path in (outside, *outside.rglob("*")))
    result = run_command(verb, "-f", str(old), "--emulator")
    after = sorted((path.name, path.stat().st_size) for path in (outside, *outside.rglob("*")))
    assert (result.code, f"{place} is a link" in result.err, after) == (5, True, before)


@pytest.mark.parametrize(
    ("before", "after"),
    [('"task_id":"cgt-', '"task_id":"../../../cgt-'), ('"at":', '"at":NaN,"was":'), ('{"task_id"', "[" * 90_000)],
    ids=["a path for a task", "no time", "deep"],
)
def test_a_ledger_that_makes_no_sense_is_refused(old: Path, before: str, after: str) -> None:
    """One message names it; nothing is drawn outside the folder."""
    ledger = old.parent / ".storyboard/storyboard/emulated/service/ledger.jsonl"
    text = ledger.read_text("utf-8")
    assert before in text
    ledger.write_text(text.replace(before, after), "utf-8")
    result = run(old)
    assert (result.code, "ledger" in result.err, "Traceback" in result.err) == (5, True, False)


def test_a_lock_that_is_no_file_is_refused(old: Path) -> None:
    """A pipe in its place would block the command for ever."""
    run(old)
    lock = old.parent / ".storyboard/emulated/storyboard.lock"
    lock.unlink()
    os.mkfifo(lock)
    result = run_command("plan", "-f", str(old), "--emulator")
    assert (result.code, f"{lock} is no file" in result.err) == (5, True)
