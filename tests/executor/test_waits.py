"""How long a scene waits for what, which messages it gives meanwhile, and when it gives up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from storyboard.errors import (
    AccountRefused,
    DecisionNeeded,
    ModelRefused,
    NotSent,
    RateLimited,
    Rejected,
    SceneFailed,
    StoryboardError,
    UnknownOutcome,
    Unreachable,
)
from storyboard.executor.gate import RunStopped
from storyboard.executor.job import Job, Known
from storyboard.executor.perform import perform
from storyboard.executor.polling import pause
from storyboard.executor.submit import submit
from storyboard.executor.wait import wait_for_end
from storyboard.planning import event as happened
from storyboard.planning.event import Held, Intended, Notice, Seen, Waiting
from storyboard.planning.marker import Marker
from storyboard.providers.provider import EVERYTHING, Task, TaskQuery
from storyboard.testing.clock import VirtualClock
from tests.executor.fake_provider import Bench, Desk, bench

JOB = Job("dusk", "", {"prompt": "words"}, {"model": "seedance"})
SILENT = Unreachable("no answer")


async def order(marker: Marker) -> bytes:
    """A request."""
    return str(marker).encode()


def at_a_desk(folder: Path, **fields: Any) -> Bench:
    """A run context with a provider that answers like this."""
    return bench(folder, Desk(VirtualClock(), **fields))


def raised(work: Awaitable[object]) -> StoryboardError:
    """The error that a coroutine raises."""

    async def whole() -> None:
        await work

    with pytest.raises(StoryboardError) as caught:
        asyncio.run(whole())
    return caught.value


async def _until_told(at: Bench, words: str) -> None:
    for _ in range(1000):
        if any(isinstance(event, Waiting) and words in event.reason for event in at.heard):
            return
        await asyncio.sleep(0)
    raise AssertionError(words)


def test_a_wait_before_a_request_is_told(tmp_path: Path) -> None:
    """The duration and the reason are reported, but not recorded."""
    at = at_a_desk(tmp_path, answers=[NotSent("no way")])
    told = Waiting("dusk", "again in 1 s: no way", at.context.clock.now() + 0.75)
    asyncio.run(submit(JOB, at.context, order))
    kinds = [event.kind for _, event in at.journal.past]
    assert (told in at.heard, kinds) == (True, ["intended", "not_sent", "intended", "accepted"])


@pytest.mark.parametrize(
    ("no", "times", "seconds"),
    [(NotSent("no way"), 3, 0.75 * (1 + 2 + 4)), (RateLimited("slowly", after=30.0), 2, 60.0)],
)
def test_requests_wait_ever_longer(tmp_path: Path, no: StoryboardError, times: int, seconds: float) -> None:
    """The wait doubles after each refusal, up to what the service requests (no list takes its turn here)."""
    at = at_a_desk(tmp_path, answers=[no] * times)
    began = at.context.clock.now()
    asyncio.run(submit(JOB, replace(at.context, lists=False), order))
    assert at.context.clock.now() - began == seconds


def test_questions_wait_ever_longer(tmp_path: Path) -> None:
    """The waits between free requests double like those between paid requests."""
    at = at_a_desk(tmp_path, looks=[SILENT] * 3)
    began = at.context.clock.now()
    asyncio.run(wait_for_end(JOB, Known("i1", "cgt-1"), at.context))
    assert at.context.clock.now() - began == 0.75 * (1 + 2 + 4)


def test_downloads_wait_ever_longer(tmp_path: Path) -> None:
    """The waits between downloads double like those between free requests."""
    at = at_a_desk(tmp_path, files=[SILENT] * 3)
    began = at.context.clock.now()
    asyncio.run(perform(JOB, at.context, order))
    assert at.context.clock.now() - began == 0.75 * (1 + 2 + 4)


def test_what_never_comes_is_given_up_at_last(tmp_path: Path) -> None:
    """After three days no task that the request could concern is alive."""
    at = at_a_desk(tmp_path, looks=[SILENT] * 6000)
    began = at.context.clock.now()
    assert raised(wait_for_end(JOB, Known("i1", "cgt-1"), at.context)).what == "no answer"
    assert round((at.context.clock.now() - began) / 3600, 1) == 72.0


def test_a_list_is_asked_for_again(tmp_path: Path) -> None:
    """If the list for a lost answer fails, that is no reason to hold the scene."""
    asked: list[int] = []

    class Deaf(Desk):
        async def list(self, query: TaskQuery = EVERYTHING) -> Any:
            asked.append(1)
            if len(asked) < 3:
                raise SILENT
            return await super().list(query)

    at = bench(tmp_path, Deaf(VirtualClock(), answers=[UnknownOutcome("lost")]))
    began = at.context.clock.now()
    raised(submit(JOB, at.context, order))
    told = [event for event in at.heard if isinstance(event, Waiting) and event.reason == "again in 1 s: no answer"]
    assert told == [Waiting("dusk", "again in 1 s: no answer", began + 0.75)]


@pytest.mark.parametrize("paid", [True, False], ids=["a request", "a question"])
def test_who_wants_to_leave_is_not_kept_waiting(tmp_path: Path, paid: bool) -> None:
    """In an interrupted run nothing is requested again."""
    at = at_a_desk(tmp_path, answers=[NotSent("no way")] * 3, looks=[SILENT] * 3)
    work = submit(JOB, at.context, order) if paid else wait_for_end(JOB, Known("i1", "cgt-1"), at.context)

    async def leaving() -> None:
        going = asyncio.ensure_future(work)
        await _until_told(at, "again in")
        at.context.gate.interrupt(2)
        await going

    with pytest.raises((RunStopped, Unreachable)):
        asyncio.run(leaving())
    assert len(at.desk.bodies if paid else at.desk.looks) == 1


class Sleepy(VirtualClock):
    """A clock on which a long wait never ends by itself."""

    async def sleep(self, seconds: float) -> None:
        """Wait until released."""
        if seconds >= 20:
            await asyncio.Event().wait()
        await super().sleep(seconds)


def sleepy(folder: Path, **fields: Any) -> Bench:
    """A run context with such a clock."""
    at = at_a_desk(folder, **fields)
    return replace(at, context=replace(at.context, clock=Sleepy()))


def test_a_wait_for_a_request_ends_with_the_reason_for_it(tmp_path: Path) -> None:
    """Once another scene has found that the account is refused, no scene waits for a turn that will not come."""
    at = sleepy(tmp_path, answers=[RateLimited("slowly", after=30.0)])

    async def halted() -> None:
        going = asyncio.ensure_future(submit(JOB, at.context, order))
        await _until_told(at, "again in 30 s")
        at.context.gate.halt(AccountRefused("AuthenticationError"))
        await going

    with pytest.raises(RunStopped):
        asyncio.run(asyncio.wait_for(halted(), 1))
    assert len(at.desk.bodies) == 1


def test_a_wait_for_an_answer_goes_on_for_what_is_paid(tmp_path: Path) -> None:
    """A block on new submissions doesn't affect earlier ones."""
    at = sleepy(tmp_path, looks=[RateLimited("slowly", after=30.0)])

    async def waiting() -> bool:
        going = asyncio.ensure_future(wait_for_end(JOB, Known("i1", "cgt-1"), at.context))
        await _until_told(at, "again in 30 s")
        at.context.gate.halt(AccountRefused("AuthenticationError"))
        for _ in range(20):
            await asyncio.sleep(0)
        still = not going.done()
        at.context.gate.interrupt(2)
        await going
        return still

    assert asyncio.run(asyncio.wait_for(waiting(), 1))


