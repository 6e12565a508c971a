"""A number that a task carries back to us, so that it can be known for ours when its answer was lost.

The API echoes `execution_expires_after` in every state of a task, and its author seldom cares whether an unmade task is
dropped after 48 hours or after 60: a number of seconds within that band is the marker. It is drawn from what is asked
for, not from chance, so that a project that lost its state, or a colleague's copy of it, derives the same one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection

from storyboard.planning.fingerprint import Components, canonical

FIRST = 172_801
"""Seconds: one more than what the service takes if nothing is said, so that no unmarked task looks marked."""
WIDTH = 65_536
"""Markers that there are; 48 to 66 hours, below the 72 that may be asked for (seed, `execution_expires_after`)."""


def marker_of(profile: str, scene: str, components: Components, attempt: int, taken: Collection[int] = ()) -> int:
    """The marker of a scene's n-th attempt, in seconds; the next free one if a task in doubt has it already."""
    drawn_from = canonical([profile, scene, dict(components), attempt])
    number = int.from_bytes(hashlib.sha256(drawn_from).digest()[:8], "big") % WIDTH
    while FIRST + number in taken:
        number = (number + 1) % WIDTH
    return FIRST + number
