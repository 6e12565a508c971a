"""A copy of the project: the files on its disk, their names, and one run of the real executor on it."""

from __future__ import annotations

import asyncio
import hashlib
import struct
import tempfile
import zlib
from collections import Counter
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from random import Random

from storyboard.executor.context import RunContext
from storyboard.executor.gate import SubmissionGate
from storyboard.executor.reconcile import trust_of_events
from storyboard.executor.run import Outcome, Run
from storyboard.planning.event import FileRenamed, Recorded, RecordTrust, RunClosed, RunOpened
from storyboard.planning.lock import Lockfile
from storyboard.planning.lock_update import with_past
from storyboard.planning.plan import PlanInputs
from storyboard.planning.planner import plan
from storyboard.project import find_orphan_lock
from storyboard.protocols import PollPolicy
from storyboard.providers.catalogue import capabilities
from storyboard.providers.rate_limit import RATES, Rate, RateLimitedProvider
from tests.simulation.boards import NAMES, PROFILES, STEMS, Board, board_of
from tests.simulation.world import AddressStore, Api, Clock, Journal, Shelf, Vault

ROWS = capabilities()
TERMINAL = ("done", "failed", "held", "blocked")
NO_LIST = "the service's list of tasks can't be read"
"""The start of the note of a run that continues without a list."""


def _pixel() -> bytes:
    """A small real PNG."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0\0\0\0")) + chunk(b"IEND", b"")
    )


@cache
def shelf() -> Shelf:
    """A store with an image in it."""
    path = Path(tempfile.gettempdir()) / f"storyboard-pixel-{hashlib.sha256(_pixel()).hexdigest()[:12]}.png"
    if not path.exists():
        path.write_bytes(_pixel())
    return Shelf(path)


class Dice:
    """The run's random numbers, from the seed."""

    def __init__(self, dice: Random) -> None:
        self._dice = dice

    def token(self) -> str:
        """Return 32 hexadecimal digits."""
        return f"{self._dice.getrandbits(128):032x}"

    def fraction(self) -> float:
        """Return a number from 0 to 1."""
        return self._dice.random()


@dataclass
class Copy:
    """A copy of the project: its record, locks, store and names. The service and the clock are shared."""

    clock: Clock
    dice: Random
    api: Api
    grace: float
    past: list[tuple[float, Recorded]] = field(default_factory=list)
    locks: dict[str, Lockfile] = field(default_factory=dict)
    """By file name."""
    stem: str = STEMS[0]
    naming: int = 0
    profile: str = ""
    standing: dict[str, str] = field(default_factory=dict)
    """By the scene's prompt, after the last run that finished."""
    blind: list[tuple[float, float]] = field(default_factory=list)
    """The periods of runs that had to continue without a list."""
    renames: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.vault = Vault(self.clock, self.dice, self.api)
        self.lives = AddressStore()
        self._journal: Journal | None = None
        self._context: RunContext | None = None
        self._began = 0.0

    @property
    def board(self) -> Board:
        """The storyboard under its present names."""
        return board_of(self.naming, self.profile)

    @property
    def settled(self) -> bool:
        """Whether there is nothing left to do."""
        return set(self.standing.values()) <= set(TERMINAL)

    def rename(self) -> None:
        """Rename a scene, two scenes or the file, or use another profile: the requests stay the same."""
        match self.dice.choice(("scenes", "scenes", "file", "profile")):
            case "scenes":
                self.naming = self.dice.choice([one for one in range(len(NAMES)) if one != self.naming])
                self.renames["swapped" if len(NAMES[self.naming]) == 2 else "scene"] += 1
            case "file":
                self.stem = self.dice.choice([one for one in STEMS if one != self.stem])
                self.renames["file"] += 1
            case _:
                self.profile = self.dice.choice([one for one in PROFILES if one != self.profile])
                self.renames["profile"] += 1

    async def run(self, *, recovers: bool = False, interrupted: bool = False, after: float = 0.0) -> bool:
        """Run once, this many seconds from now. Return whether the run finished."""
        await asyncio.sleep(after)
        journal = self._journal = Journal(self.clock, list(self.past))
        trust: RecordTrust = "recovering" if recovers else trust_of_events(journal.past, self.clock.now())
        taken = find_orphan_lock(self.stem, self.locks, {}, frozenset({self.stem}))
        if taken:
            journal.append(FileRenamed(storyboard=self.stem, was=taken))
            self.locks[self.stem] = self.locks.pop(taken)
        journal.append(RunOpened(storyboard=self.stem, provider="ark", trust=trust))
        self._began = self.clock.true
        try:
            outcome = await self._walk(journal, trust, interrupted=interrupted)
        except asyncio.CancelledError:
            return False
        else:
            prompts = self.board.prompts
            self.standing = {prompts[unit.scene]: result.state for unit, result in outcome.results.items()}
            return True
        finally:
            if self._journal is journal:  # the process is still running
                journal.append(RunClosed(storyboard=self.stem))
                self._left(journal.past)
                journal.gone = True

    def crashed(self) -> None:
        """The process is gone, and the disk may lack some of its last writes."""
        if self._journal is not None:
            self._left(self._journal.crashed(self.dice))

    def _left(self, past: list[tuple[float, Recorded]]) -> None:
        self.past, self._journal = past, None
        if self._context is not None and any(remark.startswith(NO_LIST) for remark in self._context.remarks):
            self.blind.append((self._began, self.clock.true))
        self._context = None

    def _keep_lock(self, lock: Lockfile) -> None:
        self.locks[self.stem] = lock

    def _world(self, journal: Journal) -> PlanInputs:
        past = Journal(self.clock, list(journal.past)).history.past
        stored, boards = frozenset(self.vault.digests), frozenset({self.stem})
        lock = with_past(self.locks.get(self.stem, Lockfile()), past, self.stem)
        others = {stem: lock for stem, lock in self.locks.items() if stem != self.stem}
        return PlanInputs(
            ROWS, {}, lock, past, stored, storyboard=self.stem, others=others, boards=boards, provider="ark"
        )

    async def _walk(self, journal: Journal, trust: RecordTrust, *, interrupted: bool) -> Outcome:
        loop = asyncio.get_running_loop()
        paced = RateLimitedProvider(self.api, self.clock, {**RATES, "create": Rate(1000, 1.0)})
        gate = SubmissionGate()
        context = self._context = replace(
            RunContext.build(
                realm="real",
                provider=paced,
                journal=journal,
                store=shelf(),  # type: ignore[arg-type]  # only the path of a file is used here
                addresses=self.lives,
                clock=self.clock,
                dice=Dice(self.dice),
                poll_policy=PollPolicy(5.0, 30.0, self.grace),
                tell=lambda _: None,
                root=Path(),
                tasks_in_flight=10,
                fetcher=self.vault,
            ),
            gate=gate,
            trust=trust,
        )
        world = self._world(journal)
        run = Run(plan(self.board.graph, world), world, context, self._keep_lock)
        if interrupted:
            walking = asyncio.current_task()
            loop.call_later(self.dice.uniform(0, 300), lambda: setattr(gate, "interrupted", 2))
            if self.dice.random() < 0.5 and walking is not None:
                loop.call_later(self.dice.uniform(300, 400), walking.cancel)
        return await run.walk()
