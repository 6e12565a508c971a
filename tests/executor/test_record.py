"""The exact journal entries of each way that a scene may take: the next run depends on nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from storyboard.errors import (
    DecisionNeeded,
    FileTrouble,
    Gone,
    ModelRefused,
    NotFound,
    NotSent,
    RateLimited,
    Rejected,
    StoryboardError,
    UnknownOutcome,
    Unreachable,
    Unusable,
)
from storyboard.executor.context import RunContext
from storyboard.executor.download import download
from storyboard.executor.job import Job, Known
from storyboard.executor.locate import find_lost_task
from storyboard.executor.perform import perform
from storyboard.executor.polling import odd_after
from storyboard.executor.submit import submit
from storyboard.planning import event as happened
from storyboard.planning.attempt import Attempt
from storyboard.planning.event import (
    Accepted,
    Adopted,
    Disowned,
    Ended,
    Event,
    Held,
    Intended,
    Missed,
    OfAttempt,
    Recorded,
    Seen,
    Stored,
    Unanswered,
    Waiting,
)
from storyboard.planning.event_codec import encode
from storyboard.planning.fingerprint import Components, digest_of
from storyboard.planning.marker import Marker, marker_of
from storyboard.planning.money import Money
from storyboard.providers.provider import EVERYTHING, Task, TaskQuery
from storyboard.testing.clock import VirtualClock
from storyboard.world.journal import Journal
from tests.executor.fake_provider import Bench, Desk, bench

KEY: Components = {"prompt": "words", "duration": 4}
ASKED: dict[str, str | int | bool] = {"model": "seedance", "duration": 4, "sound": True}
JOB = Job("dusk", "tall", KEY, ASKED, True, Money(Decimal("3.5"), "CNY"), Money(Decimal(46), "CNY"))
MARK = marker_of(KEY, 0)
BODY = b"a request"
ONE, TWO = "10000000000000000000000000000000", "20000000000000000000000000000000"
ABOUT: dict[str, Any] = {
    "profile": "tall",
    "key": KEY,
    "asked": ASKED,
    "reserve": JOB.reserve,
    "rate": JOB.rate,
}
INTENDED = Intended("dusk", ONE, **ABOUT, body=digest_of(BODY), marker=MARK)
LOST = UnknownOutcome("the answer was lost")
UNKNOWN = Unanswered("dusk", ONE, error="the answer was lost")
GONE = NotFound("not found", code="NotFound.Task", status=404)


async def order(marker: Marker) -> bytes:
    """A request."""
    del marker
    return BODY


def at_a_desk(folder: Path, **fields: Any) -> Bench:
    """A run context with a provider that answers like this."""
    return bench(folder, Desk(VirtualClock(), **fields))


def ours(at: Bench, **fields: Any) -> Task:
    """The task of the scene's first request, as the service lists it."""
    known: dict[str, Any] = {"expires_after": MARK, "created_at": at.context.clock.now(), "model": "seedance"}
    return Task("cgt-lost", "running", "running", **{**known, **fields})


def done(at: Bench, work: Awaitable[object] | None = None) -> list[Recorded]:
    """Perform the job, whatever its result; return everything that was recorded."""

    async def whole() -> None:
        await (work or perform(JOB, at.context, order))

    with suppress(StoryboardError):
        asyncio.run(whole())
    return [event for _, event in at.journal.past]


def marks(events: Iterable[Recorded]) -> list[int | None]:
    """The marker of each intended request, in order."""
    return [event.marker for event in events if isinstance(event, Intended)]


def last_stored(events: Sequence[Recorded]) -> Stored:
    """The last event, which reports a stored take."""
    event = events[-1]
    assert isinstance(event, Stored)
    return event


def reasons(at: Bench) -> list[str]:
    """The reported reason of each wait of a scene."""
    return [event.reason for event in at.heard if isinstance(event, Waiting)]


def refused(work: Awaitable[object]) -> StoryboardError:
    """The error that a coroutine raises."""

    async def whole() -> None:
        await work

    with pytest.raises(StoryboardError) as caught:
        asyncio.run(whole())
    return caught.value


def test_a_scene_that_goes_well(tmp_path: Path) -> None:
    """The events: intended with the highest cost and the marker, accepted, polled, succeeded, stored."""
    at = at_a_desk(tmp_path, looks=["queued", "succeeded"], made={"tokens": 40_000})
    events = done(at)
    take = at.context.journal.history.past.takes[0].take
    assert events == [
        INTENDED,
        Accepted("dusk", ONE, task="cgt-1"),
        Seen("dusk", ONE, task="cgt-1", status="queued"),
        Seen("dusk", ONE, task="cgt-1", status="succeeded"),
        Ended("dusk", ONE, status="succeeded", error=""),
        Stored("dusk", ONE, profile="tall", take=take),
    ]


