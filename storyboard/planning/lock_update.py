"""What a run writes into a storyboard's lock: the takes that it selects, finds, fetches or makes."""

from __future__ import annotations

from collections.abc import Mapping

from storyboard.planning.attempt import Attempt
from storyboard.planning.lock import Lockfile
from storyboard.planning.past import Past
from storyboard.planning.plan import Plan, PlanInputs
from storyboard.planning.step import Keep
from storyboard.planning.take import Take
from storyboard.planning.takes import Shelf, shelf_of


def with_kept(plan: Plan, inputs: PlanInputs) -> Lockfile:
    """Return the lock in which each take that a plan keeps is the selected one of its scene."""
    lock = inputs.lock
    board = plan.graph.storyboard
    for step in plan.steps.values():
        if isinstance(step, Keep):
            lock = with_selected(lock, board.profile, step, board.scenes)
    return lock


def with_selected(lock: Lockfile, profile: str, keep: Keep, scenes: Mapping[str, object]) -> Lockfile:
    """Return the lock in which a kept take is the selected one of its scene. `scenes` are those of the storyboard.

    A take that was found under the scene's earlier name brings the whole block along, with its pins. A take of another
    scene, which still exists but has no more use for it, is moved alone. A take of another profile or storyboard is
    copied: it serves both.
    """
    found, scene, take = keep.found, keep.scene, keep.take
    if found is not None and found.target.profile == profile and found.origin in ("earlier name", "other scene"):
        old = found.target.scene
        if found.origin == "earlier name" and (profile, scene) not in lock.blocks and (profile, old) in lock.blocks:
            lock = lock.with_block_moved(profile, old, scene)
        elif take.id in lock.block(profile, old).takes and old in scenes:
            lock = lock.without_take(profile, old, take.id)
    block = lock.block(profile, scene)
    if block.takes.get(take.id) != take:
        return lock.with_take(profile, scene, take, select=True)
    return lock if block.selected == take.id else lock.with_selection(profile, scene, take.id)


def with_salvaged(inputs: PlanInputs, attempt: Attempt, take: Take, past: Past) -> Lockfile:
    """Return the lock with a take that was fetched because it was paid for, though no scene asks for it any more."""
    shelf = shelf_of(inputs.storyboard, inputs.lock, inputs.others, past)
    return _with_spare(inputs.lock, shelf, attempt.storyboard, attempt.profile, attempt.scene, take)


def with_past(lock: Lockfile, past: Past, storyboard: str) -> Lockfile:
    """Return a storyboard's lock with the takes that were stored for it but, because of a crash, never written into it.

    The scene of such a take may have another name since.
    """
    known = {take.id for block in lock.blocks.values() for take in block.takes.values()}
    missing = [one for one in past.takes if one.storyboard == storyboard and one.take.id not in known]
    shelf = shelf_of(storyboard, lock, {}, past) if missing else Shelf({})
    for one in missing:
        lock = _with_spare(lock, shelf, storyboard, one.profile, one.scene, one.take)
    return lock


def _with_spare(lock: Lockfile, shelf: Shelf, storyboard: str, profile: str, scene: str, take: Take) -> Lockfile:
    """Return the lock with one more take. It is selected only if its scene has no selected take and there is no other
    take of its key elsewhere: the scenes chained to this one were made from that."""
    chosen = lock.block(profile, scene).selected
    select = not chosen and not shelf.has_another(take, storyboard, profile, scene)
    return lock.with_take(profile, scene, take, select=select)
