"""Takes → film: the doing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from storyboard.errors import MediaTrouble
from storyboard.film.montage import Montage, montage
from storyboard.language.graph import Graph
from storyboard.world.files import temporary_name
from storyboard.world.media import join


def assembled(graph: Graph, takes: Mapping[str, Path], target: Path) -> Montage:
    """Cut the film of a storyboard's takes, under a temporary name, then in one stroke. Raises MediaTrouble."""
    streams = {scene: _stream_of(scene, path) for scene, path in takes.items()}
    decided = montage(graph, streams)
    pieces = [join.Piece(takes[shot.scene], shot.first, shot.last) for shot in decided.shots]
    target.parent.mkdir(parents=True, exist_ok=True)
    part = temporary_name(target)
    try:
        if decided.copied:
            join.copied(pieces, part)
        else:
            blends = [join.Blend(each.at, each.sort, each.frames) for each in decided.joins]
            join.encoded(pieces, blends, part, graph.storyboard.film_size)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return decided


def _stream_of(scene: str, path: Path) -> join.Stream:
    try:
        return join.stream_of(path)
    except MediaTrouble as error:
        hint = "remove that file: `storyboard run` fetches it again if it can"
        raise MediaTrouble(f'the take of scene "{scene}", {path}, is damaged', hint) from error
