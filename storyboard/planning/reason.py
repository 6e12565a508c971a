"""Why a scene is made: decided together with the step, from the components that were compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from storyboard.language.graph import Graph
from storyboard.language.source import Place
from storyboard.planning.fingerprint import PENDING, Components

ReasonKind = Literal["new", "mode", "prompt", "parameter", "model", "input", "upstream", "missing", "failed"]


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason: what changed, from what to what, and where the new value is written.

    `upstream` names a scene above.
    """

    kind: ReasonKind
    what: str
    place: Place | None = None
    upstream: str = ""

    def __str__(self) -> str:
        return f"{self.what} ({self.place})" if self.place else self.what


_KINDS: Mapping[str, ReasonKind] = {"mode": "mode", "prompt": "prompt", "model": "model"}


def differences(id: str, graph: Graph, old: Components, new: Components) -> tuple[Reason, ...]:
    """Return the reasons why a take made from `old` doesn't fit `new`."""
    names = sorted({*old, *new}, key=lambda name: (list(_KINDS).index(name) if name in _KINDS else 9, name))
    return tuple(
        reason for name in names if old.get(name) != new.get(name) for reason in _reasons(name, id, graph, old, new)
    )


def _reasons(name: str, id: str, graph: Graph, old: Components, new: Components) -> Iterator[Reason]:
    scene = graph.scene(id)
    sort, _, number = name.partition(".")
    if number and sort in ("input", "upstream"):
        yield _of_content(sort, number, id, graph, old, new)
    elif name == "prompt":
        before, after = _around_difference(str(old.get(name, "")), str(new[name]))
        yield Reason("prompt", f'prompt "{before}" → "{after}"', scene.place_of("prompt"))
    else:
        kind = _KINDS.get(name, "parameter")
        key = "tools" if name == "web_search" else name
        place = scene.places.get(key) or (scene.place if kind != "parameter" else None)
        yield Reason(kind, f"{name} {_format_value(old.get(name))} → {_format_value(new.get(name))}", place)


def _format_value(value: str | int | bool | None) -> str:
    return str(value).lower() if isinstance(value, bool) else "none" if value is None else str(value)


def _of_content(sort: str, number: str, id: str, graph: Graph, old: Components, new: Components) -> Reason:
    items = graph.inputs[id]
    name = f"{sort}.{number}"
    if name not in new:
        return Reason(
            "input" if sort == "input" else "upstream",
            f"input {number} is no longer there",
            graph.scene(id).place,
        )
    item = items[int(number) - 1]  # the new key is computed here; an old one may hold anything
    called = ", ".join(item.names) or str(getattr(item.origin, "path", "") or f"input {number}")
    if sort == "input":
        word = "is new" if name not in old else "is another file" if name in new else "is gone"
        return Reason("input", f"{item.role} {called} {word}", item.place)
    parent = str(getattr(item.origin, "scene", ""))
    if new[name] == PENDING:
        return Reason("upstream", f"{parent} is made anew", item.place, parent)
    return Reason("upstream", f"{parent} hands over something else", item.place, parent)


def _around_difference(old: str, new: str, reach: int = 24) -> tuple[str, str]:
    """Return the part of both texts in which they differ, with some of the text around it."""
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    return _clip(old, start, len(old) - end, reach), _clip(new, start, len(new) - end, reach)


def _clip(text: str, start: int, end: int, reach: int) -> str:
    first, last = max(0, start - reach), min(len(text), min(end, start + 60) + reach)
    clipped = text[first:last].replace("\n", " ")
    return ("…" if first else "") + clipped + ("…" if last < len(text) else "")
