"""One scene from request to take: what is recorded before each action, and what a failure leads to."""

from __future__ import annotations

import asyncio
import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from storyboard.errors import (
    AccountRefused,
    DecisionNeeded,
    FileTrouble,
    NotFound,
    NotSent,
    RateLimited,
    Rejected,
    SceneFailed,
    StoryboardError,
    UnknownOutcome,
    Unreachable,
)
from storyboard.executor.download import download
from storyboard.executor.fetch import Fetcher
from storyboard.executor.gate import RunStopped
from storyboard.executor.job import Job, Known
from storyboard.executor.perform import perform
from storyboard.executor.submit import submit
from storyboard.net.client import FETCHES
from storyboard.planning.attempt import Attempt
from storyboard.planning.event import Accepted, Intended
from storyboard.planning.history import past_of
from storyboard.planning.marker import Marker, marker_of
from storyboard.planning.take import Take
from storyboard.protocols import Address, Sink
from storyboard.providers.provider import Task
from storyboard.providers.rate_limit import RATES
from storyboard.testing.clock import VirtualClock
from tests.executor.fake_provider import Bench, Desk, bench, video

JOB = Job("dusk", "", {"prompt": "words"})
CLOCK = VirtualClock()


async def order(marker: Marker) -> bytes:
    """A request that contains the marker."""
    return json.dumps({"execution_expires_after": marker.seconds}).encode()


def performed(at: Bench, begun: Attempt | None = None) -> Take:
    """Perform the job."""
    return asyncio.run(perform(JOB, at.context, order, begun))


def test_the_intent_is_written_down_before_the_answer_comes(tmp_path: Path) -> None:
    """The events are recorded in this order: intended, accepted, seen, ended, stored."""
    at = bench(tmp_path, Desk(CLOCK, looks=["queued", "running", "running", "succeeded"]))
    performed(at)
    assert at.kinds == ["intended", "accepted", "seen", "seen", "seen", "ended", "stored"]


def test_the_intent_is_on_the_disk_when_the_request_leaves(tmp_path: Path) -> None:
    """A reader of the journal finds the intent with the digest of the request's body while the request is in
    progress."""
    at = bench(tmp_path)
    performed(at)
    intended = at.heard[0]
    assert isinstance(intended, Intended)
    assert intended.body == "sha256:" + hashlib.sha256(at.desk.bodies[0]).hexdigest()


def test_an_intent_that_the_disk_took_only_by_half_was_not_sent(tmp_path: Path) -> None:
    """Its row is stored but its witness is not: nothing is sent, and no later run holds the scene for it."""
    at = bench(tmp_path)
    (tmp_path / "witness").mkdir()
    with pytest.raises(FileTrouble, match="witness can't be written"):
        performed(at)
    assert (at.desk.bodies, [a.state for a in at.journal.history.past.attempts.values()]) == ([], ["refused"])


def test_a_take_is_the_digest_of_what_came(tmp_path: Path) -> None:
    """The take has the digest of the bytes, which are in the store under it."""
    at = bench(tmp_path)
    take = performed(at)
    stored = at.context.store.find(take.digest)
    assert stored is not None
    assert stored.read_bytes() == video()


def test_a_known_task_is_not_submitted_again(tmp_path: Path) -> None:
    """Resume is a run with a past: the task is waited for, and nothing is sent."""
    at = bench(tmp_path)
    performed(at, Attempt("intent", "dusk", "", {}, "accepted", "cgt-9"))
    assert (at.desk.bodies, at.kinds[0]) == ([], "seen")


@pytest.mark.parametrize("no", [NotSent("no way"), RateLimited("slowly"), RateLimited("slowly", after=30)])
def test_after_a_provable_no_it_is_sent_again_with_a_new_intent(tmp_path: Path, no: StoryboardError) -> None:
    """A request that was never sent, or was refused temporarily, is sent again after a wait."""
    at = bench(tmp_path, Desk(CLOCK, answers=[no, "cgt-2"]))
    performed(at)
    attempt_ids = [event.attempt_id for event in at.heard if isinstance(event, Intended)]
    assert (len(at.desk.bodies), len(set(attempt_ids))) == (2, 2)


@pytest.mark.row(7)
def test_an_unknown_outcome_is_never_sent_again(tmp_path: Path) -> None:
    """No list shows its task, however late: it is recorded, and a person decides."""
    at = bench(tmp_path, Desk(CLOCK, answers=[UnknownOutcome("the answer was lost")]))
    with pytest.raises(
        UnknownOutcome, match="the answer was lost, and the service lists no task that carries its marker"
    ):
        performed(at)
    noted = [event.kind for _, event in at.journal.past]
    assert (len(at.desk.bodies), noted) == (1, ["intended", "unknown", "held"])


