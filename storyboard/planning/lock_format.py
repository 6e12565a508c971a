"""The text of a lock, parsed and written.

One block for each scene and combination of profiles, one key a line, blocks ordered by the digest of their name: two
people who remake different scenes merge without a conflict. Except for those of a person's decision, the text holds no
time, address or counter, and nothing that would change when nothing was made.

Version 2. Unknown keys written by a newer storyboard, at the top level, in a block or in a take, survive a rewrite and
a merge. A lock of a newer version is read as far as possible, and never written.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from storyboard.errors import StateDamaged
from storyboard.planning.lock import VERSION, Block, Kept, Lockfile
from storyboard.planning.take import FILE
from storyboard.planning.take_format import in_order, take_from, take_value, text_at, unknown_keys, writable

UNITE = "`storyboard merge-lock {name}` unites both sides of a merge that was not finished; or restore it from git"


def to_text(lock: Lockfile) -> str:
    """Return the text of a lock. Raise StateDamaged for a lock of a newer version, which is only read."""
    if lock.version > VERSION:
        raise newer(lock.version)
    names = sorted(
        ((_name(profile, scene), block) for (profile, scene), block in lock.blocks.items()), key=_format_spread
    )
    value = {"storyboard_lock": VERSION, "scenes": {name: _block_value(block) for name, block in names}}
    return json.dumps(value | in_order(lock.extra), ensure_ascii=False, indent=1) + "\n"


def newer(version: int, name: str = "this lock") -> StateDamaged:
    """Return the error for a lock written by a newer storyboard."""
    what = f"{name} is a lock of version {version}; this program writes version {VERSION}, and only reads newer ones"
    return StateDamaged(what, "update the program: pip install --upgrade storyboard")


def _name(profile: str, scene: str) -> str:
    return f"{profile}/{scene}" if profile else scene


def _format_spread(row: tuple[str, Block]) -> bytes:
    return hashlib.sha256(row[0].encode()).digest()


def _block_value(block: Block) -> dict[str, Any]:
    value: dict[str, Any] = {"selected": block.selected}
    if block.pinned:
        value["pinned"] = block.pinned
    if block.kept:
        value["kept"] = {id: _kept_value(kept) for id, kept in sorted(block.kept.items())}
    return value | in_order(block.extra) | {"takes": {take.id: take_value(take) for take in block.takes.values()}}


def _kept_value(kept: Kept) -> dict[str, Any]:
    waived = {name: list(pair) for name, pair in sorted(kept.waived.items())}
    return {"by": kept.by, "at": kept.at, "waived": waived}


def from_text(text: str, name: str, providers: Mapping[str, str] | None = None) -> Lockfile:
    """Return the lock of a text. Raise StateDamaged if it isn't a valid lock: nothing may be bought on a guess.

    `providers` names, by task, the provider of each take of a lock of version 1, which doesn't record it; the default
    is `ark`.
    """
    hint = UNITE.format(name=name)
    try:
        value = json.loads(_decode(text), object_pairs_hook=_once)
        version = value["storyboard_lock"]
        if isinstance(version, bool) or not isinstance(version, int):
            raise ValueError("its version is not a whole number")
        if version < VERSION:
            value = _of_version_1(value, providers or {})
        rows = {_key(name): _block(block) for name, block in value["scenes"].items()}
        extra = unknown_keys(value, ("storyboard_lock", "scenes"))
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise StateDamaged(f"{name} can't be read as a lock: {_why(error)}", hint) from error
    return Lockfile(rows, extra, max(version, VERSION))


def _why(error: Exception) -> str:
    """Return why a text isn't a lock, in terms of the file."""
    match error:
        case KeyError():
            return f'"{error.args[0]}" is missing'
        case TypeError() | AttributeError() | RecursionError():
            return "its structure is not that of a lock"
        case _:
            return str(error)


def version_in(text: str) -> int:
    """Return the version that a lock's text names, or 0 if it names none."""
    found = re.search(r'"storyboard_lock": ?(\d{1,9})\b', text)
    return int(found[1]) if found else 0


def _of_version_1(value: Mapping[str, Any], providers: Mapping[str, str]) -> dict[str, Any]:
    """Return a lock of version 1, which identified a take by its bytes, in the current form."""
    scenes: dict[str, Any] = {}
    for name, block in value["scenes"].items():
        takes, ids = {}, {}
        for digest, row in block["takes"].items():
            task = text_at(row, "task")
            id = f"{providers.get(task, 'ark')}:{task}" if task else f"{FILE}{digest}"
            ids[digest] = id
            takes[id] = {"take": 1, "video": digest, **{key: row[key] for key in row if key != "task"}}
        scenes[name] = {"selected": ids.get(text_at(block, "selected"), ""), "takes": takes}
    return {"storyboard_lock": VERSION, "scenes": scenes}


def _decode(text: str) -> str:
    """Return the text. Raise ValueError if a byte of its file wasn't UTF-8: those were read as lone surrogates."""
    try:
        return writable(text)
    except UnicodeEncodeError as error:
        raise ValueError(f"its character {error.start + 1} is not UTF-8") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return a JSON object. Raise ValueError for a repeated key: a take must not be lost if a merge left its block
    twice."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f'"{next(name for name in names if names.count(name) > 1)}" occurs twice')
    return found


def _key(name: str) -> tuple[str, str]:
    profile, _, scene = writable(name).rpartition("/")
    return profile, scene


def _block(value: dict[str, Any]) -> Block:
    takes = {id: take_from(id, row) for id, row in value["takes"].items()}
    kept = {writable(id): _kept(row) for id, row in value.get("kept", {}).items()}
    pinned = text_at(value, "pinned") if "pinned" in value else ""
    return Block(
        takes, text_at(value, "selected"), pinned, kept, unknown_keys(value, ("takes", "selected", "pinned", "kept"))
    )


def _kept(row: Mapping[str, Any]) -> Kept:
    waived = {writable(name): (_value(old), _value(new)) for name, (old, new) in row["waived"].items()}
    return Kept(text_at(row, "by"), text_at(row, "at"), waived)


def _value(value: object) -> str | int | bool | None:
    if value is not None and not isinstance(value, (str, int)):
        raise ValueError("a waived difference is not between two texts or whole numbers")
    return writable(value) if isinstance(value, str) else value
