"""The sum of a realm's events, and how events are encoded."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import MISSING, fields, replace
from decimal import Decimal
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storyboard.planning.attempt import Attempt, AttemptState
from storyboard.planning.event import (
    Accepted,
    Adopted,
    Assigned,
    Decided,
    Disowned,
    Ended,
    Event,
    EventKind,
    FileRenamed,
    Held,
    Imported,
    Intended,
    Missed,
    NotMine,
    NotSent,
    Recorded,
    Rejected,
    RunClosed,
    RunOpened,
    Seen,
    Stored,
    Unanswered,
    Unrecognised,
)
from storyboard.planning.event_codec import Encoded, decode, encode
from storyboard.planning.history import History, past_of
from storyboard.planning.money import Money, money_of
from storyboard.planning.past import Past, StoredTake
from storyboard.planning.take_format import take_value
from storyboard.planning.target import Target
from tests.planning.values import take

TAKE = take("one", {"prompt": "Waves."})
INTENDED = Intended("a", "i1", profile="draft", key={"prompt": "Waves."})
ACCEPTED = Accepted("a", "i1", task="cgt-1")
SUCCEEDED = Ended("a", "i1", status="succeeded")
STORED = Stored("a", "i1", profile="draft", take=TAKE)
WRITTEN = {"id": TAKE.id, **take_value(TAKE)}
"""The take as an event has it in a journal."""


def read(kind: str, body: Mapping[str, object] | None = None, attempt_id: str = "i1") -> Recorded:
    """The event of a journal's row of this kind and body, of an attempt at the scene a."""
    return decode(Encoded(kind, "", "a", attempt_id, body or {}))


def past(*events: Recorded) -> Past:
    """The past of these events, one a second."""
    return past_of((float(second), event) for second, event in enumerate(events))


@pytest.mark.parametrize(
    ("events", "state"),
    [
        ([], "in doubt"),
        ([Unanswered("a", "i1")], "in doubt"),
        ([NotSent("a", "i1")], "refused"),
        ([Rejected("a", "i1")], "refused"),
        ([ACCEPTED], "accepted"),
        ([Unanswered("a", "i1"), Adopted("a", "i1", task="cgt-1")], "accepted"),
        ([Held("a", "i1")], "in doubt"),
        ([ACCEPTED, Seen("a", "i1", status="running")], "accepted"),
        ([ACCEPTED, SUCCEEDED], "made"),
        ([ACCEPTED, Ended("a", "i1", status="failed")], "failed"),
        ([ACCEPTED, Ended("a", "i1", status="expired")], "failed"),
        ([ACCEPTED, SUCCEEDED, STORED], "stored"),
        ([Decided("a", "i1", choice="submit again")], "abandoned"),
        ([Decided("a", "i1", choice="abandon")], "given up"),
        ([Adopted("a", "i1", task="cgt-1"), Disowned("a", "i1", task="cgt-1")], "in doubt"),
    ],
)
def test_what_became_of_an_attempt(events: list[Event], state: AttemptState) -> None:
    """An attempt begins in doubt, before anything is sent, and each event updates its state."""
    assert past(INTENDED, *events).attempts["i1"].state == state


def test_an_attempt_remembers_what_it_was() -> None:
    """Scene, profile, key, task and time stay with an attempt."""
    found = past(RunOpened(), INTENDED, ACCEPTED).attempts["i1"]
    assert found == Attempt("i1", "a", "draft", {"prompt": "Waves."}, "accepted", task="cgt-1", at=1.0)


def test_an_attempt_remembers_why_it_failed() -> None:
    """A failed attempt keeps the provider's message, and its task."""
    ended = Ended("a", "i1", status="failed", error="too dark")
    found = past(INTENDED, ACCEPTED, ended).attempts["i1"]
    assert (found.error, found.task) == ("too dark", "cgt-1")


def test_takes_are_gathered_in_their_order() -> None:
    """Each take that was stored is known with its profile and scene."""
    assert past(INTENDED, ACCEPTED, SUCCEEDED, STORED).takes == (StoredTake("", "draft", "a", TAKE),)


def test_attempts_are_found_by_profile_and_scene() -> None:
    """A scene's attempts under another profile are separate."""
    found = past(INTENDED, Intended("a", "i2", profile="", key={}))
    assert [[one.attempt_id for one in found.of("", profile, "a")] for profile in ("draft", "", "tall")] == [
        ["i1"],
        ["i2"],
        [],
    ]


