"""The form in which events are written to a journal.

Persisted names (kinds, and the names of fields) belong to version 2 of the journal. They are part of that format and
don't change when something in the code is renamed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, get_args

from storyboard.planning.event import Event, Recorded, RecordTrust, Unrecognised
from storyboard.planning.money import NO_MONEY, Money, money_of
from storyboard.planning.take import Take
from storyboard.planning.take_format import components_from, take_from, take_value
from storyboard.protocols import is_count

_KINDS: Mapping[str, type[Event]] = {one.kind: one for one in get_args(Event)}
_FIELDS: Mapping[str, frozenset[str]] = {kind: frozenset(f.name for f in fields(one)) for kind, one in _KINDS.items()}


@dataclass(frozen=True, slots=True)
class Encoded:
    """An event as a journal holds it. `body` holds the fields that have no column."""

    kind: str
    storyboard: str
    scene: str
    attempt: str
    body: Mapping[str, Any]


_COLUMNS = ("storyboard", "scene", "attempt_id")
_KEYS: Mapping[tuple[str, str], str] = {("run_opened", "trust"): "memory"}
"""How a field is written, by kind and field, where that isn't its name in the code."""
_TRUST: Mapping[str, RecordTrust] = {"whole": "complete", "doubtful": "suspect", "sought": "recovering"}
"""How far a record can be trusted, as it is written and as the code names it."""
_WRITTEN_TRUST = {word: written for written, word in _TRUST.items()}


def encode(event: Event) -> Encoded:
    """Return the event as it is written."""
    scene, attempt = getattr(event, "scene", ""), getattr(event, "attempt_id", "")
    body = {
        _KEYS.get((event.kind, one.name), one.name): _WRITTEN_TRUST[value]
        if one.name == "trust"
        else _encode_value(value)
        for one in fields(event)
        if one.name not in _COLUMNS and (value := getattr(event, one.name)) not in ("", None, False, NO_MONEY)
    }
    return Encoded(event.kind, event.storyboard, scene, attempt, body)


def _encode_value(value: object) -> Any:
    match value:
        case Take():
            return {"id": value.id, **take_value(value)}
        case Money():
            return str(value)
        case Mapping():
            return dict(value)
        case _:
            return value


def decode(row: Encoded) -> Recorded:
    """Return the event of a row. Raise ValueError, KeyError or TypeError if it isn't a valid event of its kind."""
    sort = _KINDS.get(row.kind)
    if sort is None:
        return Unrecognised(kind=row.kind, storyboard=row.storyboard)
    names = _FIELDS[row.kind]
    columns = {"storyboard": row.storyboard, "scene": row.scene, "attempt_id": row.attempt}
    given: dict[str, Any] = {name: value for name, value in columns.items() if name in names}
    keys = {_KEYS.get((row.kind, name), name): name for name in names}
    given |= {keys[key]: _READ[keys[key]](value) for key, value in row.body.items() if key in keys}
    event: Event = sort(**given)
    return event


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not a text")
    return value


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"{value!r} is not a whole number")
    return value


def _time(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{value!r} is not a time")
    return float(value)


def _money(value: object) -> Money:
    """Return the money that an event names, or no money if the text names none."""
    try:
        return money_of(_text(value))
    except ValueError:
        return NO_MONEY


def _trust(value: object) -> RecordTrust:
    """The trust that a word means; one that isn't known proves nothing."""
    return _TRUST.get(str(value), "suspect")


def _parse_asked(value: object) -> Mapping[str, str | int | bool]:
    if not isinstance(value, dict):
        raise ValueError("the requested parameters are not a mapping")
    return dict(value)


def _take(value: object) -> Take:
    """Return a stored take. Implausible numbers of tokens are ignored: the take is owned whatever was billed."""
    if not isinstance(value, dict):
        raise ValueError("a take is not a mapping")
    tokens = value["tokens"]
    row = {name: one for name, one in value.items() if name != "id"}
    return take_from(_text(value["id"]), row | {"tokens": tokens if is_count(tokens) else None})


_READ: Mapping[str, Callable[[object], Any]] = {
    **dict.fromkeys(("provider", "source", "was", "profile", "body", "error", "task", "by", "why", "choice"), _text),
    **dict.fromkeys(("status", "odd", "identifier"), _text),
    **dict.fromkeys(("pid", "exit", "last", "ordinal", "marker", "occurrence"), _whole),
    "trust": _trust,
    **dict.fromkeys(("reserve", "rate"), _money),
    "at": _time,
    "key": components_from,
    "asked": _parse_asked,
    "ambiguous": bool,
    "take": _take,
}
"""The reader of each field: a name means the same in every kind of event."""
