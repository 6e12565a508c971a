"""What a run writes into a lock."""

from __future__ import annotations

from dataclasses import replace

from storyboard.planning.attempt import Attempt
from storyboard.planning.lock import Block, Lockfile
from storyboard.planning.lock_update import with_kept, with_past, with_salvaged, with_selected
from storyboard.planning.past import Past, StoredTake
from storyboard.planning.planner import plan
from storyboard.planning.step import Keep
from storyboard.planning.takes import Origin, TakeMatch
from storyboard.planning.target import Target, Unit
from tests.builders import graph_of
from tests.planning.values import made, plan_inputs, take

KEY = {"prompt": "waves"}
ONE, TWO = take("one", KEY), take("two", KEY)
SCENES = {"a": None, "b": None}


def selected(lock: Lockfile, profile: str = "", scene: str = "a") -> str:
    """The word of a block's selected take; empty if it has none."""
    found = lock.block(profile, scene).take
    return "" if found is None else found.task.removeprefix("cgt-")


def keep(origin: Origin, target: Target) -> Keep:
    """The scene a keeps the first take, found elsewhere."""
    return Keep(Unit("a"), ONE, TakeMatch(ONE, target, origin))


def test_a_plan_that_keeps_everything_leaves_the_lock_unchanged() -> None:
    """Each kept take is the selected one already."""
    graph = graph_of("storyboard: 1\nscenes:\n  dusk: {prompt: A lighthouse.}\n  lamp: {chain: dusk}\n")
    inputs = plan_inputs(made(graph))
    assert with_kept(plan(graph, inputs), inputs) == inputs.lock


def test_a_plan_that_makes_everything_leaves_the_lock_unchanged() -> None:
    """Only kept takes are selected before a run begins."""
    graph = graph_of("storyboard: 1\nscenes: {dusk: {prompt: A lighthouse.}}")
    assert with_kept(plan(graph, plan_inputs()), plan_inputs()) == Lockfile()


def test_another_of_a_scenes_takes_is_selected() -> None:
    """It stays in its block, and so does the one that was selected before."""
    lock = Lockfile().with_take("", "a", ONE, select=False).with_take("", "a", TWO, select=True)
    found = with_selected(lock, "", Keep(Unit("a"), ONE), SCENES)
    assert (selected(found), list(found.block("", "a").takes)) == ("one", [ONE.id, TWO.id])


def test_the_block_of_an_earlier_name_moves_as_a_whole() -> None:
    """With its pins and its other takes."""
    lock = Lockfile({("", "old"): Block({ONE.id: ONE, TWO.id: TWO}, ONE.id, pinned=TWO.id)})
    found = with_selected(lock, "", keep("earlier name", Target("film", "", "old")), SCENES)
    assert found == Lockfile({("", "a"): lock.block("", "old")})


def test_a_take_of_an_earlier_name_is_copied_into_a_block_that_exists() -> None:
    """The block of the removed scene stays as it was."""
    lock = Lockfile().with_take("", "old", ONE, select=True).with_take("", "a", TWO, select=True)
    found = with_selected(lock, "", keep("earlier name", Target("film", "", "old")), SCENES)
    assert (selected(found), selected(found, scene="old")) == ("one", "one")


def test_a_take_of_a_scene_with_other_inputs_is_moved_alone() -> None:
    """The other scene keeps its other takes, and has none selected."""
    lock = Lockfile().with_take("", "b", TWO, select=False).with_take("", "b", ONE, select=True)
    found = with_selected(lock, "", keep("other scene", Target("film", "", "b")), SCENES)
    assert (selected(found), list(found.block("", "b").takes), selected(found, scene="b")) == ("one", [TWO.id], "")


def test_a_take_of_another_profile_is_copied() -> None:
    """It serves both."""
    lock = Lockfile().with_take("tall", "a", ONE, select=True)
    found = with_selected(lock, "", keep("other profile", Target("film", "tall", "a")), SCENES)
    assert (selected(found), selected(found, "tall")) == ("one", "one")


def salvaged(lock: Lockfile, past: Past | None = None) -> Lockfile:
    """The lock after the second take was fetched for an attempt at the scene a."""
    attempt = Attempt("i1", "a", "", KEY, "stored", storyboard="film")
    return with_salvaged(replace(plan_inputs(lock), storyboard="film"), attempt, TWO, past or Past())


def test_a_salvaged_take_is_selected_only_if_nothing_else_is() -> None:
    """Neither beside a selected take, nor if another scene has a take of its key."""
    beside = Lockfile().with_take("", "a", ONE, select=True)
    elsewhere = Lockfile().with_take("", "b", ONE, select=True)
    assert [selected(salvaged(lock)) for lock in (Lockfile(), beside, elsewhere)] == ["two", "one", ""]


def test_stored_takes_that_a_crash_kept_out_of_the_lock_are_added() -> None:
    """Only those of this storyboard, and only those that are missing."""
    past = Past({}, (StoredTake("film", "", "a", ONE), StoredTake("other", "", "a", take("other", {}))))
    found = with_past(Lockfile(), past, "film")
    assert (found, with_past(found, past, "film")) == (Lockfile().with_take("", "a", ONE, select=True), found)
