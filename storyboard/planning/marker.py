"""What a task echoes to identify it as this project's when the answer to its request was lost.

The API echoes `execution_expires_after` in every state of a task, and authors rarely care whether an unfinished task is
dropped after 48 hours or after 60: a number of seconds within that range is the marker. It is derived from the request,
not from chance, so a project that lost its state, or a colleague's copy of it, derives the same one: from the key and
its occurrence, and from no name, so a renamed scene, another profile or another storyboard derives it too.

If a user's settings choose it, `safety_identifier` is the marker instead: 128 bits, so that chance matches are ruled
out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from storyboard.planning.fingerprint import Components, canonical

FIRST = 172_801
"""Seconds: one more than the service's default, so that no unmarked task looks marked."""

WIDTH = 86_400
"""The number of markers, up to the 72 hours that may be requested (seed, `execution_expires_after`): as many as fit
without giving any task a shorter life than the default."""

WIDTH_OF_VERSION_1 = 65_536
IDENTIFIER_BITS = 128
MarkerField = Literal["execution_expires_after", "safety_identifier"]
"""The field of a request that carries the marker."""


@dataclass(frozen=True, slots=True)
class Marker:
    """What one request carries: seconds of life, or an identifier; neither, if it carries no marker."""

    seconds: int | None = None
    identifier: str = ""

    def __bool__(self) -> bool:
        return self.seconds is not None or bool(self.identifier)

    def fits(self, expires_after: int | None, safety_identifier: str) -> bool:
        """Does a task that echoes these values carry this marker?"""
        if self.identifier:
            return safety_identifier == self.identifier
        return self.seconds is not None and expires_after == self.seconds


NO_MARKER = Marker()


def marker_of(components: Components, occurrence: int, taken: Collection[int] = ()) -> int:
    """Return the marker of the n-th task of a key (from 0), in seconds. Skip those `taken` by tasks in doubt."""
    number = _draw(components, occurrence) % WIDTH
    while FIRST + number in taken:
        number = (number + 1) % WIDTH
    return FIRST + number


def identifier_of(components: Components, occurrence: int) -> str:
    """Return the `safety_identifier` of the n-th task of a key: 128 bits as hexadecimal digits."""
    return hashlib.sha256(canonical([dict(components), occurrence])).hexdigest()[: IDENTIFIER_BITS // 4]


def _draw(components: Components, occurrence: int) -> int:
    return int.from_bytes(hashlib.sha256(canonical([dict(components), occurrence])).digest()[:8], "big")


def marker_of_version_1(profile: str, scene: str, components: Components, attempt: int) -> int:
    """Return the marker that a record of version 1 gave the n-th task of a key, which depended on names as well.

    Such tasks are listed for seven days after the last of them.
    """
    drawn_from = canonical([profile, scene, dict(components), attempt])
    number = int.from_bytes(hashlib.sha256(drawn_from).digest()[:8], "big") % WIDTH_OF_VERSION_1
    return FIRST + number


def occurrence_of(rank: int, alike: int, used: Collection[int]) -> int:
    """Return which of a key's tasks the next one is, from 0.

    `rank` is the scene's place among the `alike` scenes of its storyboard that have an equal key, in file order; `used`
    are the occurrences of tasks that exist, or may exist. Remakes follow after all first tasks.
    """
    if rank not in used:
        return rank
    occurrence = alike
    while occurrence in used:
        occurrence += 1
    return occurrence