def marked(at: Bench) -> Task:
    """A task with the marker of the job's first request."""
    seconds = marker_of(JOB.components, 0)
    return Task("cgt-lost", "running", "running", expires_after=seconds, created_at=at.context.clock.now())


def lost(at: Bench) -> Task:
    """The first answer is lost, and its task is listed from then on; return that task."""
    at.desk.answers, at.desk.later = [UnknownOutcome("the answer was lost")], [[marked(at)]]
    return marked(at)


@pytest.mark.row(7)
def test_a_lost_answer_is_found_by_its_mark(tmp_path: Path) -> None:
    """The task that carries it is adopted and waited for, and nothing is sent again."""
    at = bench(tmp_path)
    lost(at)
    take = performed(at)
    assert (take.task, len(at.desk.bodies), "adopted" in at.kinds) == ("cgt-lost", 1, True)


def test_a_stranger_with_the_same_mark_is_let_go(tmp_path: Path) -> None:
    """Once it is made, its data show a different length: the scene is in doubt again, and the task has no owner."""
    at = bench(tmp_path)
    lost(at)
    at.desk.made = {"duration": 5}
    job = replace(JOB, asked={"duration": 8})
    with pytest.raises(UnknownOutcome, match="another project's: its duration is 5, but 8 was asked for"):
        asyncio.run(perform(job, at.context, order))
    attempts = at.journal.history.of("", "", "dusk")
    assert ([a.state for a in attempts], at.journal.history.owned) == (["in doubt"], {"cgt-lost"})


def test_an_attempt_in_doubt_of_an_earlier_run_is_found(tmp_path: Path) -> None:
    """After a crash between the request and its answer, the same command continues with the task."""
    at = bench(tmp_path)
    at.desk.listed = [marked(at)]
    mark = marker_of(JOB.components, 0)
    at.journal.append(Intended("dusk", "i1", profile="", key=dict(JOB.components), marker=mark))
    take = performed(at, at.journal.history.attempt("i1"))
    assert (take.task, at.desk.bodies) == ("cgt-lost", [])


@pytest.mark.row(71)
def test_a_record_with_gaps_is_not_paid_for_again(tmp_path: Path) -> None:
    """A task that carries the marker of this very request is reported before anything is sent."""
    at = bench(tmp_path)
    at.desk.listed = [marked(at)]
    context = replace(at.context, trust="suspect")
    told = (
        r"task cgt-lost \(0 s old, succeeded\) was submitted for this scene but is missing from this project's record"
    )
    with pytest.raises(DecisionNeeded, match=told):
        asyncio.run(perform(JOB, context, order))
    assert at.desk.bodies == []


def test_a_lost_record_is_written_again(tmp_path: Path) -> None:
    """In recovery the task is adopted for the scene, downloaded, and recorded as if it had been recorded at once."""
    at = bench(tmp_path)
    at.desk.listed = [marked(at)]
    take = asyncio.run(perform(JOB, replace(at.context, trust="recovering"), order))
    kinds = [kind for kind in at.kinds if kind != "seen"]
    assert (take.task, at.desk.bodies, kinds) == ("cgt-lost", [], ["intended", "adopted", "ended", "stored"])


def test_what_is_only_sought_is_not_paid_for(tmp_path: Path) -> None:
    """If the service lists no task of a scene, recovery submits none."""
    at = bench(tmp_path)
    with pytest.raises(DecisionNeeded, match="the service lists no task of it"):
        asyncio.run(perform(JOB, replace(at.context, trust="recovering"), order))
    assert at.desk.bodies == []


def test_what_bears_no_mark_is_not_paid_for_by_who_only_seeks(tmp_path: Path) -> None:
    """Its author fixed the expiry: no list can identify its task, and recovery submits nothing."""
    at = bench(tmp_path)
    with pytest.raises(DecisionNeeded, match="its request carries no marker, so that a task of it can't be identified"):
        asyncio.run(perform(replace(JOB, marked=False), replace(at.context, trust="recovering"), order))
    assert (at.desk.bodies, at.kinds) == ([], [])


def test_an_id_of_another_attempt_is_no_answer(tmp_path: Path) -> None:
    """A task belongs to one attempt: if a service names it twice, the second attempt is in doubt."""
    at = bench(tmp_path, Desk(CLOCK, answers=["cgt-1", "cgt-1"]))
    performed(at)
    with pytest.raises(UnknownOutcome, match="task cgt-1, which is another attempt's"):
        asyncio.run(perform(replace(JOB, scene="dawn"), at.context, order))


