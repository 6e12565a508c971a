"""Replies from the vendor's documents, SDKs and third parties' measurements: one file each, with its source."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from storyboard.errors import (
    AccountRefused,
    ModelRefused,
    ProviderError,
    RateLimited,
    Rejected,
    UnknownOutcome,
    Unreachable,
)

FOLDER = Path(__file__).parent / "replies"


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a create, get, list or delete was answered; `value` is the body as JSON, None where it is none."""

    name: str
    answers: str
    status: int
    body: bytes
    value: Any


def recorded() -> dict[str, Recorded]:
    """Every recorded reply by its name, in their order."""
    return {path.stem: _of(path) for path in sorted(FOLDER.glob("*.json"))}


def _of(path: Path) -> Recorded:
    head = json.loads(path.read_text("utf-8"))
    assert head["from"], path
    body = head["text"].encode() if "text" in head else json.dumps(head["body"], ensure_ascii=False).encode()
    return Recorded(path.stem, head["answers"], head["status"], body, head.get("body"))


SORTS: tuple[type[ProviderError], ...] = (
    RateLimited,
    AccountRefused,
    ModelRefused,
    Rejected,
    UnknownOutcome,
    Unreachable,
)


def sort_of(error: ProviderError) -> type[ProviderError]:
    """Return the class of error that callers distinguish."""
    return next(sort for sort in SORTS if isinstance(error, sort))
