"""Cut the film of a project, and copy the selected takes into the renders folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from storyboard import project
from storyboard.errors import DecisionNeeded
from storyboard.language.graph import Graph
from storyboard.language.scene import Cut
from storyboard.planning.fingerprint import canonical, digest_of
from storyboard.planning.lock_update import with_past
from storyboard.planning.take import Take
from storyboard.planning.timeline import scenes_of
from storyboard.world import durable, layout
from storyboard.world.clock import SystemClock
from storyboard.world.layout import Layout
from storyboard.world.store import Store


@dataclass(frozen=True, slots=True)
class Film:
    """A finished film: its path, its number of frames, and whether it had to be cut again."""

    path: Path
    frames: int
    copied: bool
    anew: bool


def film(layout: Layout, graph: Graph, takes: Mapping[str, Take]) -> Film:
    """Cut the film from these takes, and copy them to the renders folder. Raise DecisionNeeded if some are missing."""
    missing = [scene for scene in scenes_of(graph) if scene not in takes]
    if missing:
        raise DecisionNeeded(f"the film lacks {', '.join(missing)}", "`storyboard run` makes them")
    store = project.state_on_disk(layout, SystemClock()).store
    renders = layout.renders(graph.storyboard.profile)
    layout.guard(layout.hidden, renders / "scenes", renders / "film.mp4")
    paths = {scene: _find(store, take.digest) for scene, take in takes.items()}
    _copy_takes(graph, takes, store, renders, paths)
    target, record = renders / "film.mp4", layout.film_record(graph.storyboard.profile)
    recipe = _recipe(graph, takes)
    before = _read_record(record)
    if before.get("recipe") == recipe and target.exists() and target.stat().st_size == before.get("size"):
        return Film(target, int(before["frames"]), bool(before["copied"]), anew=False)
    from storyboard.film.render import render

    made = render(graph, {scene: paths[scene] for scene in scenes_of(graph)}, target)
    durable.sync_file(target)  # # otherwise the record could survive a power loss that emptied the film
    value = {"recipe": recipe, "size": target.stat().st_size, "frames": made.frames, "copied": made.copied}
    durable.write_atomically(record, json.dumps(value).encode())
    return Film(target, made.frames, made.copied, anew=True)


def _find(store: Store, digest: str) -> Path:
    """A file of the store, if it is what its name says."""
    path = store.find(digest)
    if path is None:
        raise DecisionNeeded(f"{digest[:19]}… is not in the store any more", "`storyboard run` fetches it if it can")
    if store.is_altered(path):
        hint = "`storyboard verify` puts it aside, and `storyboard run` fetches it if it can"
        raise DecisionNeeded(f"{digest[:19]}… in the store was altered", hint)
    return path


def _copy_takes(
    graph: Graph, takes: Mapping[str, Take], store: Store, renders: Path, paths: Mapping[str, Path]
) -> None:
    """Copies of the selected takes under the names of their scenes, and of last frames that were asked for."""
    for scene, take in takes.items():
        name = layout.file_name(scene)
        durable.copy_out(paths[scene], renders / "scenes" / f"{name}.mp4", take.digest)
        if store.find(take.frame) is not None and graph.scene(scene).parameters.return_last_frame:
            frame = _find(store, take.frame)
            durable.copy_out(frame, renders / "scenes" / f"{name}-last{frame.suffix}", take.frame)


def _recipe(graph: Graph, takes: Mapping[str, Take]) -> str:
    """Return the digest of everything that the film depends on."""
    board = graph.storyboard
    cut = [
        [item.scene.word, item.starts, item.out] if isinstance(item, Cut) else [item.sort, item.seconds]
        for item in board.cut
    ]
    scenes = [
        [
            id,
            takes[id].digest,
            graph.scene(id).starts,
            graph.scene(id).out,
            [g.edge for g in graph.scene(id).dependencies],
        ]
        for id in scenes_of(graph)
    ]
    return digest_of(canonical([1, cut, scenes, *([list(board.film_size)] if board.film_size else [])]))


def _read_record(record: Path) -> dict[str, Any]:
    """What was written down of the film that was cut last; nothing if that is no record of ours."""
    try:
        value = json.loads(record.read_text("utf-8"))
        whole = isinstance(value["frames"], int) and isinstance(value["copied"], bool)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return {}
    return dict(value) if whole else {}


def takes_now(layout: Layout, graph: Graph) -> dict[str, Take]:
    """Return the selected take of each scene whose take is in the store."""
    state = project.state_on_disk(layout, SystemClock())
    lock = with_past(state.lock(layout.stem), state.past(layout.stem), layout.stem)
    here = state.store.digests()
    found = {id: lock.block(graph.storyboard.profile, id).take for id in graph.order}
    return {id: take for id, take in found.items() if take is not None and take.digest in here}
