"""For users' own tests under pytest: the fixture `storyboard_emulator`. Loads nothing until a test asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from storyboard.testing.emulator import Emulator


@pytest.fixture
def storyboard_emulator(tmp_path: Path) -> Iterator[Emulator]:
    """The service's API on this machine, for as long as the test lasts: fast, without cost, the same each time.

    `base_url` is its address, `environment` the variables for `storyboard run`, `ledger` what would have been paid.
    """
    from storyboard.emulator.app import EmulatorConfig
    from storyboard.testing.emulator import emulator

    with emulator(
        tmp_path / "storyboard-emulator" / "ledger.jsonl", conditions=EmulatorConfig(1000.0, seed=1)
    ) as running:
        yield running
