"""An emulator in a separate process for a soak: it fails at random, and draws one film for all its tasks.

`python -m tests.soak.service LEDGER SEED` prints its address, serves until its input ends, and prints the requests that
it received and the faults that were triggered.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send

from storyboard.emulator.app import BASE, EmulatorConfig, Service
from storyboard.emulator.fault_injection import FaultInjector, verb_of
from storyboard.emulator.faults import Fault, Script
from storyboard.emulator.ledger import Ledger
from storyboard.world import serving
from storyboard.world.clock import SystemClock, SystemDice
from storyboard.world.media import clip, images

SPEED = 2000.0
SIZE = (864, 496)
"""The requested size: a smaller video would count as another task's."""
FIRST = {"each": "1-4"}
"""Failures per file: after five we would wait for an hour, which is too long here."""
SHARES: dict[str, tuple[tuple[float, dict[str, object]], ...]] = {
    "create": (
        (0.05, {"does": "drop"}),
        (0.04, {"does": "drop", "reset": True, "name": "drop and reset"}),
        (0.05, {"does": "answer", "status": 500}),
        (0.04, {"does": "answer", "status": 200, "shape": "html", "name": "a page"}),
        (0.04, {"does": "cut"}),
        (0.03, {"does": "hang_up"}),
        (0.03, {"does": "refuse", "status": 503}),
        (0.03, {"does": "reset", "after": 40}),
        (0.01, {"does": "refuse", "status": 429, "code": "RequestBurstTooFast", "name": "too fast"}),
        (0.02, {"does": "late", "seconds": 0.5}),
    ),
    "get": (
        (0.08, {"does": "answer", "status": 503}),
        (0.08, {"does": "cut"}),
        (0.08, {"does": "drop"}),
        (0.05, {"does": "stands", "status": "pondering"}),
        (0.05, {"does": "answer", "status": 200, "shape": "html", "name": "a page"}),
    ),
    "list": (
        (0.09, {"does": "answer", "status": 503}),
        (0.09, {"does": "cut"}),
        (0.09, {"does": "drop"}),
        (0.02, {"does": "shuffle"}),
        (0.02, {"does": "lag", "seconds": 1.0}),
    ),
    "file": (
        (0.08, {**FIRST, "does": "refuse", "status": 503}),
        (0.08, {**FIRST, "does": "cut"}),
        (0.08, {**FIRST, "does": "drop"}),
        (0.05, {**FIRST, "does": "no_length"}),
        (0.05, {**FIRST, "does": "answer", "status": 200, "shape": "html", "name": "a page"}),
    ),
}
"""How often each kind of request fails: in all, three requests in ten.

Faults that can't be detected on our side are left out: flipped bits in a video's pictures, a complete video of another
task, and a create request that the service accepts twice.
"""


def script(seed: int) -> Script:
    """The faults as a script."""
    rows = [(verb, chance, given) for verb, rows in SHARES.items() for chance, given in rows]
    return Script(
        tuple(
            Fault(verb, **{**given, "chance": chance, "name": f"{verb}: {given.get('name', given['does'])}"})  # type: ignore[arg-type]  # the fault checks its arguments
            for verb, chance, given in rows
        ),
        seed,
    )


def film_of(film: bytes, task: str) -> bytes:
    """A task's video: the film, and after it a box with the task's ID that no player reads."""
    return film + (8 + len(task)).to_bytes(4, "big") + b"free" + task.encode()


class OneFilm(Ledger):
    """A ledger whose tasks all made the same film, so that a soak tests requests and not drawing."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        drawn = path.with_name("film.mp4")
        clip.write(drawn, [(0, images.black(SIZE))], 97, SIZE, None)
        self._film = drawn.read_bytes()
        self._frame = path.with_name("frame.png")
        self._frame.write_bytes(images.png(clip.last_picture(drawn)))

    def video(self, task: str) -> Path:
        """The video of a task."""
        path = super().video(task)
        if not path.exists():
            path.write_bytes(film_of(self._film, task))
        return path

    def frame(self, task: str) -> Path:
        """The same frame for all tasks."""
        del task
        return self._frame


class Counted:
    """An app that counts its requests, whatever their result."""

    def __init__(self, app: ASGIApp) -> None:
        self.asked: Counter[str] = Counter()
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count, and pass on."""
        if scope["type"] == "http":
            self.asked[str(verb_of(scope["method"], scope["path"]))] += 1
        await self._app(scope, receive, send)


def main() -> None:
    """Serve until the input ends."""
    ledger, seed = Path(sys.argv[1]), int(sys.argv[2])
    service = Service(OneFilm(ledger), SystemClock(), SystemDice(), EmulatorConfig(SPEED))
    mischief = FaultInjector(service.app(), script(seed), service.clock)
    counted = Counted(mischief)
    with serving.serve_in_background(counted, serving.bind(0)) as origin:
        print(origin + BASE, flush=True)
        sys.stdin.read()
    print(json.dumps({"fired": mischief.fired, "asked": counted.asked}), flush=True)


if __name__ == "__main__":
    main()
