"""The part of a video that a scene gets as an input."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from storyboard.language.capability import Capability
from storyboard.language.facts import Facts
from storyboard.language.graph import Graph
from storyboard.language.inputs import Input, LocalFile, RemoteFile, SceneVideo


class Filmed(Protocol):
    """A take, of which only the length is used."""

    @property
    def seconds(self) -> float:
        """As measured; 0 if it wasn't."""


@dataclass(frozen=True, slots=True)
class Part:
    """A moment (a frame) or a stretch of a video, in seconds of its file; `end` None is its end.

    All None is the whole, unmodified file. A moment of -1 is the last frame.
    """

    moment: float | None = None
    start: float | None = None
    end: float | None = None

    @property
    def whole(self) -> bool:
        """Whether the file is used unchanged."""
        return self == Part()

    @property
    def suffix(self) -> str:
        """The part as it is written in a key."""
        if self.moment is not None:
            return f"@{'last' if self.moment < 0 else format(self.moment, 'g')}"
        if self.whole:
            return ""
        return f"[{self.start or 0:g}-{'' if self.end is None else format(self.end, 'g')}]"


LAST_FRAME = Part(moment=-1)


def part_of(item: Input, id: str, graph: Graph, row: Capability, facts: Facts, takes: Mapping[str, Filmed]) -> Part:
    """The part of its origin that an input is. A scene's parts count within its `in` and `out`.

    `row` is that of the scene that is given the input.
    """
    begins, ends = _bounds(item, graph)
    if item.kind == "image":
        return _moment(item, begins, ends)
    if item.kind == "audio" or isinstance(item.origin, RemoteFile):
        return Part()
    length = source_seconds(item, graph, facts, takes)
    return _stretch(item, begins, ends, length, _free_tail(item, id, graph, row))


def _bounds(item: Input, graph: Graph) -> tuple[float, float | None]:
    if not isinstance(item.origin, SceneVideo):
        return 0.0, None
    scene = graph.scene(item.origin.scene)
    return scene.starts or 0.0, scene.out


def _moment(item: Input, begins: float, ends: float | None) -> Part:
    if item.moment is None or isinstance(item.origin, RemoteFile):
        return Part()
    if item.moment == "out":
        return LAST_FRAME if ends is None else Part(moment=ends)
    if item.moment == "first":
        return Part(moment=begins)
    return Part(moment=begins + float(item.moment))


def _stretch(item: Input, begins: float, ends: float | None, length: float | None, free: float | None) -> Part:
    """The window asked for; without one all of it, or the longest tail that costs nothing extra."""
    last = ends if ends is not None else length
    window = item.window
    if window is not None and window.tail is not None:
        return Part() if last is None else _cut(max(begins, last - window.tail), ends, begins, ends, length)
    if window is not None and window.head is not None:
        return _cut(begins, begins + window.head, begins, ends, length)
    if window is not None:
        end = ends if window.end is None else begins + window.end
        return _cut(begins + (window.start or 0.0), end, begins, ends, length)
    if free is not None and last is not None and last - begins > free:
        return _cut(last - free, ends, begins, ends, length)
    return _cut(begins, ends, begins, ends, length)


def _cut(start: float, end: float | None, begins: float, ends: float | None, length: float | None) -> Part:
    """A stretch that ends with the film's part of its origin at the latest, or the whole file if it is that."""
    if end is not None and ends is not None:
        end = min(end, ends)
    at_end = end is None or (ends is None and length is not None and end >= length)
    if start <= 0 and at_end:
        return Part()
    return Part(start=max(start, begins), end=None if at_end else end)


def _free_tail(item: Input, id: str, graph: Graph, row: Capability) -> float | None:
    """Seconds of a single source that the price's minimum pays for anyway; None where the author decides.

    Any video among the inputs is billed as at least two thirds of the output (`planning.price`). The result is a length
    that the model accepts for a clip.
    """
    sources = [other for other in graph.inputs[id] if other.edge in ("extend", "edit")]
    if item.edge != "extend" or len(sources) != 1:
        return None
    asked = graph.scene(id).parameters.duration
    least, most = row.video.seconds
    return min(most, max(least, math.ceil(2 * (asked if asked > 0 else row.longest) / 3)))


def source_seconds(item: Input, graph: Graph, facts: Facts, takes: Mapping[str, Filmed]) -> float | None:
    """Return the length of an input's origin in seconds; scenes of the storyboard have whole seconds. None if it isn't
    known yet.

    A measured length takes precedence over what an author states of an address.
    """
    match item.origin:
        case LocalFile(path):
            return facts[path].seconds or None if path in facts else None
        case RemoteFile(address, seconds=stated):
            return (facts[address].seconds if address in facts else 0.0) or stated
        case _:
            planned = graph.scene(item.origin.scene).parameters.duration
            return float(planned) if planned > 0 else _length_of(takes.get(item.origin.scene))


def is_only_stated(item: Input, facts: Facts) -> bool:
    """Return whether the length of a remote input is only what its author states, since the file wasn't inspected."""
    origin = item.origin
    return isinstance(origin, RemoteFile) and not (origin.address in facts and facts[origin.address].seconds)


def _length_of(take: Filmed | None) -> float | None:
    return float(int(take.seconds)) if take and take.seconds else None


def seconds_of_input(
    item: Input, id: str, graph: Graph, row: Capability, facts: Facts, takes: Mapping[str, Filmed]
) -> float | None:
    """Return the seconds of video for which an input is billed; None if they aren't known yet."""
    length = source_seconds(item, graph, facts, takes)
    part = part_of(item, id, graph, row, facts, takes)
    if part.whole or length is None:
        return length
    return (part.end if part.end is not None else length) - (part.start or 0.0)
