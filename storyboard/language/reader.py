"""A well-formed tree → a Storyboard, with the defaults and the chosen profiles laid in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, get_args

from storyboard.language.document import Mapping as Tree
from storyboard.language.document import Node, Scalar, Sequence, data
from storyboard.language.inputs import is_address
from storyboard.language.scene import (
    Asset,
    Cut,
    Edge,
    Given,
    Kind,
    Member,
    Mention,
    Mode,
    ModelName,
    Moment,
    Parameters,
    Parts,
    Role,
    Scene,
    Speech,
    Storyboard,
    Transition,
    Window,
)
from storyboard.language.source import Place

DEFAULT_MODEL = "seedance-2.0"

PARAMETERS = (
    "ratio",
    "resolution",
    "duration",
    "generate_audio",
    "watermark",
    "seed",
    "tools",
    "return_last_frame",
    "safety_identifier",
    "execution_expires_after",
    "callback_url",
)
INHERITED = ("model", "style", "language", "takes", *PARAMETERS)
MODE_KEYS = ("chain", "first_frame", "last_frame", "bridge", "references", "edit", "extend")
_NOT_IN_MODE: Mapping[str, tuple[Mode, ...]] = {
    "tools": ("first_frame", "first_last", "reference", "edit", "extend"),
    "style": ("edit",),
}
"""What defaults and profiles may say that a scene's mode forbids: left out there, and shown by `plan`."""


def read(tree: Tree, profiles: tuple[str, ...] = (), included: Included = ()) -> Storyboard:
    """The storyboard that a tree of the written form says, in the light of `profiles`, the last of which wins.

    `included` are the trees of the files that it brings in, each with its path relative to the storyboard's folder.
    """
    defaults = _entries(tree, "defaults")
    outer = [_entries(_child(tree, "profiles"), name) for name in reversed(profiles)]
    base = {key: node for key, node in tree.entries.items() if key in INHERITED}
    files = (("", tree), *included)
    sets = {key: node for _, file in files for key, node in _trees(file, "sets")}
    film = _child(tree, "film")
    return Storyboard(
        name=tree.place.file,
        title=_text(tree, "title"),
        scenes={
            key: _scene(key, place, _with_set(node, sets), outer, [defaults, base])
            for (key, node), place in zip(_trees(tree, "scenes"), _places(tree, "scenes"), strict=True)
        },
        assets=_assets(files, outer),
        cast={
            key: _member(key, node, folder) for folder, file in _folders(files) for key, node in _trees(file, "cast")
        },
        cut=tuple(_cuts(_child(film, "cut"))),
        place=tree.place,
        profile=",".join(profiles),
        ids=tuple(
            (block, key, place)
            for block in ("assets", "cast", "scenes")
            for _, file in files
            for key, place in _keys(file, block)
        ),
        sets=tuple(sets),
        film_size=_film_size([*(layer.get("film") for layer in outer), film]),
        footage="all" if _text(film, "footage") == "all" else "new",
    )


Included = tuple[tuple[str, Tree], ...]


def includes_of(tree: Tree) -> tuple[tuple[str, Place], ...]:
    """The files that a storyboard brings in, as it names them."""
    return tuple((str(data(item)), item.place) for item in _several(_child(tree, "include")))


def profile_names(tree: Tree) -> tuple[str, ...]:
    """The profiles that a storyboard has."""
    return tuple(_entries(tree, "profiles"))


def _folders(files: Included) -> Iterator[tuple[str, Tree]]:
    """Each file's folder, relative to the storyboard's: paths are relative to the file that names them."""
    yield from ((path.rpartition("/")[0], file) for path, file in files)


def _trees(tree: Tree, block: str) -> Iterator[tuple[str, Tree]]:
    yield from ((key, node) for key, node in _entries(tree, block).items() if isinstance(node, Tree))


def _places(tree: Tree, block: str) -> Iterator[Place]:
    yield from (place for _, place in _keys(tree, block))


def _assets(files: Included, profiles: list[dict[str, Node]]) -> dict[str, Asset]:
    """Every asset; a profile's stand in for those of the same name."""
    found = {key: _asset(key, node, folder) for folder, file in _folders(files) for key, node in _trees(file, "assets")}
    for profile in reversed(profiles):
        block = profile.get("assets")
        rows = block.entries.items() if isinstance(block, Tree) else ()
        found |= {key: _asset(key, node, "") for key, node in rows if isinstance(node, Tree)}
    return found


def _with_set(node: Tree, sets: Mapping[str, Tree]) -> Tree:
    """A scene with what it takes over from its set: its own keys win, references are appended."""
    found = sets.get(_text(node, "set")) if "set" in node.entries else None
    if found is None:
        return node
    entries, keys = {**found.entries, **node.entries}, {**found.keys, **node.keys}
    own, lent = node.entries.get("references"), found.entries.get("references")
    if isinstance(own, Sequence) and isinstance(lent, Sequence):
        entries["references"] = Sequence((*own.items, *lent.items), own.place)
    return Tree(entries, keys, node.place)


