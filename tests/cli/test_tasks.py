"""`storyboard tasks`: list, cancel and delete the service's own tasks."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from storyboard.planning.advice import in_doubt_hint
from storyboard.planning.event import Accepted, AttemptEvent, Decided, Intended, Unanswered
from storyboard.planning.fingerprint import Components
from storyboard.testing.clock import VirtualClock
from storyboard.testing.emulator import Emulator, emulator
from storyboard.world import serving
from storyboard.world.clock import SystemClock
from storyboard.world.journal import Journal
from storyboard.world.layout import layout_of
from tests.builders import graph_of
from tests.cli.command_line import FAST, CommandResult, run, run_command
from tests.http_client import TASKS, create, order
from tests.planning.values import key

Write = Callable[[str], Path]
STEM = "storyboard"
"""The name of these tests' storyboard."""
ONE = (
    "storyboard: 1\ndefaults: {duration: 4, resolution: 480p, ratio: 16:9}\nscenes:\n  dusk: {prompt: A lighthouse.}\n"
)
NOON_UTC = 1_790_856_000.0  # 2026-10-01 12:00:00 UTC
WHOLE = 20.0 * 4
"""Seconds that a clip takes at speed 1; it is queued for a tenth of them."""


@pytest.fixture
def clock() -> VirtualClock:
    """The service's clock, which advances when the test does so."""
    return VirtualClock(NOON_UTC)


