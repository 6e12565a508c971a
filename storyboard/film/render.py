"""Render the film from takes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from storyboard.errors import MediaTrouble
from storyboard.language.graph import Graph
from storyboard.planning.timeline import Timeline, timeline_of
from storyboard.world.durable import temporary_name
from storyboard.world.media import splice


def render(graph: Graph, takes: Mapping[str, Path], target: Path) -> Timeline:
    """Write the film of a storyboard's takes under a temporary name, then rename it. Return its timeline.

    Raise MediaTrouble if a take can't be read.
    """
    streams = {scene: _stream_of(scene, path) for scene, path in takes.items()}
    timeline = timeline_of(graph, streams)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = temporary_name(target)
    try:
        if timeline.copied:
            splice.copy(timeline, takes, part)
        else:
            splice.encode(timeline, takes, part, graph.storyboard.film_size)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return timeline


def _stream_of(scene: str, path: Path) -> splice.Stream:
    try:
        return splice.stream_of(path)
    except MediaTrouble as error:
        hint = "remove that file: `storyboard run` fetches it again if it can"
        raise MediaTrouble(f'the take of scene "{scene}", {path}, is damaged', hint) from error
