"""Access to the entries of a well-formed tree by their keys; a missing entry is None or empty."""

from __future__ import annotations

from collections.abc import Iterator

from storyboard.language.nodes import Mapping as Tree
from storyboard.language.nodes import Node, Sequence, data
from storyboard.language.source import Place


def trees(tree: Tree, block: str) -> Iterator[tuple[str, Tree]]:
    """Return the entries of a block that are mappings, with their keys."""
    yield from ((key, node) for key, node in entries_in(tree, block).items() if isinstance(node, Tree))


def places_of(tree: Tree, block: str) -> Iterator[Place]:
    """Return the places of the keys of a block."""
    yield from (place for _, place in keys_in(tree, block))


def size_of(node: Node | None) -> tuple[int, int] | None:
    """Return the width and height of `size: 1280x720`."""
    width, _, height = text_of(node, "size").partition("x")
    return (int(width), int(height)) if height else None


def flag_of(node: Node, key: str, default: bool) -> bool:
    """Return the truth value of an entry."""
    child = child_of(node, key)
    return default if child is None else bool(data(child))


def child_of(node: Node | None, key: str) -> Node | None:
    """Return the entry of a mapping."""
    return node.entries.get(key) if isinstance(node, Tree) else None


def entries_in(node: Node | None, key: str) -> dict[str, Node]:
    """Return the entries of an entry that is a mapping."""
    child = child_of(node, key)
    return child.entries if isinstance(child, Tree) else {}


def keys_in(tree: Tree, block: str) -> Iterator[tuple[str, Place]]:
    """Return the keys of a block, with their places."""
    child = child_of(tree, block)
    if isinstance(child, Tree):
        yield from child.keys.items()


def text_of(node: Node | None, key: str) -> str:
    """Return an entry as text."""
    value = data(child) if (child := child_of(node, key)) else ""
    return str(value)


def number_of(node: Node | None, key: str) -> float | None:
    """Return an entry as a number."""
    child = child_of(node, key)
    return float(data(child)) if child is not None else None


def several(node: Node | None) -> tuple[Node, ...]:
    """Return the items of a list; of a single value, the value alone."""
    if node is None:
        return ()
    return node.items if isinstance(node, Sequence) else (node,)
