"""The invariants of a paid step, I1 to I8, each tested where it could break.

The tests of `perform` and of the budget also check I2, I3 and I7, those of the store I5, and those of the journal I8. A
simulated world checks I1 to I4 over a million scenes, and a seccomp filter checks I1 and I5 at every system call.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from storyboard.errors import AnotherRunner, DecisionNeeded, Gone, NotFound, StoryboardError, UnknownOutcome, Unusable
from storyboard.executor.download import _video_address
from storyboard.executor.job import Job
from storyboard.executor.perform import perform
from storyboard.executor.submit import submit_once
from storyboard.planning.event import Accepted, Ended, Intended, Missed, RecordTrust
from storyboard.planning.fingerprint import digest_of
from storyboard.planning.marker import NO_MARKER, Marker, marker_of
from storyboard.protocols import Address, Sink
from storyboard.providers.provider import EVERYTHING, Page, Task, TaskQuery
from storyboard.testing.clock import VirtualClock
from storyboard.world.journal import Journal
from tests.executor.fake_provider import Bench, Desk, bench, video

JOB = Job("dusk", "", {"prompt": "words"})


async def order(marker: Marker) -> bytes:
    """A request."""
    return f"{marker}".encode()


def made(at: Bench) -> str:
    """Perform the job; return its task, or the error."""
    try:
        return asyncio.run(perform(JOB, at.context, order)).task
    except StoryboardError as error:
        return type(error).__name__


@dataclass(slots=True)
class Reader(Desk):
    """A provider that reads the journal on the disk when a request arrives."""

    folder: Path = Path()
    found: list[tuple[str, str]] = field(default_factory=list)

    async def submit(self, body: bytes, attempt_id: str) -> str:
        """Read the last event, then answer."""
        journal = Journal(self.folder, self.clock, writing=False)
        journal.close()
        last = journal.past[-1][1]
        assert isinstance(last, Intended)
        self.found.append((last.kind, last.body))
        assert last.attempt_id == attempt_id
        return await Desk.submit(self, body, attempt_id)


def test_i1_the_intent_with_the_bodys_digest_is_on_the_disk_when_the_request_comes(tmp_path: Path) -> None:
    """Another reader of the file finds it as the last event."""
    desk = Reader(VirtualClock(), folder=tmp_path)
    assert made(bench(tmp_path, desk)) == "cgt-1"
    assert desk.found == [("intended", digest_of(desk.bodies[0]))]


def test_i2_a_scene_in_doubt_is_not_submitted_beside_it(tmp_path: Path) -> None:
    """A caller with a bug can't do it either: the check stops it before anything is recorded."""
    at = bench(tmp_path, Desk(VirtualClock(), answers=[UnknownOutcome("lost")]))
    made(at)
    before = len(at.journal.past)
    with pytest.raises(AssertionError):
        asyncio.run(perform(JOB, at.context, order))
    assert (len(at.desk.bodies), len(at.journal.past)) == (1, before)


def test_i3_a_task_that_two_answers_name_is_the_firsts(tmp_path: Path) -> None:
    """The second attempt is in doubt, and the task has one owner."""
    at = bench(tmp_path, Desk(VirtualClock(), answers=["cgt-1", "cgt-1"]))
    made(at)
    with pytest.raises(UnknownOutcome):
        asyncio.run(perform(replace(JOB, scene="dawn"), at.context, order))
    owners = [attempt.scene for attempt in at.journal.history.past.attempts.values() if attempt.task == "cgt-1"]
    assert owners == ["dusk"]


def test_i4_no_time_makes_a_doubt_a_no(tmp_path: Path) -> None:
    """Three years later the scene is searched for again and held again; nothing is sent."""
    at = bench(tmp_path, Desk(VirtualClock(), answers=[UnknownOutcome("lost")]))
    made(at)
    begun = at.journal.history.in_doubt[0]
    at.desk.clock.advance(3 * 365 * 86_400)
    with pytest.raises(UnknownOutcome):
        asyncio.run(perform(JOB, at.context, order, begun))
    assert (len(at.desk.bodies), [attempt.state for attempt in at.journal.history.in_doubt]) == (1, ["in doubt"])


@pytest.mark.parametrize("bad", [video()[:-1], video()[:1000], b"no video", b"\0" * 5000])
def test_i5_a_name_in_the_store_is_of_a_whole_video(tmp_path: Path, bad: bytes) -> None:
    """An incomplete download has no name, and no part of it is left."""
    at = bench(tmp_path, Desk(VirtualClock(), files=[bad]))
    assert made(at) == "cgt-1"
    assert at.context.store.digests() == {digest_of(video())}
    assert list(at.context.store.folder.rglob("*.part")) == []


def test_i6_nothing_is_deleted_at_the_service(tmp_path: Path) -> None:
    """A run never deletes a task, whatever its result, unless another copy submitted the same scene."""
    looks: list[object] = ["failed", "expired", "cancelled", "succeeded"]
    at = bench(tmp_path, Desk(VirtualClock(), looks=looks))  # type: ignore[arg-type]  # statuses
    came = [made(at) for _ in range(4)]
    assert (came, at.desk.cancelled) == (["SceneFailed", "SceneFailed", "DecisionNeeded", "cgt-4"], [])


def test_i8_an_epoch_that_is_over_submits_nothing(tmp_path: Path) -> None:
    """A run that slept while another one continued stops before its request is sent."""
    at = bench(tmp_path)
    at.journal.open_run()
    other = Journal(tmp_path, at.context.clock, writing=True)
    other.open_run()
    other.close()
    with pytest.raises(AnotherRunner):
        asyncio.run(perform(JOB, at.context, order))
    assert at.desk.bodies == []


