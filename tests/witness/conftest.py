"""An emulator with tasks in every state, and the vendor's clients one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.http_client import create, order
from tests.witness import vendor as vendors
from tests.witness.service import age, emulator

collect_ignore_glob = [] if vendors.are_here() else ["test_*.py"]

FAST = "doubao-seedance-2-0-fast-260128"
SPEED = 0.001
"""So slow that nothing changes while the tests look: four seconds of video wait 8000 s and are made in 72000 s."""
TASKS: dict[str, tuple[float, dict[str, Any]]] = {
    "deleted by volcenginesdkarkruntime": (500_000, {}),
    "deleted by arkruntime": (400_000, {}),
    "fast": (300_000, {"model": FAST}),
    "failed": (200_000, {"content": [{"type": "text", "text": "[[refuse output]]"}]}),
    "succeeded": (150_000, {"safety_identifier": "viewer-1"}),
    "expired": (50_000, {"execution_expires_after": 3600}),
    "running": (20_000, {}),
    "queued": (0, {}),
}
"""The service's tasks: how many seconds ago each was taken on, and what was asked besides the usual."""


@dataclass(frozen=True, slots=True)
class World:
    """A service at work, and its tasks' ids by what they are."""

    base_url: str
    ids: dict[str, str]


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A service with a task in every state that it can bring about."""
    ledger = tmp_path_factory.mktemp("service") / "ledger.jsonl"
    with emulator(ledger, SPEED) as base_url:
        ids = {name: create(base_url, order(name, **more)) for name, (_, more) in TASKS.items()}
    age(ledger, {ids[name]: seconds for name, (seconds, _) in TASKS.items()})
    with emulator(ledger, SPEED) as base_url:
        yield World(base_url, ids)


@pytest.fixture(params=vendors.CLIENTS)
def vendor(request: pytest.FixtureRequest) -> vendors.Vendor:
    """Each of the vendor's clients."""
    return vendors.Vendor(request.param)


@pytest.fixture
def tasks(vendor: vendors.Vendor, world: World) -> Any:
    """Its four verbs, speaking with the emulator."""
    return vendor.tasks(world.base_url)
