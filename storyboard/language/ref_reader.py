"""The dependencies of a scene, read from its keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from storyboard.language.nodes import Mapping as Tree
from storyboard.language.nodes import Node, data
from storyboard.language.scene import (
    Dependency,
    Edge,
    Moment,
    Ref,
    Role,
    Window,
)
from storyboard.language.tree_access import (
    child_of,
    number_of,
    several,
    text_of,
)


def dependencies(node: Tree, keys: tuple[str, ...]) -> Iterator[Dependency]:
    """Return the dependencies of a scene in the order in which they are sent: frames; or the source, then the
    references."""
    for word in keys:
        value = node.entries[word]
        match word:
            case "chain":
                yield Dependency("chain", _moment_mention(value, "out", sort="scene"), "first_frame")
            case "first_frame":
                yield Dependency("frame", _moment_mention(value, "out"), "first_frame")
            case "last_frame":
                yield Dependency("frame", _moment_mention(value, "out"), "last_frame")
            case "bridge":
                roles: tuple[tuple[Role, Moment], ...] = (("first_frame", "out"), ("last_frame", "first"))
                for item, (role, moment) in zip(several(value), roles, strict=True):
                    yield Dependency("bridge", _moment_mention(item, moment), role)
    for word in ("edit", "extend", "references"):
        edge: Edge = "reference" if word == "references" else word  # type: ignore[assignment]  # the two others are edges
        for item in several(node.entries.get(word)):
            yield Dependency(edge, read_ref(item), "reference_video" if word != "references" else None)


def _moment_mention(node: Node, moment: Moment, sort: Literal["scene"] | None = None) -> Ref:
    """Return a reference to a picture: of a scene, the frame at `moment` unless the author names another."""
    ref = read_ref(node, sort)
    return Ref(
        ref.word,
        ref.place,
        ref.sort,
        moment if ref.moment is None else ref.moment,
        ref.window,
        ref.alias,
    )


def read_ref(node: Node, sort: Literal["scene", "asset"] | None = None) -> Ref:
    """Return the reference that a name, or a mapping with `scene` or `asset`, makes."""
    if not isinstance(node, Tree):
        return Ref(str(data(node)), node.place, sort)
    key: Literal["scene", "asset"] = "scene" if "scene" in node.entries else "asset"
    word = node.entries.get(key)
    at = child_of(node, "at")
    return Ref(
        word=text_of(node, key),
        place=word.place if word else node.place,
        sort=key if key == "scene" else _asset_sort(text_of(node, key)),
        moment=None if at is None else _moment(data(at)),
        window=_window(node),
        alias=text_of(node, "as") or None,
    )


def _asset_sort(word: str) -> Literal["asset"] | None:
    """`{asset: …}` may hold a path or an address as well as an id."""
    return None if any(sign in word for sign in "/.:") else "asset"


def _moment(value: Any) -> Moment:
    return value if value in ("out", "first") else float(value)


def _window(node: Tree) -> Window | None:
    window = Window(number_of(node, "from"), number_of(node, "to"), number_of(node, "head"), number_of(node, "tail"))
    return None if window == Window() else window
