"""Which take, or which unfinished attempt, serves a scene."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import permutations
from typing import get_args

import pytest

from storyboard.planning.attempt import BINDING, OVER, Attempt, AttemptState
from storyboard.planning.fingerprint import PENDING, Components
from storyboard.planning.lock import Lockfile
from storyboard.planning.past import Past, StoredTake
from storyboard.planning.plan import Plan, PlanInputs
from storyboard.planning.planner import plan
from storyboard.planning.step import Hold, Idle, Keep, Make
from storyboard.planning.take import Take
from storyboard.planning.takes import Claims, Origin, Shelved, TakeMatch, shelf_of
from storyboard.planning.target import Target, Unit
from tests.builders import graph_of
from tests.planning.values import key, plan_inputs, take

KEY: Components = {"prompt": "Waves.", "duration": 5}
A, B = Unit("a"), Unit("b")
ORIGINS: dict[Origin, Target] = {
    "own": Target("film", "", "a"),
    "earlier name": Target("film", "", "gone"),
    "other scene": Target("film", "", "b"),
    "other profile": Target("film", "draft", "a"),
    "other storyboard": Target("other", "", "a"),
}
"""The targets of takes, in order of preference for the scene a of the storyboard film without a profile."""


def locks_of(takes: Iterable[tuple[Take, Target]]) -> dict[str, Lockfile]:
    """The locks of a folder's storyboards that hold these takes, each selected."""
    locks: dict[str, Lockfile] = {"film": Lockfile()}
    for one, target in takes:
        lock = locks.get(target.storyboard, Lockfile())
        locks[target.storyboard] = lock.with_take(target.profile, target.scene, one, select=True)
    return locks


def claims_on(
    locks: Mapping[str, Lockfile],
    past: Past | None = None,
    *,
    profile: str = "",
    scenes: tuple[str, ...] = ("a", "b"),
    stored: frozenset[str] = frozenset(),
) -> Claims:
    """The claims of the storyboard film on the folder's takes, with nothing claimed yet."""
    others = {name: lock for name, lock in locks.items() if name != "film"}
    shelf = shelf_of("film", locks["film"], others, past or Past())
    return Claims("film", profile, dict.fromkeys(scenes), shelf, stored)


def made_for(*origins: Origin) -> dict[str, Lockfile]:
    """The locks of a folder that has a take of the one key for each of these."""
    return locks_of((take(origin, KEY), ORIGINS[origin]) for origin in origins)


def chosen(locks: Mapping[str, Lockfile], claims: Claims | None = None, unit: Unit = A) -> TakeMatch | None:
    """The take that serves a unit of the one key."""
    return (claims or claims_on(locks)).take_for(unit, locks["film"], KEY)


def words(found: TakeMatch | None) -> str:
    """The word that a take was made from; empty if there is none."""
    return found.take.task.removeprefix("cgt-") if found else ""


@pytest.mark.parametrize("origin", ORIGINS)
def test_a_take_of_the_key_is_found_wherever_it_is(origin: Origin) -> None:
    """Its own take, or one that was made for any other scene, with its target and origin."""
    assert chosen(made_for(origin)) == TakeMatch(take(origin, KEY), ORIGINS[origin], origin)


@pytest.mark.parametrize("first", range(len(ORIGINS)))
def test_what_changes_least_is_taken_first(first: int) -> None:
    """Its own, then that of an earlier name, of a scene with changed inputs, of a profile, of a storyboard."""
    origins = [*ORIGINS][first:]
    for order in permutations(origins):
        assert words(chosen(made_for(*order))) == origins[0]


def test_a_take_of_another_key_is_none() -> None:
    """A key with one value changed, one part more or one part less is another."""
    locks = made_for(*ORIGINS)
    keys: list[Components] = [{**KEY, "duration": 6}, {**KEY, "seed": 1}, {"prompt": "Waves."}]
    assert [claims_on(locks).take_for(A, locks["film"], one) for one in keys] == [None] * 3


def test_a_scene_that_waits_for_another_has_no_take_yet() -> None:
    """A pending key matches no take, even one that was recorded with it."""
    pending = {**KEY, "upstream.1": PENDING}
    locks = locks_of([(take("one", pending), ORIGINS["own"]), (take("two", pending), ORIGINS["other profile"])])
    assert claims_on(locks).take_for(A, locks["film"], pending) is None
    assert shelf_of("film", locks["film"], {}, Past()).with_key(pending) == ()