def test_what_has_a_task_and_no_file_is_unfinished() -> None:
    """Accepted and made attempts are unfinished; those in doubt, stored or failed aren't."""
    kinds: list[list[Event]] = [[], [ACCEPTED], [ACCEPTED, SUCCEEDED], [ACCEPTED, SUCCEEDED, STORED]]
    assert [len(past(INTENDED, *events).unfinished) for events in kinds] == [0, 1, 1, 0]


def test_events_of_an_unknown_attempt_are_passed_over() -> None:
    """An event of an attempt that was never begun changes nothing."""
    assert past(ACCEPTED, RunClosed()) == Past()


SORTS: list[EventKind] = ["not_sent", "rejected", "accepted", "unknown", "adopted", "held", "decided", "seen", "ended"]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from(SORTS), max_size=8))
def test_a_past_adds_up_whatever_happened(sorts: list[EventKind]) -> None:
    """Any sequence of events gives one attempt, whose key never changes."""
    found = past(INTENDED, *map(read, sorts)).attempts
    assert [dict(one.components) for one in found.values()] == [{"prompt": "Waves."}]


ADOPTED = Adopted("a", "i1", task="cgt-1")


def history(*events: Recorded) -> History:
    """The sum of these events, one a second."""
    return History((float(second), event) for second, event in enumerate(events))


def test_who_is_in_doubt() -> None:
    """An attempt without an answer yet, and none that was settled."""
    other = Intended("b", "i2", profile="", key={})
    assert [attempt.attempt_id for attempt in history(INTENDED, other, ACCEPTED).in_doubt] == ["i2"]


@pytest.mark.parametrize(
    ("ambiguous", "owned"), [(False, {"cgt-1"}), (True, set())], ids=["a stranger's", "perhaps our own"]
)
def test_a_task_that_was_let_go(ambiguous: bool, owned: set[str]) -> None:
    """Another project's task is never adopted again; an ambiguous one has no owner until a person decides."""
    let_go = Disowned("a", "i1", task="cgt-1", error="it differs", ambiguous=ambiguous)
    found = history(INTENDED, ADOPTED, let_go)
    assert (found.owned, found.attempt("i1").task, found.attempt("i1").error) == (owned, "", "it differs")


def test_an_attempt_knows_its_mark_and_what_was_asked_for() -> None:
    """They identify its task when the answer is lost."""
    marked = Intended("a", "i1", profile="", key={}, marker=200_000, asked={"duration": 5})
    found = history(marked, ADOPTED).attempt("i1")
    assert (found.marker, found.asked, found.adopted) == (200_000, {"duration": 5}, True)


def test_what_may_be_found_by_its_mark_is_unfinished() -> None:
    """It may have been paid for, so every run looks for it."""
    marked = Intended("a", "i1", profile="", key={}, marker=200_000)
    assert [len(past(event).unfinished) for event in (marked, INTENDED)] == [1, 0]


def test_an_attempt_knows_whom_it_was_sent_to() -> None:
    """The provider of the run that submitted it, not of a later one; none if that was not recorded."""
    other = Intended("b", "i2", profile="", key={})
    found = past(
        RunOpened(),
        other,
        RunOpened(provider="ark"),
        INTENDED,
        RunOpened(provider="byteplus"),
        ACCEPTED,
    ).attempts
    assert (found["i2"].provider, found["i1"].provider) == ("", "ark")


def test_an_attempt_that_was_written_down_late_has_the_time_of_its_task() -> None:
    """The recorded time is used; without one, or with zero, the event's own."""
    bodies: list[dict[str, float]] = [{"at": 7.5}, {"at": 0}, {}]
    found = past(*(read("intended", {"profile": "", "key": {}, **body}, f"i{n}") for n, body in enumerate(bodies)))
    assert [attempt.at for attempt in found.attempts.values()] == [7.5, 1.0, 2.0]


def test_what_is_said_of_nothing_is_nothing() -> None:
    """An intent that names neither profile nor key nor mark belongs to no profile and has none of them."""
    assert past(read("intended")).attempts["i1"] == Attempt("i1", "a", "", {}, "in doubt", at=0.0)


