"""Rules about what the edges of a graph hand over: moments and parts that are there, and shapes that fit."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf

from storyboard.language.capability import Capabilities
from storyboard.language.facts import Facts
from storyboard.language.graph import Graph
from storyboard.language.inputs import Input, LocalFile, SceneVideo
from storyboard.language.problem import Problem
from storyboard.language.scene import Cut, Scene, Transition
from storyboard.language.window import source_seconds

CROPPED = 0.02
"""The share by which a frame's shape may differ from the video's before the crop is visible."""

SLACK = 0.05
"""Seconds, about one picture, by which a time may be over a video's length."""


def moments_that_are_there(graph: Graph, rows: Capabilities, facts: Facts) -> Iterator[Problem]:
    """SB311: a moment, and both ends of a part, lie within the video that it is of, between its `in` and `out`."""
    for scene, item in _inputs(graph):
        length = _seconds_to_choose_from(item, graph, facts)
        begins, ends = _values_of(item)
        if length is None or not (begins >= length or ends > length + SLACK):
            continue
        source = item.names[0] if item.names else "a video"
        asked = f"from {begins:g} s on" if begins >= length else f"up to {ends:g} s"
        asked = f"at {item.moment:g} s" if isinstance(item.moment, float) else asked
        sentence = f'scene "{scene.id}" takes {source} {asked}, but it has {length:g} s'
        yield Problem("SB311", sentence, item.place, f"name a time within its {length:g} s")


def _seconds_to_choose_from(item: Input, graph: Graph, facts: Facts) -> float | None:
    """Return the length of an item's origin between its `in` and `out`, in seconds; None if unknown."""
    length = None if item.kind == "audio" else source_seconds(item, graph, facts, {})
    if length is None or not isinstance(item.origin, SceneVideo):
        return length
    source = graph.scene(item.origin.scene)
    return min(length, source.out or length) - (source.starts or 0.0)


def _values_of(item: Input) -> tuple[float, float]:
    """From when up to when, as the author wrote it; -1 where nothing was asked."""
    if isinstance(item.moment, float):
        return item.moment - SLACK, -1.0
    window = item.window
    return (-1.0, -1.0) if window is None else (window.start or -1.0, window.end or -1.0)


def cuts_that_are_there(graph: Graph, rows: Capabilities, facts: Facts) -> Iterator[Problem]:
    """SB312: `in` and `out` lie within what the scene is planned to have."""
    for scene in graph.storyboard.scenes.values():
        planned = scene.parameters.duration
        for key, at in (("in", scene.starts), ("out", scene.out)):
            if at is not None and planned > 0 and at > planned + SLACK:
                sentence = f'scene "{scene.id}" has {planned} s, but its `{key}` is at {at:g} s'
                yield Problem("SB312", sentence, scene.place_of(key), f"name a time up to {planned} s")
    for item in graph.storyboard.cut:
        if isinstance(item, Cut):
            yield from _cut_beyond(item, graph.scene(item.scene.word))


def _cut_beyond(item: Cut, scene: Scene) -> Iterator[Problem]:
    planned = scene.parameters.duration
    for key, at in (("in", item.starts), ("out", item.out)):
        if at is not None and planned > 0 and at > planned + SLACK:
            sentence = f'scene "{scene.id}" has {planned} s, but the film\'s `{key}` is at {at:g} s'
            yield Problem("SB312", sentence, item.scene.place, f"name a time up to {planned} s")


def shapes_that_stay(graph: Graph, rows: Capabilities, facts: Facts) -> Iterator[Problem]:
    """SB313, a warning: a scene of `adaptive` ratio that continues one of a fixed ratio may come out otherwise."""
    for scene, item in _inputs(graph):
        if not isinstance(item.origin, SceneVideo) or item.edge not in ("chain", "extend"):
            continue
        parent = graph.scene(item.origin.scene)
        if scene.parameters.ratio == "adaptive" and parent.parameters.ratio != "adaptive":
            sentence = (
                f'scene "{scene.id}" is adaptive, but continues "{parent.id}", which is {parent.parameters.ratio}'
            )
            hint = f"write `ratio: {parent.parameters.ratio}`, best in `defaults`"
            yield Problem("SB313", sentence, item.place, hint, "warning")


