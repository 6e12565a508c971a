"""The lock as a value and as a text, and merges of locks."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storyboard.errors import StateDamaged
from storyboard.planning.lock import EMPTY, VERSION, Block, Kept, Lockfile
from storyboard.planning.lock_format import from_text, to_text
from storyboard.planning.lock_merge import merge_locks, sides_of
from storyboard.planning.take import Take, id_of
from storyboard.planning.take_format import is_take_id, take_from, take_value
from tests.builders import graph_of
from tests.planning.values import digest, made, take

NAMES = st.text(alphabet="abcXYZ09_-灯塔é", min_size=1, max_size=10)
VALUES = st.one_of(st.text(max_size=20), st.integers(), st.booleans())
DIGESTS = st.integers(min_value=0, max_value=99).map(lambda number: digest(str(number)))
TASKS = st.text(alphabet=st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=10)
IDS = st.one_of(
    st.builds(id_of, st.sampled_from(["ark", "byteplus", "my-own.1"]), TASKS), DIGESTS.map("file:{}".format)
)
EXTRAS = st.dictionaries(
    st.sampled_from(["mood", "later", "灯塔"]), st.one_of(VALUES, st.none(), st.dictionaries(NAMES, VALUES)), max_size=2
)
"""Keys that only a newer storyboard knows."""
TAKES = st.builds(
    Take,
    id=IDS,
    digest=DIGESTS,
    components=st.dictionaries(NAMES, VALUES, max_size=5),
    frame=st.sampled_from(["", digest("frame")]),
    seconds=st.floats(min_value=0, max_value=20),
    width=st.integers(min_value=0, max_value=4000),
    height=st.integers(min_value=0, max_value=4000),
    tokens=st.one_of(st.none(), st.integers(min_value=0, max_value=2**53 - 1)),
    ordinal=st.integers(min_value=1, max_value=99),
    extra=EXTRAS,
)
WAIVED = st.dictionaries(NAMES, st.tuples(st.none() | VALUES, st.none() | VALUES), max_size=2)
KEPT = st.builds(Kept, by=st.text(max_size=5), at=st.text(max_size=5), waived=WAIVED)


@st.composite
def blocks(draw: st.DrawFn) -> Block:
    """A scene's takes, of which one is selected, one may be pinned, and some may be kept as they are."""
    takes = {one.id: one for one in draw(st.lists(TAKES, max_size=3))}
    ids = st.sampled_from([*takes]) if takes else st.just("")
    kept = draw(st.dictionaries(ids, KEPT, max_size=2)) if takes else {}
    return Block(takes, draw(ids), draw(st.just("") | ids), kept, draw(EXTRAS))


PROFILES = st.lists(NAMES, max_size=2).map(",".join)
BLOCKS = st.dictionaries(st.tuples(PROFILES, NAMES), blocks(), max_size=5)
LOCKS = st.builds(Lockfile, BLOCKS, EXTRAS)


@settings(max_examples=80, deadline=None)
@given(LOCKS)
def test_a_lock_is_read_as_it_was_written(lock: Lockfile) -> None:
    """Whatever was made under whichever profiles, reading gives back what was written."""
    assert from_text(to_text(lock), "film.lock") == lock


@settings(max_examples=40, deadline=None)
@given(LOCKS)
def test_writing_again_changes_nothing(lock: Lockfile) -> None:
    """A lock that was read is written as it stood."""
    text = to_text(lock)
    assert to_text(from_text(text, "film.lock")) == text


@settings(max_examples=40, deadline=None)
@given(LOCKS)
def test_blocks_stand_in_the_order_of_their_digests(lock: Lockfile) -> None:
    """Blocks are ordered by the SHA-256 of their names, in whatever order they were made."""
    names = list(json.loads(to_text(lock))["scenes"])
    assert names == sorted(names, key=lambda name: hashlib.sha256(name.encode()).digest())


def test_the_order_of_making_leaves_no_trace() -> None:
    """Two people who make the same scenes in another order write the same lock."""
    one, other = take("one", {}), take("other", {})
    forth = Lockfile().with_take("", "a", one, select=True).with_take("", "b", other, select=True)
    back = Lockfile().with_take("", "b", other, select=True).with_take("", "a", one, select=True)
    assert to_text(forth) == to_text(back)