@pytest.mark.parametrize(
    ("event", "state", "error", "task"),
    [
        (Ended("a", "i1", status="lost", error="gone"), "lost", "gone", "cgt-1"),
        (Ended("a", "i1", status="cancelled"), "cancelled", "", "cgt-1"),
        (Ended("a", "i1"), "failed", "", "cgt-1"),
        (Decided("a", "i1", choice="abandon"), "given up", "abandon", "cgt-1"),
        (Decided("a", "i1", choice="submit again"), "abandoned", "submit again", "cgt-1"),
        (Decided("a", "i1"), "abandoned", "", "cgt-1"),
        (Disowned("a", "i1", task="cgt-1"), "in doubt", "", ""),
        (Adopted("a", "i1"), "accepted", "", "cgt-1"),
        (Adopted("a", "i1", task="cgt-2"), "accepted", "", "cgt-2"),
        (Unanswered("a", "i1", error="lost"), "in doubt", "lost", "cgt-1"),
        (Held("a", "i1", why="it doesn't end"), "accepted", "it doesn't end", "cgt-1"),
        (Held("a", "i1"), "accepted", "", "cgt-1"),
        (Rejected("a", "i1", error="no"), "refused", "no", "cgt-1"),
        (Seen("a", "i1", odd="what"), "accepted", "", "cgt-1"),
    ],
)
def test_what_an_event_changes(event: Event, state: AttemptState, error: str, task: str) -> None:
    """State, message and task; an event without a task leaves it unchanged."""
    found = past(INTENDED, ACCEPTED, event).attempts["i1"]
    assert (found.state, found.error, found.task) == (state, error, task)


def test_an_attempt_remembers_when_its_video_did_not_come() -> None:
    """Each time, by the clock of the run that requested it."""
    assert past(INTENDED, ACCEPTED, Missed("a", "i1"), Missed("a", "i1")).attempts["i1"].missed == (
        2,
        3,
    )


def test_an_attempt_goes_on_under_a_new_name() -> None:
    """It belongs to the scene's current name, and no longer to the old one."""
    found = history(INTENDED, ACCEPTED, Assigned("b", "i1", profile="draft"), SUCCEEDED)
    assert (found.attempt("i1").scene, found.attempt("i1").state) == ("b", "made")
    assert [len(found.of("", "draft", scene)) for scene in ("a", "b")] == [0, 1]


def test_an_attempt_serves_another_profile_besides() -> None:
    """Under another profile, or in another storyboard, it serves one scene more, one in each."""
    other, film = (Assigned("b", "i1", profile="", ordinal=2), Assigned("c", "i1", storyboard="film"))
    found = history(INTENDED, other, replace(other, scene="d"), film)
    assert found.attempt("i1").targets == (Target("", "draft", "a"), Target("", "", "d", 2), Target("film", "", "c"))
    places = [("", "draft", "a"), ("", "", "b"), ("", "", "d"), ("film", "", "c")]
    assert [len(found.of(*place)) for place in places] == [1, 0, 1, 1]
    assert [len(found.past.of(*place)) for place in places] == [1, 0, 1, 1]


def test_a_renamed_file_takes_its_attempts_and_takes_along() -> None:
    """Everything of the storyboard's old name moves to the new one; what others have is unchanged."""
    mine, theirs = (replace(INTENDED, attempt_id=name, storyboard=name) for name in ("old", "other"))
    stored = replace(STORED, attempt_id="old", storyboard="old")
    also = Assigned("b", "other", storyboard="old", profile="draft")
    found = history(mine, theirs, also, stored, FileRenamed(storyboard="new", was="old"))
    assert found.past.takes == (StoredTake("new", "draft", "a", TAKE),)
    assert found.past.renamed_files == {"old": "new"}
    assert [attempt.targets for attempt in found.past.attempts.values()] == [
        (Target("new", "draft", "a"),),
        (Target("other", "draft", "a"), Target("new", "draft", "b")),
    ]
    assert [len(found.of(name, "draft", "a")) for name in ("old", "new", "other")] == [0, 1, 1]
    assert [len(found.of(name, "draft", "b")) for name in ("old", "new")] == [0, 1]


