"""What was made from what: text ↔ value."""

from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storyboard.errors import StateDamaged
from storyboard.planning.lock import Block, Lock, from_text, merged, take_from, take_value, to_text
from storyboard.planning.take import Take
from tests.planning.worlds import digest, made, take
from tests.reading import graph_of

NAMES = st.text(alphabet="abcXYZ09_-灯塔é", min_size=1, max_size=10)
VALUES = st.one_of(st.text(max_size=20), st.integers(), st.booleans())
TAKES = st.builds(
    Take,
    digest=st.integers(min_value=0).map(lambda number: digest(str(number))),
    components=st.dictionaries(NAMES, VALUES, max_size=5),
    frame=st.sampled_from(["", digest("frame")]),
    seconds=st.floats(min_value=0, max_value=20),
    width=st.integers(min_value=0, max_value=4000),
    height=st.integers(min_value=0, max_value=4000),
    task=st.text(max_size=10),
    tokens=st.one_of(st.none(), st.integers(min_value=0, max_value=2**53 - 1)),
)
BLOCKS = st.lists(TAKES, max_size=3, unique_by=lambda one: one.digest).map(
    lambda takes: Block({one.digest: one for one in takes}, takes[-1].digest if takes else "")
)
PROFILES = st.lists(NAMES, max_size=2).map(",".join)
LOCKS = st.dictionaries(st.tuples(PROFILES, NAMES), BLOCKS, max_size=5).map(Lock)


@settings(max_examples=80, deadline=None)
@given(LOCKS)
def test_a_lock_is_read_as_it_was_written(lock: Lock) -> None:
    """Whatever was made under whichever profiles, reading gives back what was written."""
    assert from_text(to_text(lock), "film.lock") == lock


@settings(max_examples=40, deadline=None)
@given(LOCKS)
def test_writing_again_changes_nothing(lock: Lock) -> None:
    """A lock that was read is written as it stood."""
    text = to_text(lock)
    assert to_text(from_text(text, "film.lock")) == text


@settings(max_examples=40, deadline=None)
@given(LOCKS)
def test_blocks_stand_in_the_order_of_their_digests(lock: Lock) -> None:
    """Blocks are ordered by the SHA-256 of their names, whoever made them first."""
    names = list(json.loads(to_text(lock))["scenes"])
    assert names == sorted(names, key=lambda name: hashlib.sha256(name.encode()).digest())


def test_the_order_of_making_leaves_no_trace() -> None:
    """Two people who make the same scenes in another order write the same lock."""
    one, other = take("one", {}), take("other", {})
    forth = Lock().with_take("", "a", one, select=True).with_take("", "b", other, select=True)
    back = Lock().with_take("", "b", other, select=True).with_take("", "a", one, select=True)
    assert to_text(forth) == to_text(back)


def test_one_key_stands_on_each_line() -> None:
    """A lock is a text that git can merge: a line for each component, and a newline at its end."""
    lines = to_text(made(graph_of("storyboard: 1\nscenes: {a: {prompt: Waves.}}"))).split("\n")
    assert ([line.strip() for line in lines if '"prompt"' in line], lines[-1]) == (['"prompt": "Waves.",'], "")


def test_texts_of_any_script_stay_readable() -> None:
    """Chinese stands in the lock as it was written."""
    assert '"灯塔在海边。"' in to_text(made(graph_of("storyboard: 1\nscenes: {a: {prompt: 灯塔在海边。}}")))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "7",
        "{}",
        '{"storyboard_lock": 1}',
        '{"storyboard_lock": 2, "scenes": {}}',
        '{"storyboard_lock": 1, "scenes": []}',
        '{"storyboard_lock": 1, "scenes": {"a": {}}}',
        '{"storyboard_lock": 1, "scenes": {"a": {"selected": "", "takes": {"sha256:1": {}}}}}',
        '{"storyboard_lock": 1, "scenes": {"a": {"selected": "", "takes": []}}}',
        '<<<<<<< ours\n{"storyboard_lock": 1, "scenes": {}}',
    ],
)
def test_a_damaged_lock_is_refused(text: str) -> None:
    """A text that is no lock, or one of another version, is never taken for an empty one."""
    with pytest.raises(StateDamaged, match=r"film\.lock"):
        from_text(text, "film.lock")


def test_a_new_take_is_selected_if_asked() -> None:
    """A take more moves the selection only where that is asked for."""
    one, other = take("one", {}), take("other", {})
    lock = Lock().with_take("", "a", one, select=True)
    found = [lock.with_take("", "a", other, select=select).block("", "a").selected for select in (False, True)]
    assert found == [one.digest, other.digest]


def test_profiles_have_blocks_of_their_own() -> None:
    """What was made under a profile isn't seen without it."""
    lock = Lock().with_take("draft", "a", take("one", {}), select=True)
    assert (lock.block("draft", "a").take, lock.block("", "a").take) == (take("one", {}), None)


def test_the_selected_take_is_preferred() -> None:
    """Of several takes from the same key the selected one counts, else the latest."""
    one, two = take("one", {"prompt": "a"}), take("two", {"prompt": "a"})
    takes = {one.digest: one, two.digest: two}
    found = [Block(takes, chosen).made_from({"prompt": "a"}) for chosen in (one.digest, "")]
    assert found == [one, two]


def test_moving_keeps_everything_but_the_name() -> None:
    """A renamed scene's block stands under the new name, and no more under the old."""
    block = Lock().with_take("", "old", take("one", {}), select=True)
    assert block.moving("", "old", "new") == Lock().with_take("", "new", take("one", {}), select=True)


