"""The form of Ark's task IDs: `cgt-` or `cgt-batch-`, the time of creation in Beijing, and a suffix."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

PATTERN = r"cgt-[A-Za-z0-9-]{1,100}"
"""A regular expression that a whole ID matches."""
EXAMPLE = "cgt-20261127132850-6c5fe"
BEIJING = timedelta(hours=8)
"""The offset of Beijing time from UTC, the whole year round."""


def is_task_id(value: object) -> bool:
    """Return whether a value is a string of the form of a task ID."""
    return isinstance(value, str) and re.fullmatch(PATTERN, value) is not None


def creation_time(id: str) -> float | None:
    """Return when a task was created by its ID (`cgt-YYYYMMDDHHMMSS-xxxxx`, Beijing time), in Unix seconds.

    None if the ID holds no such time.
    """
    found = re.match(r"cgt-(?:batch-)?(\d{14})-", id)
    try:
        return (
            (datetime.strptime(found[1], "%Y%m%d%H%M%S").replace(tzinfo=UTC) - BEIJING).timestamp() if found else None
        )
    except ValueError:
        return None
