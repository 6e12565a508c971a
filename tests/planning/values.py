"""Plan inputs, locks and takes as values, for tests of planning."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from storyboard.language.facts import FileFacts
from storyboard.language.graph import Graph
from storyboard.planning.fingerprint import Components, components_of
from storyboard.planning.lock import Lockfile
from storyboard.planning.past import Past
from storyboard.planning.plan import PlanInputs
from storyboard.planning.take import Take, id_of
from storyboard.providers.catalogue import capabilities

ROWS = capabilities()


def digest(word: str) -> str:
    """The digest of a word, for files that are never read."""
    return f"sha256:{hashlib.sha256(word.encode()).hexdigest()}"


def take(word: str, components: Components, seconds: float = 5.04) -> Take:
    """A take with the digest of `word`, made by Ark's task `cgt-` and that word."""
    id = id_of("ark", f"cgt-{word}")
    return Take(id, digest(word), components, digest(f"frame of {word}"), seconds, 1280, 720, 108900)


def key(
    id: str, graph: Graph, takes: Mapping[str, Take] | None = None, facts: Mapping[str, FileFacts] | None = None
) -> Components:
    """A scene's key."""
    return components_of(id, graph, ROWS[graph.scene(id).model.row], facts or {}, takes or {})


def made(graph: Graph, facts: Mapping[str, FileFacts] | None = None) -> Lockfile:
    """The lock after every scene was made once."""
    lock, takes = Lockfile(), dict[str, Take]()
    for id in graph.order:
        takes[id] = take(id, key(id, graph, takes, facts))
        lock = lock.with_take(graph.storyboard.profile, id, takes[id], select=True)
    return lock


def plan_inputs(
    lock: Lockfile | None = None,
    past: Past | None = None,
    facts: Mapping[str, FileFacts] | None = None,
    missing: frozenset[str] = frozenset(),
    uploads: bool = True,
    alive: frozenset[str] = frozenset(),
) -> PlanInputs:
    """Plan inputs in which every file named by the lock is in the store, except those that are `missing`."""
    known = lock or Lockfile()
    stored = frozenset(take.digest for block in known.blocks.values() for take in block.takes.values()) - missing
    return PlanInputs(ROWS, facts or {}, known, past or Past(), stored, uploads, alive)