def test_one_key_stands_on_each_line() -> None:
    """A lock is a text that git can merge: a line for each component, and a newline at its end."""
    lines = to_text(made(graph_of("storyboard: 1\nscenes: {a: {prompt: Waves.}}"))).split("\n")
    assert ([line.strip() for line in lines if '"prompt"' in line], lines[-1]) == (['"prompt": "Waves.",'], "")


def test_texts_of_any_script_stay_readable() -> None:
    """Chinese text is written to the lock without escapes."""
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
        '{"storyboard_lock": 2}',
        '{"storyboard_lock": "2", "scenes": {}}',
        '{"storyboard_lock": true, "scenes": {}}',
        '{"storyboard_lock": null, "scenes": {}}',
        '{"storyboard_lock": 0, "scenes": {"a": {}}}',
        '{"storyboard_lock": 2, "scenes": []}',
        '{"storyboard_lock": 2, "scenes": {"a": {}}}',
        '{"storyboard_lock": 2, "scenes": {"a": {"selected": "", "takes": {"ark:1": {}}}}}',
        '{"storyboard_lock": 2, "scenes": {"a": {"selected": "", "takes": []}}}',
        '{"storyboard_lock": 2, "scenes": {"a": {"selected": "", "pinned": 1, "takes": {}}}}',
        '{"storyboard_lock": 2, "scenes": {"a": {"selected": "", "kept": {"ark:1": {}}, "takes": {}}}}',
        '{"storyboard_lock": 3}',
        '{"storyboard_lock": 1, "scenes": []}',
        '{"storyboard_lock": 1, "scenes": {"a": {}}}',
        '{"storyboard_lock": 1, "scenes": {"a": {"selected": "", "takes": {"sha256:1": {}}}}}',
        '{"storyboard_lock": 1, "scenes": {"a": {"selected": "", "takes": []}}}',
        '<<<<<<< ours\n{"storyboard_lock": 1, "scenes": {}}',
    ],
)
def test_a_damaged_lock_is_refused(text: str) -> None:
    """A text that isn't a lock, of any version, is never read as an empty one."""
    with pytest.raises(StateDamaged, match=r"film\.lock"):
        from_text(text, "film.lock")


def test_a_new_take_is_selected_if_asked() -> None:
    """Another take changes the selection only on request."""
    one, other = take("one", {}), take("other", {})
    lock = Lockfile().with_take("", "a", one, select=True)
    found = [lock.with_take("", "a", other, select=select).block("", "a").selected for select in (False, True)]
    assert found == [one.id, other.id]


def test_profiles_have_blocks_of_their_own() -> None:
    """What was made under a profile isn't seen without it."""
    lock = Lockfile().with_take("draft", "a", take("one", {}), select=True)
    assert (lock.block("draft", "a").take, lock.block("", "a").take) == (take("one", {}), None)


def test_the_selected_take_is_preferred() -> None:
    """Of several takes from the same key the selected one comes first, then the latest; others aren't among them."""
    one, two, three = (take(word, {"prompt": "a"}) for word in ("one", "two", "three"))
    takes = {take.id: take for take in (one, take("other", {"prompt": "b"}), two, three)}
    found = [Block(takes, chosen).find_made_from({"prompt": "a"}) for chosen in (one.id, "")]
    assert found == [(one, three, two), (three, two, one)]


def test_moving_keeps_everything_but_the_name() -> None:
    """A renamed scene's block moves to the new name."""
    block = Lockfile().with_take("", "old", take("one", {}), select=True)
    assert block.with_block_moved("", "old", "new") == Lockfile().with_take("", "new", take("one", {}), select=True)


@settings(max_examples=30, deadline=None)
@given(TAKES)
def test_an_event_holds_a_whole_take(one: Take) -> None:
    """A take is written into an event and read from it without loss."""
    assert take_from(one.id, json.loads(json.dumps(take_value(one)))) == one


def test_another_take_is_selected() -> None:
    """Selecting changes which of a scene's takes is selected, and loses none."""
    lock = Lockfile().with_take("", "a", take("one", {}), select=True).with_take("", "a", take("two", {}), select=True)
    block = lock.with_selection("", "a", take("one", {}).id).block("", "a")
    assert (block.take, len(block.takes)) == (take("one", {}), 2)


