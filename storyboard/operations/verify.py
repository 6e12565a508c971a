"""Check the files of a store against their digests, and the locks against the store."""

from __future__ import annotations

from dataclasses import dataclass

from storyboard import project
from storyboard.errors import MediaTrouble
from storyboard.planning.take import Take
from storyboard.project import State
from storyboard.world.clock import SystemClock
from storyboard.world.layout import Layout
from storyboard.world.run_lock import sole_runner


@dataclass(frozen=True, slots=True)
class StoreProblem:
    """A problem in the store: the digest, what is wrong, and the scenes whose take or last frame it is."""

    digest: str
    what: str
    scenes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StoreReport:
    """The number of files checked, and the problems found."""

    checked: int
    problems: tuple[StoreProblem, ...]


def verify(layout: Layout, *, deep: bool = False) -> StoreReport:
    """Compare every file of the store with its digest, and the lock with the store; `deep` decodes the videos too.

    An altered file is moved aside.
    """
    from storyboard.world.media import decode_check

    layout.guard(layout.hidden, layout.lock)
    with sole_runner(layout.hidden, layout.storyboard.name):
        state = project.state_on_disk(layout, SystemClock())
        store, owners = state.store, _owners(layout, state)
        found = store.files()
        problems: dict[str, str] = {}
        for digest, path in found:
            try:
                if store.is_altered(path):
                    problems[digest] = f"was altered, and is put aside: {store.put_aside(path)}"
                elif deep and path.suffix == ".mp4":
                    decode_check.check(path)
            except MediaTrouble as error:
                problems[digest] = f"{error.what}, though it is what came from the service"
        for digest in owners.keys() - {digest for digest, _ in found}:
            problems[digest] = "is gone"
        told = tuple(StoreProblem(digest, what, owners.get(digest, ())) for digest, what in sorted(problems.items()))
        return StoreReport(len(found), told)


def _owners(layout: Layout, state: State) -> dict[str, tuple[str, ...]]:
    """Return the scenes of all storyboards of the folder that have each digest as a take or its last frame."""
    owners: dict[str, tuple[str, ...]] = {}

    def own(stem: str, scene: str, take: Take) -> None:
        name = scene if stem == layout.stem else f"{scene} of {stem}"
        for digest in filter(None, (take.digest, take.frame)):
            owners[digest] = tuple(dict.fromkeys((*owners.get(digest, ()), name)))

    for stem, lock in state.locks.items():
        for (_, scene), block in lock.blocks.items():
            for take in block.takes.values():
                own(layout.stem if stem == state.taken_over else stem, scene, take)
    for one in state.past(layout.stem).takes:
        own(one.storyboard, one.scene, one.take)
    return owners
