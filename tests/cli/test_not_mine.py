"""Two copies of a project that share one service: the second one doesn't submit again unless a person decides so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
"""


@dataclass(frozen=True, slots=True)
class Two:
    """The service, and the storyboards of both copies: the first one was run, the second one never."""

    service: Emulator
    first: Path
    second: Path

    def task(self, scene: str) -> str:
        """The task that the first copy has submitted for a scene."""
        words = {"dusk": "A lighthouse", "gulls": "Gulls"}[scene]
        return next(str(row["task_id"]) for row in self.service.ledger if words in str(row["body"]["content"]))

    def second_says(self, verb: str, *words: str) -> CommandResult:
        """Run a command of the second copy."""
        return run_command(verb, *words, "-f", str(self.second))


@contextmanager
def made(folder: Path, patch: pytest.MonkeyPatch, *, users: int) -> Iterator[Two]:
    """Both copies, of one user or of two."""
    with emulator(folder / "service" / "ledger.jsonl", conditions=EmulatorConfig(4000.0)) as service:
        for name, value in service.environment.items():
            patch.setenv(name, value)
        paths = [folder / name / "storyboard.yaml" for name in ("first", "second")]
        for path in paths:
            path.parent.mkdir()
            path.write_text(STORYBOARD, "utf-8")
        patch.setenv("XDG_STATE_HOME", str(folder / "state of the first"))
        assert run_command("run", "-f", str(paths[0])).submitted == 2
        if users == 2:
            patch.setenv("XDG_STATE_HOME", str(folder / "state of the second"))
        yield Two(service, *paths)


@pytest.fixture
def two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Two]:
    """Two copies of two users."""
    with made(tmp_path, monkeypatch, users=2) as copies:
        yield copies


@pytest.fixture
def one_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Two]:
    """Two copies of one user."""
    with made(tmp_path, monkeypatch, users=1) as copies:
        yield copies


def test_a_second_copy_holds_every_scene_of_the_first(two: Two) -> None:
    """A second copy submits nothing, and exits with 4."""
    result = two.second_says("run")
    assert (result.code, result.submitted, len(two.service.ledger)) == (4, 0, 2)


def test_the_message_names_the_task_of_each_scene(two: Two) -> None:
    """It also names the commands that decide about the task."""
    result = two.second_says("run")
    hints = [f"storyboard resolve {scene} --not-mine {two.task(scene)}" in result.err for scene in ("dusk", "gulls")]
    assert (hints, result.err.count("is missing from this project's record")) == ([True, True], 2)


def test_the_message_names_the_folder_of_the_same_user_s_other_copy(one_user: Two) -> None:
    """The path of the other record of this user is shown."""
    result = one_user.second_says("run")
    assert (result.code, result.err.count(f"by the project in {one_user.first.parent}")) == (4, 2)


def test_a_task_that_is_not_mine_lets_its_scene_go(two: Two) -> None:
    """The next run submits that scene, and still holds the other one."""
    two.second_says("run")
    resolved = two.second_says("resolve", "dusk", "--not-mine", two.task("dusk"))
    result = two.second_says("run")
    assert (resolved.code, result.code, result.made, result.submitted) == (0, 4, {"dusk"}, 1)


def test_a_task_may_be_not_mine_before_the_first_run(two: Two) -> None:
    """A person who has seen the task in the list does not need a held scene first."""
    resolved = two.second_says("resolve", "dusk", "--not-mine", two.task("dusk"))
    assert (resolved.code, two.second_says("run").submitted) == (0, 1)


def test_once_every_task_is_not_mine_the_film_is_made(two: Two) -> None:
    """Both copies have paid for both scenes then, since a person reported so twice."""
    for scene in ("dusk", "gulls"):
        two.second_says("resolve", scene, "--not-mine", two.task(scene))
    result = [two.second_says("run") for _ in range(2)]
    assert ([(one.code, one.submitted) for one in result], len(two.service.ledger)) == ([(0, 2), (0, 0)], 4)