def test_a_block_that_stands_twice_is_refused() -> None:
    """A merge that left both sides' blocks of a scene must not lose the takes of one."""
    text = '{"storyboard_lock": 2, "scenes": {"a": {"selected": "", "takes": {}}, "a": {"selected": "", "takes": {}}}}'
    with pytest.raises(StateDamaged, match='"a" occurs twice'):
        from_text(text, "film.lock")


@pytest.mark.parametrize("name", ["sha256:/etc/hostname", "sha256:**x", "sha256:", "x", ""])
def test_a_video_is_named_by_a_digest(name: str) -> None:
    """What names a take's file is never a path or a pattern."""
    with pytest.raises(ValueError, match="is not a digest"):
        take_from("ark:cgt-1", {**take_value(take("one", {})), "video": name})


@pytest.mark.parametrize("name", ["../up", "**x"])
def test_a_last_frame_is_named_by_a_digest(name: str) -> None:
    """What names a take's last frame is never a path or a pattern."""
    with pytest.raises(ValueError, match="is not a digest"):
        take_from("ark:cgt-1", {**take_value(take("one", {})), "frame": name})


@pytest.mark.parametrize(
    ("id", "good"),
    [
        ("ark:cgt-20261125031441-00001", True),
        ("my-own.1:a/b:c", True),
        (f"file:{digest('x')}", True),
        (f"file:{digest('x')}0", False),
        ("file:cgt-1", False),
        ("file:", False),
        ("ark:", False),
        (":cgt-1", False),
        ("cgt-1", False),
        ("", False),
        ("Ark:cgt-1", False),
        ("ark:cgt 1", False),
        ("ark:cgt\n", False),
        ("ark:灯塔", False),
        (f"ark:{'1' * 200}", True),
        (f"ark:{'1' * 201}", False),
    ],
)
def test_a_take_is_known_by_its_provider_and_task_or_as_a_file(id: str, good: bool) -> None:
    """Nothing else is a take's identity, and a take of another one is refused."""
    assert is_take_id(id) is good
    if not good:
        with pytest.raises(ValueError, match="neither PROVIDER:TASK nor file: and a digest"):
            take_from(id, take_value(take("one", {})))


@pytest.mark.parametrize(
    ("id", "provider", "task"),
    [("ark:cgt-1", "ark", "cgt-1"), ("my-own.1:a:b", "my-own.1", "a:b"), (f"file:{digest('x')}", "", "")],
)
def test_a_take_says_who_made_it(id: str, provider: str, task: str) -> None:
    """Its identity contains its provider and task; an imported file has neither."""
    one = replace(take("one", {}), id=id)
    assert (one.provider, one.task) == (provider, task)


def test_two_takes_of_equal_bytes_are_two_takes() -> None:
    """Two tasks may yield the same video: both takes stay in a lock, in its text, and in a merge."""
    one = take("one", {"prompt": "a"})
    twin = replace(one, id="ark:cgt-twin")
    lock = Lockfile().with_take("", "a", one, select=True).with_take("", "a", twin, select=False)
    assert dict(lock.block("", "a").takes) == {one.id: one, twin.id: twin}
    assert from_text(to_text(lock), "film.lock") == lock
    sides = (Lockfile().with_take("", "a", made, select=True) for made in (one, twin))
    assert dict(merge_locks(Lockfile(), *sides).block("", "a").takes) == {one.id: one, twin.id: twin}


def test_a_take_that_another_scene_uses_is_this_one_s_no_more() -> None:
    """It is neither selected nor pinned nor kept there, and the other takes stay."""
    one, two = take("one", {}), take("two", {})
    kept = Kept("ann", "2026-10-01", {"prompt": ("a", "b")})
    both = Block({one.id: one, two.id: two}, one.id, one.id, {one.id: kept, two.id: kept})
    found = Lockfile({("", "a"): both}).without_take("", "a", one.id).block("", "a")
    assert found == Block({two.id: two}, "", "", {two.id: kept})
    assert Lockfile({("", "a"): both}).without_take("", "a", "ark:cgt-other").block("", "a") == both


ONE, TWO, THREE = (take(word, {"prompt": word}) for word in ("one", "two", "three"))
BASE = Lockfile().with_take("", "a", ONE, select=True)


