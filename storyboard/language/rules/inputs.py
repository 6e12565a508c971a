"""Rules about what a scene is given: how many, and files that are there and are what they have to be."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from storyboard.hosts import is_loopback
from storyboard.language.capability import Capabilities
from storyboard.language.facts import Facts, FileFacts, kind_by_name
from storyboard.language.inputs import (
    LocalFile,
    RemoteFile,
    SceneVideo,
    inputs_of,
    is_address,
    origin_of,
    shown_address,
)
from storyboard.language.problem import Problem
from storyboard.language.scene import Asset, Kind, Scene, Storyboard
from storyboard.language.source import Place

_ONE: dict[Kind, str] = {"image": "an image", "video": "a video", "audio": "a sound"}
_PLURAL: dict[Kind, str] = {"image": "images", "video": "videos", "audio": "sounds"}
_FORMATS: dict[Kind, str] = {
    "image": "jpeg, png, webp, bmp, tiff or gif",
    "video": "mp4 or mov",
    "audio": "wav or mp3",
}


Meant = tuple[str, Kind, str, Place]
"""A path or address, what it has to be, who names it, and where."""


def files_meant(storyboard: Storyboard) -> tuple[Meant, ...]:
    """Every local path that a storyboard names."""
    return tuple(row for row in _files_of(storyboard) if isinstance(origin_of(row[0]), LocalFile))


def addresses_meant(storyboard: Storyboard) -> tuple[Meant, ...]:
    """Every address that a storyboard names and that could be fetched: neither data nor an asset of the service."""
    return tuple(row for row in _files_of(storyboard) if row[0].lower().startswith(("https:", "http:")))


def _files_of(storyboard: Storyboard) -> tuple[Meant, ...]:
    found: list[Meant] = []
    for asset in storyboard.assets.values():
        found.append((asset.where, asset.kind, f'asset "{asset.id}"', asset.place))
    for member in storyboard.cast.values():
        places = member.image_places or (member.place,) * len(member.images)
        for where, place in zip(member.images, places, strict=True):
            found.append((where, "image", f'cast member "{member.id}"', place))
    owned = {row[0] for row in found}
    for scene in storyboard.scenes.values():
        for item in inputs_of(scene, storyboard):
            where = "" if isinstance(item.origin, SceneVideo) else _where(item.origin)
            if where and where not in owned:
                found.append((where, item.kind, f'scene "{scene.id}"', item.place))
    return tuple(found)


def _where(origin: LocalFile | RemoteFile) -> str:
    return origin.path if isinstance(origin, LocalFile) else origin.address


def fit_addresses(storyboard: Storyboard) -> Iterator[Problem]:
    """SB508: an address is https:// (http:// on this machine alone), asset://ID, or data; videos are never data."""
    for where, kind, subject, place in _files_of(storyboard):
        why = "" if isinstance(origin_of(where), LocalFile) else _unfit_address(where, kind)
        if why:
            hint = "write a path, https://HOST/PATH or asset://ID"
            yield Problem("SB508", f"{subject} names {shown_address(where)}, {why}", place, hint)


def _unfit_address(where: str, kind: Kind) -> str:
    if where.lower().startswith("data:"):
        if kind == "video":
            return "but videos are never sent as data"
        fits = re.match(rf"data:{kind}/[a-z0-9.+-]+;base64,[A-Za-z0-9+/]+=*$", where)
        return "" if fits else f"which is not a data address of {_ONE[kind]} in base64"
    try:
        parts = urlsplit(where)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "which is not an address"
    if parts.scheme not in ("https", "http", "asset"):
        return f"but nothing is fetched by {parts.scheme}:"
    if not host or any(char.isspace() for char in where):
        return "which is not an address"
    if parts.username is not None:
        return "which holds a name or a password"
    return "which would be fetched in clear" if parts.scheme == "http" and not is_loopback(where) else ""


def files_there(storyboard: Storyboard, facts: Facts) -> Iterator[Problem]:
    """SB501: a file exists. SB502: it is below the project's root. SB503: its content is of the expected kind. SB510:
    it is complete.

    SB545: a remote file can be fetched, if that was tried.
    """
    for where, kind, subject, place in _files_of(storyboard):
        fact = facts.get(where)
        if fact is None:
            continue
        path = shown_address(where)
        match fact.trouble:
            case "missing":
                hint = "paths are relative to the storyboard's folder"
                yield Problem("SB501", f"{subject} names {path}, but there is no such file", place, hint)
            case "outside":
                hint = "copy it into the project: a storyboard reads nothing outside its own root"
                yield Problem("SB502", f"{subject} names {path}, which is outside the project", place, hint)
            case "no file" | "unreadable":
                why = "is not a regular file" if fact.trouble == "no file" else "can't be read"
                yield Problem("SB501", f"{subject} names {path}, which {why}", place, "name a file")
            case "unfetched" | "silent":
                yield _not_had(f"{subject} names {path}", fact, place)
            case "torn" if fact.kind == kind:
                sentence = f"{subject} names {path}, which is torn, or too large to be decoded"
                yield Problem("SB510", sentence, place, "export it again")
            case None | "torn" if fact.kind != kind:
                what = f"holds {fact.format}" if fact.format else "holds none of the formats that the service takes"
                hint = f"{_ONE[kind]} is {_FORMATS[kind]}"
                yield Problem("SB503", f"{subject} takes {path} for {_ONE[kind]}, but the file {what}", place, hint)
            case _:
                pass


