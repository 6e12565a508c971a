"""Which pictures of which takes make the film, in which order, and whether they can be copied."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from storyboard.language.graph import Graph
from storyboard.language.scene import Cut, Moment, Ref, Role, Scene
from storyboard.language.scene import Transition as WrittenTransition

FPS = 24


class StreamFacts(Protocol):
    """What is known of a take's stream. Two streams can be copied into one track only if they agree in it."""

    @property
    def codec(self) -> str:
        """The decoder's name, or `unsteady`."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""

    @property
    def pixels(self) -> str:
        """The pixel format."""

    @property
    def head(self) -> bytes:
        """The decoder's parameters."""

    @property
    def frames(self) -> int:
        """The number of pictures."""

    @property
    def endings(self) -> tuple[int, ...]:
        """The numbers of pictures after which it can be cut short without decoding."""


@dataclass(frozen=True, slots=True)
class Shot:
    """Pictures `first` up to, not including, `last` of a scene's take."""

    scene: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Transition:
    """The transition between the shots before and after index `at`: its kind, and its length in pictures.

    In a dissolve or a wipe both shots overlap; a fade goes through black, and nothing overlaps.
    """

    at: int
    kind: Literal["dissolve", "fade", "wipe"]
    frames: int


@dataclass(frozen=True, slots=True)
class Timeline:
    """The film as a list of shots. `copied` is True if no picture has to be encoded anew."""

    shots: tuple[Shot, ...]
    transitions: tuple[Transition, ...]
    copied: bool

    @property
    def frames(self) -> int:
        """The length of the film in pictures: those of its shots, less what overlaps."""
        overlap = sum(transition.frames for transition in self.transitions if transition.kind != "fade")
        return sum(shot.last - shot.first for shot in self.shots) - overlap


def scenes_of(graph: Graph) -> tuple[str, ...]:
    """Return the scenes that the film needs."""
    return tuple(dict.fromkeys(item.scene.word for item in _items(graph) if isinstance(item, Cut)))


def timeline_of(graph: Graph, streams: Mapping[str, StreamFacts]) -> Timeline:
    """Return the film of takes with these streams: the storyboard's cut, or without one its scenes in their order."""
    items = _items(graph)
    cuts = [item for item in items if isinstance(item, Cut)]
    shots = [_shot(cut, graph.scene(cut.scene.word), streams[cut.scene.word]) for cut in cuts]
    transitions = _transitions(items, shots)
    straight = set(range(1, len(shots))) - {transition.at for transition in transitions}
    shots = [
        _without_double(shot, shots[index + 1], graph, streams) if index + 1 in straight else shot
        for index, shot in enumerate(shots)
    ]
    size = graph.storyboard.film_size
    fits = size is None or all(streams[shot.scene].size == size for shot in shots)
    return Timeline(tuple(shots), transitions, fits and not transitions and _agree(shots, streams))


def _items(graph: Graph) -> tuple[Cut | WrittenTransition, ...]:
    """Return the cut as written; without one, every scene except those edited by another and those of `film: false`."""
    if graph.storyboard.cut:
        return graph.storyboard.cut
    edited = {
        dependency.ref.word
        for s in graph.storyboard.scenes.values()
        for dependency in s.dependencies
        if dependency.edge == "edit"
    }
    scenes = (scene for scene in graph.storyboard.scenes.values() if scene.in_film and scene.id not in edited)
    return tuple(Cut(Ref(scene.id, scene.place, "scene")) for scene in scenes)


def _shot(cut: Cut, scene: Scene, stream: StreamFacts) -> Shot:
    starts = cut.starts if cut.starts is not None else scene.starts or 0.0
    out = cut.out if cut.out is not None else scene.out
    last = stream.frames if out is None else min(stream.frames, max(1, round(out * FPS)))
    return Shot(scene.id, min(round(starts * FPS), last - 1), last)


def _transitions(items: Sequence[Cut | WrittenTransition], shots: Sequence[Shot]) -> tuple[Transition, ...]:
    """Return the transitions, each between two shots and never longer than half of either.

    A rule of the language rejects transitions at the start and the end of the film.
    """
    found = []
    at = 0
    for item in items:
        if isinstance(item, Cut):
            at += 1
        else:
            most = min(shots[index].last - shots[index].first for index in (at - 1, at)) // 2
            found.append(Transition(at, item.sort, max(1, min(round(item.seconds * FPS), most))))
    return tuple(found)


def _without_double(shot: Shot, following: Shot, graph: Graph, streams: Mapping[str, StreamFacts]) -> Shot:
    """Return the shot without its last picture if a chain or a bridge makes the following shot begin with the same."""
    doubled = _is_input(following.scene, "first_frame", shot.scene, "out", graph) or _is_input(
        shot.scene, "last_frame", following.scene, "first", graph
    )
    whole = following.first == 0 and shot.last == streams[shot.scene].frames
    return Shot(shot.scene, shot.first, shot.last - 1) if doubled and whole and shot.last - shot.first > 1 else shot


def _is_input(scene: str, role: Role, other: str, moment: Moment, graph: Graph) -> bool:
    """Is the scene's first or last frame the other's frame at that moment, in whatever notation?"""
    frames = (dependency for dependency in graph.scene(scene).dependencies if dependency.role == role)
    return any((dependency.ref.word, dependency.ref.moment) == (other, moment) for dependency in frames)


def _agree(shots: Sequence[Shot], streams: Mapping[str, StreamFacts]) -> bool:
    used = [streams[shot.scene] for shot in shots]
    kinds = {(stream.codec, stream.size, stream.pixels, stream.head) for stream in used}
    whole = all(shot.first == 0 and shot.last in streams[shot.scene].endings for shot in shots)
    return len(kinds) == 1 and used[0].codec == "h264" and whole