def test_a_take_is_what_was_measured_and_billed(tmp_path: Path) -> None:
    """The take contains the length to the millisecond, the pixels, the task and the tokens."""
    at = at_a_desk(tmp_path, made={"tokens": 40_000})
    done(at)
    take = at.context.journal.history.past.takes[0].take
    assert (take.components, take.seconds, take.width, take.height, take.task, take.tokens, take.frame) == (
        KEY,
        4.042,
        320,
        240,
        "cgt-1",
        40_000,
        "",
    )


def test_the_addresses_of_a_take_are_kept_while_they_live(tmp_path: Path) -> None:
    """They are stored under its task, with their expiry."""
    at = at_a_desk(tmp_path)
    done(at)
    kept = at.context.addresses.alive("cgt-1", at.context.clock.now(), None)
    assert kept is not None
    assert (kept.video.bare, kept.frame, round(kept.expires - at.context.clock.now())) == (
        "http://127.0.0.1:1/cgt-1.mp4",
        None,
        86_400,
    )


def test_the_service_is_told_which_intent_it_is(tmp_path: Path) -> None:
    """With this ID the vendor can identify a lost request."""
    heard: list[str] = []

    class Listening(Desk):
        async def submit(self, body: bytes, attempt_id: str) -> str:
            heard.append(attempt_id)
            return await super().submit(body, attempt_id)

    at = bench(tmp_path, Listening(VirtualClock()))
    done(at)
    assert heard == [ONE]


@pytest.mark.parametrize(
    ("no", "said"),
    [
        (NotSent("no way"), happened.NotSent("dusk", ONE, "no way")),
        (RateLimited("slowly", status=429), happened.Rejected("dusk", ONE, "slowly")),
    ],
    ids=["never left", "refused"],
)
def test_a_provable_no_is_written_down_with_its_words(tmp_path: Path, no: StoryboardError, said: Event) -> None:
    """The next attempt has its own intent and marker, or the same marker if no task uses it."""
    events = done(at_a_desk(tmp_path, answers=[no]))
    assert events[:4] == [
        INTENDED,
        said,
        replace(INTENDED, attempt_id=TWO),
        Accepted("dusk", TWO, task="cgt-2"),
    ]


def test_a_request_without_a_mark(tmp_path: Path) -> None:
    """If the author fixed the expiry, the record contains no marker."""
    at = at_a_desk(tmp_path)
    events = done(at, perform(replace(JOB, marked=False), at.context, order))
    assert events[0] == replace(INTENDED, marker=None)


def test_a_lost_answer_that_is_found(tmp_path: Path) -> None:
    """Unknown with its message, adopted with its task, and from then on like any other."""
    at = at_a_desk(tmp_path, answers=[LOST])
    at.desk.later = [[ours(at)]]
    events = done(at)
    assert events[:4] == [
        INTENDED,
        UNKNOWN,
        Adopted("dusk", ONE, task="cgt-lost"),
        Seen("dusk", ONE, task="cgt-lost", status="succeeded"),
    ]


def test_a_lost_answer_that_is_not_found(tmp_path: Path) -> None:
    """A lost answer whose task isn't found holds the scene, with the reason."""
    events = done(at_a_desk(tmp_path, answers=[LOST]))
    why = "the service lists no task that carries its marker"
    assert events == [INTENDED, UNKNOWN, Held("dusk", ONE, why=why)]


def test_a_crash_leaves_no_words_for_what_was_lost(tmp_path: Path) -> None:
    """For an attempt without any later event, the reason is that its answer was lost."""
    at = at_a_desk(tmp_path)
    at.journal.append(INTENDED)
    held = refused(find_lost_task(JOB, at.context, at.journal.history.attempt(ONE)))
    assert held.what == "its answer was lost, and the service lists no task that carries its marker"


def test_nobody_looks_for_it_who_wants_to_leave(tmp_path: Path) -> None:
    """The attempt is held until the next run, and no list is requested."""
    at = at_a_desk(tmp_path)
    at.journal.append(INTENDED)
    at.context.gate.interrupt(2)
    held = refused(find_lost_task(JOB, at.context, at.journal.history.attempt(ONE)))
    assert (held.what, at.context.clock.now()) == (
        "its answer was lost, and the run was interrupted before its task was looked for",
        VirtualClock().now(),
    )


def test_looking_for_it_is_told(tmp_path: Path) -> None:
    """At growing intervals, and the last time when the grace period is over."""
    at = at_a_desk(tmp_path, answers=[LOST])
    began = at.context.clock.now()
    done(at)
    told = [event for event in at.heard if isinstance(event, Waiting)]
    waits = [(15, 15), (30, 45), (60, 105), (75, 180)]
    assert told == [
        Waiting("dusk", f"looking for its task again in {seconds} s", began + until) for seconds, until in waits
    ]