def test_what_two_made_is_kept_by_both() -> None:
    """Blocks of scenes that only one side made, and in a common one the takes of both."""
    ours = BASE.with_take("", "a", TWO, select=True).with_take("", "b", TWO, select=True)
    theirs = BASE.with_take("", "a", THREE, select=True).with_take("x", "c", THREE, select=True)
    both = merge_locks(BASE, ours, theirs)
    assert {name: set(block.takes) for name, block in both.blocks.items()} == {
        ("", "a"): {ONE.id, TWO.id, THREE.id},
        ("", "b"): {TWO.id},
        ("x", "c"): {THREE.id},
    }


def test_what_we_selected_stays_selected() -> None:
    """The selected take is the one that this side's author made last."""
    ours, theirs = (BASE.with_take("", "a", one, select=True) for one in (TWO, THREE))
    assert merge_locks(BASE, ours, theirs).block("", "a").take == TWO


def test_what_only_they_selected_is_selected() -> None:
    """Our side left the scene unchanged, or only added a take that isn't selected."""
    theirs = BASE.with_take("", "a", THREE, select=True)
    chosen = [
        merge_locks(BASE, ours, theirs).block("", "a").take
        for ours in (BASE, BASE.with_take("", "a", TWO, select=False))
    ]
    assert chosen == [THREE, THREE]


def test_what_they_removed_comes_back() -> None:
    """A take that was bought is not lost because an older lock was fetched."""
    assert merge_locks(BASE, BASE, Lockfile()) == BASE


def test_a_block_that_we_moved_does_not_stay_behind() -> None:
    """A scene that was renamed has its takes under the new name alone."""
    assert merge_locks(BASE, BASE.with_block_moved("", "a", "b"), BASE) == BASE.with_block_moved("", "a", "b")


def test_what_they_added_to_a_block_that_we_moved_stays() -> None:
    """Under the name under which they made it."""
    theirs = BASE.with_take("", "a", THREE, select=True)
    both = merge_locks(BASE, BASE.with_block_moved("", "a", "b"), theirs)
    assert (both.block("", "a").take, both.block("", "b").take) == (THREE, ONE)


def changed(draw: st.DrawFn, base: Lockfile) -> Lockfile:
    """Changes to a lock: takes are added, moved, selected and removed."""
    lock = replace(base, extra=draw(st.just(base.extra) | EXTRAS))
    for (profile, scene), block in base.blocks.items():
        match draw(st.sampled_from(["leave", "drop", "move", "add", "select", "change"])):
            case "drop":
                lock = replace(
                    lock, blocks={name: one for name, one in lock.blocks.items() if name != (profile, scene)}
                )
            case "move":
                lock = lock.with_block_moved(profile, scene, f"{scene}-moved")
            case "add":
                lock = lock.with_take(profile, scene, draw(TAKES), select=draw(st.booleans()))
            case "select" if block.takes:
                lock = lock.with_selection(profile, scene, draw(st.sampled_from([*block.takes])))
            case "change":
                lock = replace(lock, blocks={**lock.blocks, (profile, scene): draw(blocks())})
    return replace(lock, blocks={**draw(BLOCKS), **lock.blocks})


@st.composite
def histories(draw: st.DrawFn) -> tuple[Lockfile, Lockfile, Lockfile]:
    """A lock, and what two sides made of it independently; or three locks without a common history."""
    base = draw(LOCKS)
    sides = changed(draw, base), changed(draw, base)
    return (draw(LOCKS) if draw(st.integers(0, 4)) == 0 else base, *sides)


def ids_of(lock: Lockfile) -> set[str]:
    """The identities of all takes of a lock."""
    return {id for block in lock.blocks.values() for id in block.takes}


@settings(max_examples=80, deadline=None)
@given(histories())
def test_a_merge_loses_no_take_of_either_side(history: tuple[Lockfile, Lockfile, Lockfile]) -> None:
    """Every take is there, and in its own block unless the other side has moved it."""
    base, ours, theirs = history
    both = merge_locks(base, ours, theirs)
    assert ids_of(both) >= ids_of(ours) | ids_of(theirs)
    for side, other in ((ours, theirs), (theirs, ours)):
        for name, block in side.blocks.items():
            for id in block.takes:
                left = id in base.block(*name).takes and id not in other.block(*name).takes
                assert id in both.block(*name).takes or (left and id in ids_of(other))


@settings(max_examples=80, deadline=None)
@given(LOCKS)
def test_a_lock_that_nobody_changed_is_merged_into_itself(lock: Lockfile) -> None:
    """Takes, selections, pins, waivers and unknown keys are unchanged."""
    assert merge_locks(lock, lock, lock) == lock