def _not_had(subject: str, fact: FileFacts, place: Place) -> Problem:
    """A silent host may be our own net's fault, and is a warning; an answer is an answer."""
    if fact.trouble == "silent":
        return Problem("SB545", f"{subject}, but {fact.why}", place, "look whether it is still there", "warning")
    hint = "the service fetches from it too: name an address that answers https with the file itself"
    return Problem("SB545", f"{subject}, but {fact.why}", place, hint)


def as_stated(storyboard: Storyboard, facts: Facts) -> Iterator[Problem]:
    """SB546: a remote file is as its author states."""
    for asset in storyboard.assets.values():
        fact = facts.get(asset.where)
        if fact is None or fact.trouble is not None or not is_address(asset.where):
            continue
        for what, said, found in _statements(asset, fact):
            sentence = f'asset "{asset.id}" states {what} {said}, but at {shown_address(asset.where)} lies {found}'
            yield Problem("SB546", sentence, asset.place, "state what is there, or name another address")


def _statements(asset: Asset, fact: FileFacts) -> Iterator[tuple[str, str, str]]:
    """Return each statement that is wrong: its subject, the stated value, and the actual value."""
    if asset.sha256 and f"sha256:{asset.sha256.removeprefix('sha256:')}" != fact.digest:
        yield "the digest", asset.sha256.removeprefix("sha256:")[:12] + "…", fact.digest[7:19] + "…"
    if asset.duration is not None and abs(asset.duration - fact.seconds) > STATED_SLACK:
        yield "a length of", f"{asset.duration:g} s", f"one of {fact.seconds:.4g} s"
    if asset.size is not None and asset.size != (fact.width, fact.height):
        yield "a size of", f"{asset.size[0]}x{asset.size[1]}", f"one of {fact.width}x{fact.height}"


STATED_SLACK = 0.1
"""Seconds by which a stated length may be off: players round."""


def check_kind(storyboard: Storyboard) -> Iterator[Problem]:
    """SB504: the kind of a path or address used without an asset is known by its ending."""
    for scene in storyboard.scenes.values():
        for dependency in scene.dependencies:
            if dependency.ref.located and kind_by_name(dependency.ref.word) is None:
                sentence = f'scene "{scene.id}" names {dependency.ref.word}, whose ending doesn\'t show its kind'
                hint = "name it under `assets:` as `image:`, `video:` or `audio:`, and use that name here"
                yield Problem("SB504", sentence, dependency.ref.place, hint)


def check_role(storyboard: Storyboard) -> Iterator[Problem]:
    """SB505: a path or address has the kind of its ending; videos are never sent as data."""
    for scene in storyboard.scenes.values():
        for dependency in scene.dependencies:
            kind = kind_by_name(dependency.ref.word) if dependency.ref.located else None
            wanted = (
                "video"
                if dependency.edge in ("edit", "extend")
                else "image"
                if dependency.edge != "reference"
                else kind
            )
            if kind is not None and kind != wanted:
                sentence = f'scene "{scene.id}" wants {_PLURAL[wanted or kind]} here, but names {dependency.ref.word}'
                yield Problem(
                    "SB505", sentence, dependency.ref.place, f"name {_ONE[wanted or kind]}: {_FORMATS[wanted or kind]}"
                )


def few_enough(storyboard: Storyboard, rows: Capabilities) -> Iterator[Problem]:
    """SB506: 0 to 9 images, 0 to 3 videos, 0 to 3 sounds (seed, *Multimodal Reference*)."""
    for scene in storyboard.scenes.values():
        row = rows.get(scene.model.row)
        items = inputs_of(scene, storyboard)
        limits: dict[Kind, int] = {} if row is None else {"image": row.images, "video": row.videos, "audio": row.audios}
        for kind, most in limits.items():
            count = sum(item.kind == kind for item in items)
            if count > most:
                sentence = f'scene "{scene.id}" is given {count} {_PLURAL[kind]}; there may be {most}'
                yield Problem("SB506", sentence, _place_of(scene), f"leave out {count - most} of them")


def sound_with_a_picture(storyboard: Storyboard, rows: Capabilities) -> Iterator[Problem]:
    """SB507: audio can't be the sole input (seed, *Multimodal Reference*)."""
    for scene in storyboard.scenes.values():
        row = rows.get(scene.model.row)
        if row is not None and row.sound_alone:
            continue
        kinds = {item.kind for item in inputs_of(scene, storyboard)}
        if scene.mode == "reference" and kinds == {"audio"}:
            sentence = f'scene "{scene.id}" is given sound alone; it needs an image or a video beside it'
            yield Problem("SB507", sentence, _place_of(scene), "add an image or a video to `references`")


def _place_of(scene: Scene) -> Place:
    return min((scene.place_of(key) for key in scene.mode_keys), default=scene.place)


RULES = (check_kind, check_role, fit_addresses)
ROW_RULES = (few_enough, sound_with_a_picture)
