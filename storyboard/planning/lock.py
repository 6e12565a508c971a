"""What was made from what: each scene's takes, and which of them is selected."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from storyboard.planning.fingerprint import Components
from storyboard.planning.take import Take

VERSION = 2


@dataclass(frozen=True, slots=True)
class Kept:
    """A person's decision that a take is good although it was made from another key.

    `by` and `at` record who decided and when. `waived` holds the components that differed then: their value in the
    take's key, and in the scene's.
    """

    by: str
    at: str
    waived: Mapping[str, tuple[str | int | bool | None, str | int | bool | None]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Block:
    """A scene's takes by identity, in the order in which they were made.

    `selected` is the take that the film uses; `pinned`, if not empty, the take that is never remade; `kept` holds, by
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

    def find_made_from(self, components: Components) -> tuple[Take, ...]:
        """Return the takes with exactly this key: the selected one if it is among them, then the latest first."""
        fitting = [take for take in reversed(tuple(self.takes.values())) if dict(take.components) == dict(components)]
        return tuple(sorted(fitting, key=lambda take: take.id != self.selected))

    def without(self, ids: Collection[str]) -> Block:
        """Return the block without some of its takes and the decisions about them."""
        if not ids:
            return self
        takes = {id: take for id, take in self.takes.items() if id not in ids}
        kept = {id: decision for id, decision in self.kept.items() if id not in ids}
        selected, pinned = ("" if id in ids else id for id in (self.selected, self.pinned))
        return replace(self, takes=takes, selected=selected, pinned=pinned, kept=kept)


EMPTY = Block()


@dataclass(frozen=True, slots=True)
class Lockfile:
    """Blocks by (profiles, scene). Profiles are joined by commas in the order given; empty for none."""

    blocks: Mapping[tuple[str, str], Block] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
    version: int = VERSION
    """The version of the text that it was read from, if that is newer than the one written here."""

    def block(self, profile: str, scene: str) -> Block:
        """Return a scene's block, or an empty one."""
        return self.blocks.get((profile, scene), EMPTY)

    def with_take(self, profile: str, scene: str, take: Take, *, select: bool) -> Lockfile:
        """Return the lock with one more take."""
        block = self.block(profile, scene)
        takes = {**block.takes, take.id: take}
        return self._with(profile, scene, replace(block, takes=takes, selected=take.id if select else block.selected))

    def without_take(self, profile: str, scene: str, id: str) -> Lockfile:
        """Return the lock in which a take no longer belongs to that scene: another scene of its profile uses it."""
        return self._with(profile, scene, self.block(profile, scene).without((id,)))

    def with_selection(self, profile: str, scene: str, id: str) -> Lockfile:
        """Return the lock with another of a scene's takes selected."""
        return self._with(profile, scene, replace(self.block(profile, scene), selected=id))

    def with_block_moved(self, profile: str, old: str, new: str) -> Lockfile:
        """Return the lock with a scene's block under the scene's new name."""
        blocks = dict(self.blocks)
        blocks[profile, new] = blocks.pop((profile, old))
        return replace(self, blocks=blocks)

    def _with(self, profile: str, scene: str, block: Block) -> Lockfile:
        return replace(self, blocks={**self.blocks, (profile, scene): block})