def test_a_question_that_is_refused_for_everybody_stops_submissions(tmp_path: Path) -> None:
    """A general refusal of a free request stops submissions, and its message is the reported reason."""
    error = AccountRefused("no such key")
    at = at_a_desk(tmp_path, looks=[error])
    raised(wait_for_end(JOB, Known("i1", "cgt-1"), at.context))
    assert at.context.gate.why is error


def test_a_model_that_was_refused_is_not_asked_for_again(tmp_path: Path) -> None:
    """Scenes that waited for a turn are not submitted either; those of another model are."""
    at = at_a_desk(tmp_path, answers=[ModelRefused("ModelNotOpen")])
    raised(submit(JOB, at.context, order))
    stopped = raised(submit(replace(JOB, scene="dawn"), at.context, order))
    asyncio.run(submit(replace(JOB, scene="noon", asked={"model": "other"}), at.context, order))
    assert (stopped.what, len(at.desk.bodies)) == ("not submitted: ModelNotOpen", 2)


def test_a_no_for_now_makes_room_for_fewer(tmp_path: Path) -> None:
    """Half as many tasks are in flight; accepted tasks restore the slots over time."""
    at = bench(tmp_path, Desk(VirtualClock(), answers=[RateLimited("slowly")] * 2), slots=8)
    asyncio.run(submit(JOB, at.context, order))
    assert at.context.limiter.open == 2


def test_another_no_leaves_the_places_as_they_are(tmp_path: Path) -> None:
    """A request that was never sent shows nothing about the service."""
    at = bench(tmp_path, Desk(VirtualClock(), answers=[NotSent("no way")] * 2), slots=8)
    asyncio.run(submit(JOB, at.context, order))
    assert at.context.limiter.open == 8


def test_a_task_is_asked_after_ever_more_seldom(tmp_path: Path) -> None:
    """At first at once, then at the intervals of the pace."""
    looked: list[float] = []

    class Watched(Desk):
        async def get_task(self, task: str) -> Task:
            looked.append(self.clock.now())
            return await super().get_task(task)

    at = bench(tmp_path, Watched(VirtualClock(), looks=["running"] * 3))
    asyncio.run(wait_for_end(JOB, Known("i1", "cgt-1"), at.context))
    assert [at - looked[0] for at in looked] == [0.0, 1.0, 2.0, 3.0]


