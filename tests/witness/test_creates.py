"""The vendor's clients create tasks at the emulator, in every mode."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.witness.seed import EXAMPLES, MODES

CALLS = {name: example.call for name, example in EXAMPLES.items()} | MODES


@pytest.mark.parametrize("name", CALLS)
def test_a_call_of_the_description_is_taken_on(tasks: Any, name: str) -> None:
    """The answer is typed and names a task, which is queued, of the model that was asked."""
    made = tasks.create(**CALLS[name])
    task = tasks.get(task_id=made.id)
    assert re.fullmatch(r"cgt-\d{14}-[a-z0-9]{5}", made.id)
    assert (task.id, task.status, task.model) == (made.id, "queued", CALLS[name]["model"])