def test_a_task_that_a_lost_record_knew(tmp_path: Path) -> None:
    """It is recorded as if it had been recorded at once: with its marker and its creation time."""
    at = at_a_desk(tmp_path)
    at.desk.listed = [ours(at, created_at=1_779_999_000.0)]
    events = done(at, perform(JOB, replace(at.context, trust="recovering"), order))
    assert events[:2] == [
        Intended("dusk", ONE, **ABOUT, marker=MARK, at=1_779_999_000.0),
        Adopted("dusk", ONE, task="cgt-lost"),
    ]


@pytest.mark.parametrize(("number", "found"), [(0, True), (5, True), (6, False)])
def test_the_marks_of_earlier_attempts_are_looked_for(tmp_path: Path, number: int, found: bool) -> None:
    """A record that lost some attempts may have lost the first one and as many as five remakes of failed tasks."""
    at = at_a_desk(tmp_path)
    failed = [
        replace(ours(at, expires_after=marker_of(KEY, one)), id=f"cgt-failed-{one}", status="failed", word="failed")
        for one in range(number)
    ]
    at.desk.listed = [*failed, ours(at, expires_after=marker_of(KEY, number))]
    events = done(at, perform(JOB, replace(at.context, trust="recovering"), order))
    assert bool(events) is found


def test_attempts_that_are_known_are_not_looked_for(tmp_path: Path) -> None:
    """A task that the record contains is not adopted a second time."""
    at = at_a_desk(tmp_path)
    at.journal.append(INTENDED)
    at.journal.append(Accepted("dusk", ONE, task="cgt-lost"))
    at.journal.append(Ended("dusk", ONE, status="failed", error="no"))
    at.desk.listed = [ours(at)]
    no = refused(submit(JOB, replace(at.context, trust="recovering"), order))
    assert no.what == "the service lists no task of it"


@pytest.mark.parametrize(
    ("key", "came"),
    [
        (KEY, happened.Rejected("dusk", TWO, error="no")),
        (KEY, happened.NotSent("dusk", TWO, error="no way")),
        ({"prompt": "other words"}, Accepted("dusk", TWO, task="cgt-2")),
    ],
    ids=["refused", "not sent", "worded otherwise"],
)
def test_only_tasks_of_this_key_are_counted(tmp_path: Path, key: Components, came: Event) -> None:
    """A record that was lost and counts again from the start derives the same marker."""
    at = at_a_desk(tmp_path)
    at.journal.append(replace(INTENDED, attempt_id=TWO, key=key))
    at.journal.append(came)
    assert marks(done(at)) == [MARK, MARK]


@pytest.mark.parametrize(
    ("trust", "error"),
    [
        (
            "recovering",
            ("the service lists no task of it", "`storyboard run` makes it"),
        ),
        (
            "suspect",
            (
                "task cgt-lost (0 s old, succeeded) was submitted for this scene "
                "but is missing from this project's record",
                "`storyboard recover dusk --profile tall` takes it as the scene's own, and nothing is submitted\n"
                "`storyboard resolve dusk --not-mine cgt-lost --profile tall` if it belongs to another project; "
                "then the next run submits the scene",
            ),
        ),
    ],
)
def test_a_record_with_gaps_is_told_of(tmp_path: Path, trust: Any, error: tuple[str, str]) -> None:
    """The message about a record with gaps includes what to do."""
    at = at_a_desk(tmp_path)
    at.desk.listed = [ours(at)] if trust == "suspect" else []
    no = refused(submit(JOB, replace(at.context, trust=trust), order))
    assert (no.what, no.hint) == error


def test_a_record_with_gaps_of_which_nothing_is_missing(tmp_path: Path) -> None:
    """If the service lists no task of the scene, the scene is submitted as usual."""
    at = at_a_desk(tmp_path)
    events = done(at, perform(JOB, replace(at.context, trust="suspect"), order))
    assert [event.kind for event in events][:2] == ["intended", "accepted"]


def test_what_bears_no_mark_is_not_looked_for(tmp_path: Path) -> None:
    """A request without a marker is not searched for, because no list can identify its task."""
    at = at_a_desk(tmp_path)
    job = replace(JOB, marked=False)
    assert done(at, submit(job, replace(at.context, trust="suspect"), order))[0].kind == "intended"


def test_the_list_that_is_believed_is_of_this_run(tmp_path: Path) -> None:
    """A list that another scene requested before the run began contains nothing submitted since."""
    at = at_a_desk(tmp_path)

    async def both() -> None:
        await at.context.listing.since(at.context.clock.now())
        at.desk.listed = [ours(at)]
        await at.context.clock.sleep(60)
        context = replace(at.context, trust="suspect", began=at.context.clock.now())
        await submit(JOB, context, order)

    with pytest.raises(DecisionNeeded):
        asyncio.run(both())


