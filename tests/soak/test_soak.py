"""A small soak over real sockets; and one with every error that a soak has to detect.

`make soak` makes ten thousand scenes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from storyboard.errors import NotSent, UnknownOutcome
from storyboard.planning.event import Notice, Stored
from storyboard.protocols import Address, Sink
from storyboard.providers.provider import EVERYTHING, Page, Provider, TaskQuery
from storyboard.world.store import Store
from tests.soak.run import Hands, soaked
from tests.soak.service import SHARES

QUICK = 3.0


def test_a_film_of_a_hundred_scenes(tmp_path: Path) -> None:
    """With three failing requests in ten everything is stored, paid for once, and nothing is left open."""
    soak = soaked(tmp_path, 1, 100, 7, Hands(grace=QUICK))
    assert (soak.wrong, soak.stored, soak.adopted > 0, sum(soak.fired.values()) > 100) == ([], 100, True, True)


def test_three_requests_in_ten_go_wrong() -> None:
    """Three requests in ten of each kind fail."""
    assert {verb: round(sum(share for share, _ in row), 2) for verb, row in SHARES.items()} == {
        "create": 0.34,
        "get": 0.34,
        "list": 0.31,
        "file": 0.34,
    }


class Hasty:
    """A client that treats a lost answer as a request that was never sent, reads no markers in lists, and mixes up its
    downloads."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._first: Address | None = None

    def __getattr__(self, name: str) -> object:
        return getattr(self._provider, name)

    async def submit(self, body: bytes, attempt_id: str) -> str:
        """Report an unknown outcome as a certain one."""
        try:
            return await self._provider.submit(body, attempt_id)
        except UnknownOutcome as error:
            raise NotSent(error.what) from error

    async def list(self, query: TaskQuery = EVERYTHING) -> Page:
        """Return the list without the markers, which would reveal duplicates."""
        page = await self._provider.list(query)
        return replace(page, tasks=tuple(replace(task, expires_after=None) for task in page.tasks))

    async def fetch(self, address: Address, sink: Sink) -> None:
        """Download the first video, whichever is requested."""
        self._first = self._first or address
        await self._provider.fetch(self._first if address.bare.endswith(".mp4") else address, sink)


class Forgetful(Store):
    """A store that loses its files."""

    def keep(self, part: Path, digest: str, ending: str) -> Path:
        """Store the file, and lose it."""
        place = super().keep(part, digest, ending)
        if ending == "mp4":
            place.unlink(missing_ok=True)
        return place


class Greedy:
    """A listener that releases nothing."""

    def __init__(self) -> None:
        self._held: list[bytes] = []
        self._open: list[int] = []

    def hear(self, event: Notice) -> None:
        """Take memory and a descriptor for each take."""
        if isinstance(event, Stored):
            self._held.append(b"x" * 6_000_000)
            self._open.append(os.open(os.devnull, os.O_RDONLY))

    def let_go(self) -> None:
        """Release everything."""
        for one in self._open:
            os.close(one)


@contextmanager
def greedy() -> Iterator[Greedy]:
    """A greedy listener, for a while."""
    found = Greedy()
    try:
        yield found
    finally:
        found.let_go()


FOUND = (
    "tasks in the ledger and in the journal",
    "takes in the journal and files in the store",
    "its take is not what",
    "was paid for 2 times",
    "was written down",
    "memory grew by",
    "descriptors:",
)


def test_what_a_soak_finds(tmp_path: Path) -> None:
    """Requests sent again in doubt, wrong or lost takes, memory and descriptors that are never released."""
    with greedy() as somebody:
        hands = Hands(provider=Hasty, store=Forgetful, hear=somebody.hear, grace=QUICK)  # type: ignore[arg-type]  # the rest is passed on
        wrong = soaked(tmp_path, 2, 15, 7, hands).wrong
    assert [words for words in FOUND if not any(words in what for what in wrong)] == []