@settings(max_examples=80, deadline=None)
@given(histories())
def test_what_only_one_side_selected_is_selected(history: tuple[Lockfile, Lockfile, Lockfile]) -> None:
    """If the other side left the selection unchanged; of two new selections ours wins."""
    base, ours, theirs = history
    both = merge_locks(base, ours, theirs)
    for name in both.blocks:
        old, mine, other, chosen = (lock.block(*name).selected for lock in (base, ours, theirs, both))
        if mine == old and other:
            assert chosen == other
        elif mine != old and mine:
            assert chosen == mine


ABSENT = object()


def with_extra(extra: Mapping[str, Any]) -> Lockfile:
    """A lock that has unknown keys at the top, in its block and in its take."""
    return Lockfile({("", "a"): Block({ONE.id: replace(ONE, extra=extra)}, ONE.id, extra=extra)}, extra)


def extras_of(lock: Lockfile) -> tuple[Mapping[str, Any], ...]:
    """The unknown keys of such a lock: at the top, in its block and in its take."""
    block = lock.block("", "a")
    return lock.extra, block.extra, block.takes[ONE.id].extra


@pytest.mark.parametrize("place", [(), ("scenes", "a"), ("scenes", "a", "takes", ONE.id)], ids=["top", "block", "take"])
def test_an_unknown_key_survives_a_rewrite(place: tuple[str, ...]) -> None:
    """Keys of a newer storyboard are written again, with any value, at the same place."""
    value = {"b": [1, None, {"c": "灯塔"}], "a": 0.5}
    text = at_place(to_text(BASE), place, mood=value)
    lock = from_text(text, "film.lock")
    found = dict(zip([(), ("scenes", "a"), ("scenes", "a", "takes", ONE.id)], extras_of(lock), strict=True))
    assert {where: dict(extra) for where, extra in found.items() if extra} == {place: {"mood": value}}
    assert json.loads(to_text(lock)) == json.loads(text)


@pytest.mark.parametrize("place", [(), ("scenes", "a"), ("scenes", "a", "takes", ONE.id)], ids=["top", "block", "take"])
@pytest.mark.parametrize("value", ['"\\ud800"', '{"\\ud800": 1}', "NaN", "[Infinity]"])
def test_an_unknown_key_that_could_not_be_written_again_is_refused(place: tuple[str, ...], value: str) -> None:
    """It is detected when the lock is read, not when a take is to be written beside it."""
    text = at_place(to_text(BASE), place, mood="PLACE").replace('"PLACE"', value)
    with pytest.raises(StateDamaged, match=r"film\.lock can't be read as a lock"):
        from_text(text, "film.lock")


def at_place(text: str, place: tuple[str, ...], **more: object) -> str:
    """A lock with more keys at a place in it."""
    value = inner = json.loads(text)
    for name in place:
        inner = inner[name]
    inner.update(more)
    return json.dumps(value)


def test_a_take_that_is_added_leaves_unknown_keys_alone() -> None:
    """A new take, a selection and a new name change nothing that a newer storyboard has written."""
    extra = {"mood": "blue"}
    lock = with_extra(extra).with_take("", "a", TWO, select=True).with_selection("", "a", ONE.id)
    assert extras_of(lock) == (extra, extra, extra)
    moved = lock.with_block_moved("", "a", "b")
    assert (moved.extra, moved.block("", "b").extra) == (extra, extra)


def test_a_newer_lock_is_read_and_not_written() -> None:
    """Its takes are known as far as they can be; to write it would lose what the newer storyboard means."""
    value = {**json.loads(to_text(BASE)), "storyboard_lock": VERSION + 1, "later": True}
    lock = from_text(json.dumps(value), "film.lock")
    assert (lock.block("", "a"), lock.version) == (BASE.block("", "a"), VERSION + 1)
    for one in (
        lock,
        lock.with_take("", "a", TWO, select=True),
        merge_locks(BASE, BASE, lock),
        merge_locks(BASE, lock, BASE),
    ):
        with pytest.raises(StateDamaged, match="lock of version 3; this program writes version 2"):
            to_text(one)


