"""Storyboards of one folder share a record: while one is running, the other can't run, but can be read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from storyboard.emulator.app import EmulatorConfig
from storyboard.testing.emulator import Emulator, emulator
from storyboard.world.layout import layout_of
from storyboard.world.run_lock import sole_runner
from tests.cli.command_line import run_command

HEAD = """\
storyboard: 1
model: seedance-2.0-fast
defaults: {ratio: 16:9, resolution: 480p, duration: 4}
scenes:
"""
FILM = HEAD + "  quay: {prompt: A quay.}\n"
TRAILER = HEAD + "  opening: {prompt: Rain.}\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Emulator]]:
    """A trailer that was made, beside a film that is running; both use a service on this machine."""
    folder = tmp_path_factory.mktemp("made")
    for name, text in {"film": FILM, "trailer": TRAILER}.items():
        (folder / f"{name}.yaml").write_text(text, "utf-8")
    path = folder / "trailer.yaml"
    with emulator(folder / "service" / "ledger.jsonl", conditions=EmulatorConfig(4000.0)) as service:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in service.environment.items():
                patch.setenv(name, value)
            assert run_command("run", "-f", str(path)).code == 0
        with sole_runner(layout_of(str(path), "emulated").hidden, "film.yaml"):
            yield path, service


@pytest.fixture
def trailer(made: tuple[Path, Emulator], monkeypatch: pytest.MonkeyPatch) -> Path:
    """The trailer, with the service named by the environment."""
    path, service = made
    for name, value in service.environment.items():
        monkeypatch.setenv(name, value)
    return path


@pytest.mark.parametrize(
    "words",
    [
        ("run",),
        ("run", "--emulator"),
        ("recover",),
        ("verify",),
        ("resolve", "opening", "--submit-again"),
        ("resolve", "opening", "--not-mine", "cgt-20261127132850-6c5fe"),
    ],
)
def test_whatever_writes_is_refused_and_names_the_storyboard_that_is_run(trailer: Path, words: tuple[str, ...]) -> None:
    """The exit code is 5, and one message names film.yaml as running in this project."""
    result = run_command(*words, "-f", str(trailer))
    messages = [line for line in result.err.splitlines() if line.startswith("storyboard: ")]
    named = [" (film.yaml) is at work in this project" in line for line in messages]
    assert (result.code, named) == (5, [True])


@pytest.mark.parametrize(
    "words",
    [
        ("plan",),
        ("plan", "--json"),
        ("status",),
        ("status", "--json"),
        ("why", "opening"),
        ("film",),
        ("tasks", "list"),
    ],
)
def test_whatever_only_reads_works_meanwhile(trailer: Path, words: tuple[str, ...]) -> None:
    """Commands that only read the trailer work without a lock."""
    result = run_command(*words, "-f", str(trailer))
    assert (result.code, "at work in this project" in result.err) == (0, False)


def test_the_plan_is_the_same_as_before(trailer: Path) -> None:
    """The plan keeps all takes, whichever storyboard is running."""
    result = run_command("plan", "-f", str(trailer), "--json")
    assert (result.code, '"step": "keep"' in result.out) == (0, True)


def test_the_trailer_can_be_run_once_the_film_has_ended(tmp_path: Path) -> None:
    """The lock is free again, and nothing has to be removed."""
    path = tmp_path / "trailer.yaml"
    path.write_text(TRAILER, "utf-8")
    with sole_runner(layout_of(str(path), "emulated").hidden, "film.yaml"):
        refused = run_command("run", "-f", str(path), "--emulator", "--speed", "4000")
    result = run_command("run", "-f", str(path), "--emulator", "--speed", "4000")
    assert (refused.code, result.code, result.submitted) == (5, 0, 1)


def test_the_embedded_emulator_has_one_user_at_a_time(tmp_path: Path) -> None:
    """During a run another command can't list its tasks, and names the storyboard that is running."""
    path = tmp_path / "trailer.yaml"
    path.write_text(TRAILER, "utf-8")
    run_command("run", "-f", str(path), "--emulator", "--speed", "4000")
    with sole_runner(layout_of(str(path), "emulated").hidden, "film.yaml"):
        result = run_command("tasks", "list", "-f", str(path), "--emulator")
    assert (result.code, "(film.yaml) is at work in this project" in result.err) == (5, True)
