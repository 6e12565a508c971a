"""A well-formed tree → a Storyboard, with the defaults and the chosen profiles laid in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal, get_args

from storyboard.language.inputs import is_address
from storyboard.language.nodes import Mapping as Tree
from storyboard.language.nodes import Node, Sequence, data
from storyboard.language.scene import (
    Asset,
    CastMember,
    Cut,
    Kind,
    Ref,
    Storyboard,
    Transition,
)
from storyboard.language.scene_reader import INHERITED, read_scene
from storyboard.language.source import Place
from storyboard.language.tree_access import (
    child_of,
    entries_in,
    flag_of,
    keys_in,
    number_of,
    places_of,
    several,
    size_of,
    text_of,
    trees,
)


def read(tree: Tree, profiles: tuple[str, ...] = (), included: Included = ()) -> Storyboard:
    """Return the storyboard of a well-formed tree, with `profiles` applied, of which the last one wins.

    `included` are the trees of the included files, each with its path relative to the storyboard's folder.
    """
    defaults = entries_in(tree, "defaults")
    outer = [entries_in(child_of(tree, "profiles"), name) for name in reversed(profiles)]
    base = {key: node for key, node in tree.entries.items() if key in INHERITED}
    files = (("", tree), *included)
    sets = {key: node for _, file in files for key, node in trees(file, "sets")}
    film = child_of(tree, "film")
    return Storyboard(
        name=tree.place.file,
        title=text_of(tree, "title"),
        scenes={
            key: read_scene(key, place, _with_set(node, sets), outer, [defaults, base])
            for (key, node), place in zip(trees(tree, "scenes"), places_of(tree, "scenes"), strict=True)
        },
        assets=_assets(files, outer),
        cast={key: _member(key, node, folder) for folder, file in _folders(files) for key, node in trees(file, "cast")},
        cut=tuple(_cuts(child_of(film, "cut"))),
        place=tree.place,
        profile=",".join(profiles),
        ids=tuple(
            (block, key, place)
            for block in ("assets", "cast", "scenes")
            for _, file in files
            for key, place in keys_in(file, block)
        ),
        sets=tuple(sets),
        film_size=_film_size([*(layer.get("film") for layer in outer), film]),
        footage="all" if text_of(film, "footage") == "all" else "new",
    )


Included = tuple[tuple[str, Tree], ...]


def includes_of(tree: Tree) -> tuple[tuple[str, Place], ...]:
    """The files that a storyboard brings in, as it names them."""
    return tuple((str(data(item)), item.place) for item in several(child_of(tree, "include")))


def profile_names(tree: Tree) -> tuple[str, ...]:
    """The profiles that a storyboard has."""
    return tuple(entries_in(tree, "profiles"))


def _folders(files: Included) -> Iterator[tuple[str, Tree]]:
    """Each file's folder, relative to the storyboard's: paths are relative to the file that names them."""
    yield from ((path.rpartition("/")[0], file) for path, file in files)


def _assets(files: Included, profiles: list[dict[str, Node]]) -> dict[str, Asset]:
    """Return every asset; a profile's asset replaces the one of the same name."""
    found = {key: _asset(key, node, folder) for folder, file in _folders(files) for key, node in trees(file, "assets")}
    for profile in reversed(profiles):
        block = profile.get("assets")
        rows = block.entries.items() if isinstance(block, Tree) else ()
        found |= {key: _asset(key, node, "") for key, node in rows if isinstance(node, Tree)}
    return found


def _with_set(node: Tree, sets: Mapping[str, Tree]) -> Tree:
    """A scene with what it takes over from its set: its own keys win, references are appended."""
    found = sets.get(text_of(node, "set")) if "set" in node.entries else None
    if found is None:
        return node
    entries, keys = {**found.entries, **node.entries}, {**found.keys, **node.keys}
    own, lent = node.entries.get("references"), found.entries.get("references")
    if isinstance(own, Sequence) and isinstance(lent, Sequence):
        entries["references"] = Sequence((*own.items, *lent.items), own.place)
    return Tree(entries, keys, node.place)


def _film_size(films: list[Node | None]) -> tuple[int, int] | None:
    return next((size for film in films if (size := size_of(film))), None)


def _below(folder: str, where: str) -> str:
    """A path of an included file, relative to the storyboard's folder; an address stays as it is."""
    return where if not folder or is_address(where) or where.startswith("/") else f"{folder}/{where}"


def _asset(key: str, node: Tree, folder: str) -> Asset:
    kinds: tuple[Kind, ...] = get_args(Kind)
    kind: Kind = next((kind for kind in kinds if kind in node.entries), "image")
    where = node.entries.get(kind)
    return Asset(
        id=key,
        kind=kind,
        where=_below(folder, text_of(node, kind)),
        place=where.place if where else node.place,
        description=text_of(node, "description"),
        sha256=text_of(node, "sha256"),
        duration=number_of(node, "duration"),
        legend=flag_of(node, "legend", True),
        size=size_of(node),
        people=flag_of(node, "people", False),
    )


def _member(key: str, node: Tree, folder: str) -> CastMember:
    images = node.entries["images"]
    items = images.items if isinstance(images, Sequence) else ()
    return CastMember(
        id=key,
        name=text_of(node, "name"),
        images=tuple(_below(folder, str(data(item))) for item in items),
        place=node.keys.get("images", node.place),
        description=text_of(node, "description"),
        legend=flag_of(node, "legend", True),
        image_places=tuple(item.place for item in items),
        people=flag_of(node, "people", False),
    )


def _cuts(node: Node | None) -> Iterator[Cut | Transition]:
    for item in several(node):
        if not isinstance(item, Tree):
            yield Cut(Ref(str(data(item)), item.place, "scene"))
        elif "scene" in item.entries:
            ref = Ref(text_of(item, "scene"), item.entries["scene"].place, "scene")
            yield Cut(ref, number_of(item, "in"), number_of(item, "out"))
        else:
            sorts: tuple[Literal["dissolve", "fade", "wipe"], ...] = ("dissolve", "fade", "wipe")
            sort = next(sort for sort in sorts if sort in item.entries)
            yield Transition(sort, float(data(item.entries[sort])), item.entries[sort].place)