def adopted(at: Bench) -> Known:
    """An attempt of the journal whose task was found by its marker."""
    at.journal.append(INTENDED)
    at.journal.append(Adopted("dusk", ONE, task="cgt-lost"))
    return Known(ONE, "cgt-lost")


def test_a_stranger_is_let_go_with_the_reason(tmp_path: Path) -> None:
    """A task whose data differ from the request is disowned with the reason."""
    at = at_a_desk(tmp_path, made={"duration": 5})
    adopted(at)
    events = done(at, perform(JOB, at.context, order, at.journal.history.attempt(ONE)))
    why = "its duration is 5, but 4 was asked for"
    assert events[-1] == Disowned("dusk", ONE, task="cgt-lost", error=why)


def test_a_failure_that_may_be_a_strangers(tmp_path: Path) -> None:
    """Another task carries the marker as well: which one is ours can't be determined."""
    at = at_a_desk(tmp_path, looks=["failed"])
    at.desk.listed = [ours(at), ours(at, updated_at=1.0)]
    at.desk.listed[1] = replace(at.desk.listed[1], id="cgt-other")
    adopted(at)
    events = done(at, perform(JOB, at.context, order, at.journal.history.attempt(ONE)))
    assert events[-1] == Disowned("dusk", ONE, "cgt-lost", "2 tasks carry its marker", ambiguous=True)


def test_a_failure_of_what_is_not_listed_alone(tmp_path: Path) -> None:
    """Only the other task is listed: it may have been ours from the beginning."""
    at = at_a_desk(tmp_path, looks=["failed"])
    at.desk.listed = [replace(ours(at), id="cgt-other")]
    adopted(at)
    no = refused(perform(JOB, at.context, order, at.journal.history.attempt(ONE)))
    assert no.what == "task cgt-lost carries its marker and failed, but it is not listed alone"


def test_a_failure_of_what_is_not_listed_though_our_clock_was_wrong(tmp_path: Path) -> None:
    """The record dates the submission next year, but the grace period has passed all the same."""
    at = at_a_desk(tmp_path, looks=["failed"])
    adopted(at)
    at.context.clock.advance(-31_536_000)  # type: ignore[attr-defined]  # it is a virtual one
    no = refused(perform(JOB, at.context, order, at.journal.history.attempt(ONE)))
    why = "the service lists no task that carries its marker"
    assert no.what == f"task cgt-lost carries its marker and failed, but {why}"


def test_a_failure_is_believed_when_the_grace_is_over(tmp_path: Path) -> None:
    """And not a moment earlier: a request may take that long to arrive."""
    at = at_a_desk(tmp_path, looks=["failed"])
    at.desk.listed = [ours(at)]
    adopted(at)
    began = at.context.clock.now()
    done(at, perform(JOB, at.context, order, at.journal.history.attempt(ONE)))
    assert at.context.clock.now() - began == at.context.poll_policy.grace


def test_a_late_failure_is_believed_at_once(tmp_path: Path) -> None:
    """A failure after the grace period is accepted at once."""
    at = at_a_desk(tmp_path, looks=["failed"])
    at.desk.listed = [ours(at)]
    adopted(at)
    at.context.clock.advance(600)  # type: ignore[attr-defined]  # it is a virtual one
    began = at.context.clock.now()
    done(at, perform(JOB, at.context, order, at.journal.history.attempt(ONE)))
    assert at.context.clock.now() == began


def test_a_failure_is_believed_of_what_was_named_in_an_answer(tmp_path: Path) -> None:
    """A failure of a task that an answer named is accepted at once, because its owner is certain."""
    events = done(at_a_desk(tmp_path, looks=["failed"]))
    assert events[-1] == Ended("dusk", ONE, status="failed", error="said so")


def test_what_the_service_knows_no_more_is_lost(tmp_path: Path) -> None:
    """It is recorded with the reason, and a person may decide to pay again."""
    at = at_a_desk(tmp_path, looks=[GONE] * 10)
    at.journal.append(INTENDED)
    at.journal.append(Accepted("dusk", ONE, task="cgt-1"))
    at.context.clock.advance(7 * 86_400.0)  # type: ignore[attr-defined]  # it is a virtual one
    lost = refused(perform(JOB, at.context, order, at.journal.history.attempt(ONE)))
    assert (at.journal.past[-1][1], lost.what, lost.hint) == (
        Ended("dusk", ONE, status="lost", error="the service has no record of it any more"),
        "task cgt-1 was paid for, but can't be had any more: the service has no record of it any more",
        "`storyboard resolve dusk --adopt cgt-1 --profile tall` has it looked at once more; "
        "to pay for it again, run `storyboard resolve dusk --submit-again --profile tall`",
    )


