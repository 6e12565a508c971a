"""One attempt at a scene that came to something: which bytes, from which key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Take:
    """A bought video. Digests are `sha256:…` of the files in the store; `frame` is the API's own last frame.

    `seconds`, `width` and `height` are measured, `task` is the provider's name of it, `tokens` what was billed.
    """

    digest: str
    components: Mapping[str, str | int | bool]
    frame: str = ""
    seconds: float = 0.0
    width: int = 0
    height: int = 0
    task: str = ""
    tokens: int | None = None