def test_attempts_are_found_by_their_key() -> None:
    """Whatever scene, profile and storyboard they were made for; an equal key is one of equal parts in any order."""
    key: dict[str, str | int | bool] = {"prompt": "Waves.", "duration": 5}
    one = Intended("a", "i1", key=key)
    other = Intended("b", "i2", key=dict(reversed([*key.items()])), profile="draft", storyboard="film")
    found = history(one, other, Intended("a", "i3", key={"prompt": "Waves."}))
    assert [attempt.attempt_id for attempt in found.with_key(key)] == ["i1", "i2"]
    assert found.past.with_key(key) == found.with_key(key)


def test_what_concerns_a_scene_is_its_own_and_what_has_its_key() -> None:
    """Its own attempts whatever they were made from, and others' that were made from its key, in their order."""
    key = {"prompt": "Waves."}
    found = history(
        Intended("b", "i1", key=key),
        Intended("a", "i2", key={}),
        Intended("b", "i3", key={}),
        Intended("a", "i4", key=key),
    )
    assert [*found.about("", "", "a", key).attempts] == ["i1", "i2", "i4"]


def test_only_what_was_found_by_its_mark_is_adopted() -> None:
    """And no longer once it was disowned."""
    let_go = Disowned("a", "i1", task="cgt-1")
    states: list[list[Event]] = [[ACCEPTED], [ADOPTED], [ADOPTED, SUCCEEDED], [ADOPTED, let_go]]
    assert [history(INTENDED, *events).attempt("i1").adopted for events in states] == [False, True, True, False]


def test_whose_word_it_is_that_a_task_is_an_attempt_s_own() -> None:
    """A person confirmed it if the event records that.

    Older events don't, but without a marker only a person could have identified the task. A task that was disowned and
    is found later isn't confirmed.
    """
    by_person = Adopted("a", "i1", task="cgt-1", by="person")
    let_go = Disowned("a", "i1", task="cgt-1")
    marked = Intended("a", "i1", profile="draft", key={}, marker=170_001)
    lives: list[list[Event]] = [
        [marked, ACCEPTED],
        [marked, ADOPTED],
        [marked, by_person, SUCCEEDED],
        [marked, by_person, let_go, ADOPTED],
        [INTENDED, ADOPTED],
    ]
    found = [history(*events).attempt("i1").vouched for events in lives]
    assert found == [False, False, True, False, True]


def test_tasks_that_somebody_has() -> None:
    """Of each attempt that has one, from the moment when it is known."""
    other = (Intended("b", "i2", profile="", key={}), Adopted("b", "i2", task="cgt-2"))
    owned = [history(*events).owned for events in ((INTENDED,), (INTENDED, ACCEPTED), (INTENDED, ACCEPTED, *other))]
    assert owned == [set(), {"cgt-1"}, {"cgt-1", "cgt-2"}]


def test_a_stranger_that_nobody_submitted_is_a_stranger() -> None:
    """Also if its attempt isn't known here; an event without a task changes nothing else."""
    assert history(Disowned("a", "i9", task="cgt-9")).owned == {"cgt-9"}


def test_a_history_of_one_scene() -> None:
    """Only its own attempts, in their order; none for an unknown scene."""
    second = Intended("a", "i2", profile="draft", key={})
    others = [
        Intended("a", "i3", profile="", key={}),
        Intended("b", "i4", profile="draft", key={}),
    ]
    found = history(INTENDED, others[0], second, others[1])
    assert [attempt.attempt_id for attempt in found.of("", "draft", "a")] == ["i1", "i2"]
    assert found.of("", "draft", "c") == ()


def test_a_doubt_that_came_back() -> None:
    """Another project's task was disowned: the attempt is in doubt again."""
    let_go = Disowned("a", "i1", task="cgt-1")
    lives: list[list[Event]] = [[ADOPTED], [ADOPTED, let_go], [ADOPTED, let_go, Decided("a", "i1")]]
    assert [len(history(INTENDED, *events).in_doubt) for events in lives] == [0, 1, 0]


def test_a_take_whose_profile_was_not_written_down() -> None:
    """It belongs to no profile; an unknown attempt has a take all the same."""
    assert past(read("stored", {"take": WRITTEN})).takes == (StoredTake("", "", "a", TAKE),)


@pytest.mark.parametrize("tokens", [10**100, -1, "many"])
def test_a_take_is_ours_whatever_it_was_billed(tokens: object) -> None:
    """An old record has bills that can't be counted: the take is there, and its tokens are unknown."""
    stored = read("stored", {"take": {**WRITTEN, "tokens": tokens}})
    assert past(stored).takes == (StoredTake("", "", "a", replace(TAKE, tokens=None)),)


