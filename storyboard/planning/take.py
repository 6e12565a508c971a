"""A take: one video of a scene that the project owns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

FILE = "file:"
"""How the identity of a video begins that was brought in as a file, and not made by a provider."""


@dataclass(frozen=True, slots=True)
class Take:
    """A video that was made or brought in, and the key that it was made from.

    `id` is its identity: `PROVIDER:TASK`, or `file:sha256:…` for a file that was brought in. Never its bytes, since two
    tasks may yield equal ones, and never the name of an attempt, since another copy of the project gives it another.
    `digest` is that of the video in the store (`sha256:…`), `frame` that of the provider's own last frame; several
    takes may share one file. `seconds`, `width` and `height` are measured; `tokens` is what was billed. `ordinal` (take
    1, 2, …) is for people and for seeds only: two branches both make a take 2. `extra` holds what a newer storyboard
    wrote beside all that.
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
        """The provider whose task made it; empty for a file that was brought in."""
        return "" if self.id.startswith(FILE) else self.id.partition(":")[0]

    @property
    def task(self) -> str:
        """The provider's name of the task that made it; empty for a file that was brought in."""
        return "" if self.id.startswith(FILE) else self.id.partition(":")[2]


def id_of(provider: str, task: str) -> str:
    """The identity of the take that a provider's task makes."""
    return f"{provider}:{task}"