def test_what_the_service_does_not_know_though_it_should_is_held(tmp_path: Path) -> None:
    """The next run continues with it: with another account's key our tasks are not found."""
    at = at_a_desk(tmp_path, looks=[GONE] * 10)
    at.journal.append(INTENDED)
    at.journal.append(Accepted("dusk", ONE, task="cgt-1"))
    at.context.clock.advance(6.9 * 86_400)  # type: ignore[attr-defined]  # it is a virtual one
    held = refused(perform(JOB, at.context, order, at.journal.history.attempt(ONE)))
    why = "the service knows no task cgt-1, though it keeps them for seven days"
    assert (at.journal.past[-1][1], held.what, held.hint) == (
        Held("dusk", ONE, why=why),
        why,
        "`storyboard run` goes on with it, with a key of the account that it was submitted with; "
        "to pay for it again, run `storyboard resolve dusk --submit-again --profile tall`",
    )


def test_a_video_that_nobody_has_any_more_is_lost(tmp_path: Path) -> None:
    """The record contains the last answer of its address."""
    events = done(at_a_desk(tmp_path, files=[Gone("it answered 403")] * 2, lives=-1.0))
    why = "videos can be fetched for 24 hours (it answered 403)"
    assert events[-1] == Ended("dusk", ONE, status="lost", error=why)


def test_a_young_task_that_is_not_found_may_show_yet(tmp_path: Path) -> None:
    """Within a minute after the submission no list is requested: the next run polls again."""
    at = at_a_desk(tmp_path, looks=[Rejected("no")])
    at.journal.append(INTENDED)
    at.journal.append(Accepted("dusk", ONE, task="cgt-1"))
    at.desk.looks = [NotFound("there is no such path", status=404)]
    told = refused(perform(JOB, at.context, order, at.journal.history.attempt(ONE)))
    assert (told.what, told.hint, at.journal.past[-1][1].kind) == (
        "the service doesn't show task cgt-1 at the moment",
        "run again",
        "accepted",
    )


@pytest.mark.parametrize(("age", "held"), [(59.0, False), (60.0, True)])
def test_a_task_is_young_for_a_minute(tmp_path: Path, age: float, held: bool) -> None:
    """After that, a task that is neither found nor listed is missing."""
    at = at_a_desk(tmp_path, looks=[NotFound("there is no such path", status=404)])
    at.journal.append(INTENDED)
    at.journal.append(Accepted("dusk", ONE, task="cgt-1"))
    at.context.clock.advance(age)  # type: ignore[attr-defined]  # it is a virtual one
    done(at, perform(JOB, at.context, order, at.journal.history.attempt(ONE)))
    assert at.journal.history.attempt(ONE).held is held


def test_a_scene_is_not_submitted_while_an_attempt_at_it_is_in_doubt(tmp_path: Path) -> None:
    """A caller that tries it has a bug: it is stopped at the last step before paying."""
    at = at_a_desk(tmp_path)
    at.journal.append(INTENDED)
    with pytest.raises(AssertionError):
        asyncio.run(submit(JOB, at.context, order))
    assert at.desk.bodies == []


@pytest.mark.parametrize(
    "other",
    [replace(JOB, scene="dawn"), replace(JOB, profile=""), replace(JOB, components={**KEY, "duration": 5})],
    ids=["scene", "profile", "key"],
)
def test_another_may_be_submitted_while_one_is_in_doubt(tmp_path: Path, other: Job) -> None:
    """Another scene, another profile, or the same scene with a different prompt."""
    at = at_a_desk(tmp_path)
    at.journal.append(INTENDED)
    asyncio.run(submit(other, at.context, order))
    assert len(at.desk.bodies) == 1


def test_money_is_set_aside_under_the_intent_s_name(tmp_path: Path) -> None:
    """It is reserved before the intent is recorded, so that nothing is in doubt if there isn't enough."""
    asked: list[tuple[str, Money, int]] = []
    at = at_a_desk(tmp_path)

    class DailyBudget:
        def reserve(self, attempt_id: str, wanted: Money) -> None:
            asked.append((attempt_id, wanted, len(at.journal.past)))

        def settle(self, attempt_id: str, bill: Money) -> None:
            """Do nothing."""

    done(at, submit(JOB, replace(at.context, day=DailyBudget()), order))
    assert asked == [(ONE, JOB.reserve, 0)]


def crew_of(at: Bench) -> RunContext:
    """The run context, with a marker that an attempt in doubt uses."""
    at.journal.append(replace(INTENDED, scene="dawn", attempt_id=TWO, key={"prompt": "others"}))
    return at.context


def test_a_mark_that_somebody_in_doubt_bears_is_not_used_again(tmp_path: Path) -> None:
    """The marker of an attempt in doubt is not used again; the next one is."""
    at = at_a_desk(tmp_path)
    asyncio.run(submit(JOB, crew_of(at), order))
    assert marks(event for _, event in at.journal.past) == [MARK, MARK + 1]


