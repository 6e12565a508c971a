"""What was made from what: text ↔ value.

One block for each scene and combination of profiles, one key a line, blocks ordered by the digest of their name: two
people who remake different scenes merge without a conflict. No time, address or counter stands in it but those of a
person's decision, and nothing that would change when nothing was made.

Version 2. What a newer storyboard writes beside the keys that are known here, at the top, in a block or in a take,
survives a rewrite and a merge. A lock of a newer version is read as far as it can be, and never written.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import UnionType
from typing import Any

from storyboard.errors import StateDamaged
from storyboard.planning.fingerprint import RECIPE, Components
from storyboard.planning.take import FILE, Take

VERSION = 2
UNITE = "`storyboard merge-lock {name}` unites both sides of a merge that was not finished; or restore it from git"


@dataclass(frozen=True, slots=True)
class Kept:
    """A person's word that a take is good although it was made from another key.

    `by` and `at` say who and when; `waived` says which components differed then: their value in the take's key, and in
    the scene's.
    """

    by: str
    at: str
    waived: Mapping[str, tuple[str | int | bool | None, str | int | bool | None]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Block:
    """A scene's takes by identity, in the order in which they were made.

    `selected` is the one that the film uses; `pinned`, if it isn't empty, the one that is never remade; `kept` says, by
    take, what a person waived.
    """

    takes: Mapping[str, Take] = field(default_factory=dict)
    selected: str = ""
    pinned: str = ""
    kept: Mapping[str, Kept] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def take(self) -> Take | None:
        """The selected take."""
        return self.takes.get(self.selected)

    def made_from(self, components: Components) -> tuple[Take, ...]:
        """The takes that were made from just this key: the selected one first if it was, then the latest first."""
        fitting = [take for take in reversed(tuple(self.takes.values())) if dict(take.components) == dict(components)]
        return tuple(sorted(fitting, key=lambda take: take.id != self.selected))


_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_ID = re.compile(r"file:sha256:[0-9a-f]{64}|(?!file:)[a-z0-9][a-z0-9_.-]{0,63}:[!-~]{1,200}", re.ASCII)
EMPTY = Block()


def is_take_id(text: str) -> bool:
    """Is this the form of a take's identity: `PROVIDER:TASK`, or `file:` and a digest?"""
    return _ID.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Lock:
    """Blocks by (profiles, scene); profiles as they were named, joined by commas, empty for none."""

    blocks: Mapping[tuple[str, str], Block] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
    version: int = VERSION
    """That of the text that it was read from, if that is newer than what is written here."""

    def block(self, profile: str, scene: str) -> Block:
        """A scene's block, empty if it has none."""
        return self.blocks.get((profile, scene), EMPTY)

    def with_take(self, profile: str, scene: str, take: Take, *, select: bool) -> Lock:
        """The lock with one take more."""
        block = self.block(profile, scene)
        takes = {**block.takes, take.id: take}
        return self._with(profile, scene, replace(block, takes=takes, selected=take.id if select else block.selected))

    def without_take(self, profile: str, scene: str, id: str) -> Lock:
        """The lock in which a take belongs to that scene no more: another one of its profile uses it."""
        return self._with(profile, scene, _without(self.block(profile, scene), (id,)))

    def selecting(self, profile: str, scene: str, id: str) -> Lock:
        """The lock with another of a scene's takes selected."""
        return self._with(profile, scene, replace(self.block(profile, scene), selected=id))

    def moving(self, profile: str, old: str, new: str) -> Lock:
        """The lock with a scene's block under the scene's new name."""
        blocks = dict(self.blocks)
        blocks[profile, new] = blocks.pop((profile, old))
        return replace(self, blocks=blocks)

    def _with(self, profile: str, scene: str, block: Block) -> Lock:
        return replace(self, blocks={**self.blocks, (profile, scene): block})


