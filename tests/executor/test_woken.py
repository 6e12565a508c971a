"""A machine that slept, and wrong clocks: overdue tasks are polled at once, and nothing is lost."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

import pytest

from storyboard.errors import AnotherRunner, UnknownOutcome, Unreachable
from storyboard.executor.job import Job
from storyboard.executor.perform import perform
from storyboard.executor.poller import Poller
from storyboard.executor.task_listing import TaskListing
from storyboard.executor.wait import on_our_clock
from storyboard.planning.event import Intended, Notice
from storyboard.planning.marker import Marker, marker_of
from storyboard.protocols import Address, Sink
from storyboard.providers.provider import EVERYTHING, Page, Task, TaskQuery
from storyboard.providers.rate_limit import RateLimitedProvider
from storyboard.testing.clock import VirtualClock
from storyboard.world.clock import TICK, SystemClock
from storyboard.world.journal import Journal
from tests.executor.fake_provider import Bench, Desk, bench, video
from tests.simulation.loop import Loop

HOUR = 3600.0
DAY = 24 * HOUR
JOB = Job("dusk", "", {"prompt": "words"})


async def order(marker: Marker) -> bytes:
    """A request."""
    return str(marker).encode()


@dataclass(slots=True)
class Night(Desk):
    """A provider whose tasks are finished half an hour before the machine wakes up; it records each request and its
    time."""

    noted: list[tuple[str, float]] = field(default_factory=list)
    made_at: float = 0.0

    def note(self, what: str) -> None:
        """Record a request at this time of the loop."""
        self.noted.append((what, asyncio.get_running_loop().time()))

    async def submit(self, body: bytes, attempt_id: str) -> str:
        """Record the request."""
        self.note("submit")
        return await Desk.submit(self, body, attempt_id)

    async def get_task(self, task: str) -> Task:
        """Record the request."""
        self.note("look")
        made = self.clock.now() >= self.made_at
        address = Address(f"https://files.example/{task}.mp4") if made else None
        status = "succeeded" if made else "running"
        return Task(task, status, status, address, None, self.made_at + DAY)  # type: ignore[arg-type]  # one of two

    async def fetch(self, address: Address, sink: Sink) -> None:
        """Record the request."""
        del address
        self.note("fetch")
        sink.write(video())


@pytest.mark.row(60)
def test_after_a_night_everything_is_looked_at_and_fetched_at_once(tmp_path: Path) -> None:
    """The machine sleeps for 25 hours with three tasks in flight and one scene waiting; addresses are valid for a day
    only."""
    loop, slept = Loop(Random(1)), [0.0]  # noqa: S311 - it has to repeat itself
    clock = SystemClock(lambda: 1_780_000_000.0, lambda: loop.time() + slept[0])
    desk = Night(VirtualClock(), made_at=clock.now() + 25 * HOUR)
    at = bench(tmp_path, desk)
    (tmp_path / "record").mkdir()
    desk.clock = clock  # type: ignore[assignment]  # only its time is used
    paced = RateLimitedProvider(desk, clock)
    journal = Journal(tmp_path / "record", clock, writing=True)
    context = replace(
        at.context,
        journal=journal,
        clock=clock,
        provider=paced,
        poller=Poller(paced, clock),
        listing=TaskListing(paced, clock),
    )
    closed = 100.0
    loop.call_later(closed, lambda: slept.__setitem__(0, 25.5 * HOUR))

    async def four() -> None:
        await asyncio.gather(*(perform(replace(JOB, scene=f"s{n}"), context, order) for n in range(4)))

    loop.run_until_complete(four())
    loop.abandon()
    woken = [what for what, when in desk.noted if closed <= when <= closed + TICK]
    assert (woken.count("look"), woken.count("fetch")) == (3 + 1, 3 + 1)
    assert woken.index("fetch") < woken.index("submit")


@pytest.mark.row(59, 60)
def test_who_slept_between_writing_down_and_sending_writes_it_down_anew(tmp_path: Path) -> None:
    """A request that is an hour later than its intent could not be identified by its time."""
    at, hours = bench(tmp_path), [HOUR]

    def wait_an_hour(event: Notice) -> None:
        if hours:
            at.desk.clock.advance(hours.pop())
        else:
            at.heard.append(event)

    context = replace(at.context, tell=wait_an_hour)
    asyncio.run(perform(JOB, context, order))
    noted = [event.kind for _, event in at.journal.past]
    assert (noted[:4], len(at.desk.bodies)) == (["intended", "not_sent", "intended", "accepted"], 1)


@pytest.mark.row(59)
def test_who_was_overtaken_between_writing_down_and_sending_sends_nothing(tmp_path: Path) -> None:
    """The other run has searched for the task, and reported that there is none."""
    at = bench(tmp_path)

    def overtaken(event: Notice) -> None:
        if isinstance(event, Intended):
            other = Journal(tmp_path, at.context.clock, writing=True)
            other.open_run()
            other.close()

    with pytest.raises(AnotherRunner):
        asyncio.run(perform(JOB, replace(at.context, tell=overtaken), order))
    assert at.desk.bodies == []


@dataclass(slots=True)
class Elsewhere(Desk):
    """A provider whose clock is this many seconds ahead of ours, and which gives all times by it."""

    ahead: float = 0.0

    async def get_task(self, task: str) -> Task:
        """Return the task with the provider's times."""
        said, now = await Desk.get_task(self, task), self.clock.now() + self.ahead
        return replace(said, created_at=now - 60, expires_after=3600, expires=now + DAY, at=now)

    async def list(self, query: TaskQuery = EVERYTHING) -> Page:
        """Return the task with the provider's times."""
        said, now = (
            await Desk.list(self, query),
            self.clock.now() + self.ahead,
        )
        return Page(tuple(replace(row, created_at=now) for row in said.tasks), said.total, now)