def test_an_unknown_outcome_is_in_doubt_afterwards(tmp_path: Path) -> None:
    """An attempt of unknown outcome is in doubt in the next run."""
    at = bench(tmp_path, Desk(CLOCK, answers=[UnknownOutcome("the answer was lost")]))
    with pytest.raises(UnknownOutcome):
        performed(at)
    assert [attempt.state for attempt in past_of(at.journal.past).attempts.values()] == ["in doubt"]


def test_a_refusal_is_not_sent_again(tmp_path: Path) -> None:
    """A refused prompt would be refused again; it is reported instead."""
    at = bench(tmp_path, Desk(CLOCK, answers=[Rejected("InputTextSensitiveContentDetected")]))
    with pytest.raises(Rejected):
        performed(at)
    assert (len(at.desk.bodies), at.kinds) == (1, ["intended", "rejected"])


@pytest.mark.row(13, 14)
def test_a_refused_account_stops_every_submission(tmp_path: Path) -> None:
    """After one 401 no scene sends anything."""
    at = bench(tmp_path, Desk(CLOCK, answers=[AccountRefused("AuthenticationError")]))
    with pytest.raises(AccountRefused):
        performed(at)
    with pytest.raises(RunStopped):
        performed(at)
    assert len(at.desk.bodies) == 1


def test_a_failed_task_fails_its_scene(tmp_path: Path) -> None:
    """A failed task fails its scene with the service's message."""
    at = bench(tmp_path, Desk(CLOCK, looks=["running", "failed"]))
    with pytest.raises(SceneFailed, match="said so"):
        performed(at)


@pytest.mark.row(37)
def test_a_task_that_expired_fails_its_scene(tmp_path: Path) -> None:
    """An expired task fails its scene; it has no video and is not billed."""
    at = bench(tmp_path, Desk(CLOCK, looks=["expired"]))
    with pytest.raises(SceneFailed, match="expired"):
        performed(at)


@pytest.mark.row(38)
def test_a_task_that_somebody_cancelled_is_held(tmp_path: Path) -> None:
    """It may have been cancelled on purpose: it isn't made again until a person decides, and nothing is paid twice."""
    at = bench(tmp_path, Desk(CLOCK, looks=["cancelled"]))
    with pytest.raises(DecisionNeeded, match="task cgt-1 was cancelled; nothing was billed") as caught:
        performed(at)
    assert (state_after(at), caught.value.hint) == (
        "cancelled",
        "to have it made after all, run `storyboard resolve dusk --submit-again`",
    )


def test_a_question_without_an_answer_is_asked_again(tmp_path: Path) -> None:
    """Polling is free, so it continues until there is an answer."""
    at = bench(tmp_path, Desk(CLOCK, looks=[Unreachable("no answer")] * 20))
    assert performed(at).task == "cgt-1"


@pytest.mark.row(41)
def test_an_unknown_status_is_waited_out(tmp_path: Path) -> None:
    """A task with an unknown status is waited for, because the status may not be final."""
    at = bench(tmp_path, Desk(CLOCK, looks=["unknown", "unknown", "succeeded"]))
    assert performed(at).task == "cgt-1"


@pytest.mark.parametrize(
    "came",
    [Unreachable("broke off"), video()[:-100], b"<html>", video()[:2000], video() + b"more"],
    ids=["broken", "cut", "page", "stub", "more"],
)
@pytest.mark.row(47, 48, 49)
def test_what_is_not_whole_is_fetched_again(tmp_path: Path, came: bytes | StoryboardError) -> None:
    """A take gets its name only when it is complete and valid."""
    at = bench(tmp_path, Desk(CLOCK, files=[came]))
    performed(at)
    assert at.context.store.digests() == {"sha256:" + hashlib.sha256(video()).hexdigest()}


def test_nothing_half_is_left_lying_about(tmp_path: Path) -> None:
    """After an interrupted download no part of it remains."""
    at = bench(tmp_path, Desk(CLOCK, files=[b"", video()[:500]]))
    performed(at)
    assert list((tmp_path / "store" / "part").iterdir()) == []


@pytest.mark.row(45)
def test_a_video_whose_address_has_died_is_told(tmp_path: Path) -> None:
    """After a day the service no longer has it, and it isn't bought again automatically."""
    at = bench(tmp_path, Desk(CLOCK, files=[b""] * 60, lives=-1))
    with pytest.raises(DecisionNeeded, match="can't be had any more"):
        performed(at)
    assert len(at.desk.bodies) == 1


