"""The merge of two locks that were changed independently."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from storyboard.planning.lock import Block, Lockfile
from storyboard.planning.take import Take


def merge_locks(base: Lockfile, ours: Lockfile, theirs: Lockfile) -> Lockfile:
    """Return what two sides made of one lock independently: the takes and decisions of both.

    A change by only one side is adopted; if both changed the same thing, ours wins. A take or block that is missing on
    one side comes back, since fetching an older lock must not lose a take. It stays away only if that side has moved it
    to another scene of its profile.
    """
    moved = {(profile, id) for side in (ours, theirs) for profile, scene, id in _find_moves(base, side)}
    blocks = {}
    for name in dict.fromkeys((*base.blocks, *theirs.blocks, *ours.blocks)):
        was = base.block(*name)
        block = _merge_block(was, ours.blocks.get(name, was), theirs.blocks.get(name, was))
        gone = [id for id in was.takes if (name[0], id) in moved]
        block = block.without(gone)
        if block.takes or name in ours.blocks or name in theirs.blocks:
            blocks[name] = block
    for name in [name for name, block in blocks.items() if not block.takes and base.block(*name).takes]:
        if name not in ours.blocks or name not in theirs.blocks:
            del blocks[name]  # the whole block was moved away
    extra = _merge_extra(base.extra, ours.extra, theirs.extra)
    return Lockfile(blocks, extra, max(ours.version, theirs.version))


def _find_moves(base: Lockfile, side: Lockfile) -> Iterator[tuple[str, str, str]]:
    """Yield profile, scene and take of each take that a side moved to another scene of the same profile."""
    has = {(profile, id) for (profile, _), block in side.blocks.items() for id in block.takes}
    for (profile, scene), block in base.blocks.items():
        for id in block.takes:
            if id not in side.block(profile, scene).takes and (profile, id) in has:
                yield profile, scene, id


def find_other_selections(base: Lockfile, ours: Lockfile, theirs: Lockfile) -> tuple[tuple[str, str], ...]:
    """Return the blocks in which both sides selected takes that differ from the base and from each other."""

    def differs(name: tuple[str, str]) -> bool:
        was, one, other = (lock.block(*name).selected for lock in (base, ours, theirs))
        return one != other and was not in (one, other)

    return tuple(name for name in ours.blocks if name in theirs.blocks and differs(name))


def _merge_block(base: Block, ours: Block, theirs: Block) -> Block:
    takes = {
        id: _merge_take(base.takes.get(id), ours.takes.get(id), theirs.takes.get(id))
        for id in dict.fromkeys((*theirs.takes, *ours.takes))
    }
    return Block(
        takes,
        ours.selected if ours.selected != base.selected else theirs.selected,
        ours.pinned if ours.pinned != base.pinned else theirs.pinned,
        _merge_extra(base.kept, ours.kept, theirs.kept),
        _merge_extra(base.extra, ours.extra, theirs.extra),
    )


def _merge_take(base: Take | None, ours: Take | None, theirs: Take | None) -> Take:
    """Return one take as both sides have it. A task is billed and measured once, so only unknown keys can differ."""
    take = ours or theirs
    if ours is None or theirs is None:
        assert take is not None  # noqa: S101 - the name came from one of the two
        return take
    return replace(ours, extra=_merge_extra(base.extra if base else {}, ours.extra, theirs.extra))


def _merge_extra(base: Mapping[str, Any], ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the unknown keys, each as the side that changed it has it, ours if both did.

    A key that one side removed is gone.
    """
    united: dict[str, Any] = {}
    for name in dict.fromkeys((*base, *theirs, *ours)):
        changed = ours if ours.get(name) != base.get(name) or (name in ours) != (name in base) else theirs
        if name in changed:
            united[name] = changed[name]
    return united


def sides_of(text: str) -> tuple[str, str, str]:
    """Return base, ours and theirs of a text with git's conflict markers, or three times the text if it has none.

    Without the markers of style `diff3` the base is unknown, and returned empty.
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
