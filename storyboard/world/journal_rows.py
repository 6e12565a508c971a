"""The rows of a journal's table: encoding, decoding, and the digests that chain them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from storyboard.planning.event import Event, Recorded
from storyboard.planning.event_codec import Encoded, decode, encode
from storyboard.planning.version_1 import Translator

_TEXTS_OF_VERSION_1 = 4
"""Columns of text before the digests in a row of version 1, which doesn't name the storyboard."""


def row_of(seq: int, epoch: int, at: float, event: Event) -> tuple[Any, ...]:
    """Return the columns of an event, without the digests."""
    row = encode(event)
    body = json.dumps(row.body, ensure_ascii=False, sort_keys=True).encode("utf-8", "replace").decode()
    return seq, epoch, at, row.kind, row.storyboard, row.scene, row.attempt, body


def event_of(columns: Sequence[str], translator: Translator) -> Recorded:
    """Return the event of the columns of text; those of version 1 are translated.

    Raise ValueError, KeyError, TypeError, AttributeError or OverflowError if they are not of an event.
    """
    if len(columns) == _TEXTS_OF_VERSION_1:
        kind, scene, intent, body = columns
        return translator.translate(kind, scene, intent, json.loads(body))
    kind, storyboard, scene, attempt, body = columns
    return decode(Encoded(kind, storyboard, scene, attempt, json.loads(body)))


def row_digest(previous: str, row: tuple[Any, ...]) -> str:
    """Return the digest of a row and of all rows before it; `previous` is the digest of the row before."""
    text = "\x1f".join((previous, *map(str, row)))  # the unit separator: no name contains it
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
