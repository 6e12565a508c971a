"""Downloads of a succeeded task: its video until it is complete, and its last frame if it is available."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from storyboard.errors import DecisionNeeded, Gone, StoryboardError, Unreachable
from storyboard.executor.job import Job
from storyboard.executor.perform import perform
from storyboard.planning.event import Waiting
from storyboard.planning.marker import Marker
from storyboard.planning.take import Take
from storyboard.protocols import Address, Sink
from storyboard.providers.provider import Task
from storyboard.testing.clock import VirtualClock
from storyboard.world.media import images
from tests.executor.fake_provider import Bench, Desk, bench, video

JOB = Job("dusk", "", {"prompt": "words"})
BROKEN = Unreachable("it broke off")
GONE = Gone("it answered 403")
FRAME = Address("http://127.0.0.1:1/cgt-1.png?signature")


@cache
def picture() -> bytes:
    """A small real image."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.png"
        path.write_bytes(images.png(images.black((64, 64))))
        return path.read_bytes()


@dataclass(slots=True)
class Framed(Desk):
    """A provider whose tasks also have a last frame; `frames` are the results of its downloads, then an image."""

    frames: list[bytes | StoryboardError] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)
    nameless: int = 0
    """Number of polls after success that name no video."""

    undated: bool = False
    """The expiry of the address is unknown."""

    async def get_task(self, task: str) -> Task:
        """Return the task with its frame."""
        found = await Desk.get_task(self, task)
        found = replace(found, expires=0.0) if self.undated else found
        self.nameless -= 1
        return replace(found, frame=FRAME, video=None if self.nameless >= 0 else found.video)

    async def fetch(self, address: Address, sink: Sink) -> None:
        """Return the next file of its type."""
        self.fetched.append(address.bare.rpartition(".")[2])
        if address != FRAME:
            await Desk.fetch(self, address, sink)
            return
        content = self.frames.pop(0) if self.frames else picture()
        if isinstance(content, StoryboardError):
            raise content
        sink.write(content)


def framed(folder: Path, frames: Sequence[bytes | StoryboardError] = (), nameless: int = 0) -> Bench:
    """A run context with such a provider."""
    return bench(folder, Framed(VirtualClock(), frames=list(frames), nameless=nameless))


def performed(at: Bench) -> Take:
    """Perform the job."""

    async def order(marker: Marker) -> bytes:
        return str(marker).encode()

    return asyncio.run(perform(JOB, at.context, order))


def digest(content: bytes) -> str:
    """The digest of the file."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def test_a_take_has_its_last_frame(tmp_path: Path) -> None:
    """The frame is stored under its own digest, beside the video."""
    at = framed(tmp_path)
    take = performed(at)
    found = at.context.store.find(take.frame)
    assert (take.frame, found is not None and found.suffix) == (digest(picture()), ".png")


def test_the_address_of_a_frame_is_kept(tmp_path: Path) -> None:
    """While the address is valid, a request may name it."""
    at = framed(tmp_path)
    performed(at)
    kept = at.context.addresses.alive("cgt-1", at.context.clock.now(), None)
    assert kept is not None
    assert kept.frame == FRAME


def test_a_frame_that_breaks_off_is_fetched_again(tmp_path: Path) -> None:
    """An incomplete frame is downloaded again twice, each time after a wait."""
    at = framed(tmp_path, [BROKEN, picture()[:50]])
    began = at.context.clock.now()
    assert (performed(at).frame, at.context.clock.now() - began) == (digest(picture()), 0.75 + 1.5)


def test_a_frame_that_cannot_be_had_is_done_without(tmp_path: Path) -> None:
    """After the third failure the scene continues without it and does not wait: the last frame can be taken from the
    video."""
    at = framed(tmp_path, [BROKEN] * 3)
    began = at.context.clock.now()
    take = performed(at)
    assert (take.frame, take.digest, at.context.clock.now() - began) == ("", digest(video()), 0.75 + 1.5)
    assert isinstance(at.desk, Framed)
    assert at.desk.fetched == ["mp4", "png", "png", "png"]


def test_what_has_succeeded_and_names_no_video_is_asked_again(tmp_path: Path) -> None:
    """If a succeeded task names no video, it is polled again, and the next answer names it."""
    at = framed(tmp_path, nameless=1)
    told = "again in 1 s: task cgt-1 succeeded, but names no video"
    assert (performed(at).digest, told in [event.reason for event in at.heard if isinstance(event, Waiting)]) == (
        digest(video()),
        True,
    )


@pytest.mark.parametrize(("lives", "lost"), [(-1.0, True), (0.0, False), (1.0, False)], ids=["dead", "dying", "alive"])
def test_an_address_that_was_dead_when_it_was_named_is_the_last(tmp_path: Path, lives: float, lost: bool) -> None:
    """If the service names it again and it is valid, it is requested once more."""
    at = framed(tmp_path)
    at.desk.files, at.desk.lives = [GONE, GONE], lives
    if lost:
        with pytest.raises(DecisionNeeded, match="can't be had any more"):
            performed(at)
    else:
        assert performed(at).digest == digest(video())


def test_an_address_whose_time_nobody_said_is_asked_again(tmp_path: Path) -> None:
    """A zero expiry means that it is unknown, so the address is requested again."""
    at = framed(tmp_path)
    at.desk.files = [GONE] * 3
    assert isinstance(at.desk, Framed)
    at.desk.undated = True
    assert performed(at).digest == digest(video())