def _film_size(films: list[Node | None]) -> tuple[int, int] | None:
    return next((size for film in films if (size := _size(film))), None)


def _size(node: Node | None) -> tuple[int, int] | None:
    width, _, height = _text(node, "size").partition("x")
    return (int(width), int(height)) if height else None


def _flag(node: Node, key: str, default: bool) -> bool:
    child = _child(node, key)
    return default if child is None else bool(data(child))


def _below(folder: str, where: str) -> str:
    """A path of an included file, relative to the storyboard's folder; an address stays as it is."""
    return where if not folder or is_address(where) or where.startswith("/") else f"{folder}/{where}"


def _child(node: Node | None, key: str) -> Node | None:
    return node.entries.get(key) if isinstance(node, Tree) else None


def _entries(node: Node | None, key: str) -> dict[str, Node]:
    child = _child(node, key)
    return child.entries if isinstance(child, Tree) else {}


def _keys(tree: Tree, block: str) -> Iterator[tuple[str, Place]]:
    child = _child(tree, block)
    if isinstance(child, Tree):
        yield from child.keys.items()


def _text(node: Node | None, key: str) -> str:
    value = data(child) if (child := _child(node, key)) else ""
    return str(value)


def _number(node: Node | None, key: str) -> float | None:
    child = _child(node, key)
    return float(data(child)) if child is not None else None


def _asset(key: str, node: Tree, folder: str) -> Asset:
    kinds: tuple[Kind, ...] = get_args(Kind)
    kind: Kind = next((kind for kind in kinds if kind in node.entries), "image")
    where = node.entries.get(kind)
    return Asset(
        id=key,
        kind=kind,
        where=_below(folder, _text(node, kind)),
        place=where.place if where else node.place,
        description=_text(node, "description"),
        sha256=_text(node, "sha256"),
        duration=_number(node, "duration"),
        legend=_flag(node, "legend", True),
        size=_size(node),
        people=_flag(node, "people", False),
    )


def _member(key: str, node: Tree, folder: str) -> Member:
    images = node.entries["images"]
    items = images.items if isinstance(images, Sequence) else ()
    return Member(
        id=key,
        name=_text(node, "name"),
        images=tuple(_below(folder, str(data(item))) for item in items),
        place=node.keys.get("images", node.place),
        description=_text(node, "description"),
        legend=_flag(node, "legend", True),
        image_places=tuple(item.place for item in items),
        people=_flag(node, "people", False),
    )


def _scene(key: str, place: Place, node: Tree, outer: list[dict[str, Node]], inner: list[dict[str, Node]]) -> Scene:
    mode_keys = tuple(word for word in MODE_KEYS if word in node.entries)
    mode = _mode(mode_keys)
    chosen, left_out = _effective(node, outer, inner, mode)
    places = {word: _place_of(value, node, word) for word, value in {**node.entries, **chosen}.items()}
    values = {word: data(value) for word, value in chosen.items()}
    return Scene(
        id=key,
        place=place,
        mode=mode,
        prompt="" if isinstance(node.entries.get("prompt"), Tree) else _text(node, "prompt"),
        given=tuple(_given(node, mode_keys)),
        after=tuple(_mention(item) for item in _several(_child(node, "after"))),
        model=_model(values.get("model", DEFAULT_MODEL)),
        parameters=_parameters(values),
        places=places,
        mode_keys=mode_keys,
        left_out=left_out,
        direction="backward" if _text(node, "direction") == "backward" else "forward",
        style=str(values.get("style", "")),
        language=values.get("language"),
        starts=_number(node, "in"),
        out=_number(node, "out"),
        in_film=_flag(node, "film", True),
        tags=tuple(str(data(item)) for item in _several(_child(node, "tags"))),
        title=_text(node, "title"),
        notes=_text(node, "notes"),
        parts=_parts(node.entries.get("prompt")),
        environment=_text(node, "environment"),
        takes=int(values.get("takes", 1)),
        audition=_flag(node, "audition", True),
        set=_mention(node.entries["set"]) if "set" in node.entries else None,
    )


def _parts(node: Node | None) -> Parts | None:
    if not isinstance(node, Tree):
        return None
    words = {key: str(data(value)) for key, value in node.entries.items() if key != "dialogue"}
    spoken = (
        Speech(_text(item, "speaker"), _text(item, "line"), _text(item, "delivery"))
        for item in _several(_child(node, "dialogue"))
    )
    return Parts(**words, dialogue=tuple(spoken))


def _place_of(value: Node, node: Tree, word: str) -> Place:
    """A short value's own place; a block's or a collection's key, which is what one looks for."""
    if isinstance(value, Scalar) and not value.block:
        return value.place
    return node.keys.get(word, value.place)


