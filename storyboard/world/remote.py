"""The remote files that a storyboard names: fetched through the guard, measured by content, and discarded."""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

from storyboard.errors import Rejected, Unreachable
from storyboard.language.facts import FileFacts, format_of
from storyboard.net.guard import Guard, download_guarded
from storyboard.protocols import Address

LARGEST = 64 * 1024 * 1024
"""Bytes beyond which nothing is fetched: no input may have more than 50 MB (seed, *Input Constraints*)."""
SECONDS = 60.0
AT_ONCE = 8

Measure = Callable[[FileFacts, Path], FileFacts]
"""Facts of a file and the file → its facts with pixels and seconds."""


@dataclass(slots=True)
class _Digesting:
    """A sink that digests what goes into a file."""

    file: BinaryIO
    digest: hashlib._Hash = field(default_factory=hashlib.sha256)

    def write(self, piece: bytes) -> None:
        """Take the next bytes."""
        self.file.write(piece)
        self.digest.update(piece)


def look(addresses: Iterable[str], measure: Measure, guard: Guard | None = None) -> dict[str, FileFacts]:
    """Return the facts of the file at each address, by the address."""
    return asyncio.run(_all(tuple(dict.fromkeys(addresses)), measure, guard or Guard(LARGEST, SECONDS)))


async def _all(addresses: tuple[str, ...], measure: Measure, guard: Guard) -> dict[str, FileFacts]:
    places = asyncio.Semaphore(AT_ONCE)
    with tempfile.TemporaryDirectory(prefix="storyboard-") as folder:

        async def one(number: int, address: str) -> FileFacts:
            async with places:
                return await _one(address, Path(folder) / str(number), measure, guard)

        found = await asyncio.gather(*(one(number, address) for number, address in enumerate(addresses)))
    return dict(zip(addresses, found, strict=True))


async def _one(address: str, path: Path, measure: Measure, guard: Guard) -> FileFacts:
    try:
        with path.open("xb") as file:
            sink = _Digesting(file)
            got = await download_guarded(Address(address), sink, guard)
    except Unreachable as error:
        return FileFacts(address, trouble="silent", why=error.what)
    except Rejected as error:
        return FileFacts(address, trouble="unfetched", why=error.what)
    if got.promised is not None and got.promised != got.size:
        return FileFacts(address, trouble="silent", why=f"it broke off after {got.size} of {got.promised} bytes")
    fact = FileFacts(address, size=got.size, digest=f"sha256:{sink.digest.hexdigest()}")
    return await asyncio.to_thread(_measure, fact, path, measure)


def _measure(fact: FileFacts, path: Path, measure: Measure) -> FileFacts:
    with path.open("rb") as file:
        format = format_of(file.read(16))
    found = measure(replace(fact, format=format), path)
    path.unlink()
    return found
