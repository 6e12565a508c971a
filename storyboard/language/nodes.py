"""The tree of a YAML text: values that know their place in the text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from storyboard.language.source import Place

Plain: TypeAlias = "str | int | float | bool | None"
Step: TypeAlias = "str | int"


@dataclass(slots=True, unsafe_hash=True)
class Scalar:
    """A value without parts; `block` if it was written as `>` or `|`.

    Never changed, but not frozen: that would cost a large tree a third of its time.
    """

    value: Plain
    place: Place
    block: bool = False


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list of nodes."""

    items: tuple[Node, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Mapping:
    """Nodes by key, in the order of the text, each key with its place."""

    entries: dict[str, Node]
    keys: dict[str, Place]
    place: Place


Node: TypeAlias = "Scalar | Sequence | Mapping"


def data(node: Node) -> Any:
    """The tree as scalar_value dictionaries, lists and values, for a schema to judge."""
    match node:
        case Scalar():
            return node.value
        case Sequence():
            return [data(item) for item in node.items]
        case _:
            return {key: data(value) for key, value in node.entries.items()}


def node_at(node: Node, path: tuple[Step, ...]) -> Node:
    """Return the node at a path of keys and indices, or the last node on the path that exists."""
    for step in path:
        if isinstance(node, Mapping) and isinstance(step, str) and step in node.entries:
            node = node.entries[step]
        elif isinstance(node, Sequence) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
        else:
            break
    return node
