"""A provider without lists: paying without a search, and the result of a lost answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from storyboard.errors import DecisionNeeded, StoryboardError, UnknownOutcome
from storyboard.executor.context import RunContext
from storyboard.executor.job import Job
from storyboard.executor.locate import find_lost_task, recover
from storyboard.executor.perform import perform
from storyboard.executor.submit import submit
from storyboard.planning.event import Intended, RecordTrust
from storyboard.planning.marker import Marker
from storyboard.testing.clock import VirtualClock
from tests.executor.fake_provider import Bench, Desk, bench

JOBS = tuple(Job(scene, "", {"prompt": scene}, {"model": "seedance"}) for scene in ("dusk", "lamp", "storm"))
DUSK = JOBS[0]
LOST = UnknownOutcome("the answer was lost")
REMARK = "reel lists no tasks: what another copy of the project submits can't be seen"
HELD = "the answer was lost, and reel lists no tasks in which it could be looked for"


async def order(marker: Marker) -> bytes:
    """A request that contains only its marker."""
    return f"{marker.seconds}".encode()


def without_list(folder: Path, trust: RecordTrust = "complete", **fields: Any) -> tuple[Bench, RunContext]:
    """A provider that answers like this, and a run context for a provider without lists."""
    at = bench(folder, Desk(VirtualClock(), **fields))
    return at, replace(at.context, lists=False, provider_name="reel", trust=trust)


def error_of(work: Awaitable[object]) -> StoryboardError | None:
    """The error that a coroutine raises; None if it raises none."""

    async def whole() -> None:
        await work

    try:
        asyncio.run(whole())
    except StoryboardError as error:
        return error
    return None


async def all_of(context: RunContext) -> None:
    """Make three scenes at once."""
    await asyncio.gather(*(perform(job, context, order) for job in JOBS))


def test_three_scenes_are_paid_for_with_one_remark(tmp_path: Path) -> None:
    """Each scene is submitted once, and the note appears once."""
    at, context = without_list(tmp_path)
    asyncio.run(all_of(context))
    assert (len(at.desk.bodies), context.remarks) == (3, [REMARK])


@pytest.mark.parametrize("trust", ["complete", "suspect"])
def test_no_list_is_asked_for_when_a_scene_is_made(tmp_path: Path, trust: RecordTrust) -> None:
    """Neither before paying nor afterwards, however far the record can be trusted."""
    at, context = without_list(tmp_path, trust)
    asyncio.run(submit(DUSK, context, order))
    assert (len(at.desk.bodies), at.desk.listings) == (1, 0)


def test_a_lost_answer_is_held_and_the_reason_told(tmp_path: Path) -> None:
    """The error states that the answer was lost, and that the provider lists no tasks."""
    at, context = without_list(tmp_path, answers=[LOST])
    error = error_of(submit(DUSK, context, order))
    assert (type(error), str(error), at.kinds) == (UnknownOutcome, HELD, ["intended", "unknown", "held"])


def test_a_lost_answer_is_held_at_once(tmp_path: Path) -> None:
    """There is no wait, and no list is requested."""
    at, context = without_list(tmp_path, answers=[LOST])
    began = at.context.clock.now()
    error_of(submit(DUSK, context, order))
    assert (at.context.clock.now() - began, at.desk.listings) == (0.0, 0)


def test_a_lost_answer_of_an_earlier_run_is_held_at_once(tmp_path: Path) -> None:
    """The next run submits nothing for it, and requests no list."""
    at, context = without_list(tmp_path)
    at.journal.append(Intended("dusk", "i1", key=DUSK.components))
    error = error_of(find_lost_task(DUSK, context, at.journal.history.attempt("i1")))
    held = "its answer was lost, and reel lists no tasks in which it could be looked for"
    assert (str(error), len(at.desk.bodies), at.desk.listings) == (held, 0, 0)


def test_other_scenes_go_on_when_an_answer_is_lost(tmp_path: Path) -> None:
    """Only the scene whose answer was lost is held."""
    at, context = without_list(tmp_path, answers=[LOST])
    errors = [error_of(submit(job, context, order)) for job in JOBS]
    assert ([error is None for error in errors], len(at.desk.bodies)) == ([False, True, True], 3)


def test_a_scene_can_not_be_recovered(tmp_path: Path) -> None:
    """The error gives the reason, and the command that makes the scene instead."""
    at, context = without_list(tmp_path, "recovering")
    error = error_of(recover(DUSK, context))
    assert isinstance(error, DecisionNeeded)
    assert (error.what, error.hint, at.desk.listings) == (
        "reel lists no tasks in which it could be looked for",
        "`storyboard run` makes it",
        0,
    )