def test_an_attempt_s_number_is_in_its_mark(tmp_path: Path) -> None:
    """The markers of the first and the second attempt at a scene differ."""
    at = at_a_desk(tmp_path)
    begun = Attempt(ONE, "dusk", "tall", KEY, "accepted", "cgt-9")
    at.journal.append(INTENDED)
    at.journal.append(Ended("dusk", ONE, status="failed", error=begun.error))
    asyncio.run(submit(JOB, at.context, order))
    assert marks(event for _, event in at.journal.past) == [MARK, marker_of(KEY, 1)]


def test_a_lost_answer_that_nobody_can_look_for(tmp_path: Path) -> None:
    """A service that refuses its list leaves the attempt in doubt."""

    class Closed(Desk):
        async def list(self, query: TaskQuery = EVERYTHING) -> Any:
            raise Rejected("forbidden" if query.page else "", status=403)

    at = bench(tmp_path, Closed(VirtualClock(), answers=[LOST]))
    held = refused(perform(JOB, at.context, order))
    why = "its task can't be looked for: forbidden"
    assert (held.what, at.journal.past[-1][1]) == (
        f"the answer was lost, and {why}",
        Held("dusk", ONE, why=why),
    )


LONGER = replace(JOB, asked={"duration": 8})


def test_a_video_that_may_be_anothers_is_asked_for_again(tmp_path: Path) -> None:
    """Three times, each recorded; then the video is kept, and the difference is recorded."""
    at = at_a_desk(tmp_path)
    events = done(at, perform(LONGER, at.context, order))
    unlike = "it is 4.0 s long, but 8 s were asked for"
    missed = Missed("dusk", ONE, error=f"what came may be another task's video: {unlike}")
    assert ([event for event in events if isinstance(event, Missed)], last_stored(events).error) == (
        [missed] * 3,
        unlike,
    )


def test_a_video_that_came_right_at_last(tmp_path: Path) -> None:
    """If the right video arrives in the end, no difference is recorded."""
    at = at_a_desk(tmp_path, files=[b"<html>"])
    assert sorted(encode(last_stored(done(at))).body) == ["profile", "take"]


def test_a_task_that_never_names_its_video_is_held(tmp_path: Path) -> None:
    """After ten polls, with the possible decisions: it was paid for."""

    class Nameless(Desk):
        looked = 0

        async def get_task(self, task: str) -> Task:
            Nameless.looked += 1
            return replace(await super().get_task(task), video=None)

    at = bench(tmp_path, Nameless(VirtualClock()))
    held = refused(perform(JOB, at.context, order))
    why = "task cgt-1 succeeded, but the service names no video of it"
    assert (at.journal.past[-1][1], held.what, held.hint, Nameless.looked) == (
        Held("dusk", ONE, why=why),
        why,
        "`storyboard run` asks it once more; "
        "to pay for it again, run `storyboard resolve dusk --submit-again --profile tall`",
        11,
    )


def missing(at: Bench, count: int, ago: float) -> Attempt:
    """An attempt of an earlier run whose download failed this many times, the last time this many seconds ago."""
    at.journal.append(INTENDED)
    at.journal.append(Accepted("dusk", ONE, task="cgt-1"))
    for _ in range(count):
        at.journal.append(Missed("dusk", ONE, error="it broke off"))
    at.context.clock.advance(ago)  # type: ignore[attr-defined]  # it is a virtual one
    return at.journal.history.attempt(ONE)


OFTEN = "the video was asked for 5 times within the hour"


@pytest.mark.parametrize(("count", "waits"), [(4, 0), (5, 3000)])
def test_a_video_is_asked_for_five_times_an_hour(tmp_path: Path, count: int, waits: int) -> None:
    """After that the run waits for the hour to pass and reports it, whichever run made the requests."""
    at = at_a_desk(tmp_path)
    begun = missing(at, count, 600.0)
    began = at.context.clock.now()
    done(at, perform(JOB, at.context, order, begun))
    told = [event for event in at.heard if isinstance(event, Waiting)]
    assert (at.context.clock.now() - began, told, at.journal.past[-1][1].kind) == (
        waits,
        [Waiting("dusk", f"again in {waits} s: {OFTEN}", began + waits)] if waits else [],
        "stored",
    )


def test_a_video_is_asked_for_forty_times_in_all(tmp_path: Path) -> None:
    """Then it is not requested again, and a person decides."""
    at = at_a_desk(tmp_path)
    begun = missing(at, 40, 600.0)
    held = refused(perform(JOB, at.context, order, begun))
    why = "the video of task cgt-1 didn't come in 40 attempts"
    then = "it is not downloaded again by itself, since the service blocks an address that is asked for too often"
    assert (at.journal.past[-1][1], held.what, held.hint) == (
        Held("dusk", ONE, why=why),
        why,
        f"{then}; to pay for it again, run `storyboard resolve dusk --submit-again --profile tall`",
    )