def row_of_version_1(word: str, task: str) -> dict[str, object]:
    """A take as storyboard 0.1.0 wrote it, under the digest of its video."""
    key = {"duration": 5, "prompt": word}
    measures = {"seconds": 5.04, "width": 1280, "height": 720}
    return {"recipe": 1, "key": key, "frame": digest("frame"), **measures, "task": task, "tokens": 108900}


def lock_of_version_1(task: str, selected: str = digest("one")) -> str:
    """A lock as storyboard 0.1.0 wrote it, with one take, and a scene under a profile that has none."""
    block = {"selected": selected, "takes": {digest("one"): row_of_version_1("one", task)}}
    return json.dumps({"storyboard_lock": 1, "scenes": {"draft/灯": {"selected": "", "takes": {}}, "a": block}})


@pytest.mark.parametrize(
    ("task", "providers", "id"),
    [
        ("cgt-1", None, "ark:cgt-1"),
        ("cgt-1", {}, "ark:cgt-1"),
        ("cgt-1", {"cgt-2": "byteplus"}, "ark:cgt-1"),
        ("cgt-1", {"cgt-1": "byteplus"}, "byteplus:cgt-1"),
        ("", {"": "byteplus"}, f"file:{digest('one')}"),
    ],
)
def test_a_lock_of_version_1_is_read(task: str, providers: Mapping[str, str] | None, id: str) -> None:
    """A take is identified by its provider, Ark by default, and its task; one without a task was imported as a file."""
    components: dict[str, str | int | bool] = {"duration": 5, "prompt": "one"}
    one = Take(id, digest("one"), components, digest("frame"), 5.04, 1280, 720, 108900, ordinal=1)
    blocks_of_today = {("draft", "灯"): EMPTY, ("", "a"): Block({id: one}, id)}
    assert from_text(lock_of_version_1(task), "film.lock", providers) == Lockfile(blocks_of_today, {}, VERSION)


def test_a_lock_of_version_1_is_written_as_one_of_today() -> None:
    """Reading its new text gives the same takes, whichever providers are passed."""
    lock = from_text(lock_of_version_1("cgt-1"), "film.lock", {"cgt-1": "byteplus"})
    text = to_text(lock)
    assert json.loads(text)["storyboard_lock"] == VERSION
    assert from_text(text, "film.lock") == lock


def test_in_a_lock_of_version_1_the_order_of_takes_stays() -> None:
    """The latest of two of one key is the latter, as it was."""
    takes = {digest(word): row_of_version_1("same", f"cgt-{word}") for word in ("one", "two")}
    text = json.dumps({"storyboard_lock": 1, "scenes": {"a": {"selected": digest("one"), "takes": takes}}})
    block = from_text(text, "film.lock").block("", "a")
    assert ([*block.takes], block.selected) == (["ark:cgt-one", "ark:cgt-two"], "ark:cgt-one")


@pytest.mark.parametrize("selected", ["", digest("gone")])
def test_a_lock_of_version_1_may_select_nothing(selected: str) -> None:
    """A selection of what isn't there is none."""
    assert from_text(lock_of_version_1("cgt-1", selected), "film.lock").block("", "a").selected == ""


@pytest.mark.parametrize(
    ("name", "value"),
    [("task", 7), ("task", "cgt 1"), ("key", []), ("tokens", -1), ("frame", "x"), ("seconds", None)],
)
def test_a_lock_of_version_1_that_no_run_wrote_is_damage(name: str, value: object) -> None:
    """What is invalid in a current lock is invalid in an old one too."""
    row = {**row_of_version_1("one", "cgt-1"), name: value}
    text = json.dumps({"storyboard_lock": 1, "scenes": {"a": {"selected": "", "takes": {digest("one"): row}}}})
    with pytest.raises(StateDamaged, match=r"film\.lock can't be read as a lock"):
        from_text(text, "film.lock")


PLAIN = """\
{
<<<<<<< HEAD
 ours
=======
 theirs
>>>>>>> branch
 both
<<<<<<< HEAD
 ours again
=======
>>>>>>> branch
}
"""
DIFF3 = """\
{
<<<<<<< HEAD
 ours
||||||| 1a2b3c
 base
=======
 theirs
>>>>>>> branch
 both
<<<<<<<
 ours again
|||||||
=======
>>>>>>>
}
"""
OURS, THEIRS = "{\n ours\n both\n ours again\n}\n", "{\n theirs\n both\n}\n"


