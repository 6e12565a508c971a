"""Digests of everything that a plan rests on, to see whether it still holds when it is applied."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, fields

from storyboard.language.facts import FileFacts
from storyboard.planning.lock import Lockfile
from storyboard.planning.lock_format import to_text
from storyboard.planning.past import Past


@dataclass(frozen=True, slots=True)
class PlanDigests:
    """One digest for each thing that a plan rests on; equal digests mean that nothing has changed."""

    journal: str
    lock: str
    graph: str
    files: str

    def changed_in(self, now: PlanDigests) -> tuple[str, ...]:
        """Return the names of the parts that differ from `now`, as a message shows them."""
        names = (field.name for field in fields(self))
        return tuple(_WORDS[name] for name in names if getattr(self, name) != getattr(now, name))


_WORDS = {
    "journal": "what was submitted",
    "lock": "the lock",
    "graph": "the storyboard",
    "files": "a file that the storyboard names",
}


def digests_of(
    past: Past,
    lock: Lockfile,
    others: Mapping[str, Lockfile],
    sources: Mapping[str, str],
    facts: Mapping[str, FileFacts],
) -> PlanDigests:
    """Return the digests of a record's past, of the storyboard's own and the other locks, of the texts of the
    storyboard's files by name, and of the files that it names."""
    locks = [to_text(lock), *(f"{name}\n{to_text(other)}" for name, other in sorted(others.items()))]
    known = [f"{path} {fact.digest}" for path, fact in sorted(facts.items())]
    return PlanDigests(
        journal=_digest([repr(list(past.attempts.values())), repr(past.takes)]),
        lock=_digest(locks),
        graph=_digest([part for row in sorted(sources.items()) for part in row]),
        files=_digest(known),
    )


def _digest(parts: list[str]) -> str:
    """The digest of texts; no two lists of texts have the same one."""
    running = hashlib.sha256()
    for part in parts:
        content = part.encode("utf-8", "surrogateescape")
        running.update(f"{len(content)}:".encode())
        running.update(content)
    return running.hexdigest()