def test_of_its_own_takes_the_selected_one_is_first() -> None:
    """Then the latest; and the next of them once the first serves another unit."""
    lock = Lockfile()
    for word in ("one", "two", "three"):
        lock = lock.with_take("", "a", take(word, KEY), select=word == "one")
    locks = {"film": lock}
    claims = claims_on(locks)
    found = []
    while one := chosen(locks, claims):
        found.append((words(one), one.origin))
        claims.claim_take(one.take, B)
    assert found == [("one", "own"), ("three", "own"), ("two", "own")]


@pytest.mark.parametrize("origin", ["earlier name", "other scene", "other profile", "other storyboard"])
def test_of_others_takes_the_oldest_is_first(origin: Origin) -> None:
    """In the order in which they were stored; a take whose storing isn't recorded counts as the youngest."""
    target = ORIGINS[origin]
    locks = locks_of((take(word, KEY), target) for word in ("unknown", "two", "one"))
    past = Past({}, tuple(StoredTake(*target[:3], take(word, KEY)) for word in ("one", "two")))
    claims = claims_on(locks, past)
    found = []
    while one := chosen(locks, claims):
        found.append(words(one))
        claims.claim_take(one.take, B)
    assert found == ["one", "two", "unknown"]


def test_of_takes_of_one_origin_one_that_is_in_the_store_is_first() -> None:
    """It needn't be fetched; but a more distant origin is not preferred for that."""
    target = ORIGINS["earlier name"]
    far, near, there = (take(word, KEY) for word in ("far", "near", "there"))
    locks = locks_of([(there, target), (near, target), (far, ORIGINS["other profile"])])
    stored = [frozenset({there.digest, far.digest}), frozenset({far.digest})]
    assert [words(chosen(locks, claims_on(locks, stored=one))) for one in stored] == ["there", "near"]


def test_of_takes_of_another_profile_that_of_the_same_scene_is_first() -> None:
    """If both are in the store, or neither is."""
    other = Target("film", "draft", "b")
    locks = locks_of([(take("b", KEY), other), (take("a", KEY), ORIGINS["other profile"])])
    assert (words(chosen(locks)), words(chosen(locks, unit=B))) == ("a", "b")


def test_a_take_serves_one_scene_of_a_storyboard_and_profile() -> None:
    """Once it serves one scene, it is that scene's alone, asked however often; in another profile it is free again."""
    locks = made_for("other storyboard")
    claims = claims_on(locks)
    one = chosen(locks, claims)
    assert one is not None
    claims.claim_take(one.take, A)
    assert [chosen(locks, claims, unit) for unit in (A, B, Unit("a", 2))] == [one, None, None]
    assert chosen(locks, claims_on(locks, profile="draft")) == one


def test_a_take_that_is_known_by_its_events_alone_is_found() -> None:
    """A crash may come between storing a take and writing it into its lock."""
    past = Past({}, (StoredTake("film", "draft", "a", replace(take("one", KEY), ordinal=3)),))
    found = chosen({"film": Lockfile()}, claims_on({"film": Lockfile()}, past))
    assert found == TakeMatch(replace(take("one", KEY), ordinal=3), Target("film", "draft", "a", 3), "other profile")


def test_a_take_stands_where_its_lock_has_it() -> None:
    """Also if an event records another scene: the take has been moved since."""
    past = Past({}, (StoredTake("film", "", "b", take("one", KEY)),))
    locks = locks_of([(take("one", KEY), ORIGINS["earlier name"])])
    shelf = shelf_of("film", locks["film"], {}, past)
    assert shelf.with_key(KEY) == (Shelved(take("one", KEY), ORIGINS["earlier name"], "selected"),)


def test_of_two_takes_that_two_copies_submitted_the_selected_one_is_taken() -> None:
    """The scenes chained to this one were made from it; the other take is older, and was never used."""
    target = ORIGINS["other profile"]
    old, used = take("old", KEY), take("used", KEY)
    past = Past({}, tuple(StoredTake(*target[:3], one) for one in (old, used)))
    locks = locks_of([(old, target), (used, target)])
    assert words(chosen(locks, claims_on(locks, past))) == "used"


@pytest.mark.parametrize("origin", ["own", "earlier name", "other scene"])
def test_a_take_that_was_never_used_comes_after_one_that_was(origin: Origin) -> None:
    """It was fetched only because it was paid for: nothing is made from it, whatever scene it was made for."""
    locks = made_for("other storyboard")
    target = ORIGINS[origin]
    locks["film"] = locks["film"].with_take(target.profile, target.scene, take("spare", KEY), select=False)
    assert words(chosen(locks)) == "other storyboard"