def frames_that_fit(graph: Graph, rows: Capabilities, facts: Facts) -> Iterator[Problem]:
    """SB314, a warning: a first frame under a fixed ratio of another shape is cropped."""
    for scene, item in _inputs(graph):
        own = _shape_of_scene(scene, rows)
        other = _shape_of_input(item, graph, rows, facts)
        if item.role == "first_frame" and own and other and abs(own / other - 1) > CROPPED:
            name = item.names[0] if item.names else "the first frame"
            sentence = f'scene "{scene.id}" is {scene.parameters.ratio}, so that {name} is cropped'
            hint = "write `ratio: adaptive`, or give it a picture of that shape"
            yield Problem("SB314", sentence, item.place, hint, "warning")


def _shape_of_scene(scene: Scene, rows: Capabilities) -> float | None:
    """Width divided by height, where the storyboard fixes it."""
    row = rows.get(scene.model.row)
    size = row.pixels.get((scene.parameters.resolution, scene.parameters.ratio)) if row else None
    return size[0] / size[1] if size else None


def _shape_of_input(item: Input, graph: Graph, rows: Capabilities, facts: Facts) -> float | None:
    match item.origin:
        case SceneVideo(parent):
            return _shape_of_scene(graph.scene(parent), rows)
        case LocalFile(path):
            fact = facts.get(path)
            return fact.width / fact.height if fact and fact.height else None
        case _:
            size = item.origin.size
            return size[0] / size[1] if size else None


def transitions_between(graph: Graph, rows: Capabilities, facts: Facts) -> Iterator[Problem]:
    """SB315: a transition is between two scenes."""
    items = graph.storyboard.cut
    for index, item in enumerate(items):
        alone = index in (0, len(items) - 1) or isinstance(items[index - 1], Transition)
        if isinstance(item, Transition) and alone:
            sentence = f"the {item.sort} does not stand between two scenes"
            yield Problem("SB315", sentence, item.place, "put a scene before it and one after it")


def transitions_short_enough(graph: Graph, rows: Capabilities, facts: Facts) -> Iterator[Problem]:
    """SB317, a warning: a transition takes half of the shorter scene beside it at the most, and is made so short."""
    items = graph.storyboard.cut
    for before, item, after in zip(items, items[1:], items[2:], strict=False):
        if isinstance(before, Cut) and isinstance(item, Transition) and isinstance(after, Cut):
            lengths = {cut.scene.word: _seconds_in_film(cut, graph, rows) for cut in (before, after)}
            id, shortest = min(lengths.items(), key=lambda pair: pair[1])
            if item.seconds > shortest / 2 + SLACK:
                sentence = f'a {item.sort} of {item.seconds:g} s takes more than half of scene "{id}" ({shortest:g} s)'
                hint = f"write {shortest / 2:g} s or less; it is made so short"
                yield Problem("SB317", sentence, item.place, hint, "warning")


def _seconds_in_film(cut: Cut, graph: Graph, rows: Capabilities) -> float:
    """Return for how many seconds the film shows a scene, as planned; if the model decides, its maximum."""
    scene = graph.scene(cut.scene.word)
    row = rows.get(scene.model.row)
    longest = inf if row is None else row.longest
    planned = scene.parameters.duration if scene.parameters.duration > 0 else longest
    starts = cut.starts if cut.starts is not None else scene.starts or 0.0
    out = cut.out if cut.out is not None else scene.out
    return max(0.0, min(planned, out if out is not None else planned) - starts)


def _inputs(graph: Graph) -> Iterator[tuple[Scene, Input]]:
    yield from ((scene, item) for scene in graph.storyboard.scenes.values() for item in graph.inputs[scene.id])


RULES = (
    moments_that_are_there,
    cuts_that_are_there,
    shapes_that_stay,
    frames_that_fit,
    transitions_between,
    transitions_short_enough,
)
