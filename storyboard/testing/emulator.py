"""An emulator for as long as a test lasts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from storyboard.emulator.app import BASE, EmulatorConfig, Service, service
from storyboard.emulator.fault_injection import FaultInjector
from storyboard.emulator.faults import Fault, Script
from storyboard.protocols import Clock
from storyboard.world import serving
from storyboard.world.clock import SystemClock, SystemDice


@dataclass(frozen=True, slots=True)
class Emulator:
    """A running emulator: `base_url` is what ARK_BASE_URL wants."""

    base_url: str
    service: Service
    mischief: FaultInjector

    @property
    def fired(self) -> Mapping[str, int]:
        """Which faults have fired, by name, and how often."""
        return dict(self.mischief.fired)

    @property
    def environment(self) -> dict[str, str]:
        """The variables with which `storyboard run` speaks to it."""
        return {"ARK_BASE_URL": self.base_url, "ARK_API_KEY": "emulated"}

    @property
    def ledger(self) -> tuple[dict[str, Any], ...]:
        """What would have been paid, a row for each task that was taken on."""
        path = self.service.ledger.path
        return tuple(json.loads(line) for line in path.read_bytes().splitlines()) if path.exists() else ()


@contextmanager
def emulator(
    ledger: Path,
    *,
    speed: float = 1000.0,
    hold_reply: float = 0.0,
    clock: Clock | None = None,
    conditions: EmulatorConfig | None = None,
    faults: Script | Sequence[Fault] = (),
) -> Iterator[Emulator]:
    """Serve the API on this machine until the end.

    `hold_reply` is in seconds; `conditions`, if given, say it all; a Script of faults has its own seed.
    """
    script = faults if isinstance(faults, Script) else Script(tuple(faults))
    chosen = conditions or EmulatorConfig(speed, hold_reply)
    emulated = service(ledger, clock or SystemClock(), SystemDice(), chosen)
    mischief = FaultInjector(emulated.app(), script, emulated.clock)
    with serving.serve_in_background(mischief, serving.bind(0)) as origin:
        yield Emulator(origin + BASE, emulated, mischief)
