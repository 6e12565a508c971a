"""The inputs of every scene, with what is known of each: size, pixels, length."""

from __future__ import annotations

from dataclasses import dataclass

from storyboard.language.capability import Capabilities, Capability
from storyboard.language.facts import Facts, FileFacts
from storyboard.language.graph import Graph
from storyboard.language.inputs import Input, LocalFile, RemoteFile, shown_address
from storyboard.language.scene import Kind, Scene
from storyboard.language.window import seconds_of_input

_ONE: dict[Kind, str] = {"image": "picture", "video": "video", "audio": "sound"}


@dataclass(frozen=True, slots=True)
class Measured:
    """One input with what is known about it; unknown values are zero or None."""

    scene: Scene
    row: Capability
    item: Input
    name: str
    size: int = 0
    width: int = 0
    height: int = 0
    fps: float = 0.0
    seconds: float | None = None
    fact: FileFacts | None = None

    @property
    def subject(self) -> str:
        """The subject of a sentence about the input."""
        return f'{_ONE[self.item.kind]} "{self.name}" of scene "{self.scene.id}"'


Handed = tuple[Measured, ...]
"""Every input of every scene."""


def measure_inputs(graph: Graph, rows: Capabilities, facts: Facts) -> Handed:
    """Every input of every scene, with what is known of it."""
    return tuple(
        _measures_of(scene, rows[scene.model.row], item, graph, facts)
        for scene in graph.storyboard.scenes.values()
        if scene.model.row in rows
        for item in graph.inputs[scene.id]
    )


def _measures_of(scene: Scene, row: Capability, item: Input, graph: Graph, facts: Facts) -> Measured:
    name = item.names[0] if item.names else ""
    seconds = None if item.kind == "image" else seconds_of_input(item, scene.id, graph, row, facts, {})
    match item.origin:
        case LocalFile(path):
            fact = facts.get(path, FileFacts(path))
            return Measured(scene, row, item, name or path, fact.size, fact.width, fact.height, fact.fps, seconds, fact)
        case RemoteFile(address, size=size):
            there = facts.get(address)
            name = name or shown_address(address)
            if there is not None and there.trouble is None:
                return Measured(
                    scene, row, item, name, there.size, there.width, there.height, there.fps, seconds, there
                )
            width, height = size or (0, 0)
            return Measured(scene, row, item, name, 0, width, height, 0.0, seconds)
        case _:
            return Measured(scene, row, item, name or item.origin.scene, seconds=seconds)