@dataclass(slots=True)
class Noting(Desk):
    """A provider that records the order of its requests."""

    asked: list[str] = field(default_factory=list)

    async def submit(self, body: bytes, attempt_id: str) -> str:
        """Record the request."""
        self.asked.append("submit")
        return await Desk.submit(self, body, attempt_id)

    async def list(self, query: TaskQuery = EVERYTHING) -> Page:
        """Record the request."""
        self.asked.append("list")
        return await Desk.list(self, query)


def test_a_run_after_one_that_broke_off_looks_before_it_pays(tmp_path: Path) -> None:
    """All tasks of the service are listed first; one list serves all scenes."""
    at = bench(tmp_path, Noting(VirtualClock()))
    context = replace(at.context, trust="suspect", began=at.context.clock.now())

    async def both() -> None:
        await asyncio.gather(*(perform(replace(JOB, scene=scene), context, order) for scene in ("dusk", "dawn")))

    asyncio.run(both())
    assert isinstance(at.desk, Noting)
    assert at.desk.asked == ["list", "submit", "submit"]


@pytest.mark.parametrize("trust", ["complete", "suspect"])
def test_a_listed_task_that_the_record_lacks_is_not_paid_for_again(tmp_path: Path, trust: RecordTrust) -> None:
    """It carries the marker of this very request, so a person decides first, however complete the record is."""
    at = bench(tmp_path)
    mark = marker_of(JOB.components, 0)
    at.desk.listed = [Task("cgt-lost", "running", "running", expires_after=mark, created_at=at.context.clock.now())]
    with pytest.raises(DecisionNeeded):
        asyncio.run(perform(JOB, replace(at.context, trust=trust), order))
    assert at.desk.bodies == []


@dataclass(slots=True)
class Signing(Desk):
    """A provider whose addresses expire at night while the machine sleeps, and which signs new ones on request."""

    fetched: int = 0

    async def fetch(self, address: Address, sink: Sink) -> None:
        """The first address has expired."""
        self.fetched += 1
        if self.fetched == 1:
            self.clock.advance(25 * 3600)
            raise Gone(f"{address.bare} answered 403")
        await Desk.fetch(self, address, sink)


@pytest.mark.row(45)
def test_an_address_that_was_slept_through_is_signed_anew(tmp_path: Path) -> None:
    """The address is requested again before the video counts as lost."""
    at = bench(tmp_path, Signing(VirtualClock()))
    assert made(at) == "cgt-1"
    assert at.kinds.count("missed") == 1


@pytest.mark.row(45)
def test_a_network_that_is_away_when_an_address_has_died_loses_nothing(tmp_path: Path) -> None:
    """A missing answer proves nothing about an address, so no video counts as lost."""
    at = bench(tmp_path, Desk(VirtualClock(), files=[Unusable("it broke off")] * 3, lives=-1))
    assert made(at) == "cgt-1"


@pytest.mark.row(36)
def test_a_task_that_runs_again_when_its_video_is_fetched_is_asked_once_more(tmp_path: Path) -> None:
    """It has succeeded, and a later status does not change that."""
    at = bench(tmp_path, Desk(VirtualClock(), looks=["succeeded", "running"], files=[Unusable("no")]))
    assert made(at) == "cgt-1"
    ends = [event.status for event in at.heard if isinstance(event, Ended)]
    assert ends == ["succeeded"]


@pytest.mark.row(47)
def test_a_missed_download_is_remembered_by_the_next_run(tmp_path: Path) -> None:
    """The limit is five downloads an hour, whichever run started them."""
    at = bench(tmp_path, Desk(VirtualClock(), files=[Unusable("no")] * 4))
    at.journal.append(Intended("dusk", "i1", profile="", key=dict(JOB.components)))
    at.journal.append(Accepted("dusk", "i1", task="cgt-9"))
    at.journal.append(Missed("dusk", "i1", error="no"))
    began = at.context.clock.now()
    take = asyncio.run(perform(JOB, at.context, order, at.journal.history.attempt("i1")))
    assert (take.task, at.context.clock.now() - began >= 3600 - 1) == ("cgt-9", True)


def test_a_run_that_only_recovers_pays_for_nothing(tmp_path: Path) -> None:
    """If a bug leads to a paid request, that raises an error, also under `python -O`."""
    at = bench(tmp_path)
    with pytest.raises(AssertionError, match="a run that only recovers pays for nothing"):
        asyncio.run(submit_once(JOB, replace(at.context, trust="recovering"), b"", NO_MARKER, 0))
    assert at.desk.bodies == []


def test_a_task_without_a_video_is_not_fetched() -> None:
    """The caller has checked that the task names a video."""
    with pytest.raises(AssertionError, match="task cgt-1 can be fetched, but names no video"):
        _video_address(Task("cgt-1", "succeeded", "succeeded"))


def test_a_task_that_is_gone_is_not_looked_for_in_a_list_that_there_is_none_of(tmp_path: Path) -> None:
    """A provider without lists that does not know the task any more has forgotten it, or the request used another
    key."""
    gone = NotFound("no such task", code="NotFound.Task", status=404)
    at = bench(tmp_path, Desk(VirtualClock(), looks=[gone] * 9))
    with pytest.raises(DecisionNeeded, match="the service knows no task cgt-1"):
        asyncio.run(perform(JOB, replace(at.context, lists=False), order))
    assert len(at.desk.bodies) == 1