def test_a_word_that_nobody_knows_is_looked_into_seldom(tmp_path: Path) -> None:
    """It may last for hours, and polling more often speeds nothing up."""
    looked: list[float] = []

    class Watched(Desk):
        async def get_task(self, task: str) -> Task:
            looked.append(self.clock.now())
            return await super().get_task(task)

    at = bench(tmp_path, Watched(VirtualClock(), looks=["unknown", "running"]))
    asyncio.run(wait_for_end(JOB, Known("i1", "cgt-1"), at.context))
    pauses = [pause(0.0, at.context.poll_policy, known=False), pause(looked[1] - looked[0], at.context.poll_policy)]
    assert [looked[1] - looked[0], looked[2] - looked[1]] == pauses


def test_what_the_service_doesnt_say_at_first_is_a_change(tmp_path: Path) -> None:
    """The first status is recorded, whatever it is; the same status again is not."""
    at = at_a_desk(tmp_path, looks=["running", "running"])
    asyncio.run(wait_for_end(JOB, Known("i1", "cgt-1"), at.context))
    assert [event.status for event in at.heard if isinstance(event, Seen)] == ["running", "succeeded"]


def test_a_task_that_outlives_its_time_says_what_can_be_done(tmp_path: Path) -> None:
    """The message about a task that outlives its time is that the next run polls it once more."""
    at = at_a_desk(tmp_path, looks=["running"] * 40_000)
    at.desk.made = {"expires_after": 3600}
    told = raised(wait_for_end(JOB, Known("i1", "cgt-1"), at.context))
    assert (type(told), told.what, told.hint) == (
        DecisionNeeded,
        "task cgt-1 has outlived its time by an hour: the service says running",
        "`storyboard run` looks at it once more, and fetches it if there is anything; "
        "to pay for it again, run `storyboard resolve dusk --submit-again`",
    )
    assert at.journal.past[-1][1] == Held("dusk", "i1", why=told.what)


@pytest.mark.parametrize("over", [0.0, 1.0])
def test_a_task_has_an_hour_beyond_its_time_to_the_second(tmp_path: Path, over: float) -> None:
    """A task is polled until exactly an hour after its life, and once more at the end."""
    at = at_a_desk(tmp_path, looks=["running"])
    at.desk.made = {"expires_after": 3600, "created_at": at.context.clock.now() - 7200 - over}
    if over:
        assert isinstance(raised(wait_for_end(JOB, Known("i1", "cgt-1"), at.context)), DecisionNeeded)
    else:
        assert asyncio.run(wait_for_end(JOB, Known("i1", "cgt-1"), at.context)).status == "succeeded"


@pytest.mark.parametrize("over", [0.0, 1.0])
def test_a_task_of_no_time_is_waited_for_as_long_as_any_may_live(tmp_path: Path, over: float) -> None:
    """A task of unknown life is waited for three days and an hour."""
    at = at_a_desk(tmp_path, looks=["running"])
    at.desk.made = {"created_at": at.context.clock.now() - 259_200 - 3600 - over}
    if over:
        assert isinstance(raised(wait_for_end(JOB, Known("i1", "cgt-1"), at.context)), DecisionNeeded)
    else:
        assert asyncio.run(wait_for_end(JOB, Known("i1", "cgt-1"), at.context)).status == "succeeded"


@pytest.mark.parametrize(("seconds", "bodies"), [(10.0, 1), (10.5, 2)])
def test_who_slept_before_sending_writes_it_down_anew(tmp_path: Path, seconds: float, bodies: int) -> None:
    """An intent recorded more than ten seconds ago is not sent late."""
    clock, slept = VirtualClock(), [seconds]
    at = bench(tmp_path, Desk(clock))

    def sleeping(event: Notice) -> None:
        if isinstance(event, Intended) and slept:
            at.context.clock.advance(slept.pop())  # type: ignore[attr-defined]  # it is a virtual clock

    asyncio.run(submit(JOB, replace(at.context, tell=sleeping), order))
    kinds = [event.kind for _, event in at.journal.past]
    why = [event.error for _, event in at.journal.past if isinstance(event, happened.NotSent)]
    assert (kinds.count("intended"), why) == (bodies, ["this machine slept before it was sent"] * (bodies - 1))


def test_a_failure_without_words(tmp_path: Path) -> None:
    """If a failure has no message, the status is reported."""
    told = raised(wait_for_end(JOB, Known("i1", "cgt-1"), at_a_desk(tmp_path, looks=["expired"]).context))
    assert (type(told), told.what, told.hint) == (
        SceneFailed,
        "task cgt-1 came to nothing: the service says expired",
        "nothing was billed; change the scene or run again",
    )


def test_a_failure_whose_cure_is_known(tmp_path: Path) -> None:
    """If the remedy of a failure is known, it replaces the general hint."""
    at = at_a_desk(tmp_path, looks=["failed"], made={"hint": "use fewer words"})
    told = raised(wait_for_end(JOB, Known("i1", "cgt-1"), at.context))
    assert told.hint == "nothing was billed; use fewer words"


def test_a_stray_no_to_a_question_is_told_as_it_is(tmp_path: Path) -> None:
    """It is reported at once: a repetition would give the same result."""
    at = at_a_desk(tmp_path, looks=[Rejected("forbidden", status=403)])
    assert (raised(wait_for_end(JOB, Known("i1", "cgt-1"), at.context)).what, at.heard) == ("forbidden", [])
