"""A general refusal is detected with one request, and waits for impossible results end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from storyboard.errors import AccountRefused, KeyRefused, ModelRefused, QuotaUsedUp, RateLimited, Rejected, Unreachable
from storyboard.executor.gate import RunStopped, SubmissionGate
from storyboard.executor.job import Job
from storyboard.executor.perform import perform
from storyboard.planning.marker import Marker
from storyboard.testing.clock import VirtualClock
from tests.executor.fake_provider import Bench, Desk, bench


async def order(marker: Marker) -> bytes:
    """A request."""
    return f"{marker}".encode()


def all_at_once(at: Bench, jobs: list[Job]) -> list[object]:
    """The results of jobs that start at the same moment."""

    async def walk() -> list[object]:
        return await asyncio.gather(*(perform(job, at.context, order) for job in jobs), return_exceptions=True)

    return asyncio.run(walk())


def scenes(many: int, model: str = "a model") -> list[Job]:
    """Jobs that don't depend on each other."""
    return [Job(f"{model}-{n}", "", {}, {"model": model}) for n in range(many)]


@pytest.mark.parametrize(
    "no",
    [
        pytest.param(KeyRefused("who are you"), marks=pytest.mark.row(13)),
        pytest.param(AccountRefused("not you"), marks=pytest.mark.row(14)),
        pytest.param(QuotaUsedUp("no more of it"), marks=pytest.mark.row(25)),
    ],
)
def test_of_fifty_scenes_one_is_submitted_to_an_account_that_is_refused(tmp_path: Path, no: AccountRefused) -> None:
    """The others wait for the answer to the first one, and are then not sent."""
    at = bench(tmp_path, Desk(VirtualClock(), answers=[no] * 50), slots=50)
    came = all_at_once(at, scenes(50))
    assert (len(at.desk.bodies), [type(one) for one in came]) == (1, [type(no), *[RunStopped] * 49])


@pytest.mark.row(15, 16)
def test_a_model_that_is_refused_stops_its_own_scenes_only(tmp_path: Path) -> None:
    """A refused model stops its own scenes, and those of another model are made."""
    at = bench(tmp_path, Desk(VirtualClock(), answers=[ModelRefused("not open")]), slots=9)
    came = all_at_once(at, scenes(3, "a closed one") + scenes(3, "an open one"))
    assert (len(at.desk.bodies), [type(one).__name__ for one in came]) == (
        4,
        ["ModelRefused", "RunStopped", "RunStopped", "Take", "Take", "Take"],
    )


def test_a_no_to_one_scene_holds_no_other_back(tmp_path: Path) -> None:
    """The refusal shows that the account and the model are valid."""
    at = bench(tmp_path, Desk(VirtualClock(), answers=[Rejected("no such ratio")]), slots=9)
    came = all_at_once(at, scenes(3))
    assert [type(one).__name__ for one in came] == ["Rejected", "Take", "Take"]


@pytest.mark.row(24)
def test_a_service_that_is_pressed_is_sent_less_at_once(tmp_path: Path) -> None:
    """A temporary refusal leaves four slots of eight; of the five tasks accepted then, four restore one."""
    at = bench(tmp_path, Desk(VirtualClock(), answers=["cgt-a", RateLimited("slowly")]), slots=8)
    all_at_once(at, scenes(6))
    assert (len(at.desk.bodies), at.context.limiter.open) == (7, 5)


def _fails_where_one_is_not_enough(stop: SubmissionGate) -> None:
    stop.fail_fast = False
    stop.fail()


@pytest.mark.parametrize(
    ("reason", "halts", "leaves"),
    [
        (lambda stop: stop.interrupt(2), True, True),
        (lambda stop: stop.halt(KeyRefused("who are you")), True, False),
        (lambda stop: stop.fail(), True, False),
        (_fails_where_one_is_not_enough, False, False),
    ],
)
def test_nobody_waits_for_what_will_not_be(
    reason: Callable[[SubmissionGate], None], *, halts: bool, leaves: bool
) -> None:
    """A wait before a paid request ends when no more can be sent; a wait before a free one ends with an interrupt."""

    async def waits() -> list[bool]:
        stop, never = SubmissionGate(fail_fast=True), asyncio.Event()
        waiting = [stop.until_halted(_until(never)), stop.until_interrupted(_until(never))]
        both = [asyncio.ensure_future(one) for one in waiting]
        await asyncio.sleep(0)
        reason(stop)
        await asyncio.wait(both, timeout=0.01)
        ended = [one.done() for one in both]
        never.set()
        await asyncio.wait(both)
        return ended

    assert asyncio.run(waits()) == [halts, leaves]


async def _until(event: asyncio.Event) -> None:
    await event.wait()


def test_what_goes_wrong_while_one_waits_is_told() -> None:
    """An error during a wait is raised for the waiting caller."""

    async def waits() -> None:
        await SubmissionGate().until_interrupted(_breaks())

    with pytest.raises(Unreachable):
        asyncio.run(waits())


async def _breaks() -> None:
    raise Unreachable("nobody answers")


@pytest.mark.parametrize("fail_fast", [True, False])
def test_a_failure_halts_only_where_one_is_enough(*, fail_fast: bool) -> None:
    """A failure blocks new requests only with `--fail-fast`."""
    gate = SubmissionGate(fail_fast=fail_fast)
    gate.fail()
    assert gate.going is not fail_fast
