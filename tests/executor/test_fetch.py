"""Downloads: each file is complete and named by its own digest, whatever else is downloaded at the same time."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path

import pytest

from storyboard.errors import FileTrouble
from storyboard.executor.fetch import Fetched, Fetcher
from storyboard.protocols import Address, Sink
from storyboard.testing.clock import VirtualClock
from storyboard.world.store import Part, Store
from tests.executor.fake_provider import Desk, video

ADDRESS = Address("http://127.0.0.1:1/v.mp4?signature")
OTHER = video() + b"\0\0\0\x08free"
"""A video with different bytes: it has an additional empty box."""


class Halves(Desk):
    """Return half of a file, and the rest once every download has its half."""

    async def fetch(self, address: Address, sink: Sink) -> None:
        """Return the next file."""
        del address
        content = self.files.pop(0)
        assert isinstance(content, bytes)
        sink.write(content[:1000])
        await asyncio.sleep(0)
        sink.write(content[1000:])


class Tidied(Desk):
    """The folder of parts is cleaned as soon as a file has arrived."""

    async def fetch(self, address: Address, sink: Sink) -> None:
        """Return the complete file, then delete it."""
        await Desk.fetch(self, address, sink)
        assert isinstance(sink, Part)
        sink.path.unlink()


def digest(content: bytes) -> str:
    """Its name in the store."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def test_two_files_of_one_scene_come_at_once(tmp_path: Path) -> None:
    """An earlier version of the scene is downloaded while the new one is made: neither uses the other's file."""
    store = Store(tmp_path)
    fetcher = Fetcher(Halves(VirtualClock(), files=[video(), OTHER]), store)

    async def both() -> list[Fetched]:
        return await asyncio.gather(*(fetcher.bring("dusk", ADDRESS, video=True) for _ in range(2)))

    came = [fetched.digest for fetched in asyncio.run(both())]
    altered = [path for _, path in store.files() if store.is_altered(path)]
    assert (came, sorted(came) == sorted(store.digests()), altered) == ([digest(video()), digest(OTHER)], True, [])


@pytest.mark.parametrize("of_video", [True, False])
def test_a_part_that_vanishes_is_a_file_s_trouble(tmp_path: Path, of_video: bool) -> None:
    """The error is this machine's; it names the file and does not blame the service."""
    fetcher = Fetcher(Tidied(VirtualClock()), Store(tmp_path))
    with pytest.raises(FileTrouble, match="part can't be read: no such file or directory"):
        asyncio.run(fetcher.bring("dusk", ADDRESS, video=of_video))
