"""The inputs of a scene: each reference resolved, in the order in which they are sent."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from storyboard.language.facts import kind_by_name
from storyboard.language.scene import (
    Asset,
    CastMember,
    Dependency,
    Edge,
    Kind,
    Moment,
    Ref,
    Role,
    Scene,
    Storyboard,
    Window,
)
from storyboard.language.source import Place


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file below the project's root, by its path as the author wrote it."""

    path: str


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """Something at an address, perhaps with a digest, a length and pixels that the author gave."""

    address: str
    sha256: str = ""
    seconds: float | None = None
    size: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class SceneVideo:
    """The selected take of another scene."""

    scene: str


Origin: TypeAlias = "LocalFile | RemoteFile | SceneVideo"


@dataclass(frozen=True, slots=True)
class Input:
    """One item of a request's content: what it is, where it comes from, and which part of that."""

    edge: Edge
    role: Role
    kind: Kind
    origin: Origin
    place: Place
    moment: Moment | None = None
    window: Window | None = None
    names: tuple[str, ...] = ()
    """The names that a placeholder may use for it."""


@dataclass(frozen=True, slots=True)
class Legend:
    """A text before a prompt about some of its inputs, which are given by their positions in the content."""

    positions: tuple[int, ...]
    name: str
    description: str


REFERENCE_ROLE: dict[Kind, Role] = {
    "image": "reference_image",
    "video": "reference_video",
    "audio": "reference_audio",
}


def inputs_of(scene: Scene, storyboard: Storyboard) -> tuple[Input, ...]:
    """Return all inputs of a scene, in the order in which they are sent. References that can't be resolved are left
    out: a rule has reported them."""
    found = storyboard.inputs.get(scene.id)
    if found is None:
        found = storyboard.inputs[scene.id] = tuple(_all(scene, storyboard))
    return found  # type: ignore[return-value]  # scene.py can't import the type


def _all(scene: Scene, storyboard: Storyboard) -> Iterator[Input]:
    for dependency in scene.dependencies:
        yield from _resolve(dependency, storyboard)


def legends_of(scene: Scene, storyboard: Storyboard) -> tuple[Legend, ...]:
    """The legends of a scene's cast and described assets, in the order of its content."""
    found: list[Legend] = []
    position = 0
    for dependency in scene.dependencies:
        count = len(tuple(_resolve(dependency, storyboard)))
        positions = tuple(range(position, position + count))
        position += count
        owner = None if dependency.ref.located else named(dependency.ref, storyboard)
        if isinstance(owner, CastMember) and owner.legend:
            found.append(Legend(positions, owner.name, owner.description))
        elif isinstance(owner, Asset) and owner.legend and owner.description:
            found.append(Legend(positions, "", owner.description))
    return tuple(found)


def named(ref: Ref, storyboard: Storyboard) -> Scene | Asset | CastMember | None:
    """Return the scene, asset or cast member with an ID. The long form distinguishes scenes from assets; scenes,
    assets and cast share one namespace."""
    if ref.sort == "scene":
        return storyboard.scenes.get(ref.word)
    found = storyboard.assets.get(ref.word) or storyboard.cast.get(ref.word)
    return found or (None if ref.sort == "asset" else storyboard.scenes.get(ref.word))


def _resolve(dependency: Dependency, storyboard: Storyboard) -> Iterator[Input]:
    ref = dependency.ref
    if ref.located:
        yield from _input_at(dependency, kind_by_name(ref.word))
        return
    match named(ref, storyboard):
        case Scene(id=id):
            yield _of_scene(dependency, id)
        case Asset() as asset:
            yield _of_asset(dependency, asset)
        case CastMember() as member:
            yield from _of_member(dependency, member)
        case _:
            return


def _of_scene(dependency: Dependency, id: str) -> Input:
    ref = dependency.ref
    kind: Kind = "video" if ref.moment is None else "image"
    names = _names(ref, id)
    role = dependency.role or REFERENCE_ROLE[kind]
    return Input(dependency.edge, role, kind, SceneVideo(id), ref.place, ref.moment, ref.window, names)


def _of_asset(dependency: Dependency, asset: Asset) -> Input:
    ref = dependency.ref
    origin = origin_of(asset.where, asset.sha256, asset.duration, asset.size)
    still = asset.kind == "image" or (dependency.role is None and ref.moment is not None)
    kind: Kind = "image" if still or dependency.role in ("first_frame", "last_frame") else asset.kind
    moment = ref.moment if asset.kind == "video" and kind == "image" else None
    role = dependency.role or REFERENCE_ROLE[kind]
    return Input(dependency.edge, role, kind, origin, ref.place, moment, ref.window, _names(ref, asset.id))


def _of_member(dependency: Dependency, member: CastMember) -> Iterator[Input]:
    for where in member.images:
        role = dependency.role or "reference_image"
        yield Input(dependency.edge, role, "image", origin_of(where), dependency.ref.place, names=(member.id,))


def _input_at(dependency: Dependency, kind: Kind | None) -> Iterator[Input]:
    ref = dependency.ref
    if kind is None:
        return
    asset = Asset(ref.alias or "", kind, ref.word, ref.place)
    yield _of_asset(dependency, asset)


def _names(ref: Ref, id: str) -> tuple[str, ...]:
    return tuple(name for name in (ref.alias or id,) if name)


def origin_of(
    where: str, sha256: str = "", seconds: float | None = None, size: tuple[int, int] | None = None
) -> Origin:
    """Return the origin of a path or an address, which differ in their beginning."""
    return RemoteFile(where, sha256, seconds, size) if is_address(where) else LocalFile(where)


_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


def is_address(where: str) -> bool:
    """Return whether a text is an address, not a path. An address of an unsupported scheme is an address too."""
    return where.lower().startswith(("data:", "https:", "http:", "asset:")) or _SCHEME.match(where) is not None


def shown_address(where: str) -> str:
    """An address as it may be shown: without its query, which may be a signature, and without a password."""
    bare = re.sub(r"//[^/@]*@", "//…@", where.partition("?")[0])
    return bare if len(bare) <= 60 else bare[:59] + "…"