def test_an_adopted_task_is_fetched(two: Two) -> None:
    """The next run submits nothing for the scene, and has its video."""
    resolved = two.second_says("resolve", "dusk", "--adopt", two.task("dusk"))
    result = two.second_says("run", "dusk")
    store = list((two.second.parent / ".storyboard/emulated/store").rglob("*.mp4"))
    assert (resolved.code, result.code, result.submitted, len(store)) == (0, 0, 0, 1)


def test_recover_adopts_the_rest(two: Two) -> None:
    """After one task was adopted by hand, the other one is adopted automatically, and the film is cut."""
    two.second_says("resolve", "dusk", "--adopt", two.task("dusk"))
    codes = [two.second_says("run").code, two.second_says("recover").code]
    result = two.second_says("run")
    assert (codes, result.code, result.submitted, len(two.service.ledger)) == ([4, 0], 0, 0, 2)


def test_recover_adopts_everything(two: Two) -> None:
    """A second copy that recovers has all takes of the first one."""
    code = two.second_says("recover").code
    assert (code, two.second_says("run").submitted, len(two.service.ledger)) == (0, 0, 2)


def test_a_task_that_is_not_mine_may_be_adopted_after_all(two: Two) -> None:
    """`--adopt` corrects a mistake, and nothing is paid for."""
    two.second_says("resolve", "dusk", "--not-mine", two.task("dusk"))
    resolved = two.second_says("resolve", "dusk", "--adopt", two.task("dusk"))
    result = two.second_says("run", "dusk")
    assert (resolved.code, result.code, result.submitted) == (0, 0, 0)


def test_one_task_is_adopted_for_one_scene(two: Two) -> None:
    """A second `--adopt` of the same task is refused, for whichever scene it is reported."""
    two.second_says("resolve", "dusk", "--adopt", two.task("dusk"))
    two.second_says("run", "dusk")
    again = [two.second_says("resolve", scene, "--adopt", two.task("dusk")) for scene in ("dusk", "gulls")]
    assert [result.code for result in again] == [2, 2]


def test_a_task_of_our_own_is_mine(two: Two) -> None:
    """The copy that has submitted it can't give it away, and doesn't make it again; the message names the task."""
    task = two.task("dusk")
    result = run_command("resolve", "dusk", "--not-mine", task, "-f", str(two.first))
    told = f'task {task} was submitted by this project, for scene "dusk"' in result.err
    assert (result.code, told, run_command("run", "-f", str(two.first)).submitted) == (2, True, 0)


@pytest.mark.parametrize("option", ["--not-mine", "--adopt"])
@pytest.mark.parametrize("task", ["nonsense", "cgt-", "cgt-1/../2", "cgt-1\n", "cgt-" + "x" * 101])
def test_a_malformed_task_is_refused(write: Callable[[str], Path], option: str, task: str) -> None:
    """A word that can't be a task ID is wrong usage."""
    assert run_command("resolve", "dusk", option, task, "-f", str(write(STORYBOARD))).code == 2


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--not-mine", "cgt-1", "--adopt", "cgt-1"),
        ("--not-mine", "cgt-1", "--submit-again"),
        ("--not-mine", "cgt-1", "--abandon"),
        ("--submit-again", "--abandon"),
    ],
)
def test_anything_but_one_choice_is_refused(write: Callable[[str], Path], words: tuple[str, ...]) -> None:
    """None, and two at once, are wrong usage; the message names the choices."""
    result = run_command("resolve", "dusk", *words, "-f", str(write(STORYBOARD)))
    assert (result.code, "give one of --adopt TASK" in result.err) == (2, True)


def test_a_scene_that_is_not_there_is_refused(write: Callable[[str], Path]) -> None:
    """An unknown scene is wrong usage."""
    result = run_command("resolve", "duck", "--not-mine", "cgt-1", "-f", str(write(STORYBOARD)))
    assert (result.code, 'there is no scene "duck"' in result.err) == (2, True)
