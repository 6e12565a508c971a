"""What was made from what: text ↔ value.

One block for each scene and combination of profiles, one key a line, blocks ordered by the digest of their name: two
people who remake different scenes merge without a conflict. No time, address or counter stands in it, and nothing
that would change when nothing was made.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import UnionType
from typing import Any

from storyboard.errors import StateDamaged
from storyboard.planning.fingerprint import RECIPE, Components
from storyboard.planning.take import Take

VERSION = 1


@dataclass(frozen=True, slots=True)
class Block:
    """A scene's takes by digest, in the order in which they were made, and the one that is selected."""

    takes: Mapping[str, Take] = field(default_factory=dict)
    selected: str = ""

    @property
    def take(self) -> Take | None:
        """The selected take."""
        return self.takes.get(self.selected)

    def made_from(self, components: Components) -> Take | None:
        """A take that was made from just this key: the selected one if it was, else the latest."""
        if self.take is not None and dict(self.take.components) == dict(components):
            return self.take
        fitting = [take for take in self.takes.values() if dict(take.components) == dict(components)]
        return fitting[-1] if fitting else None


_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
EMPTY = Block()


@dataclass(frozen=True, slots=True)
class Lock:
    """Blocks by (profiles, scene); profiles as they were named, joined by commas, empty for none."""

    blocks: Mapping[tuple[str, str], Block] = field(default_factory=dict)

    def block(self, profile: str, scene: str) -> Block:
        """A scene's block, empty if it has none."""
        return self.blocks.get((profile, scene), EMPTY)

    def with_take(self, profile: str, scene: str, take: Take, *, select: bool) -> Lock:
        """The lock with one take more."""
        block = self.block(profile, scene)
        takes = {**block.takes, take.digest: take}
        return self._with(profile, scene, Block(takes, take.digest if select else block.selected))

    def selecting(self, profile: str, scene: str, digest: str) -> Lock:
        """The lock with another of a scene's takes selected."""
        return self._with(profile, scene, replace(self.block(profile, scene), selected=digest))

    def moving(self, profile: str, old: str, new: str) -> Lock:
        """The lock with a scene's block under the scene's new name."""
        blocks = dict(self.blocks)
        blocks[profile, new] = blocks.pop((profile, old))
        return Lock(blocks)

    def _with(self, profile: str, scene: str, block: Block) -> Lock:
        return Lock({**self.blocks, (profile, scene): block})


def merged(base: Lock, ours: Lock, theirs: Lock) -> Lock:
    """What two made of one lock, each without the other: the takes of both, and what we selected where we selected.

    What is gone on their side comes back, since a take is not lost because somebody fetched an older lock; a block that
    we took away, moving it, is gone if they left it as it was.
    """
    moved = {
        name for name, block in base.blocks.items() if name not in ours.blocks and theirs.blocks.get(name) == block
    }
    names = dict.fromkeys((*theirs.blocks, *ours.blocks))
    return Lock(
        {name: _joined(*(one.block(*name) for one in (base, ours, theirs))) for name in names if name not in moved}
    )


def _joined(base: Block, ours: Block, theirs: Block) -> Block:
    chosen = ours.selected if ours.selected != base.selected else ""
    return Block({**theirs.takes, **ours.takes}, chosen or theirs.selected or ours.selected)


def to_text(lock: Lock) -> str:
    """The lock as it is written."""
    names = sorted(((_name(profile, scene), block) for (profile, scene), block in lock.blocks.items()), key=_spread)
    value = {"storyboard_lock": VERSION, "scenes": {name: _block_value(block) for name, block in names}}
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


def _name(profile: str, scene: str) -> str:
    return f"{profile}/{scene}" if profile else scene


def _spread(row: tuple[str, Block]) -> bytes:
    return hashlib.sha256(row[0].encode()).digest()


def _block_value(block: Block) -> dict[str, Any]:
    takes = {take.digest: _take_value(take) for take in block.takes.values()}
    return {"selected": block.selected, "takes": takes}