@pytest.mark.parametrize(
    ("text", "base"), [(PLAIN, ""), (DIFF3, "{\n base\n both\n}\n")], ids=["plain marks", "diff3 marks"]
)
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_a_text_with_merge_marks_has_three_sides(text: str, base: str, end: str) -> None:
    """Each side has what is common and its own; the base is only there where the marks have it."""
    expected = (base.replace("\n", end), OURS.replace("\n", end), THEIRS.replace("\n", end))
    assert sides_of(text.replace("\n", end)) == expected


@pytest.mark.parametrize("text", ["", "{}\n", to_text(BASE), "a\n=======\n>>>>>>> b\n||||||| c\n<<<<<<<<\n"])
def test_a_text_without_merge_marks_is_all_three_sides(text: str) -> None:
    """Also one with lines that are a mark only after another."""
    assert sides_of(text) == (text, text, text)


def conflicted(base: str, ours: str, theirs: str, *, diff3: bool) -> str:
    """Our text and theirs with conflict markers around the differences, as git leaves them."""
    rows = [text.splitlines(keepends=True) for text in (base, ours, theirs)]
    head, tail = common(rows), common([row[::-1] for row in rows])
    tail = min(tail, *(len(row) - head for row in rows))
    old, mine, other = ("".join(row[head : len(row) - tail]) for row in rows)
    first, last = "".join(rows[0][:head]), "".join(rows[0][len(rows[0]) - tail :])
    old = f"||||||| 1a2b3c\n{old}" if diff3 else ""
    return f"{first}<<<<<<< HEAD\n{mine}{old}=======\n{other}>>>>>>> branch\n{last}"


def common(rows: list[list[str]]) -> int:
    """How many lines all of them begin with."""
    return next(
        (place for place, lines in enumerate(zip(*rows, strict=False)) if len(set(lines)) > 1), min(map(len, rows))
    )


@settings(max_examples=60, deadline=None)
@given(histories(), st.booleans())
def test_locks_are_found_between_merge_marks(history: tuple[Lockfile, Lockfile, Lockfile], diff3: bool) -> None:
    """Both sides of a lock are read from the text that git leaves; so is the base, if the markers include it."""
    base, *sides = sides_of(conflicted(*map(to_text, history), diff3=diff3))
    assert [from_text(side, "film.lock") for side in sides] == [*history[1:]]
    assert (from_text(base, "film.lock") == history[0]) if diff3 else base == ""


@settings(max_examples=200, deadline=None)
@given(EXTRAS, EXTRAS, EXTRAS)
def test_an_unknown_key_is_as_the_side_that_changed_it_has_it(
    old: Mapping[str, Any], mine: Mapping[str, Any], other: Mapping[str, Any]
) -> None:
    """At the top, in a block and in a take: added, changed or removed, and ours if both changed it."""
    both = merge_locks(*(with_extra(extra) for extra in (old, mine, other)))
    for name in {**old, **mine, **other}:
        before, ours, theirs = (extra.get(name, ABSENT) for extra in (old, mine, other))
        wanted = theirs if ours == before else ours
        assert [extra.get(name, ABSENT) for extra in extras_of(both)] == [wanted] * 3


@settings(max_examples=40, deadline=None)
@given(LOCKS, LOCKS)
def test_a_merge_with_what_stood_there_is_what_we_have(base: Lockfile, ours: Lockfile) -> None:
    """If only one side wrote, merging changes nothing, and neither does merging again."""
    theirs = merge_locks(base, ours, base)
    assert merge_locks(base, ours, theirs) == theirs


@pytest.mark.parametrize("sign", ["\\ud800", "\udcff"], ids=["escaped", "no UTF-8"])
def test_a_lock_that_could_not_be_written_again_is_refused(sign: str) -> None:
    """Half a character: otherwise it would be detected during a run, when a take is to be written beside it."""
    text = to_text(Lockfile().with_take("", "a", take("one", {"prompt": "PLACE"}), select=True)).replace("PLACE", sign)
    with pytest.raises(StateDamaged, match="can't be read as a lock"):
        from_text(text, "film.lock")


def test_a_lock_may_hold_escaped_signs() -> None:
    """As another program writes those that take two words."""
    lock = Lockfile().with_take("", "a", take("one", {"prompt": "a 🎬"}), select=True)
    assert from_text(json.dumps(json.loads(to_text(lock))), "film.lock") == lock
