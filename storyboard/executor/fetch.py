"""A file from the provider into the store: whole, sound, and only then under its name."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from storyboard.errors import FileTrouble, MediaTrouble, Unusable
from storyboard.language.facts import format_of
from storyboard.net import FETCHES
from storyboard.planning.fingerprint import digest_of
from storyboard.promises import Address
from storyboard.providers.provider import Provider
from storyboard.world.media import mp4, probe
from storyboard.world.store import Store


@dataclass(frozen=True, slots=True)
class Fetched:
    """What was brought: its digest (`sha256:…`), seconds and pixels."""

    digest: str
    seconds: float = 0.0
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True)
class Fetcher:
    """Brings files, a few at a time."""

    provider: Provider
    store: Store
    hands: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(FETCHES))

    async def idle(self) -> None:
        """Return once a hand is free: what has ended is fetched before anything is begun, since its address dies."""
        async with self.hands:
            pass

    async def bring(self, name: str, address: Address, *, video: bool) -> Fetched:
        """Fetch a file, check it, and give it its name; `name` is for its part on the disk.

        Raises Unusable if it isn't whole, Unreachable if nobody answers, FileTrouble if this machine doesn't take it.
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
            raise Unusable(f"what came from {address.bare} is not whole: {error.what}") from error
        finally:
            part.discard()


def _video(path: Path) -> tuple[probe.Measures, str]:
    mp4.check(path)
    return probe.video(path), "mp4"


def _picture(path: Path) -> tuple[probe.Measures, str]:
    with path.open("rb") as file:
        kind = format_of(file.read(16))
    return probe.image(path), kind