def state_after(at: Bench) -> str:
    """The state of the only attempt."""
    return next(iter(past_of(at.journal.past).attempts.values())).state


def test_a_stray_no_to_a_question_loses_no_task(tmp_path: Path) -> None:
    """A gateway that forbids polling proves nothing about the task: the provider still has it, and it is polled
    again."""
    at = bench(tmp_path, Desk(CLOCK, looks=[Rejected("forbidden", code="Forbidden", status=403)]))
    with pytest.raises(Rejected):
        performed(at)
    assert state_after(at) == "accepted"


@pytest.mark.row(17)
def test_a_task_that_the_service_no_longer_knows_is_lost(tmp_path: Path) -> None:
    """It was paid for: a person has to decide, and nothing is bought again automatically."""
    gone = NotFound("not found", code="NotFound.Task", status=404)
    at = bench(tmp_path, Desk(VirtualClock(), looks=[gone] * 10))
    at.journal.append(Intended("dusk", "i1", key=JOB.components))
    at.journal.append(Accepted("dusk", "i1", task="cgt-1"))
    at.desk.clock.advance(7 * 86_400)
    with pytest.raises(DecisionNeeded):
        performed(at, at.journal.history.attempt("i1"))
    assert state_after(at) == "lost"


@pytest.mark.row(17)
def test_a_task_that_cannot_be_forgotten_yet_is_not_lost(tmp_path: Path) -> None:
    """Within seven days another account is the likelier cause: the scene is held, and the next run polls the task."""
    at = bench(tmp_path, Desk(VirtualClock(), looks=[NotFound("not found", code="NotFound.Task", status=404)] * 10))
    at.journal.append(Intended("dusk", "i1", key=JOB.components))
    at.journal.append(Accepted("dusk", "i1", task="cgt-1"))
    at.desk.clock.advance(60)
    with pytest.raises(DecisionNeeded, match="knows no task cgt-1, though it keeps them for seven days"):
        performed(at, at.journal.history.attempt("i1"))
    held = at.journal.history.attempt("i1")
    at.desk.looks.clear()
    assert (held.state, held.held, performed(at, held).task) == ("accepted", True, "cgt-1")


@pytest.mark.row(17)
def test_a_task_that_is_listed_is_not_lost(tmp_path: Path) -> None:
    """It is not found individually, but shown in the list: the next run polls it again."""
    gone = NotFound("not found", code="NotFound.Task", status=404)
    at = bench(tmp_path, Desk(CLOCK, looks=[gone] * 10))
    at.desk.listed = [Task("cgt-1", "running", "running")]
    with pytest.raises(Unreachable, match="doesn't show task cgt-1 at the moment"):
        performed(at)
    assert state_after(at) == "accepted"


@pytest.mark.row(17)
def test_a_task_that_is_not_found_while_one_leaves_is_not_lost(tmp_path: Path) -> None:
    """An interrupted run hasn't waited long enough to be sure."""
    gone = NotFound("not found", code="NotFound.Task", status=404)
    at = bench(tmp_path, Desk(CLOCK, looks=[gone] * 10))
    at.context.gate.interrupt(2)
    begun = Attempt("i1", "dusk", "", JOB.components, "accepted", "cgt-1")
    with pytest.raises(Unreachable, match="doesn't show task cgt-1 at the moment"):
        performed(at, begun)
    assert "ended" not in at.kinds


def test_a_found_task_that_failed_is_ours_if_no_other_bears_the_mark(tmp_path: Path) -> None:
    """The list that proves it was requested after the grace period."""
    at = bench(tmp_path)
    began = at.context.clock.now()
    lost(at)
    at.desk.looks = ["failed"]
    with pytest.raises(SceneFailed):
        performed(at)
    assert (at.context.clock.now() - began >= 180, state_after(at)) == (True, "failed")


def test_a_found_task_that_failed_may_be_a_strangers(tmp_path: Path) -> None:
    """If another task carries the marker, its failure proves nothing about our own: a person decides."""
    at = bench(tmp_path)
    late = replace(lost(at), id="cgt-late")
    at.desk.looks = ["failed"]
    at.desk.later.append([late])
    with pytest.raises(UnknownOutcome, match="failed, but 2 tasks carry its marker"):
        performed(at)
    assert (state_after(at), at.journal.history.owned) == ("in doubt", set())