def merged(base: Lock, ours: Lock, theirs: Lock) -> Lock:
    """What two made of one lock, each without the other: the takes and decisions of both.

    What only one side changed is as that side has it; what both changed is as ours has it. A take or a block that is
    gone on one side comes back, since a take is not lost because somebody fetched an older lock; it stays away only if
    that side has moved it to another scene of its profile.
    """
    moved = {(profile, id) for side in (ours, theirs) for profile, scene, id in _moved(base, side)}
    blocks = {}
    for name in dict.fromkeys((*base.blocks, *theirs.blocks, *ours.blocks)):
        was = base.block(*name)
        block = _merged_block(was, ours.blocks.get(name, was), theirs.blocks.get(name, was))
        gone = [id for id in was.takes if (name[0], id) in moved]
        block = _without(block, gone)
        if block.takes or name in ours.blocks or name in theirs.blocks:
            blocks[name] = block
    for name in [name for name, block in blocks.items() if not block.takes and base.block(*name).takes]:
        if name not in ours.blocks or name not in theirs.blocks:
            del blocks[name]  # it was moved away as a whole
    extra = _merged_extra(base.extra, ours.extra, theirs.extra)
    return Lock(blocks, extra, max(ours.version, theirs.version))


def _moved(base: Lock, side: Lock) -> Iterator[tuple[str, str, str]]:
    """Profile, scene and take of what a side has taken from a scene and given to another one of the same profile."""
    has = {(profile, id) for (profile, _), block in side.blocks.items() for id in block.takes}
    for (profile, scene), block in base.blocks.items():
        for id in block.takes:
            if id not in side.block(profile, scene).takes and (profile, id) in has:
                yield profile, scene, id


def _without(block: Block, ids: Collection[str]) -> Block:
    """A block without some of its takes, and what was decided about them."""
    if not ids:
        return block
    takes = {id: take for id, take in block.takes.items() if id not in ids}
    kept = {id: word for id, word in block.kept.items() if id not in ids}
    selected, pinned = ("" if id in ids else id for id in (block.selected, block.pinned))
    return replace(block, takes=takes, selected=selected, pinned=pinned, kept=kept)


def selected_otherwise(base: Lock, ours: Lock, theirs: Lock) -> tuple[tuple[str, str], ...]:
    """The blocks in which both sides selected another take than the base had, and not the same one."""

    def differs(name: tuple[str, str]) -> bool:
        was, one, other = (lock.block(*name).selected for lock in (base, ours, theirs))
        return one != other and was not in (one, other)

    return tuple(name for name in ours.blocks if name in theirs.blocks and differs(name))


def _merged_block(base: Block, ours: Block, theirs: Block) -> Block:
    takes = {
        id: _merged_take(base.takes.get(id), ours.takes.get(id), theirs.takes.get(id))
        for id in dict.fromkeys((*theirs.takes, *ours.takes))
    }
    return Block(
        takes,
        ours.selected if ours.selected != base.selected else theirs.selected,
        ours.pinned if ours.pinned != base.pinned else theirs.pinned,
        _merged_extra(base.kept, ours.kept, theirs.kept),
        _merged_extra(base.extra, ours.extra, theirs.extra),
    )


def _merged_take(base: Take | None, ours: Take | None, theirs: Take | None) -> Take:
    """One take as both sides have it. A task is billed and measured once, so only unknown keys can differ."""
    take = ours or theirs
    if ours is None or theirs is None:
        assert take is not None  # noqa: S101 - the name came from one of the two
        return take
    return replace(ours, extra=_merged_extra(base.extra if base else {}, ours.extra, theirs.extra))


