"""Two scenes whose markers are equal by chance, and a lost record: no scene gets the other's video."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from storyboard.emulator.app import EmulatorConfig
from storyboard.planning.fingerprint import components_of
from storyboard.planning.lock import Lockfile
from storyboard.planning.lock_format import from_text
from storyboard.planning.marker import marker_of
from storyboard.providers.catalogue import capabilities
from storyboard.testing.emulator import Emulator, emulator
from tests.builders import graph_of
from tests.cli.command_line import CommandResult, run_command

HEAD = """\
storyboard: 1
model: seedance-2.0-fast
defaults: {ratio: 16:9, resolution: 480p, duration: 4}
scenes:
"""


@cache
def pair() -> tuple[str, str]:
    """Return two prompts whose scenes have the same marker: among so many there are some."""
    graph = graph_of(HEAD + "".join(f"  s{number}: {{prompt: Wave {number}.}}\n" for number in range(1500)))
    row = capabilities()[graph.scene("s0").model.row]
    seen: dict[int, str] = {}
    for id in graph.order:
        marker, prompt = marker_of(components_of(id, graph, row, {}, {}), 0), f"Wave {id[1:]}."
        if marker in seen:
            return seen[marker], prompt
        seen[marker] = prompt
    raise AssertionError("no two of them have one marker")


class Lost:
    """A project of two scenes with the same marker, which were made, and whose record is lost."""

    def __init__(self, service: Emulator, folder: Path) -> None:
        self.service = service
        self._path = folder / "storyboard.yaml"
        self._path.write_text(f"{HEAD}  dawn: {{prompt: {pair()[0]}}}\n  dusk: {{prompt: {pair()[1]}}}\n", "utf-8")

    def run_command(self, verb: str, *words: str) -> CommandResult:
        """Run a command on it."""
        return run_command(verb, *words, "-f", str(self._path))

    @property
    def scenes(self) -> dict[str, str]:
        """The scene of each task, from the service."""
        names = dict(zip(pair(), ("dawn", "dusk"), strict=True))
        return {str(row["task_id"]): names[row["body"]["content"][0]["text"]] for row in self.service.ledger}

    @property
    def lock(self) -> Lockfile:
        """The project's lock."""
        return from_text(
            (self._path.parent / ".storyboard/emulated/storyboard.lock").read_text("utf-8"), "storyboard.lock"
        )


@pytest.fixture
def lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lost]:
    """Made by one user, and recovered by another one."""
    with emulator(tmp_path / "service" / "ledger.jsonl", conditions=EmulatorConfig(4000.0)) as service:
        for name, value in service.environment.items():
            monkeypatch.setenv(name, value)
        made_by_one(service, tmp_path, monkeypatch)
        yield project_of("other", service, tmp_path, monkeypatch)


def made_by_one(service: Emulator, folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Another user makes both scenes."""
    assert project_of("one", service, folder, patch).run_command("run").submitted == 2


def project_of(user: str, service: Emulator, folder: Path, patch: pytest.MonkeyPatch) -> Lost:
    """The project as a user starts it."""
    (folder / user).mkdir()
    patch.setenv("XDG_STATE_HOME", str(folder / user / "state"))
    return Lost(service, folder / user)


def test_one_scene_is_recovered_and_the_other_is_held(lost: Lost) -> None:
    """Which task belongs to which scene can't be determined, so a person is asked."""
    result = lost.run_command("recover")
    assert (result.code, "whose marker is the same" in result.err, len(lost.service.ledger)) == (4, True, 2)


def test_a_run_buys_neither(lost: Lost) -> None:
    """A run submits neither scene, after the recovery or later."""
    lost.run_command("recover")
    assert [(result.code, result.submitted) for result in (lost.run_command("run"), lost.run_command("run"))] == [
        (4, 0),
        (4, 0),
    ]


@pytest.mark.parametrize("scene", ["dawn", "dusk"])
def test_after_a_person_s_word_each_scene_has_its_own_task(lost: Lost, scene: str) -> None:
    """The scene that was recovered first may have got its own task or the other one's; nothing is bought again."""
    held = {"dawn": "dusk", "dusk": "dawn"}[scene]
    lost.run_command("recover", scene)
    (found,) = (take.task for take in lost.lock.block("", scene).takes.values())
    choice = "--adopt" if lost.scenes[found] == held else "--not-mine"
    result = [
        lost.run_command("resolve", held, choice, found),
        lost.run_command("recover"),
        lost.run_command("run"),
        lost.run_command("run"),
    ]
    shown = {name: block.take and lost.scenes[block.take.task] for (_, name), block in lost.lock.blocks.items()}
    assert shown == {"dawn": "dawn", "dusk": "dusk"}, result
    assert ([one.code for one in result], len(lost.service.ledger)) == ([0] * 4, 2)


def test_both_cases_occur(lost: Lost) -> None:
    """Recovered alone, one of both scenes gets the other one's task, because the earlier task matches either."""
    lost.run_command("recover", "dawn")
    first = {take.task for take in lost.lock.block("", "dawn").takes.values()}
    assert first == {min(lost.scenes)}