def elsewhere(folder: Path, days: float) -> Bench:
    """A run context whose clock is wrong by this many days."""
    return bench(folder, Elsewhere(VirtualClock(), ahead=-days * DAY))


@pytest.mark.row(61)
@pytest.mark.parametrize("days", [-400, 400])
def test_a_wrong_clock_takes_no_video_for_dead(tmp_path: Path, days: float) -> None:
    """An interrupted download is started again: by the service's own clock its address is valid for a day."""
    at = elsewhere(tmp_path, days)
    at.desk.files = [Unreachable("it broke off")]
    assert asyncio.run(perform(JOB, at.context, order)).task == "cgt-1"


@pytest.mark.row(61)
@pytest.mark.parametrize("days", [-400, 400])
def test_a_wrong_clock_takes_no_task_for_overdue(tmp_path: Path, days: float) -> None:
    """A running task is waited for, whatever year our clock shows."""
    at = elsewhere(tmp_path, days)
    at.desk.looks = ["running"] * 20
    assert asyncio.run(perform(JOB, at.context, order)).task == "cgt-1"


@pytest.mark.row(61)
@pytest.mark.parametrize("days", [-400, 400])
def test_an_address_is_kept_by_when_it_dies_on_our_clock(tmp_path: Path, days: float) -> None:
    """It is used while it is valid, and not for a year."""
    at = elsewhere(tmp_path, days)
    asyncio.run(perform(JOB, at.context, order))
    now = at.context.clock.now()
    lives = [at.context.addresses.alive("cgt-1", now + hours * HOUR, None) is not None for hours in (0, 23, 24)]
    assert lives == [True, True, False]


@pytest.mark.row(61)
@pytest.mark.parametrize("days", [-400, 400])
def test_a_lost_answer_is_found_whatever_year_we_believe_to_be(tmp_path: Path, days: float) -> None:
    """The period in which its task was created is shifted by the difference between the clocks."""
    at = elsewhere(tmp_path, days)
    at.desk.answers = [UnknownOutcome("the answer was lost")]
    at.desk.later = [[Task("cgt-lost", "running", "running", expires_after=marker_of(JOB.components, 0))]]
    assert asyncio.run(perform(JOB, at.context, order)).task == "cgt-lost"


@pytest.mark.row(61)
@pytest.mark.parametrize("days", [-400, 400])
def test_a_clock_that_is_set_between_two_runs_pays_nothing_twice_and_waits_for_no_year(
    tmp_path: Path, days: float
) -> None:
    """The request was sent before the run that searches for it began, whatever its time: a task that isn't found is
    held."""
    at = bench(tmp_path)
    mark = marker_of(JOB.components, 0)
    at.journal.append(Intended("dusk", "i1", profile="", key=dict(JOB.components), marker=mark))
    clock = VirtualClock(at.context.clock.now() + days * DAY)
    begun, began = at.journal.history.in_doubt[0], clock.now()
    paced = RateLimitedProvider(at.desk, clock)
    context = replace(at.context, clock=clock, provider=paced, listing=TaskListing(paced, clock))
    with pytest.raises(UnknownOutcome, match="the service lists no task"):
        asyncio.run(perform(JOB, context, order, begun))
    assert (at.desk.bodies, clock.now() - began <= 200) == ([], True)


def test_what_says_no_time_has_none_on_our_clock() -> None:
    """Zero means no time was given; a service without a clock is assumed to have ours."""
    silent = Task("cgt-1", "running", "running", created_at=1000.0, expires=2000.0)
    there = Task("cgt-1", "running", "running", at=500.0)
    assert [on_our_clock(task, 100.0) for task in (silent, there)] == [silent, there]
