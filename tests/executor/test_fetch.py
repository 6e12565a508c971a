"""Bringing files: each one whole, under its own digest, whatever else is brought meanwhile."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path

import pytest

from storyboard.errors import FileTrouble
from storyboard.executor.fetch import Fetched, Fetcher
from storyboard.promises import Address, Sink
from storyboard.testing.clock import VirtualClock
from storyboard.world.store import Part, Store
from tests.executor.fake_provider import Desk, video

ADDRESS = Address("http://127.0.0.1:1/v.mp4?signature")
OTHER = video() + b"\0\0\0\x08free"
"""A video of other bytes: an empty box more."""


class Halves(Desk):
    """Gives half of a file, and the rest when everybody has had his half."""

    async def fetch(self, address: Address, sink: Sink) -> None:
        """The next file."""
        del address
        content = self.files.pop(0)
        assert isinstance(content, bytes)
        sink.write(content[:1000])
        await asyncio.sleep(0)
        sink.write(content[1000:])


class Tidied(Desk):
    """Somebody tidies up the folder of parts as soon as a file has come."""

    async def fetch(self, address: Address, sink: Sink) -> None:
        """All of it, and it is gone."""
        await Desk.fetch(self, address, sink)
        assert isinstance(sink, Part)
        sink.path.unlink()


def digest(content: bytes) -> str:
    """Its name in the store."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def test_two_files_of_one_scene_come_at_once(tmp_path: Path) -> None:
    """An earlier wish of it is brought home while it is made: neither takes the other's file for its own."""
    store = Store(tmp_path)
    fetcher = Fetcher(Halves(VirtualClock(), files=[video(), OTHER]), store)

    async def both() -> list[Fetched]:
        return await asyncio.gather(*(fetcher.bring("dusk", ADDRESS, video=True) for _ in range(2)))

    came = [fetched.digest for fetched in asyncio.run(both())]
    altered = [path for _, path in store.files() if store.is_altered(path)]
    assert (came, sorted(came) == sorted(store.digests()), altered) == ([digest(video()), digest(OTHER)], True, [])


@pytest.mark.parametrize("of_video", [True, False])
def test_a_part_that_vanishes_is_a_file_s_trouble(tmp_path: Path, of_video: bool) -> None:
    """It is this machine's, with the file's name, and says nothing of what the service sent."""
    fetcher = Fetcher(Tidied(VirtualClock()), Store(tmp_path))
    with pytest.raises(FileTrouble, match="part can't be read: no such file or directory"):
        asyncio.run(fetcher.bring("dusk", ADDRESS, video=of_video))