def _take_value(take: Take) -> dict[str, Any]:
    value: dict[str, Any] = {"recipe": RECIPE, "key": dict(sorted(take.components.items()))}
    value |= {"frame": take.frame, "seconds": take.seconds, "width": take.width, "height": take.height}
    value |= {"task": take.task, "tokens": take.tokens}
    return value


def from_text(text: str, name: str) -> Lock:
    """The lock that a text says. Raises StateDamaged if it says none: nothing may be bought on a guess."""
    hint = "restore it from git; with merge marks, keep the blocks of both sides, and of one scene the takes of both"
    try:
        value = json.loads(_decoded(text), object_pairs_hook=_once)
        version = value["storyboard_lock"]
        rows = {} if version != VERSION else {_key(name): _block(block) for name, block in value["scenes"].items()}
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise StateDamaged(f"{name} can't be read as a lock: {error}", hint) from error
    if version != VERSION:
        raise StateDamaged(
            f"{name} is a lock of version {version}; this storyboard reads {VERSION}",
            "use a newer storyboard",
        )
    return Lock(rows)


def _decoded(text: str) -> str:
    """The text itself, if every byte of its file was one: others were read as lone surrogates."""
    try:
        return _writable(text)
    except UnicodeEncodeError as error:
        raise ValueError(f"its character {error.start + 1} is no UTF-8") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys stand once each: a take must not be lost because a merge left its block twice."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f'"{next(name for name in names if names.count(name) > 1)}" stands twice')
    return found


def _key(name: str) -> tuple[str, str]:
    profile, _, scene = _writable(name).rpartition("/")
    return profile, scene


def _block(value: dict[str, Any]) -> Block:
    takes = {digest: take_from(digest, row) for digest, row in value["takes"].items()}
    return Block(takes, _text(value, "selected"))


def take_from(digest: str, row: Mapping[str, Any]) -> Take:
    """A take as it is written in a lock or an event. Raises KeyError, TypeError or ValueError if it is none.

    A lock may be a stranger's, so nothing is taken that couldn't be compared, counted or written again. Names that no
    key of ours has are kept: a later storyboard's may have them.
    """
    frame = _text(row, "frame")
    if not _DIGEST.fullmatch(digest) or not _DIGEST.fullmatch(frame or digest):
        raise ValueError("a take is named by what is no digest")
    return Take(
        digest=digest,
        components=_components(row["key"]),
        frame=frame,
        seconds=float(_number(row, "seconds", int | float)),
        width=int(_number(row, "width")),
        height=int(_number(row, "height")),
        task=_text(row, "task"),
        tokens=None if row["tokens"] is None else int(_number(row, "tokens")),
    )


def _components(key: object) -> Components:
    if not isinstance(key, dict) or not all(isinstance(value, (str, int)) for value in key.values()):
        raise ValueError("a take's key is no mapping to texts and whole numbers")
    return {_writable(name): _writable(value) if isinstance(value, str) else value for name, value in key.items()}


def _text(row: Mapping[str, Any], name: str) -> str:
    if not isinstance(row[name], str):
        raise ValueError(f'"{name}" is no text')
    return _writable(row[name])


def _writable(text: str) -> str:
    """The text itself. JSON can name half a character (`\\ud800`), and then UTF-8 can't write it."""
    if not text.isascii():
        text.encode()
    return text


def _number(row: Mapping[str, Any], name: str, sorts: type[int] | UnionType = int) -> float:
    """A number that something can be counted or measured by: finite, not negative, and told exactly by JSON."""
    number: Any = row[name]
    if isinstance(number, bool) or not isinstance(number, sorts) or not 0 <= number < 2**53:
        raise ValueError(f'"{name}" is no number that a take has')
    return number


def take_value(take: Take) -> dict[str, Any]:
    """A take as it is written, with its digest, for an event."""
    return {"digest": take.digest, **_take_value(take)}