def test_a_take_that_was_never_used_is_better_than_none() -> None:
    """It has this key, and is paid for."""
    locks = {"film": Lockfile().with_take("", "a", take("spare", KEY), select=False)}
    assert chosen(locks) == TakeMatch(take("spare", KEY), ORIGINS["own"])


def test_another_take_of_the_key_is_one_of_another_scene() -> None:
    """Not the take itself, wherever else it is used, and not a second one of the same scene."""
    one, other, copied = take("one", KEY), take("other", KEY), ORIGINS["other profile"]
    alone = locks_of([(one, ORIGINS["own"]), (other, ORIGINS["own"]), (one, copied)])
    beside = locks_of([(one, ORIGINS["own"]), (other, copied)])
    shelves = [shelf_of("film", locks["film"], {}, Past()) for locks in (alone, beside)]
    assert [shelf.has_another(one, "film", "", "a") for shelf in shelves] == [False, True]


def test_an_attempt_whose_task_was_named_is_gone_on_with_first() -> None:
    """A task that was found by its marker may be another copy's: its video is fetched as well."""
    found = replace(attempt("accepted", ORIGINS["own"], "i1"), adopted=True)
    named = attempt("accepted", ORIGINS["own"], "i2")
    vouched = replace(attempt("accepted", ORIGINS["own"], "i3"), adopted=True, vouched=True)
    claims, past = claims_on({"film": Lockfile()}), past_of(found, named, vouched)
    assert claims.to_go_on_with(A, past, KEY) == (named, vouched, found)


def attempt(state: AttemptState, target: Target, attempt_id: str = "i1", components: Components = KEY) -> Attempt:
    """An attempt of the one key in a state."""
    made = Attempt(attempt_id, target.scene, target.profile, components, state, task=f"cgt-{attempt_id}")
    return replace(made, storyboard=target.storyboard, ordinal=target.ordinal)


def past_of(*attempts: Attempt) -> Past:
    """The past with these attempts, in their order."""
    return Past({one.attempt_id: one for one in attempts})


def bound(past: Past, unit: Unit = A, components: Components = KEY, claims: Claims | None = None) -> list[str]:
    """The intents of the attempts that bind a unit, the first first."""
    found = (claims or claims_on({"film": Lockfile()}, past)).attempts_for(unit, past, components)
    return [one.attempt_id for one in found]


OTHERS = [target for origin, target in ORIGINS.items() if origin != "own"]
STATES: tuple[AttemptState, ...] = get_args(AttemptState)


@pytest.mark.parametrize("state", STATES)
def test_an_attempt_binds_its_own_scene(state: AttemptState) -> None:
    """In each state: the plan decides what follows."""
    assert bound(past_of(attempt(state, ORIGINS["own"]))) == ["i1"]


@pytest.mark.parametrize("target", OTHERS, ids=lambda target: "/".join(map(str, target)))
@pytest.mark.parametrize("state", STATES)
def test_what_may_come_to_something_binds_everyone_of_its_key(state: AttemptState, target: Target) -> None:
    """In doubt, accepted, made or lost; failed, refused, cancelled, given up or over, it binds its own scene alone."""
    binds = state in ("in doubt", "accepted", "made", "lost")
    assert bound(past_of(attempt(state, target))) == (["i1"] if binds else [])


def test_each_state_is_known_to_bind_or_not() -> None:
    """An attempt that is over binds no other scene; the others do, except those that a person has ended."""
    assert BINDING | OVER | {"cancelled", "given up"} == set(STATES)
    assert not BINDING & OVER


def test_an_attempt_of_another_key_binds_nobody() -> None:
    """Not even its own scene."""
    past = past_of(*(attempt("accepted", target, components={"prompt": "Rain."}) for target in ORIGINS.values()))
    assert bound(past) == []


def test_attempts_of_others_come_after_its_own_that_is_over() -> None:
    """In the order in which takes are preferred; its own attempt explains why it is made again."""
    past = past_of(
        *(attempt("accepted", target, f"i{number}") for number, target in enumerate(reversed(OTHERS))),
        attempt("failed", ORIGINS["own"], "own"),
    )
    assert bound(past) == ["own", "i3", "i2", "i1", "i0"]


def test_an_attempt_of_its_own_that_is_not_over_is_enough() -> None:
    """Attempts of other scenes are ignored then."""
    mine = attempt("accepted", ORIGINS["own"], "own")
    assert bound(past_of(attempt("accepted", ORIGINS["earlier name"]), mine)) == ["own"]