@settings(max_examples=30, deadline=None)
@given(TAKES)
def test_an_event_holds_a_whole_take(one: Take) -> None:
    """A take is written into an event and read from it without loss."""
    row = json.loads(json.dumps(take_value(one)))
    assert take_from(row["digest"], row) == one


def test_another_take_is_selected() -> None:
    """Selecting changes which of a scene's takes is the one, and loses none."""
    lock = Lock().with_take("", "a", take("one", {}), select=True).with_take("", "a", take("two", {}), select=True)
    block = lock.selecting("", "a", digest("one")).block("", "a")
    assert (block.take, len(block.takes)) == (take("one", {}), 2)


def test_a_block_that_stands_twice_is_refused() -> None:
    """A merge that left both sides' blocks of a scene must not lose the takes of one."""
    text = '{"storyboard_lock": 1, "scenes": {"a": {"selected": "", "takes": {}}, "a": {"selected": "", "takes": {}}}}'
    with pytest.raises(StateDamaged, match='"a" stands twice'):
        from_text(text, "film.lock")


@pytest.mark.parametrize("name", ["sha256:/etc/hostname", "sha256:**x", "sha256:", "x"])
def test_a_take_is_named_by_a_digest(name: str) -> None:
    """What names a take is never a path or a pattern."""
    row = {"key": {}, "frame": "", "seconds": 1, "width": 1, "height": 1, "task": "", "tokens": None}
    with pytest.raises(ValueError, match="no digest"):
        take_from(name, row)


ONE, TWO, THREE = (take(word, {"prompt": word}) for word in ("one", "two", "three"))
BASE = Lock().with_take("", "a", ONE, select=True)


def test_what_two_made_is_kept_by_both() -> None:
    """Blocks of scenes that only one side made, and in a common one the takes of both."""
    ours = BASE.with_take("", "a", TWO, select=True).with_take("", "b", TWO, select=True)
    theirs = BASE.with_take("", "a", THREE, select=True).with_take("x", "c", THREE, select=True)
    both = merged(BASE, ours, theirs)
    assert {name: set(block.takes) for name, block in both.blocks.items()} == {
        ("", "a"): {ONE.digest, TWO.digest, THREE.digest},
        ("", "b"): {TWO.digest},
        ("x", "c"): {THREE.digest},
    }


def test_what_we_selected_stays_selected() -> None:
    """The take that was made last is the one that this side's author sees."""
    ours, theirs = (BASE.with_take("", "a", one, select=True) for one in (TWO, THREE))
    assert merged(BASE, ours, theirs).block("", "a").take == TWO


def test_what_only_they_selected_is_selected() -> None:
    """We have left the scene as it was, or only added a take that nobody chose."""
    theirs = BASE.with_take("", "a", THREE, select=True)
    chosen = [
        merged(BASE, ours, theirs).block("", "a").take for ours in (BASE, BASE.with_take("", "a", TWO, select=False))
    ]
    assert chosen == [THREE, THREE]


def test_what_they_removed_comes_back() -> None:
    """A take that was bought is not lost because an older lock was fetched."""
    assert merged(BASE, BASE, Lock()) == BASE


def test_a_block_that_we_moved_does_not_stay_behind() -> None:
    """A scene that was renamed has its takes under the new name alone."""
    assert merged(BASE, BASE.moving("", "a", "b"), BASE) == BASE.moving("", "a", "b")


def test_what_they_added_to_a_block_that_we_moved_stays() -> None:
    """Under the name under which they made it."""
    theirs = BASE.with_take("", "a", THREE, select=True)
    both = merged(BASE, BASE.moving("", "a", "b"), theirs)
    assert (both.block("", "a").take, both.block("", "b").take) == (THREE, ONE)


@settings(max_examples=80, deadline=None)
@given(LOCKS, LOCKS, LOCKS)
def test_a_merge_loses_no_take_of_either_side(base: Lock, ours: Lock, theirs: Lock) -> None:
    """Each is in the block in which it was; but what stood there before, and we took away."""
    both = merged(base, ours, theirs)
    for side in (ours, theirs):
        for name, block in side.blocks.items():
            taken_away = name not in ours.blocks and block == base.blocks.get(name)
            assert taken_away or set(block.takes) <= set(both.block(*name).takes)


@settings(max_examples=40, deadline=None)
@given(LOCKS, LOCKS)
def test_a_merge_with_what_stood_there_is_what_we_have(base: Lock, ours: Lock) -> None:
    """Nobody else wrote: then it changes nothing, and merging once more doesn't either."""
    theirs = merged(base, ours, base)
    assert merged(base, ours, theirs) == theirs


@pytest.mark.parametrize("sign", ["\\ud800", "\udcff"], ids=["escaped", "no UTF-8"])
def test_a_lock_that_could_not_be_written_again_is_refused(sign: str) -> None:
    """Half a character: it would be found out in the midst of a run, when a take is to be written beside it."""
    row = json.dumps(take_value(take("one", {}))).replace("cgt-one", f"cgt-{sign}")
    text = f'{{"storyboard_lock": 1, "scenes": {{"a": {{"selected": "", "takes": {{"{digest("one")}": {row}}}}}}}}}'
    with pytest.raises(StateDamaged, match="can't be read as a lock"):
        from_text(text, "film.lock")


def test_a_lock_may_hold_escaped_signs() -> None:
    """As another program writes those that take two words."""
    lock = Lock().with_take("", "a", take("one", {"prompt": "a 🎬"}), select=True)
    assert from_text(json.dumps(json.loads(to_text(lock))), "film.lock") == lock
