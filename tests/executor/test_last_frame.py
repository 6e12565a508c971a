"""What is brought of a task that has succeeded: its video until it is whole, its last frame if it can be had."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from storyboard.errors import DecisionNeeded, StoryboardError, Unreachable
from storyboard.executor.perform import Job, Known, perform, stored
from storyboard.planning.take import Take
from storyboard.promises import Address, Sink
from storyboard.providers.provider import Task
from storyboard.testing.clock import VirtualClock
from storyboard.world.media import still
from tests.executor.desk import Bench, Desk, bench, video

JOB = Job("dusk", "", {"prompt": "words"})
BROKEN = Unreachable("it broke off")
FRAME = Address("http://127.0.0.1:1/cgt-1.png?signature")


@cache
def picture() -> bytes:
    """A small true picture."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.png"
        path.write_bytes(still.png(still.black((64, 64))))
        return path.read_bytes()


@dataclass(slots=True)
class Framed(Desk):
    """A desk whose tasks have a last frame as well; `frames` are what comes of it, then a picture."""

    frames: list[bytes | StoryboardError] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)
    nameless: int = 0
    """So many looks at what has succeeded name no video."""

    async def look(self, task: str) -> Task:
        """With a frame."""
        found = await Desk.look(self, task)
        self.nameless -= 1
        return replace(found, frame=FRAME, video=None if self.nameless >= 0 else found.video)

    async def fetch(self, address: Address, sink: Sink) -> None:
        """The next of its sort."""
        self.fetched.append(address.bare.rpartition(".")[2])
        if address != FRAME:
            await Desk.fetch(self, address, sink)
            return
        content = self.frames.pop(0) if self.frames else picture()
        if isinstance(content, StoryboardError):
            raise content
        sink.write(content)


def framed(folder: Path, frames: Sequence[bytes | StoryboardError] = (), nameless: int = 0) -> Bench:
    """A bench at such a desk."""
    return bench(folder, Framed(VirtualClock(), frames=list(frames), nameless=nameless))


def performed(at: Bench) -> Take:
    """Perform the job."""

    async def order(marker: int | None) -> bytes:
        return str(marker).encode()

    return asyncio.run(perform(JOB, at.crew, order))


def digest(content: bytes) -> str:
    """Its digest."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def test_a_take_has_its_last_frame(tmp_path: Path) -> None:
    """Under its own digest, beside the video."""
    at = framed(tmp_path)
    take = performed(at)
    found = at.crew.store.find(take.frame)
    assert (take.frame, found is not None and found.suffix) == (digest(picture()), ".png")


def test_the_address_of_a_frame_is_kept(tmp_path: Path) -> None:
    """As long as it lives, a request may name it."""
    at = framed(tmp_path)
    performed(at)
    kept = at.crew.addresses.alive("cgt-1", at.crew.clock.now(), None)
    assert kept is not None
    assert kept.frame == FRAME


def test_a_frame_that_breaks_off_is_fetched_again(tmp_path: Path) -> None:
    """Twice, each time after a while."""
    at = framed(tmp_path, [BROKEN, picture()[:50]])
    began = at.crew.clock.now()
    assert (performed(at).frame, at.crew.clock.now() - began) == (digest(picture()), 0.75 + 1.5)


def test_a_frame_that_cannot_be_had_is_done_without(tmp_path: Path) -> None:
    """After the third time, and nobody waits after that: a video has a last frame of its own."""
    at = framed(tmp_path, [BROKEN] * 3)
    began = at.crew.clock.now()
    take = performed(at)
    assert (take.frame, take.digest, at.crew.clock.now() - began) == ("", digest(video()), 0.75 + 1.5)
    assert isinstance(at.desk, Framed)
    assert at.desk.fetched == ["mp4", "png", "png", "png"]


def test_what_has_succeeded_and_names_no_video_is_asked_again(tmp_path: Path) -> None:
    """Its address comes with the next look."""
    at = framed(tmp_path, nameless=1)
    told = "again in 1 s: task cgt-1 succeeded, but names no video"
    assert (performed(at).digest, told in [event.body.get("status") for event in at.heard]) == (digest(video()), True)


@pytest.mark.parametrize(("since", "lost"), [(0.0, False), (0.5, True)])
def test_an_address_dies_at_its_time(tmp_path: Path, since: float, lost: bool) -> None:
    """At the very second it may still be had, and not after it; one that nobody gave a time lives on."""
    at = framed(tmp_path)
    at.desk.files = [BROKEN]
    task = Task("cgt-1", "succeeded", "succeeded", Address("http://127.0.0.1:1/a.mp4"))
    known, dying = Known("i1", "cgt-1"), replace(task, expires=at.crew.clock.now() - since)
    if lost:
        with pytest.raises(DecisionNeeded):
            asyncio.run(stored(JOB, known, dying, at.crew))
    else:
        assert asyncio.run(stored(JOB, known, dying, at.crew)).digest == digest(video())


@pytest.mark.parametrize("expires", [0.0, 1.0])
def test_a_time_of_nothing_is_none(tmp_path: Path, expires: float) -> None:
    """Zero says that nobody said; one second after the epoch is long past."""
    at = framed(tmp_path)
    at.desk.files = [BROKEN]
    task = Task("cgt-1", "succeeded", "succeeded", Address("http://127.0.0.1:1/a.mp4"), expires=expires)
    try:
        take = asyncio.run(stored(JOB, Known("i1", "cgt-1"), task, at.crew))
    except DecisionNeeded:
        assert expires == 1.0
    else:
        assert (expires, take.digest) == (0.0, digest(video()))
