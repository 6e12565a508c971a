"""kill -9 at any moment, then the same command: nothing is submitted twice; the film is made, or a scene is named."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.executor import killing


def instants(request: pytest.FixtureRequest) -> int:
    """Number of moments to try; `make kill` tries twenty."""
    return int(request.config.getoption("--kills"))


@pytest.mark.parametrize("embedded", [False, True], ids=["beside", "embedded"])
@pytest.mark.row(58)
def test_a_killed_run_goes_on_and_submits_nothing_twice(
    request: pytest.FixtureRequest, tmp_path: Path, embedded: bool
) -> None:
    """The run is killed at moments spread from the first intent to the last stored take; the same command finishes the
    film."""
    count = instants(request)
    (tmp_path / "span").mkdir()
    with killing.place(tmp_path / "span", embedded=embedded, hold=0) as where:
        length = killing.span(where)
    outcomes = []
    for number in range(count):
        outcomes.append(one(tmp_path / str(number), embedded, 0, length * number / max(1, count - 1)))
    told("spread evenly", embedded, outcomes)
    assert [doubles for *_, doubles in outcomes] == [0] * count


@pytest.mark.parametrize("embedded", [False, True], ids=["beside", "embedded"])
def test_a_run_killed_before_its_answer_finds_its_task_again(
    request: pytest.FixtureRequest, tmp_path: Path, embedded: bool
) -> None:
    """If the run is killed while the service has the task but delays its answer, the same command finds the task by its
    marker and continues. If it is killed just before the request is sent, it finds no task and names the scene."""
    count = max(2, instants(request) // 2)
    outcomes = []
    for number in range(count):
        outcomes.append(one(tmp_path / str(number), embedded, 500, 0.48 * number / max(1, count - 1)))
    told("while the answer was held", embedded, outcomes)
    assert [doubles for *_, doubles in outcomes] == [0] * count
    assert any(code == 0 for _, code, _, _ in outcomes)


def one(folder: Path, embedded: bool, hold: int, after: float) -> tuple[bool, int, list[str], int]:
    """Kill once and run to the end: was it running, the exit code, the held scenes, and how many texts occur twice in
    the ledger."""
    folder.mkdir()
    with killing.place(folder, embedded=embedded, hold=hold) as where:
        alive = killing.kill(where, after)
        code, held = killing.settled(where)
        texts = where.texts()
    assert len(set(texts)) == 6
    return alive, code, held, len(texts) - len(set(texts))


def told(how: str, embedded: bool, outcomes: list[tuple[bool, int, list[str], int]]) -> None:
    """Print the figures."""
    killed = sum(alive for alive, *_ in outcomes)
    made, held = (sum(code == wanted for _, code, _, _ in outcomes) for wanted in (0, 4))
    doubles = sum(double for *_, double in outcomes)
    where = "embedded" if embedded else "beside"
    figures = f"{len(outcomes)} instants, {killed} killed, {made} went on, {held} held, {doubles} doubles"
    sys.stdout.write(f"\n{how}, emulator {where}: {figures}\n")
