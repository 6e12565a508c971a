"""A scene's key: its components, as effective values, in canonical form.

Two keys are equal if their components are. Small values are kept in clear, so a reason is a difference of dictionaries.
What a scene takes from another scene counts by the digest of its bytes, never by the other scene's key or name: equal
bytes change nothing below them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, TypeAlias, assert_never
from urllib.parse import urlsplit

from storyboard.language.capability import Capability
from storyboard.language.facts import Facts
from storyboard.language.graph import Graph
from storyboard.language.inputs import Input, LocalFile, RemoteFile, SceneVideo
from storyboard.language.prompt import compose
from storyboard.language.window import part_of
from storyboard.planning.take import Take

RECIPE = 1
"""The version of what goes into a key. A new version translates old records; it never makes a take stale."""

Components: TypeAlias = Mapping[str, "str | int | bool"]
"""`mode`, `prompt`, `model`, each parameter, and `input.N` or `upstream.N` for the N-th item of the content."""

PENDING = "?"
"""Stands for an input that comes from a scene that is still to be made."""


def components_of(id: str, graph: Graph, row: Capability, facts: Facts, takes: Mapping[str, Take]) -> Components:
    """Return a scene's key. The part that depends on a take that doesn't exist yet is `PENDING`."""
    scene = graph.scene(id)
    asked = scene.parameters
    key: dict[str, str | int | bool] = {
        "mode": scene.mode,
        "prompt": compose(scene, graph.storyboard).text,
        "model": scene.model.name if scene.model.like else row.counts_as or row.id,
        "ratio": asked.ratio,
        "resolution": asked.resolution,
        "duration": asked.duration,
        "generate_audio": asked.generate_audio,
        "watermark": asked.watermark,
        "seed": asked.seed,
        "web_search": asked.web_search,
    }
    for number, item in enumerate(graph.inputs[id], start=1):
        sort = "upstream" if isinstance(item.origin, SceneVideo) else "input"
        key[f"{sort}.{number}"] = _count(item, id, graph, row, facts, takes)
    return key


def _count(item: Input, id: str, graph: Graph, row: Capability, facts: Facts, takes: Mapping[str, Take]) -> str:
    match item.origin:
        case LocalFile(path):
            what = facts[path].digest if path in facts else ""
        case RemoteFile(address, sha256):
            what = f"sha256:{sha256}" if sha256 else _count_address(address)
        case SceneVideo(parent):
            if parent not in takes:
                return PENDING
            what = takes[parent].digest
            if item.moment == "out" and graph.scene(parent).out is None and takes[parent].frame:
                return f"{item.role} {takes[parent].frame}"
        case _:
            assert_never(item.origin)
    return f"{item.role} {what}{part_of(item, id, graph, row, facts, takes).suffix}"


def _count_address(address: str) -> str:
    """Return host, path and a digest of the query: never a signature in clear."""
    if address.startswith("data:"):
        return f"data:{digest_of(address.encode())}"
    parts = urlsplit(address)
    query = f"?{digest_of(parts.query.encode())}" if parts.query else ""
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}{query}"


def is_pending(components: Components) -> bool:
    """Does the key depend on something that is still to be made?"""
    return PENDING in components.values()


def digest_of(content: bytes) -> str:
    """Return `sha256:` and 64 hexadecimal digits."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def canonical(value: Any) -> bytes:
    """Return a value as JSON, in the one form of which digests are taken."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


Key: TypeAlias = "frozenset[tuple[str, str | int | bool]]"
"""A key as a value by which attempts and takes are looked up."""


def key_of(components: Components) -> Key:
    """Return a scene's key as a dictionary key: equal for equal components."""
    return frozenset(components.items())