@pytest.fixture
def served(tmp_path: Path, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """A service whose clock stands still, named by the environment."""
    with emulator(tmp_path / "service" / "ledger", speed=1.0, clock=clock) as emulated:
        for name, value in emulated.environment.items():
            monkeypatch.setenv(name, value)
        yield emulated


def tasks(path: Path, *words: str) -> CommandResult:
    """Run `storyboard tasks` in a project."""
    return run_command("tasks", words[0], *words[1:], "-f", str(path))


def listed(path: Path, *words: str) -> Any:
    """The list as JSON."""
    return json.loads(tasks(path, "list", "--json", *words).out)


def remembered(
    path: Path,
    scene: str,
    task: str,
    *more: AttemptEvent,
    marker: int | None = None,
    profile: str = "",
    key: Components | None = None,
) -> None:
    """Record that a scene was submitted, and the result."""
    layout = layout_of(str(path), "emulated")
    layout.hidden.mkdir(parents=True)
    journal = Journal(layout.hidden, SystemClock(), writing=True)
    journal.open_run(STEM)
    intended = Intended(scene, "intent", storyboard=STEM, profile=profile, key=dict(key or {}), marker=marker)
    answer = Accepted(scene, "intent", task, storyboard=STEM) if task else Unanswered(scene, "intent", storyboard=STEM)
    for event in (intended, answer, *(replace(one, storyboard=STEM) for one in more)):
        journal.append(event)
    journal.close()


def test_a_list_names_each_task_s_scene(write: Write, served: Emulator) -> None:
    """From the record; a task that is missing from the record has no scene."""
    path = write(ONE)
    ours, foreign = create(served.base_url, order()), create(served.base_url, order())
    remembered(path, "dusk", ours)
    value = listed(path)
    assert (value["realm"], value["total"]) == ("emulated", 2)
    assert {row["id"]: row["scene"] for row in value["tasks"]} == {ours: "dusk", foreign: None}


def test_people_see_a_table(write: Write, served: Emulator) -> None:
    """The lines are not cut off, even without a terminal."""
    path = write(ONE)
    task = create(served.base_url, order())
    remembered(path, "dusk", task)
    head, line, count = tasks(path, "list").out.splitlines()
    assert head.split()[:4] == ["task", "status", "scene", "model"]
    assert line.split() == [task, "queued", "dusk", "doubao-seedance-2-0-260128", "2026-10-01", "12:00:00"]
    assert count == "1 of 1 task, page 1"


def test_a_task_that_bears_the_mark_of_a_scene_in_doubt_is_told_with_it(write: Write, served: Emulator) -> None:
    """With a question mark: a person has to decide."""
    path = write(ONE)
    create(served.base_url, order(execution_expires_after=170_001))
    other = create(served.base_url, order(execution_expires_after=170_002))
    remembered(path, "dusk", "", marker=170_001)
    assert {row["id"]: row["may_be"] for row in listed(path)["tasks"]}[other] == []
    assert "dusk?" in tasks(path, "list").out


@pytest.mark.parametrize(
    ("words", "count"),
    [
        ((), 3),
        (("--status", "queued"), 3),
        (("--status", "running"), 0),
        (("--model", "seedance-2.0-fast"), 1),
        (("--model", "doubao-seedance-2-0-fast-260128"), 1),
        (("--model", "ep-1"), 0),
        (("--service-tier", "flex"), 0),
        (("--service-tier", "default"), 3),
        (("--size", "2"), 2),
        (("--size", "2", "--page", "2"), 1),
    ],
)
def test_a_list_may_be_asked_for_less(write: Write, served: Emulator, words: tuple[str, ...], count: int) -> None:
    """By the service's own filters; a model by any of its names."""
    for model in ("doubao-seedance-2-0-260128", "doubao-seedance-2-0-260128", "doubao-seedance-2-0-fast-260128"):
        create(served.base_url, order(model=model))
    assert len(listed(write(ONE), *words)["tasks"]) == count


def test_a_list_may_name_several_tasks(write: Write, served: Emulator) -> None:
    """A list may name several tasks, each separately."""
    first, _, third = (create(served.base_url, order()) for _ in range(3))
    found = listed(write(ONE), "--task", first, "--task", third)
    assert {row["id"] for row in found["tasks"]} == {first, third}


@pytest.mark.parametrize(
    "words",
    [
        ("list", "--status", "nonsense"),
        ("list", "--size", "501"),
        ("list", "--page", "0"),
        ("list", "--task", "../x"),
        ("get", "nonsense"),
        ("cancel", "nonsense"),
        ("delete", "nonsense"),
    ],
)
def test_wrong_words_exit_with_2(write: Write, words: tuple[str, ...]) -> None:
    """Wrong usage exits with 2 before any request is sent."""
    assert tasks(write(ONE), *words).code == 2


@pytest.mark.parametrize("verb", ["get", "cancel", "delete"])
@pytest.mark.usefixtures("served")
def test_a_task_that_there_is_not_is_told(write: Write, verb: str) -> None:
    """The message about an unknown task includes how long tasks are known."""
    result = tasks(write(ONE), verb, "cgt-20260101120000-abcde")
    assert (result.code, "seven days" in result.err, result.out) == (3, True, "")


def test_without_a_key_nobody_is_asked(write: Write) -> None:
    """Without a key no request is sent to the real service."""
    result = tasks(write(ONE), "list")
    assert (result.code, "ARK_API_KEY is not set" in result.err) == (5, True)


def test_no_signature_is_printed(write: Write, served: Emulator, clock: VirtualClock) -> None:
    """No signature is printed, because with it anyone could download the video."""
    path = write(ONE)
    task = create(served.base_url, order())
    clock.advance(WHOLE)
    people, program = tasks(path, "get", task).out, tasks(path, "get", task, "--json").out
    assert ("video.mp4" in people, "video.mp4" in program) == (True, True)
    assert "X-Tos" not in people + program + tasks(path, "list", "--json").out


def test_a_task_is_told_line_by_line(write: Write, served: Emulator) -> None:
    """A task is shown with all known fields, and no unknown ones."""
    path = write(ONE)
    task = create(served.base_url, order())
    remembered(path, "dusk", task)
    lines = dict(line.split(maxsplit=1) for line in tasks(path, "get", task).out.splitlines())
    assert (lines["id"], lines["status"], lines["scene"], lines["stored"]) == (task, "queued", "dusk", "no")
    assert "video" not in lines


def test_a_queued_task_is_cancelled(write: Write, served: Emulator) -> None:
    """Its scene is named; cancelling it again is no error."""
    path = write(ONE)
    task = create(served.base_url, order())
    remembered(path, "dusk", task)
    result = tasks(path, "cancel", task)
    assert (result.code, "\ndusk: the next run holds it" in result.out) == (0, True)
    assert tasks(path, "cancel", task).out == f"{task} is already cancelled\n"


@pytest.mark.parametrize("profile", ["", "late"])
def test_what_is_said_of_a_cancelled_task_s_scene_is_true(write: Write, served: Emulator, profile: str) -> None:
    """The next run holds it, and the command that is named then makes the scene after all."""
    path = write(ONE + "profiles: {late: {duration: 5}}\n")
    graph = graph_of(path.read_text("utf-8"), *filter(None, [profile]))
    task = create(served.base_url, order())
    remembered(path, "dusk", task, profile=profile, key=key("dusk", graph))
    result = tasks(path, "cancel", task)
    asked = ["-f", str(path), *(["--profile", profile] if profile else [])]
    named = re.findall(r"`storyboard ([^`]+)`", result.out)
    assert (run_command("run", *asked).code, len(named), len(served.ledger)) == (4, 1, 1)
    assert run_command(*named[0].split(), "-f", str(path)).code == 0
    assert run_command("plan", *asked).out.split()[:2] == ["make", "dusk"]


@pytest.mark.row(21)
@pytest.mark.parametrize("verb", ["cancel", "delete"])
def test_a_running_task_is_billed(write: Write, served: Emulator, clock: VirtualClock, verb: str) -> None:
    """A running task can't be stopped and is billed."""
    task = create(served.base_url, order())
    clock.advance(WHOLE / 2)
    result = tasks(write(ONE), verb, task)
    assert result.code == 3
    assert f"task {task} is running: it can't be cancelled any more and will be billed" in result.err


@pytest.mark.row(21)
def test_a_task_that_began_to_run_meanwhile_is_billed(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was queued when it was listed; the service's refusal gives the same reason."""
    refusal = {"error": {"code": "InvalidAction.RunningTaskDeletion", "message": "it runs"}}
    where = f"{TASKS}/{{task}}"
    routes = [
        Route(where, lambda request: JSONResponse({"id": request.path_params["task"], "status": "queued"})),
        Route(where, lambda _: JSONResponse(refusal, 409), methods=["DELETE"]),
    ]
    with serving.serve_in_background(Starlette(routes=routes), serving.bind(0)) as origin:
        monkeypatch.setenv("ARK_BASE_URL", origin)
        monkeypatch.setenv("ARK_API_KEY", "a-key")
        result = tasks(write(ONE), "cancel", "cgt-1")
    assert (result.code, "will be billed" in result.err) == (3, True)


def test_cancelling_never_removes_a_record(write: Write, served: Emulator, clock: VirtualClock) -> None:
    """The service has one request for both, so it is not sent for a finished task."""
    path = write(ONE)
    task = create(served.base_url, order())
    clock.advance(WHOLE)
    result = tasks(path, "cancel", task)
    assert (result.code, "tasks delete" in result.err) == (3, True)
    assert listed(path)["total"] == 1


def test_deleting_never_cancels(write: Write, served: Emulator) -> None:
    """Deleting never cancels: a queued task stays."""
    path = write(ONE)
    task = create(served.base_url, order())
    result = tasks(path, "delete", task)
    assert (result.code, "tasks cancel" in result.err) == (3, True)
    assert listed(path, "--status", "queued")["total"] == 1


def test_a_record_is_kept_while_its_video_is_not_stored(write: Write, served: Emulator, clock: VirtualClock) -> None:
    """It could no longer be downloaded; `--yes` confirms that."""
    path = write(ONE)
    task = create(served.base_url, order())
    remembered(path, "dusk", task)
    clock.advance(WHOLE)
    refused = tasks(path, "delete", task)
    assert (refused.code, "--yes" in refused.err, listed(path)["total"]) == (4, True, 1)
    assert (tasks(path, "delete", task, "--yes").code, listed(path)["total"]) == (0, 0)


def test_the_record_of_a_stored_video_goes_with_a_warning(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """The record of a stored video is deleted with a warning, because it proves the purchase."""
    path = write(ONE)
    with emulator(path.parent / "service" / "ledger", speed=4000.0) as emulated:
        for name, value in emulated.environment.items():
            monkeypatch.setenv(name, value)
        assert run_command("run", "-f", str(path)).code == 0
        (row,) = listed(path)["tasks"]
        result = tasks(path, "delete", row["id"])
        assert (row["scene"], row["stored"], listed(path)["total"]) == ("dusk", True, 0)
    assert (result.code, result.out) == (0, f"{row['id']} is deleted\n")
    assert "the proof of what was bought" in result.err


def test_the_embedded_emulator_has_tasks_too(write: Write) -> None:
    """The embedded emulator lists the tasks of earlier runs, in its own realm."""
    path = write(ONE)
    assert run(path).code == 0
    (row,) = listed(path, "--emulator", "--speed", FAST)["tasks"]
    assert (row["scene"], row["stored"], row["status"]) == ("dusk", True, "succeeded")


def test_a_damaged_record_ends_nothing(write: Write, served: Emulator) -> None:
    """Tasks are most needed then; but their scenes are unknown."""
    path = write(ONE)
    task = create(served.base_url, order())
    remembered(path, "dusk", task)
    (layout_of(str(path), "emulated").hidden / "witness").write_text("99 1\n", "utf-8")
    result = tasks(path, "list", "--json")
    assert (result.code, json.loads(result.out)["tasks"][0]["scene"]) == (0, None)
    assert "the scenes of the tasks are not certain" in result.err


@pytest.mark.parametrize(
    ("words", "after"),
    [(["--abandon"], "given up"), (["--submit-again"], "abandoned"), (["--adopt", "cgt-9"], "accepted")],
)
@pytest.mark.usefixtures("served")
def test_a_person_decides_about_a_held_scene(write: Write, words: list[str], after: str) -> None:
    """In each of the ways that the message names; a scene that was given up can still be decided differently."""
    path = write(ONE)
    remembered(path, "dusk", "", Decided("dusk", "intent", choice="abandon"))
    assert run_command("resolve", "dusk", *words, "-f", str(path)).code == 0
    journal = Journal(layout_of(str(path), "emulated").hidden, SystemClock(), writing=False)
    assert journal.history.attempt("intent").state == after
    journal.close()


def test_the_remedy_of_a_held_scene_names_commands_that_there_are() -> None:
    """`tasks list` to look, and three ways to decide."""
    hint = in_doubt_hint("dusk", "")
    assert [word in hint for word in ("storyboard tasks list", "--adopt", "--submit-again", "--abandon")] == [True] * 4
    assert "console" not in hint