def test_an_attempt_serves_one_scene_of_a_storyboard_and_profile() -> None:
    """Once it serves one scene, it binds no other of this profile; in another profile it does."""
    past = past_of(attempt("accepted", ORIGINS["other storyboard"]))
    claims = claims_on({"film": Lockfile()}, past)
    claims.claim_attempt(past.attempts["i1"], A)
    assert [bound(past, unit, claims=claims) for unit in (A, B)] == [["i1"], []]
    assert [claims.is_free(past.attempts["i1"], unit) for unit in (A, B)] == [True, False]
    assert bound(past, B, claims=claims_on({"film": Lockfile()}, past, profile="draft")) == ["i1"]


def test_an_attempt_of_its_own_that_serves_another_scene_binds_it_no_more() -> None:
    """It belongs to the scene that resumes it."""
    past = past_of(attempt("accepted", ORIGINS["own"]))
    claims = claims_on({"film": Lockfile()}, past)
    claims.claim_attempt(past.attempts["i1"], B)
    assert bound(past, claims=claims) == []


def test_an_attempt_binds_what_it_serves_besides() -> None:
    """One that was made for another storyboard and serves a scene here is that scene's own."""
    shared = replace(attempt("failed", ORIGINS["other storyboard"]), also=(ORIGINS["own"],))
    assert (bound(past_of(shared)), bound(past_of(shared), B)) == (["i1"], [])


def test_a_scene_that_waits_for_another_is_bound_by_its_own_attempts_alone() -> None:
    """A pending key matches no attempt of another scene."""
    pending = {**KEY, "upstream.1": PENDING}
    theirs, mine = (attempt("accepted", ORIGINS[origin], origin, pending) for origin in ("other scene", "own"))
    assert bound(past_of(theirs, replace(mine, state="failed")), components=pending) == ["own"]
    assert bound(past_of(theirs), components=pending) == []


@pytest.mark.parametrize("state", STATES)
def test_a_scene_has_what_it_has_of_its_own(state: AttemptState) -> None:
    """A take of its key, or an attempt that isn't over; nothing that belongs to another scene."""
    none, film = Past(), Lockfile()
    mine, theirs = (past_of(attempt(state, ORIGINS[origin])) for origin in ("own", "earlier name"))
    claims = claims_on({"film": film})
    assert claims.has_own(A, made_for("own")["film"], none, KEY)
    assert not claims.has_own(A, made_for("other scene")["film"], none, KEY)
    assert claims.has_own(A, film, mine, KEY) is (state not in OVER)
    assert not claims.has_own(A, film, theirs, KEY)
    assert not claims.has_own(A, made_for("own")["film"], mine, {"prompt": "Rain."})


TWINS = "storyboard: 1\nscenes: {a: {prompt: Waves.}, b: {prompt: Waves.}}\n"
WAVES = key("a", graph_of(TWINS))


def kinds(found: Plan) -> list[tuple[str, type]]:
    """The step of each scene, in the order of the storyboard."""
    return [(unit.scene, type(found.steps[unit])) for unit in found.written]


def takes_of(found: Plan) -> dict[str, str]:
    """The take that each scene keeps."""
    return {unit.scene: step.take.id for unit, step in found.steps.items() if isinstance(step, Keep)}


def folder(known: PlanInputs, **others: Lockfile) -> PlanInputs:
    """The same inputs, of the storyboard film beside others, with their takes in the store."""
    digests = {one.digest for lock in others.values() for block in lock.blocks.values() for one in block.takes.values()}
    boards = frozenset({"film", *others})
    return replace(known, storyboard="film", others=others, boards=boards, stored=known.stored | digests)


@pytest.mark.parametrize("owner", ["a", "b"])
def test_two_scenes_that_are_alike_get_two_takes(owner: str) -> None:
    """The one that has a take keeps it, whichever comes first; the other one is made."""
    lock = Lockfile().with_take("", owner, take("one", WAVES), select=True)
    found = plan(graph_of(TWINS), plan_inputs(lock))
    assert dict(kinds(found)) == {owner: Keep, "ab".replace(owner, ""): Make}


def test_two_scenes_that_are_alike_share_what_is_there_for_two() -> None:
    """Each gets one of two takes that were made under another profile: none is made, and none is used twice."""
    lock = Lockfile().with_take("draft", "x", take("one", WAVES), select=True)
    lock = lock.with_take("draft", "x", take("two", WAVES), select=True)
    found = plan(graph_of(TWINS), plan_inputs(lock))
    assert sorted(takes_of(found).values()) == ["ark:cgt-one", "ark:cgt-two"]