def test_nobody_waits_an_hour_who_wants_to_leave(tmp_path: Path) -> None:
    """An interrupted run doesn't wait for an hour; the next run continues."""
    at = at_a_desk(tmp_path)
    begun = missing(at, 5, 600.0)

    async def leaving() -> None:
        going = asyncio.ensure_future(perform(JOB, replace(at.context, clock=Endless()), order, begun))
        for _ in range(1000):
            await asyncio.sleep(0)
        at.context.gate.interrupt(2)
        await going

    with pytest.raises(Unusable) as caught:
        asyncio.run(asyncio.wait_for(leaving(), 5))
    assert (caught.value.what, caught.value.hint) == (OFTEN, "run again later")


class Deaf(Desk):
    """A provider that doesn't answer the first list request."""

    deaf = True

    async def list(self, query: TaskQuery = EVERYTHING) -> Any:
        """Raise Unreachable at first."""
        if self.deaf:
            self.deaf = False
            raise Unreachable("no answer")
        return await super().list(query)


TOLD_AGAIN = "again in 1 s: no answer"


def test_whose_a_failure_is_is_asked_again(tmp_path: Path) -> None:
    """If a list request is not answered, it is repeated, and the wait is reported."""
    at = bench(tmp_path, Deaf(VirtualClock(), looks=["failed"]))
    at.desk.listed = [ours(at)]
    adopted(at)
    events = done(at, perform(JOB, at.context, order, at.journal.history.attempt(ONE)))
    assert (events[-1].kind, TOLD_AGAIN in reasons(at)) == ("ended", True)


def test_whether_a_task_is_there_is_asked_again(tmp_path: Path) -> None:
    """The request whether a task exists is repeated like every free request."""
    at = bench(tmp_path, Deaf(VirtualClock(), looks=[NotFound("there is no such path", status=404)]))
    begun = missing(at, 0, 600.0)
    events = done(at, perform(JOB, at.context, order, begun))
    assert (events[-1].kind, TOLD_AGAIN in reasons(at)) == ("held", True)


def test_whether_somebody_submitted_it_is_asked_again(tmp_path: Path) -> None:
    """Before anything is paid for when the record has gaps."""
    at = bench(tmp_path, Deaf(VirtualClock()))
    events = done(at, perform(JOB, replace(at.context, trust="suspect"), order))
    assert (events[0].kind, TOLD_AGAIN in reasons(at)) == ("intended", True)


@pytest.mark.parametrize(
    ("job", "model", "found"),
    [(JOB, "seedance", True), (JOB, "another", False), (replace(JOB, asked={}), "another", True)],
    ids=["its own", "another", "whatever it is"],
)
def test_a_model_tells_whose_a_task_is(tmp_path: Path, job: Job, model: str, found: bool) -> None:
    """If the request named a model, only a task of that model is found."""
    at = at_a_desk(tmp_path)
    at.desk.listed = [ours(at, model=model)]
    events = done(at, submit(job, replace(at.context, trust="suspect"), order))
    assert bool(events) is not found


class Refusing:
    """A provider at which another request learns during the wait for a turn that the model is refused."""

    def __init__(self, at: Bench) -> None:
        self._at = at

    def __getattr__(self, name: str) -> object:
        return getattr(self._at.context.provider, name)

    async def turn(self, verb: str) -> None:
        """Refuse the model for the other request."""
        del verb
        with suppress(ModelRefused):
            async with self._at.context.gate.admit("seedance"):
                raise ModelRefused("ModelNotOpen")


def test_a_model_that_was_refused_while_one_waited_is_not_asked_for(tmp_path: Path) -> None:
    """If the model is refused during the wait for a turn, nothing is recorded and nothing is sent."""
    at = at_a_desk(tmp_path)

    async def both() -> None:
        await submit(replace(JOB, scene="dawn"), at.context, order)
        context = replace(at.context, provider=Refusing(at))  # type: ignore[arg-type]  # the rest is passed on
        await submit(JOB, context, order)

    stopped = refused(both())
    written = {event.scene for _, event in at.journal.past if isinstance(event, OfAttempt)}
    assert (stopped.what, len(at.desk.bodies), written) == ("not submitted: ModelNotOpen", 1, {"dawn"})


class Full(Journal):
    """A journal that can't record events of this kind."""

    kind = "accepted"

    def append(self, event: Event) -> None:
        """Record all other events."""
        if event.kind == self.kind:
            raise FileTrouble("state.db can't be written: the disk is full", "free space")
        super().append(event)


