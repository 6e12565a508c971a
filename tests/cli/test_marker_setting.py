"""`marker = "safety_identifier"` in the user's settings: the content of requests, and the recovery of a lost record."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from storyboard.emulator.app import EmulatorConfig
from storyboard.testing.emulator import Emulator, emulator
from tests.cli.command_line import CommandResult, run_command

STORYBOARD = """\
storyboard: 1
model: seedance-2.0-fast
defaults: {ratio: 16:9, resolution: 480p, duration: 4}
scenes:
  dusk: {prompt: A lighthouse at dusk.}
  gulls: {prompt: Gulls.}
  again: {prompt: Gulls.}
"""
AUTHORS_OWN = STORYBOARD + "  own: {prompt: Terns., safety_identifier: an-author-s}\n"


@dataclass(frozen=True, slots=True)
class Project:
    """A storyboard, and its service."""

    path: Path
    service: Emulator

    def says(self, verb: str, *words: str) -> CommandResult:
        """Run a command."""
        return run_command(verb, *words, "-f", str(self.path))

    def carried(self, field: str) -> list[str]:
        """The values of a field in the requests; those without it are left out."""
        return [str(row["body"][field]) for row in self.service.ledger if field in row["body"]]

    def lose_the_record(self) -> None:
        """Remove record, store and lock."""
        shutil.rmtree(self.path.parent / ".storyboard")
        self.path.with_suffix(".lock").unlink(missing_ok=True)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """A storyboard of three scenes, two of them equal, that was run with that setting."""
    settings = tmp_path / "config" / "storyboard" / "settings.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text('marker = "safety_identifier"\n', "utf-8")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    path = tmp_path / "project" / "storyboard.yaml"
    path.parent.mkdir()
    path.write_text(STORYBOARD, "utf-8")
    conditions = EmulatorConfig(4000.0, safety_identifier="always")
    with emulator(tmp_path / "service" / "ledger.jsonl", conditions=conditions) as service:
        for name, value in service.environment.items():
            monkeypatch.setenv(name, value)
        made = Project(path, service)
        assert made.says("run").submitted == 3
        yield made


def test_each_request_carries_an_identifier_and_no_life_of_ours(project: Project) -> None:
    """32 hexadecimal digits, different for each of two equal scenes; `execution_expires_after` is left out."""
    found = project.carried("safety_identifier")
    digits = [bool(re.fullmatch("[0-9a-f]{32}", one)) for one in found]
    assert (digits, len(set(found)), project.carried("execution_expires_after")) == ([True] * 3, 3, [])


def test_a_lost_record_holds_every_scene(project: Project) -> None:
    """The tasks are found in the list by their identifiers, nothing is submitted again, and no probability is shown."""
    project.lose_the_record()
    result = project.says("run")
    held = result.err.count("was submitted for this scene but is missing from this project's record")
    assert (result.code, result.submitted, held, "by chance" in result.err) == (4, 0, 3, False)


def test_a_lost_record_is_recovered(project: Project) -> None:
    """Afterwards the film is cut, and no task was submitted twice."""
    project.lose_the_record()
    codes = [project.says("run").code, project.says("recover").code]
    result = project.says("run")
    assert (codes, result.code, result.submitted, len(project.service.ledger)) == ([4, 0], 0, 0, 3)


def test_the_setting_may_be_taken_back(project: Project, tmp_path: Path) -> None:
    """After the setting is removed, takes made with the other marker are kept."""
    (tmp_path / "config" / "storyboard" / "settings.toml").unlink()
    assert (project.says("run").submitted, len(project.service.ledger)) == (0, 3)


def test_an_identifier_that_the_author_wrote_is_sent_as_it_is(project: Project) -> None:
    """An identifier set by the author is sent unchanged, and the request carries no identifier of ours."""
    project.path.write_text(AUTHORS_OWN, "utf-8")
    result = project.says("run")
    assert (result.code, result.submitted, project.carried("safety_identifier")[-1]) == (0, 1, "an-author-s")