def test_two_scenes_that_are_alike_go_on_with_two_attempts() -> None:
    """A running attempt serves one of them; one more is made for the other."""
    waiting = attempt("accepted", Target("", "", "b"), components=WAVES)
    found = plan(graph_of(TWINS), plan_inputs(past=past_of(waiting)))
    assert {step.scene: step.resumes for step in found.makes} == {"a": None, "b": waiting}
    both = past_of(waiting, replace(waiting, attempt_id="i2", scene="gone"))
    found = plan(graph_of(TWINS), plan_inputs(past=both))
    assert {step.scene: step.resumes and step.resumes.attempt_id for step in found.makes} == {"a": "i2", "b": "i1"}


def test_a_scene_that_nobody_asked_for_keeps_its_take() -> None:
    """A scene of the same key gets another one, even if only that scene is selected."""
    lock = Lockfile().with_take("", "a", take("one", WAVES), select=True)
    assert kinds(plan(graph_of(TWINS), plan_inputs(lock), frozenset({"b"}))) == [("a", Idle), ("b", Make)]


def test_a_scene_that_nobody_asked_for_keeps_its_attempt() -> None:
    """A scene of the same key gets another one, even if only that scene is selected."""
    past = past_of(attempt("accepted", Target("", "", "a"), components=WAVES))
    step = plan(graph_of(TWINS), plan_inputs(past=past), frozenset({"b"})).step("b")
    assert isinstance(step, Make)
    assert step.resumes is None


def test_a_profile_that_changes_nothing_of_a_scene_uses_its_take() -> None:
    """A take that was made without a profile is good under it, and the plan names its origin; nothing is bought."""
    text = "storyboard: 1\ndefaults: {ratio: 16:9}\nscenes: {a: {prompt: Waves.}}\nprofiles: {wide: {ratio: 16:9}}\n"
    one = take("one", key("a", graph_of(text)))
    step = plan(graph_of(text, "wide"), plan_inputs(Lockfile().with_take("", "a", one, select=True))).step("a")
    assert isinstance(step, Keep)
    assert step.found == TakeMatch(one, Target("", "", "a"), "other profile")


def test_another_storyboard_s_take_is_used() -> None:
    """A scene that another film of the folder has made from the same is not bought again."""
    other = Lockfile().with_take("", "sea", take("one", WAVES), select=True)
    step = plan(graph_of(TWINS), folder(plan_inputs(), other=other)).step("a")
    assert isinstance(step, Keep)
    assert step.found == TakeMatch(take("one", WAVES), Target("other", "", "sea"), "other storyboard")


@pytest.mark.parametrize("state", ["in doubt", "lost"])
def test_another_storyboard_s_doubt_holds(state: AttemptState) -> None:
    """What another film of the folder may have paid for is not bought before a person has decided."""
    past = past_of(attempt(state, Target("other", "", "sea"), components=WAVES))
    found = plan(graph_of(TWINS), folder(plan_inputs(past=past), other=Lockfile()))
    assert kinds(found) == [("a", Hold), ("b", Make)]
    assert found.attempt_ids_of("a") == {"i1"}


def test_a_take_of_which_the_file_is_missing_is_fetched_from_where_it_was_found() -> None:
    """It isn't bought again, even if only another storyboard has it and its video is in no store."""
    other = Lockfile().with_take("", "sea", take("one", WAVES), select=True)
    step = plan(graph_of(TWINS), replace(folder(plan_inputs(), other=other), stored=frozenset())).step("a")
    assert isinstance(step, Make)
    assert step.fetches == take("one", WAVES)
    assert step.found == TakeMatch(take("one", WAVES), Target("other", "", "sea"), "other storyboard")


def test_an_attempt_that_a_scene_is_about_to_make_is_its_own() -> None:
    """Another scene of the same key, settled later in a run, doesn't resume it; one of another key may."""
    attempt = Attempt("i1", "b", "", KEY, "accepted", "cgt-1", storyboard="film")
    claims = claims_on({"film": Lockfile()}, Past({"i1": attempt}))
    free = [claims.is_free(attempt, A)]
    claims.claim_key(B, {"prompt": "Terns."})
    free.append(claims.is_free(attempt, A))
    claims.claim_key(B, KEY)
    assert [*free, claims.is_free(attempt, A), claims.is_free(attempt, B)] == [True, True, False, True]