def test_a_past_is_as_it_was() -> None:
    """Later events don't change a past that was returned before."""
    found = history(INTENDED)
    before = found.past
    found.add(9.0, ACCEPTED)
    assert (before.attempts["i1"].state, found.past.attempts["i1"].state) == ("in doubt", "accepted")


@pytest.mark.parametrize(
    ("events", "held"),
    [
        ([ACCEPTED], False),
        ([ACCEPTED, Held("a", "i1", why="it doesn't end")], True),
        ([ACCEPTED, SUCCEEDED, Held("a", "i1", why="it doesn't come")], True),
        ([ACCEPTED, SUCCEEDED, replace(STORED, error="it is shorter")], False),
        ([Unanswered("a", "i1", error="lost")], False),
    ],
    ids=["on its way", "without an end", "without a video", "stored", "in doubt"],
)
def test_a_task_with_which_a_run_did_not_get_on(events: list[Event], held: bool) -> None:
    """A person may decide about it; an attempt that is stored, or has no task, isn't held."""
    assert history(INTENDED, *events).attempt("i1").held is held


def test_a_lost_answer_that_was_found_is_no_trouble_any_more() -> None:
    """Its message is cleared together with the doubt."""
    assert history(INTENDED, Unanswered("a", "i1", error="lost"), ADOPTED).attempt("i1").error == ""


def test_what_is_held_without_a_task_keeps_its_words() -> None:
    """The reason for a loss replaces the reason for not finding the task."""
    events = (Unanswered("a", "i1", error="lost"), Held("a", "i1", why="no trace"))
    assert history(INTENDED, *events).attempt("i1").error == "lost"


def test_what_a_person_says_is_no_task_of_ours_is_a_strangers() -> None:
    """No scene adopts it."""
    assert history(NotMine(scene="a", task="cgt-9")).owned == {"cgt-9"}


def test_an_event_of_a_newer_storyboard_counts_for_nothing() -> None:
    """It is read as unrecognised, with its storyboard, and changes nothing."""
    newer = decode(Encoded("painted", "film", "a", "i1", {"colour": [1, 2]}))
    assert newer == Unrecognised(kind="painted", storyboard="film")
    assert past(INTENDED, newer, ACCEPTED).attempts == past(INTENDED, RunClosed(), ACCEPTED).attempts


FULL = Intended(
    "a",
    "i1",
    storyboard="film",
    profile="draft",
    ordinal=2,
    key={"prompt": "灯塔", "duration": 5, "sound": True},
    asked={"duration": 5},
    reserve=money_of("5.0094 CNY"),
    rate=money_of("46 CNY"),
    body="sha256:00",
    marker=172_801,
    occurrence=1,
    at=7.5,
)
ALL: tuple[Event, ...] = (
    RunOpened(storyboard="film", pid=7, provider="ark", trust="recovering"),
    RunClosed(storyboard="film", exit=4),
    Imported(storyboard="film", source="00", last=9, trust="suspect"),
    FileRenamed(storyboard="film", was="old"),
    FULL,
    NotSent("a", "i1", "no way"),
    Rejected("a", "i1", "no"),
    Accepted("a", "i1", "cgt-1"),
    Unanswered("a", "i1", "lost"),
    Adopted("a", "i1", "cgt-1", "person"),
    Disowned("a", "i1", "cgt-1", "it differs", ambiguous=True),
    NotMine(storyboard="film", scene="a", task="cgt-9"),
    Assigned("b", "i1", storyboard="film", profile="draft", ordinal=3),
    Held("a", "i1", "it doesn't end"),
    Decided("a", "i1", "abandon"),
    Seen("a", "i1", "cgt-1", "running", "it was done before"),
    Missed("a", "i1", "503"),
    Ended("a", "i1", "failed", "too dark"),
    Stored("a", "i1", TAKE, storyboard="film", profile="draft", error="it is shorter"),
)


def test_all_kinds_of_events_are_tried_here() -> None:
    """One of each kind that is written down."""
    assert sorted(event.kind for event in ALL) == sorted(get_args(EventKind))


