"""Every recorded command does what it did."""

from __future__ import annotations

import json

from tests.golden_commands.__main__ import recorded, recording, written
from tests.golden_commands.comparing import differences, told


def test_every_command_does_what_it_did() -> None:
    """Exit codes, JSON, locks, journals and files are those of the record; `make golden` prints the same list."""
    before = recorded()
    now = json.loads(written(recording()))
    assert [told(before, one) for one in differences(before, now, text=False)] == []