def _merged_extra(base: Mapping[str, Any], ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> dict[str, Any]:
    """Unknown keys, each as the side that changed it has it, ours if both did; one that a side removed is gone."""
    united: dict[str, Any] = {}
    for name in dict.fromkeys((*base, *theirs, *ours)):
        changed = ours if ours.get(name) != base.get(name) or (name in ours) != (name in base) else theirs
        if name in changed:
            united[name] = changed[name]
    return united


def to_text(lock: Lock) -> str:
    """The lock as it is written. Raises StateDamaged for one of a newer version, which is only read."""
    if lock.version > VERSION:
        raise newer(lock.version)
    names = sorted(((_name(profile, scene), block) for (profile, scene), block in lock.blocks.items()), key=_spread)
    value = {"storyboard_lock": VERSION, "scenes": {name: _block_value(block) for name, block in names}}
    return json.dumps(value | _rest(lock.extra), ensure_ascii=False, indent=1) + "\n"


def newer(version: int, name: str = "this lock") -> StateDamaged:
    """What is wrong with a lock that a newer storyboard has written."""
    what = f"{name} is a lock of version {version}; this program writes version {VERSION}, and only reads newer ones"
    return StateDamaged(what, "update the program: pip install --upgrade storyboard")


def _rest(extra: Mapping[str, Any]) -> dict[str, Any]:
    return dict(sorted(extra.items()))


def _name(profile: str, scene: str) -> str:
    return f"{profile}/{scene}" if profile else scene


def _spread(row: tuple[str, Block]) -> bytes:
    return hashlib.sha256(row[0].encode()).digest()


def _block_value(block: Block) -> dict[str, Any]:
    value: dict[str, Any] = {"selected": block.selected}
    if block.pinned:
        value["pinned"] = block.pinned
    if block.kept:
        value["kept"] = {id: _kept_value(kept) for id, kept in sorted(block.kept.items())}
    return value | _rest(block.extra) | {"takes": {take.id: take_value(take) for take in block.takes.values()}}


def _kept_value(kept: Kept) -> dict[str, Any]:
    waived = {name: list(pair) for name, pair in sorted(kept.waived.items())}
    return {"by": kept.by, "at": kept.at, "waived": waived}


def take_value(take: Take) -> dict[str, Any]:
    """A take as it is written in a lock or an event, where its identity stands before it."""
    value: dict[str, Any] = {"take": take.ordinal, "video": take.digest, "frame": take.frame}
    value |= {"recipe": RECIPE, "key": dict(sorted(take.components.items()))}
    value |= {"seconds": take.seconds, "width": take.width, "height": take.height, "tokens": take.tokens}
    return value | _rest(take.extra)


def from_text(text: str, name: str, providers: Mapping[str, str] | None = None) -> Lock:
    """The lock that a text says. Raises StateDamaged if it says none: nothing may be bought on a guess.

    `providers` tells, by task, who made what a lock of version 1 holds, which doesn't say so; left out, it was `ark`.
    """
    hint = UNITE.format(name=name)
    try:
        value = json.loads(_decoded(text), object_pairs_hook=_once)
        version = value["storyboard_lock"]
        if isinstance(version, bool) or not isinstance(version, int):
            raise ValueError("its version is no whole number")
        if version < VERSION:
            value = _of_version_1(value, providers or {})
        rows = {_key(name): _block(block) for name, block in value["scenes"].items()}
        extra = _extra(value, ("storyboard_lock", "scenes"))
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise StateDamaged(f"{name} can't be read as a lock: {_why(error)}", hint) from error
    return Lock(rows, extra, max(version, VERSION))


def _why(error: Exception) -> str:
    """Why a text is no lock, in words of the file's."""
    match error:
        case KeyError():
            return f'"{error.args[0]}" is missing'
        case TypeError() | AttributeError() | RecursionError():
            return "something in it has another form than a lock has"
        case _:
            return str(error)


def version_in(text: str) -> int:
    """The version that a lock's text names; 0 if it names none."""
    found = re.search(r'"storyboard_lock": ?(\d{1,9})\b', text)
    return int(found[1]) if found else 0


def sides_of(text: str) -> tuple[str, str, str]:
    """Base, ours and theirs of a text with git's merge marks in it; three times the same text if it has none.

    Without the marks of style `diff3` the base isn't there: it is empty then.
    """
    sides: tuple[list[str], list[str], list[str]] = ([], [], [])
    into: tuple[int, ...] = (0, 1, 2)
    has_base = True
    for line in text.splitlines(keepends=True):
        mark = line[:7]
        if mark == "<<<<<<<" and line[7:8] in (" ", "\n", "\r", ""):
            into = (1,)
            has_base = False
        elif mark == "|||||||" and len(into) == 1:
            into, has_base = (0,), True
        elif mark == "=======" and len(into) == 1:
            into = (2,)
        elif mark == ">>>>>>>" and into == (2,):
            into = (0, 1, 2)
        else:
            for side in into:
                sides[side].append(line)
    base, ours, theirs = map("".join, sides)
    return base if has_base else "", ours, theirs


def _of_version_1(value: Mapping[str, Any], providers: Mapping[str, str]) -> dict[str, Any]:
    """A lock of version 1, which knew a take by its bytes, in the form of today's."""
    scenes: dict[str, Any] = {}
    for name, block in value["scenes"].items():
        takes, ids = {}, {}
        for digest, row in block["takes"].items():
            task = _text(row, "task")
            id = f"{providers.get(task, 'ark')}:{task}" if task else f"{FILE}{digest}"
            ids[digest] = id
            takes[id] = {"take": 1, "video": digest, **{key: row[key] for key in row if key != "task"}}
        scenes[name] = {"selected": ids.get(_text(block, "selected"), ""), "takes": takes}
    return {"storyboard_lock": VERSION, "scenes": scenes}


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
    takes = {id: take_from(id, row) for id, row in value["takes"].items()}
    kept = {_writable(id): _kept(row) for id, row in value.get("kept", {}).items()}
    pinned = _text(value, "pinned") if "pinned" in value else ""
    return Block(takes, _text(value, "selected"), pinned, kept, _extra(value, ("takes", "selected", "pinned", "kept")))


def _kept(row: Mapping[str, Any]) -> Kept:
    waived = {_writable(name): (_value(old), _value(new)) for name, (old, new) in row["waived"].items()}
    return Kept(_text(row, "by"), _text(row, "at"), waived)


def _value(value: object) -> str | int | bool | None:
    if value is not None and not isinstance(value, (str, int)):
        raise ValueError("a waived difference is not between two texts or whole numbers")
    return _writable(value) if isinstance(value, str) else value


_TAKE = ("take", "video", "frame", "recipe", "key", "seconds", "width", "height", "tokens")


def take_from(id: str, row: Mapping[str, Any]) -> Take:
    """A take as it is written in a lock or an event. Raises KeyError, TypeError or ValueError if it is none.

    A lock may be a stranger's, so nothing is taken that couldn't be compared, counted or written again. Names that no
    key of ours has are kept: a later storyboard's may have them.
    """
    digest, frame = _text(row, "video"), _text(row, "frame")
    if not is_take_id(id):
        raise ValueError("a take's name is neither PROVIDER:TASK nor file: and a digest")
    if not _DIGEST.fullmatch(digest) or not _DIGEST.fullmatch(frame or digest):
        raise ValueError("a take's video or frame is named by what is no digest")
    return Take(
        id=id,
        digest=digest,
        components=components_from(row["key"]),
        frame=frame,
        seconds=float(_number(row, "seconds", int | float)),
        width=int(_number(row, "width")),
        height=int(_number(row, "height")),
        tokens=None if row["tokens"] is None else int(_number(row, "tokens")),
        ordinal=int(_number(row, "take")),
        extra=_extra(row, _TAKE),
    )


def components_from(key: object) -> Components:
    """A key as it is written in a lock or an event. Raises ValueError if it is none."""
    if not isinstance(key, dict) or not all(isinstance(value, (str, int)) for value in key.values()):
        raise ValueError("a take's key is no mapping to texts and whole numbers")
    return {_writable(name): _writable(value) if isinstance(value, str) else value for name, value in key.items()}


def _extra(row: Mapping[str, Any], known: tuple[str, ...]) -> dict[str, Any]:
    """What stands beside the keys that are known here, if it can be written again."""
    found = {name: value for name, value in row.items() if name not in known}
    if found:
        json.dumps(found, ensure_ascii=False, allow_nan=False).encode()
    return found


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