@pytest.mark.parametrize("event", ALL, ids=lambda event: event.kind)
def test_an_event_is_read_as_it_was_written(event: Event) -> None:
    """Each field of each kind comes back through JSON, and so does what was left empty."""
    for one in (event, type(event)(**_must_have(event))):
        row = encode(one)
        assert decode(replace(row, body=json.loads(json.dumps(row.body)))) == one


def _must_have(event: Event) -> dict[str, Any]:
    """The fields that an event requires."""
    return {
        one.name: getattr(event, one.name)
        for one in fields(event)
        if one.default is MISSING and one.default_factory is MISSING
    }


@pytest.mark.parametrize("event", ALL, ids=lambda event: event.kind)
def test_what_a_newer_storyboard_adds_to_an_event_is_passed_over(event: Event) -> None:
    """An unknown field doesn't change the others."""
    row = encode(event)
    assert decode(replace(row, body={**row.body, "mood": "blue"})) == event


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("accepted", {"task": 7}),
        ("intended", {"marker": "1"}),
        ("intended", {"marker": True}),
        ("intended", {"at": "now"}),
        ("intended", {"key": ["a"]}),
        ("intended", {"key": {"a": None}}),
        ("intended", {"asked": "all"}),
        ("stored", {}),
        ("stored", {"take": "cgt-1"}),
        ("stored", {"take": {name: value for name, value in WRITTEN.items() if name != "id"}}),
        ("stored", {"take": {**WRITTEN, "video": "x"}}),
    ],
)
def test_a_row_that_says_no_event_is_refused(kind: str, body: dict[str, object]) -> None:
    """A value of another type than the field's is rejected."""
    with pytest.raises((ValueError, KeyError, TypeError)):
        read(kind, body)


def test_money_that_nobody_can_count_is_none() -> None:
    """An invalid price counts as no money, and the rest of the event is kept."""
    row = Encoded("intended", "film", "a", "i1", {"reserve": "lots", "rate": "5 CNY"})
    assert decode(row) == Intended("a", "i1", storyboard="film", rate=Money(Decimal(5), "CNY"))


def test_a_renamed_file_changes_nothing_of_another_storyboard_s() -> None:
    """Only what was made for the file that has a new name is its own."""
    other = Intended("b", "i2", storyboard="trailer")
    found = history(Intended("a", "i1", storyboard="film"), other, FileRenamed(storyboard="movie", was="film"))
    assert [found.attempt(attempt_id).storyboard for attempt_id in ("i1", "i2")] == ["movie", "trailer"]


def stored(task: str, attempt_id: str = "i1", scene: str = "a") -> Stored:
    """A take of a task was stored."""
    return Stored(scene, attempt_id, take(task.removeprefix("cgt-"), {}))


def test_a_take_goes_with_the_task_that_was_let_go() -> None:
    """It was another scene's video: only that one's is left out, and only for this scene."""
    let_go = Disowned("a", "i1", task="cgt-1", ambiguous=True)
    found = history(INTENDED, ADOPTED, stored("cgt-1"), stored("cgt-1", "i2", "b"), stored("cgt-2"), let_go)
    assert [(one.scene, one.take.task) for one in found.past.takes] == [("b", "cgt-1"), ("a", "cgt-2")]


def test_a_task_has_one_owner() -> None:
    """The attempt that has it, or None."""
    found = history(INTENDED, ADOPTED)
    assert (found.owner("cgt-1"), found.owner("cgt-2")) == (found.attempt("i1"), None)


def test_a_task_that_is_not_another_scene_s_is_its_owner_s_for_certain() -> None:
    """Until then its marker is the only evidence."""
    adopted = [history(INTENDED, Intended("a", "i1", marker=7), ADOPTED)]
    disclaimed = history(Intended("a", "i1", marker=7), ADOPTED, NotMine(scene="b", task="cgt-1"))
    assert [one.attempt("i1").found_by_marker for one in (*adopted, disclaimed)] == [True, False]


def test_what_concerns_a_scene_stands_in_the_order_of_the_record() -> None:
    """A clock that was set wrong changes nothing about that, nor does an attempt that came to serve another scene."""
    found = History(
        [
            (9.0, Intended("a", "i1", key={"prompt": "Waves."})),
            (1.0, Intended("b", "i2", key={"prompt": "Waves."})),
            (2.0, Assigned("c", "i1")),
        ]
    )
    assert list(found.about("", "", "c", {"prompt": "Waves."}).attempts) == ["i1", "i2"]
