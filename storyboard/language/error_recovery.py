"""Validation of a text that is partly wrong: a mistake in one scene hides no mistake in another.

A text consists of entries: scenes, assets, cast, sets, the film. An entry with a mistake is doubtful: problems of it,
or of what is made from it, are not reported if they may only follow from that mistake. All problems of other entries
are reported. A mistake outside these entries (for example in the defaults) makes the whole text doubtful.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from storyboard.language.graph import Graph
from storyboard.language.nodes import Mapping as Tree
from storyboard.language.nodes import Node
from storyboard.language.problem import Problem
from storyboard.language.scene import Cut, Scene, Storyboard
from storyboard.language.source import Place

Entry = tuple[str, str]
"""A block and an id in it; a block that is one thing has no id."""

BLOCKS = ("scenes", "assets", "cast", "sets")
FILM: Entry = ("film", "")
ALONE = (FILM, ("title", ""))
"""Other entries that nothing else depends on."""


@dataclass(frozen=True, slots=True)
class Entries:
    """The places where the entries of some trees begin, by file, in the order of the text."""

    begins: Mapping[str, list[tuple[int, int, Entry]]]

    def of(self, place: Place) -> Entry | None:
        """Return the entry that contains a place."""
        marks = self.begins.get(place.file, [])
        at = bisect(marks, (place.line, place.column, ("\U0010ffff", "")))
        return marks[at - 1][2] if at else None

    def concerned(self, problems: Iterable[Problem]) -> frozenset[Entry] | None:
        """Return the entries that contain the problems; None if one of them is in no entry that can be left out
        alone."""
        found = {self.of(problem.place) for problem in problems}
        alone = {entry for entry in found if entry in ALONE or (entry is not None and entry[0] in BLOCKS and entry[1])}
        return frozenset(alone) if alone == found else None


def entries_of(trees: Iterable[Tree]) -> Entries:
    """Return where each entry of some trees begins; a key that begins no entry ends the one before."""
    return Entries({tree.place.file: sorted(_marks(tree)) for tree in trees})


def _marks(tree: Tree) -> Iterator[tuple[int, int, Entry]]:
    for key, place in tree.keys.items():
        yield place.line, place.column, (key, "")
        block = tree.entries.get(key)
        if key in BLOCKS and isinstance(block, Tree):
            yield from ((inner.line, inner.column, (key, id)) for id, inner in block.keys.items())


def without_keys(tree: Tree, places: frozenset[Place]) -> Tree:
    """Return the tree without the keys at these places, whether in a scene, a set, a profile or the defaults."""
    kept = {key: node for key, node in tree.entries.items() if tree.keys[key] not in places}
    inner = {key: without_keys(node, places) if isinstance(node, Tree) else node for key, node in kept.items()}
    return Tree(inner, {key: tree.keys[key] for key in inner}, tree.place)


def without(tree: Tree, doubtful: frozenset[Entry]) -> Tree:
    """The tree without what is in doubt; of scenes the names are left, since others may name them."""
    entries: dict[str, Node] = {}
    for key, node in tree.entries.items():
        if (key, "") in doubtful:
            continue
        entries[key] = _without(key, node, doubtful) if key in BLOCKS and isinstance(node, Tree) else node
    return Tree(entries, tree.keys, tree.place)


def _without(block: str, node: Tree, doubtful: frozenset[Entry]) -> Tree:
    sound = {id: inner for id, inner in node.entries.items() if (block, id) not in doubtful}
    if block == "scenes":
        return Tree({id: sound.get(id, Tree({}, {}, node.keys[id])) for id in node.entries}, node.keys, node.place)
    return Tree(sound, node.keys, node.place)


def reach(doubtful: frozenset[Entry], storyboard: Storyboard) -> frozenset[Entry]:
    """Return the doubtful entries, and the scenes that name an asset, cast member or set among them, with their
    sets."""
    scenes = [
        s
        for s in storyboard.scenes.values()
        if ("scenes", s.id) in doubtful or not doubtful.isdisjoint(_scene_names(s))
    ]
    return doubtful | {("scenes", s.id) for s in scenes} | _sets(scenes)


def _scene_names(scene: Scene) -> Iterator[Entry]:
    for dependency in scene.dependencies:
        yield "assets", dependency.ref.word
        yield "cast", dependency.ref.word
    yield from _sets([scene])


def _sets(scenes: Iterable[Scene]) -> set[Entry]:
    return {("sets", scene.set.word) for scene in scenes if scene.set is not None}


def far_reach(doubtful: frozenset[Entry], graph: Graph) -> frozenset[Entry]:
    """Return the result of `reach`, everything made from it, and the film if it shows any of it."""
    board, near = graph.storyboard, reach(doubtful, graph.storyboard)
    ids = {id for block, id in near if block == "scenes"}
    for id in graph.order:
        if not ids.isdisjoint(graph.parents[id]):
            ids.add(id)
    far = near | {("scenes", id) for id in ids} | _sets(board.scenes[id] for id in ids)
    shown = {item.scene.word for item in board.cut if isinstance(item, Cut)}
    return far | {FILM} if ids & shown else far