def test_what_cannot_be_intended_is_not_sent(tmp_path: Path) -> None:
    """If the intent can't be recorded, nothing is sent, and the record needs no decision."""
    at = at_a_desk(tmp_path)
    (tmp_path / "full").mkdir()
    full = Full(tmp_path / "full", at.context.clock, writing=True)
    full.kind = "intended"
    told = refused(submit(JOB, replace(at.context, journal=full), order))
    assert (told.what, at.desk.bodies, full.past) == ("state.db can't be written: the disk is full", [], [])


@pytest.mark.parametrize("same", [True, False])
def test_only_the_very_take_comes_in_its_place(tmp_path: Path, same: bool) -> None:
    """A different video leaves no trace in the record."""
    at = at_a_desk(tmp_path)
    wanted = asyncio.run(perform(JOB, at.context, order))
    known, before = Known(ONE, wanted.task), len(at.journal.past)

    async def fetched() -> None:
        task = await at.context.provider.get_task(wanted.task)
        await download(JOB, known, task, at.context, only=wanted.digest if same else "sha256:" + "0" * 64)

    with suppress(DecisionNeeded):
        asyncio.run(fetched())
    assert [event.kind for _, event in at.journal.past[before:]] == (["stored"] if same else [])


def test_a_task_that_cannot_be_written_down_is_told(tmp_path: Path) -> None:
    """It is at least reported on the screen; the next run finds it by its marker."""
    at = at_a_desk(tmp_path)
    (tmp_path / "full").mkdir()
    full = Full(tmp_path / "full", at.context.clock, writing=True)
    told = refused(submit(JOB, replace(at.context, journal=full), order))
    assert (told.what, told.hint, [attempt.attempt_id for attempt in full.history.in_doubt]) == (
        "state.db can't be written: the disk is full; the service has taken task cgt-1 on",
        "free space",
        [ONE],
    )


def test_a_request_bears_the_mark_that_is_written_down(tmp_path: Path) -> None:
    """The request carries the marker that is recorded."""
    carried: list[Marker] = []

    async def marked(marker: Marker) -> bytes:
        carried.append(marker)
        return BODY

    at = at_a_desk(tmp_path)
    asyncio.run(submit(JOB, at.context, marked))
    assert (carried, marks(event for _, event in at.journal.past)) == ([Marker(MARK)], [MARK])


def test_a_status_that_goes_back_is_written_down_as_odd(tmp_path: Path) -> None:
    """It is recorded with what is odd about it, and has no effect."""
    events = done(at_a_desk(tmp_path, looks=["running", "queued", "succeeded"]))
    odd = [event.odd for event in events if isinstance(event, Seen)]
    assert odd == ["", odd_after("running", "queued"), ""]


def test_a_video_of_another_size_may_be_anothers(tmp_path: Path) -> None:
    """The size is compared with the model's table for the request."""
    asked = {"resolution": "480p", "ratio": "4:3"}
    job = replace(JOB, asked=asked, pixels={("480p", "4:3"): (640, 480)})
    at = at_a_desk(tmp_path)
    last = last_stored(done(at, perform(job, at.context, order)))
    assert last.error == "it is 320×240, but 640×480 was asked for"


SILENT = Unreachable("no answer")


@pytest.mark.parametrize("misses", [0, 5])
def test_an_address_is_asked_for_again_until_somebody_answers(tmp_path: Path, misses: int) -> None:
    """After an incomplete video as well as after an hour's wait."""
    at = at_a_desk(tmp_path, files=[] if misses else [Unreachable("it broke off")])
    begun = missing(at, misses, 600.0)
    at.desk.looks = ["succeeded", SILENT, "succeeded"]
    assert (done(at, perform(JOB, at.context, order, begun))[-1].kind, TOLD_AGAIN in reasons(at)) == ("stored", True)


class Sometimes(Desk):
    """A provider whose second poll names no video, and whose third isn't answered."""

    looked = 0

    async def get_task(self, task: str) -> Task:
        """Return the next answer."""
        self.looked += 1
        if self.looked == 3:
            raise SILENT
        found = await super().get_task(task)
        return replace(found, video=None) if self.looked == 2 else found


def test_a_name_may_be_lacking_after_an_hour(tmp_path: Path) -> None:
    """If a task names no video after an hour's wait, it is polled again like the first time."""
    at = bench(tmp_path, Sometimes(VirtualClock()))
    begun = missing(at, 5, 600.0)
    told = "again in 1 s: task cgt-1 succeeded, but names no video"
    events = done(at, perform(JOB, at.context, order, begun))
    assert (events[-1].kind, told in reasons(at), TOLD_AGAIN in reasons(at)) == ("stored", True, True)


class Endless(VirtualClock):
    """A clock on which an hour never passes."""

    def now(self) -> float:
        """Return the other clock's time plus ten minutes."""
        return super().now() + 600

    async def sleep(self, seconds: float) -> None:
        """Wait until released."""
        await (asyncio.Event().wait() if seconds > 600 else super().sleep(seconds))