@pytest.mark.row(17)
def test_a_task_may_be_unknown_for_a_moment(tmp_path: Path) -> None:
    """Right after it was accepted a 404 is a delay, not a loss."""
    gone = NotFound("not found", code="NotFound.Task", status=404)
    at = bench(tmp_path, Desk(CLOCK, looks=[gone, gone, "succeeded"]))
    assert performed(at).task == "cgt-1"


@pytest.mark.row(35)
def test_a_task_that_never_ends_is_given_up_and_kept(tmp_path: Path) -> None:
    """An hour after the longest life of a task the run stops waiting; the next one polls again."""
    at = bench(tmp_path, Desk(CLOCK, looks=["unknown"] * 40_000))
    began = at.context.clock.now()
    with pytest.raises(DecisionNeeded, match="task cgt-1 has outlived its time by an hour"):
        performed(at)
    assert (state_after(at), (at.context.clock.now() - began) // 3600) == ("accepted", 73)


@pytest.mark.row(35)
def test_a_task_is_waited_for_as_long_as_it_may_live(tmp_path: Path) -> None:
    """The life that the service reports counts, from the creation of the task."""
    at = bench(tmp_path, Desk(CLOCK, looks=["running"] * 40_000))
    began = at.context.clock.now()
    at.desk.made = {"created_at": began - 1800, "expires_after": 7200}
    with pytest.raises(DecisionNeeded):
        performed(at)
    assert round((at.context.clock.now() - began) / 600) == 15


def test_no_more_tasks_are_in_flight_than_there_are_slots(tmp_path: Path) -> None:
    """The limit on tasks in flight applies to all scenes together."""
    at = bench(tmp_path, Desk(CLOCK, looks=["running"] * 8), slots=2)

    async def many() -> None:
        await asyncio.gather(*(perform(Job(f"s{n}", "", {}), at.context, order) for n in range(8)))

    asyncio.run(many())
    assert at.desk.most_running == 2


def test_no_address_with_its_signature_is_in_the_journal(tmp_path: Path) -> None:
    """Signed addresses stay in their private file."""
    performed(bench(tmp_path))
    found = [path.name for path in tmp_path.rglob("*") if path.is_file() and b"?signature" in path.read_bytes()]
    assert found == ["addresses.jsonl"]


def test_a_paid_request_is_written_down_when_its_turn_has_come(tmp_path: Path) -> None:
    """If the run is killed while it waits for its turn, nothing is in doubt: the intent is as late as the request."""
    at = bench(tmp_path)
    began = at.context.clock.now()

    async def two() -> None:
        for _ in range(RATES["create"].count):
            await at.context.provider.turn("create")
        await submit(JOB, at.context, order)

    asyncio.run(two())
    assert [round(when - began) for when, event in at.journal.past if event.kind == "intended"] == [63]


class Ordered(Desk):
    """A provider that records the order of its requests."""

    async def submit(self, body: bytes, attempt_id: str) -> str:
        """Record the request."""
        del body
        self.bodies.append(b"submitted")
        return f"cgt-{attempt_id}"

    async def fetch(self, address: Address, sink: Sink) -> None:
        """Record the request."""
        del address
        self.bodies.append(b"fetched")
        sink.write(video())


def test_what_has_ended_is_fetched_before_anything_is_submitted(tmp_path: Path) -> None:
    """Its address expires; a submission waits until every earlier download has started."""
    at = bench(tmp_path, Ordered(CLOCK))

    fetcher = at.context.fetcher
    assert isinstance(fetcher, Fetcher)

    async def race() -> None:
        for _ in range(FETCHES):
            await fetcher.hands.acquire()
        task = Task("cgt-1", "succeeded", "succeeded", Address("http://127.0.0.1:1/v.mp4"))
        fetching = asyncio.ensure_future(download(JOB, Known("intent", "cgt-1"), task, at.context))
        await asyncio.sleep(0)
        submitting = asyncio.ensure_future(submit(JOB, at.context, order))
        await asyncio.sleep(0)
        fetcher.hands.release()
        await asyncio.gather(fetching, submitting)

    asyncio.run(race())
    assert at.desk.bodies == [b"fetched", b"submitted"]


def test_a_scene_that_failed_says_what_can_be_done(tmp_path: Path) -> None:
    """The message contains the provider's reason, and that nothing was billed."""
    at = bench(tmp_path, Desk(CLOCK, looks=["failed"]))
    with pytest.raises(SceneFailed) as caught:
        performed(at)
    assert caught.value.hint == "nothing was billed; change the scene or run again"
