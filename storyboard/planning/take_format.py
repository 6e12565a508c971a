"""The form in which a take is written in a lock or an event."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from types import UnionType
from typing import Any

from storyboard.planning.fingerprint import RECIPE, Components
from storyboard.planning.take import Take

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_ID = re.compile(r"file:sha256:[0-9a-f]{64}|(?!file:)[a-z0-9][a-z0-9_.-]{0,63}:[!-~]{1,200}", re.ASCII)


def is_take_id(text: str) -> bool:
    """Is this the form of a take's identity: `PROVIDER:TASK`, or `file:` and a digest?"""
    return _ID.fullmatch(text) is not None


def in_order(extra: Mapping[str, Any]) -> dict[str, Any]:
    """Return unknown keys in the order in which they are written."""
    return dict(sorted(extra.items()))


def take_value(take: Take) -> dict[str, Any]:
    """Return a take as it is written in a lock or an event, where its identity stands before it."""
    value: dict[str, Any] = {"take": take.ordinal, "video": take.digest, "frame": take.frame}
    value |= {"recipe": RECIPE, "key": dict(sorted(take.components.items()))}
    value |= {"seconds": take.seconds, "width": take.width, "height": take.height, "tokens": take.tokens}
    return value | in_order(take.extra)


_TAKE = ("take", "video", "frame", "recipe", "key", "seconds", "width", "height", "tokens")


def take_from(id: str, row: Mapping[str, Any]) -> Take:
    """Return the take of a row in a lock or an event. Raise KeyError, TypeError or ValueError if it isn't valid.

    A lock may come from anyone, so only values are accepted that can be compared, counted and written again. Unknown
    names in a key are kept: a later storyboard may define them.
    """
    digest, frame = text_at(row, "video"), text_at(row, "frame")
    if not is_take_id(id):
        raise ValueError("a take's ID is neither PROVIDER:TASK nor file: and a digest")
    if not _DIGEST.fullmatch(digest) or not _DIGEST.fullmatch(frame or digest):
        raise ValueError("a take's video or frame is not a digest, sha256: and 64 hexadecimal digits")
    return Take(
        id=id,
        digest=digest,
        components=components_from(row["key"]),
        frame=frame,
        seconds=float(_number(row, "seconds", int | float)),
        width=int(_number(row, "width")),
        height=int(_number(row, "height")),
        tokens=None if row["tokens"] is None else int(_number(row, "tokens")),
        ordinal=int(_number(row, "take")),
        extra=unknown_keys(row, _TAKE),
    )


def components_from(key: object) -> Components:
    """Return the key of a row in a lock or an event. Raise ValueError if it isn't valid."""
    if not isinstance(key, dict) or not all(isinstance(value, (str, int)) for value in key.values()):
        raise ValueError("a take's key is not a mapping to texts and whole numbers")
    return {writable(name): writable(value) if isinstance(value, str) else value for name, value in key.items()}


def unknown_keys(row: Mapping[str, Any], known: tuple[str, ...]) -> dict[str, Any]:
    """Return the keys that are unknown here, with their values. Raise ValueError if they can't be written again."""
    found = {name: value for name, value in row.items() if name not in known}
    if found:
        json.dumps(found, ensure_ascii=False, allow_nan=False).encode()
    return found


def text_at(row: Mapping[str, Any], name: str) -> str:
    """Return the text at a key. Raise KeyError if it is missing, ValueError if it isn't a text that can be written."""
    if not isinstance(row[name], str):
        raise ValueError(f'"{name}" is not a text')
    return writable(row[name])


def writable(text: str) -> str:
    """Return the text. Raise UnicodeEncodeError if it holds half a character.

    JSON can name one (`\\ud800`), and UTF-8 can't write it.
    """
    if not text.isascii():
        text.encode()
    return text


def _number(row: Mapping[str, Any], name: str, sorts: type[int] | UnionType = int) -> float:
    """Return a number that can be counted or measured by: finite, not negative, and exact in JSON."""
    number: Any = row[name]
    if isinstance(number, bool) or not isinstance(number, sorts) or not 0 <= number < 2**53:
        raise ValueError(f'"{name}" is not a number of 0 or more')
    return number