def _mode(keys: tuple[str, ...]) -> Mode:
    """The mode that a scene's keys say; where they contradict each other a rule tells, and this doesn't matter."""
    if "extend" in keys:
        return "extend"
    if "edit" in keys:
        return "edit"
    if "references" in keys:
        return "reference"
    if "last_frame" in keys or "bridge" in keys:
        return "first_last"
    return "first_frame" if keys else "text"


def _effective(
    node: Tree, outer: list[dict[str, Node]], inner: list[dict[str, Node]], mode: Mode
) -> tuple[dict[str, Node], tuple[str, ...]]:
    """Profiles win over the scene, the scene over the defaults; and what the mode forbade of the inherited."""
    chosen: dict[str, Node] = {}
    left_out = []
    for word in INHERITED:
        layers = [*outer, node.entries, *inner]
        layer = next((layer for layer in layers if word in layer), None)
        if layer is None:
            continue
        if layer is not node.entries and mode in _NOT_IN_MODE.get(word, ()):
            left_out.append(word)
        else:
            chosen[word] = layer[word]
    return chosen, tuple(left_out)


def _model(value: Any) -> ModelName:
    if isinstance(value, dict):
        return ModelName(str(value["id"]), str(value["like"]))
    return ModelName(str(value))


def _parameters(values: dict[str, Any]) -> Parameters:
    found = {word: values[word] for word in PARAMETERS if word in values and word != "tools"}
    for word in ("duration", "seed", "execution_expires_after"):  # `5.0` is a whole number to JSON Schema
        if word in found:
            found[word] = int(found[word])
    return Parameters(**found, web_search=bool(values.get("tools")))


def _several(node: Node | None) -> tuple[Node, ...]:
    if node is None:
        return ()
    return node.items if isinstance(node, Sequence) else (node,)


def _given(node: Tree, keys: tuple[str, ...]) -> Iterator[Given]:
    """What the scene is given, in the order in which it is sent: frames; or the source first, then the references."""
    for word in keys:
        value = node.entries[word]
        match word:
            case "chain":
                yield Given("chain", _moment_mention(value, "out", sort="scene"), "first_frame")
            case "first_frame":
                yield Given("frame", _moment_mention(value, "out"), "first_frame")
            case "last_frame":
                yield Given("frame", _moment_mention(value, "out"), "last_frame")
            case "bridge":
                roles: tuple[tuple[Role, Moment], ...] = (("first_frame", "out"), ("last_frame", "first"))
                for item, (role, moment) in zip(_several(value), roles, strict=True):
                    yield Given("bridge", _moment_mention(item, moment), role)
    for word in ("edit", "extend", "references"):
        edge: Edge = "reference" if word == "references" else word  # type: ignore[assignment]  # the two others are edges
        for item in _several(node.entries.get(word)):
            yield Given(edge, _mention(item), "reference_video" if word != "references" else None)


def _moment_mention(node: Node, moment: Moment, sort: Literal["scene"] | None = None) -> Mention:
    """A mention of a picture: of a scene it is the frame at `moment` unless the author says another."""
    mention = _mention(node, sort)
    return Mention(
        mention.word,
        mention.place,
        mention.sort,
        moment if mention.moment is None else mention.moment,
        mention.window,
        mention.alias,
    )


def _mention(node: Node, sort: Literal["scene", "asset"] | None = None) -> Mention:
    if not isinstance(node, Tree):
        return Mention(str(data(node)), node.place, sort)
    key: Literal["scene", "asset"] = "scene" if "scene" in node.entries else "asset"
    word = node.entries.get(key)
    at = _child(node, "at")
    return Mention(
        word=_text(node, key),
        place=word.place if word else node.place,
        sort=key if key == "scene" else _asset_sort(_text(node, key)),
        moment=None if at is None else _moment(data(at)),
        window=_window(node),
        alias=_text(node, "as") or None,
    )


def _asset_sort(word: str) -> Literal["asset"] | None:
    """`{asset: …}` may hold a path or an address as well as an id."""
    return None if any(sign in word for sign in "/.:") else "asset"


def _moment(value: Any) -> Moment:
    return value if value in ("out", "first") else float(value)


def _window(node: Tree) -> Window | None:
    window = Window(_number(node, "from"), _number(node, "to"), _number(node, "head"), _number(node, "tail"))
    return None if window == Window() else window


def _cuts(node: Node | None) -> Iterator[Cut | Transition]:
    for item in _several(node):
        if not isinstance(item, Tree):
            yield Cut(Mention(str(data(item)), item.place, "scene"))
        elif "scene" in item.entries:
            mention = Mention(_text(item, "scene"), item.entries["scene"].place, "scene")
            yield Cut(mention, _number(item, "in"), _number(item, "out"))
        else:
            sorts: tuple[Literal["dissolve", "fade", "wipe"], ...] = ("dissolve", "fade", "wipe")
            sort = next(sort for sort in sorts if sort in item.entries)
            yield Transition(sort, float(data(item.entries[sort])), item.entries[sort].place)
