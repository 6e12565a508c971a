"""Download a file into the store: it gets its name only after it is complete and checked."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from storyboard.errors import FileTrouble, MediaTrouble, Unusable
from storyboard.language.facts import format_of
from storyboard.net.client import FETCHES
from storyboard.planning.fingerprint import digest_of
from storyboard.protocols import Address
from storyboard.providers.provider import Provider
from storyboard.world.media import mp4, probe
from storyboard.world.store import Store


@dataclass(frozen=True, slots=True)
class Fetched:
    """A downloaded file: its digest (`sha256:…`), length in seconds and size in pixels."""

    digest: str
    seconds: float = 0.0
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True)
class Fetcher:
    """Downloads files, a few at a time."""

    provider: Provider
    store: Store
    hands: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(FETCHES))

    async def idle(self) -> None:
        """Return once a download may start. Finished tasks are downloaded before a new one starts, because their
        addresses expire."""
        async with self.hands:
            pass

    async def bring(self, name: str, address: Address, *, video: bool) -> Fetched:
        """Download a file, check it, and store it under its digest; `name` only identifies its temporary part on the
        disk.

        Raise Unusable if the file is damaged, Unreachable if there is no answer, FileTrouble if this machine can't
        store it.
        """
        part = self.store.part(digest_of(name.encode())[7:19] + ("mp4" if video else "frame"))
        try:
            async with self.hands:
                await self.provider.fetch(address, part)
            digest = await asyncio.to_thread(part.close)
            with FileTrouble.at(part.path, "read"):
                measures, ending = await asyncio.to_thread(_video if video else _picture, part.path)
            await asyncio.to_thread(self.store.keep, part.path, digest, ending)
            return Fetched(digest, measures.seconds, measures.width, measures.height)
        except MediaTrouble as error:
            raise Unusable(f"the file from {address.bare} is damaged: {error.what}") from error
        finally:
            part.discard()


def _video(path: Path) -> tuple[probe.Measures, str]:
    mp4.check(path)
    return probe.video(path), "mp4"


def _picture(path: Path) -> tuple[probe.Measures, str]:
    with path.open("rb") as file:
        kind = format_of(file.read(16))
    return probe.image(path), kind
