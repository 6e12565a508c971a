"""A take: one video of a scene that the project owns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

FILE = "file:"
"""The prefix of the identity of a video that was imported as a file, not made by a provider."""


@dataclass(frozen=True, slots=True)
class Take:
    """A video that was made or imported, and the key that it was made from.

    `id` is its identity: `PROVIDER:TASK`, or `file:sha256:…` for an imported file. It is never derived from its bytes,
    since two tasks may yield equal ones, nor from an attempt's id, since another copy of the project has another.
    `digest` is that of the video in the store (`sha256:…`), `frame` that of the provider's own last frame; several
    takes may share one file. `seconds`, `width` and `height` are measured; `tokens` is what was billed. `ordinal` (take
    1, 2, …) is for people and for seeds only: two branches both make a take 2. `extra` holds unknown keys written by a
    newer storyboard.
    """

    id: str
    digest: str
    components: Mapping[str, str | int | bool]
    frame: str = ""
    seconds: float = 0.0
    width: int = 0
    height: int = 0
    tokens: int | None = None
    ordinal: int = 1
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def provider(self) -> str:
        """The provider whose task made it; empty for an imported file."""
        return "" if self.id.startswith(FILE) else self.id.partition(":")[0]

    @property
    def task(self) -> str:
        """The provider's id of the task that made it; empty for an imported file."""
        return "" if self.id.startswith(FILE) else self.id.partition(":")[2]


def id_of(provider: str, task: str) -> str:
    """Return the identity of the take that a provider's task makes."""
    return f"{provider}:{task}"
