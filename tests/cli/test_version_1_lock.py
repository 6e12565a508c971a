"""A lock of version 1 whose record is lost: its takes are kept, and it is written as version 2."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from storyboard.protocols import Realm
from tests.cli.command_line import CommandResult, run, run_command
from tests.first_layout import lock_of_version_1

STORYBOARD = """\
storyboard: 1
model: seedance-2.0-fast
defaults: {ratio: 16:9, resolution: 480p, duration: 4}
scenes:
  dusk: {prompt: A lighthouse at dusk.}
  gulls: {prompt: Gulls.}
"""
RECORD = ("state.db", "state.db-wal", "state.db-shm", "witness", "lock")


class Project:
    """A project of two scenes with its store, and a lock of version 1 without a record."""

    def __init__(self, folder: Path, realm: Realm) -> None:
        self.path = folder / "storyboard.yaml"
        self.realm = realm
        self.hidden = folder / ".storyboard" / "emulated"
        self.lock = self.hidden / "storyboard.lock"
        if realm == "real":
            self.hidden = self.hidden.rename(folder / ".storyboard" / "real")
            self.lock = (self.hidden / "storyboard.lock").rename(folder / "storyboard.lock")
        for name in RECORD:
            (self.hidden / name).unlink(missing_ok=True)
        self.before = self.takes()
        text = json.dumps(lock_of_version_1(self.read()), ensure_ascii=False, indent=1) + "\n"
        self.lock.write_text(text, "utf-8")

    def run(self) -> CommandResult:
        """Run it in that realm."""
        return run(self.path) if self.realm == "emulated" else run_command("run", "--yes", "-f", str(self.path))

    def read(self) -> dict[str, Any]:
        """The content of the lock."""
        value: dict[str, Any] = json.loads(self.lock.read_text("utf-8"))
        return value

    def takes(self) -> dict[str, list[str]]:
        """The identities of the takes of each scene."""
        return {scene: list(block["takes"]) for scene, block in self.read()["scenes"].items()}

    def imported(self) -> list[dict[str, Any]]:
        """The bodies of the `imported` events in the record."""
        with closing(sqlite3.connect(self.hidden / "state.db")) as database:
            rows = database.execute("select body from events where kind = 'imported'").fetchall()
        return [json.loads(body) for (body,) in rows]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a project of two scenes that was made once; tests copy it."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "storyboard.yaml").write_text(STORYBOARD, "utf-8")
    assert run(folder / "storyboard.yaml").submitted == 2
    return folder


@pytest.fixture(params=["emulated", "real"])
def project(request: pytest.FixtureRequest, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Such a project in each realm."""
    monkeypatch.setenv("ARK_API_KEY", "a-key-that-nobody-is-sent")
    shutil.copytree(made, tmp_path / "project")
    return Project(tmp_path / "project", request.param)


def test_a_run_keeps_its_takes(project: Project) -> None:
    """A run keeps the takes of the lock, and submits nothing."""
    result = project.run()
    assert (result.code, result.submitted) == (0, 0)


def test_each_take_is_known_by_its_task(project: Project) -> None:
    """In the lock that a run has written, each take has the name `ark:` and its task."""
    project.run()
    names = [name for takes in project.takes().values() for name in takes]
    assert (project.takes(), [name.startswith("ark:cgt-") for name in names]) == (project.before, [True, True])


def test_the_lock_is_written_as_version_2(project: Project) -> None:
    """One run is enough to write the lock as version 2."""
    project.run()
    assert project.read()["storyboard_lock"] == 2


def test_the_selected_takes_stay_selected(project: Project) -> None:
    """The film is cut from the same takes as before."""
    project.run()
    selected = {scene: [block["selected"]] for scene, block in project.read()["scenes"].items()}
    assert selected == project.before


def test_the_import_is_noted_once(project: Project) -> None:
    """However often it runs; the record may lack tasks, so it is doubtful."""
    for _ in range(3):
        project.run()
    assert [body["trust"] for body in project.imported()] == ["doubtful"]


def test_a_plan_reads_it_and_writes_nothing(project: Project) -> None:
    """A reader keeps every scene, and leaves the lock unchanged."""
    before = project.lock.read_bytes()
    words = ("--emulator",) if project.realm == "emulated" else ()
    result = run_command("plan", "-f", str(project.path), "--json", *words)
    steps = [step["step"] for step in json.loads(result.out)["scenes"].values()]
    assert (steps, project.lock.read_bytes(), (project.hidden / "state.db").exists()) == (
        ["keep", "keep"],
        before,
        False,
    )


def test_a_changed_scene_is_the_only_one_that_is_made(made: Path, tmp_path: Path) -> None:
    """Only the changed scene is made; the other one keeps its take."""
    shutil.copytree(made, tmp_path / "project")
    project = Project(tmp_path / "project", "emulated")
    project.path.write_text(STORYBOARD.replace("Gulls.", "Terns."), "utf-8")
    result = project.run()
    assert (result.code, result.made, result.submitted) == (0, {"gulls"}, 1)
