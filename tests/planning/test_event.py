"""What the events of a realm add up to."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storyboard.planning.event import Attempt, AttemptState, Event, EventKind, History, Past, past_of
from storyboard.planning.lock import take_value
from tests.planning.worlds import take

TAKE = take("one", {"prompt": "Waves."})
INTENDED = Event("intended", "a", "i1", {"profile": "draft", "key": {"prompt": "Waves."}})
ACCEPTED = Event("accepted", "a", "i1", {"task": "cgt-1"})
SUCCEEDED = Event("ended", "a", "i1", {"status": "succeeded"})
STORED = Event("stored", "a", "i1", {"profile": "draft", "take": take_value(TAKE)})


def past(*events: Event) -> Past:
    """The past of these events, one a second."""
    return past_of((float(second), event) for second, event in enumerate(events))


@pytest.mark.parametrize(
    ("events", "state"),
    [
        ([], "in doubt"),
        ([Event("unknown", "a", "i1")], "in doubt"),
        ([Event("not_sent", "a", "i1")], "refused"),
        ([Event("rejected", "a", "i1")], "refused"),
        ([ACCEPTED], "accepted"),
        ([Event("unknown", "a", "i1"), Event("adopted", "a", "i1", {"task": "cgt-1"})], "accepted"),
        ([Event("held", "a", "i1")], "in doubt"),
        ([ACCEPTED, Event("seen", "a", "i1", {"status": "running"})], "accepted"),
        ([ACCEPTED, SUCCEEDED], "made"),
        ([ACCEPTED, Event("ended", "a", "i1", {"status": "failed"})], "failed"),
        ([ACCEPTED, Event("ended", "a", "i1", {"status": "expired"})], "failed"),
        ([ACCEPTED, SUCCEEDED, STORED], "stored"),
        ([Event("decided", "a", "i1", {"choice": "submit again"})], "abandoned"),
        ([Event("decided", "a", "i1", {"choice": "abandon"})], "given up"),
        ([Event("adopted", "a", "i1", {"task": "cgt-1"}), Event("disowned", "a", "i1", {"task": "cgt-1"})], "in doubt"),
    ],
)
def test_what_became_of_an_attempt(events: list[Event], state: AttemptState) -> None:
    """An attempt begins in doubt, before anything is sent, and each event says what is known since."""
    assert past(INTENDED, *events).attempts["i1"].state == state


def test_an_attempt_remembers_what_it_was() -> None:
    """Scene, profile, key, task and time stay with an attempt."""
    found = past(Event("run_opened"), INTENDED, ACCEPTED).attempts["i1"]
    assert found == Attempt("i1", "a", "draft", {"prompt": "Waves."}, "accepted", task="cgt-1", at=1.0)


def test_an_attempt_remembers_why_it_failed() -> None:
    """The provider's words stay with a failed attempt, and so does its task."""
    ended = Event("ended", "a", "i1", {"status": "failed", "error": "too dark"})
    found = past(INTENDED, ACCEPTED, ended).attempts["i1"]
    assert (found.error, found.task) == ("too dark", "cgt-1")


def test_takes_are_gathered_in_their_order() -> None:
    """Each take that was stored is known with its profile and scene."""
    assert past(INTENDED, ACCEPTED, SUCCEEDED, STORED).takes == (("draft", "a", TAKE),)


def test_attempts_are_found_by_profile_and_scene() -> None:
    """A scene's attempts under another profile are others."""
    found = past(INTENDED, Event("intended", "a", "i2", {"profile": "", "key": {}}))
    assert [[one.intent for one in found.of(profile, "a")] for profile in ("draft", "", "tall")] == [["i1"], ["i2"], []]


def test_what_has_a_task_and_no_file_is_unfinished() -> None:
    """Accepted and made attempts are unfinished; those in doubt, stored or failed aren't."""
    kinds: list[list[Event]] = [[], [ACCEPTED], [ACCEPTED, SUCCEEDED], [ACCEPTED, SUCCEEDED, STORED]]
    assert [len(past(INTENDED, *events).unfinished) for events in kinds] == [0, 1, 1, 0]


def test_events_of_an_unknown_attempt_are_passed_over() -> None:
    """What is said of an attempt that nobody began changes nothing."""
    assert past(ACCEPTED, Event("run_closed")) == Past()


SORTS: list[EventKind] = ["not_sent", "rejected", "accepted", "unknown", "adopted", "held", "decided", "seen", "ended"]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from(SORTS), max_size=8))
def test_a_past_adds_up_whatever_happened(sorts: list[EventKind]) -> None:
    """Any sequence of events gives one attempt, whose key never changes."""
    found = past(INTENDED, *(Event(sort, "a", "i1") for sort in sorts)).attempts
    assert [dict(one.components) for one in found.values()] == [{"prompt": "Waves."}]


ADOPTED = Event("adopted", "a", "i1", {"task": "cgt-1"})


def history(*events: Event) -> History:
    """What these events add up to, one a second."""
    return History((float(second), event) for second, event in enumerate(events))


def test_who_is_in_doubt() -> None:
    """An attempt that nobody has heard of yet, and none that was settled."""
    other = Event("intended", "b", "i2", {"profile": "", "key": {}})
    assert [attempt.intent for attempt in history(INTENDED, other, ACCEPTED).in_doubt] == ["i2"]


@pytest.mark.parametrize(
    ("ambiguous", "owned"), [(False, {"cgt-1"}), (True, set())], ids=["a stranger's", "perhaps our own"]
)
def test_a_task_that_was_let_go(ambiguous: bool, owned: set[str]) -> None:
    """A stranger's is never adopted again; one that may be ours all the same is nobody's until a person decides."""
    let_go = Event("disowned", "a", "i1", {"task": "cgt-1", "error": "it differs", "ambiguous": ambiguous})
    found = history(INTENDED, ADOPTED, let_go)
    assert (found.owned, found.attempt("i1").task, found.attempt("i1").error) == (owned, "", "it differs")


def test_an_attempt_knows_its_mark_and_what_was_asked_for() -> None:
    """They are what its task is known by when the answer is lost."""
    marked = Event("intended", "a", "i1", {"profile": "", "key": {}, "marker": 200_000, "asked": {"duration": 5}})
    found = history(marked, ADOPTED).attempt("i1")
    assert (found.marker, found.asked, found.adopted) == (200_000, {"duration": 5}, True)


def test_what_may_be_found_by_its_mark_is_unfinished() -> None:
    """It may have been paid for, so that a run looks for it whatever else it does."""
    marked = Event("intended", "a", "i1", {"profile": "", "key": {}, "marker": 200_000})
    assert [len(past(event).unfinished) for event in (marked, INTENDED)] == [1, 0]


def test_an_attempt_knows_whom_it_was_sent_to() -> None:
    """The provider of the run that submitted it, not of one that came later; none where that was not written down."""
    other = Event("intended", "b", "i2", {"profile": "", "key": {}})
    found = past(
        Event("run_opened"),
        other,
        Event("run_opened", body={"provider": "ark"}),
        INTENDED,
        Event("run_opened", body={"provider": "byteplus"}),
        ACCEPTED,
    ).attempts
    assert (found["i2"].provider, found["i1"].provider) == ("", "ark")


def test_an_attempt_that_was_written_down_late_has_the_time_of_its_task() -> None:
    """Where a record says when it was, that holds; nothing and zero say nothing."""
    bodies: list[dict[str, float]] = [{"at": 7.5}, {"at": 0}, {}]
    found = past(
        *(Event("intended", "a", f"i{n}", {"profile": "", "key": {}, **body}) for n, body in enumerate(bodies))
    )
    assert [attempt.at for attempt in found.attempts.values()] == [7.5, 1.0, 2.0]


def test_what_is_said_of_nothing_is_nothing() -> None:
    """An intent that names neither profile nor key nor mark belongs to no profile and has none of them."""
    assert past(Event("intended", "a", "i1")).attempts["i1"] == Attempt("i1", "a", "", {}, "in doubt", at=0.0)


@pytest.mark.parametrize(
    ("event", "state", "error", "task"),
    [
        (Event("ended", "a", "i1", {"status": "lost", "error": "gone"}), "lost", "gone", "cgt-1"),
        (Event("ended", "a", "i1", {"status": "cancelled"}), "cancelled", "", "cgt-1"),
        (Event("ended", "a", "i1"), "failed", "", "cgt-1"),
        (Event("decided", "a", "i1", {"choice": "abandon"}), "given up", "abandon", "cgt-1"),
        (Event("decided", "a", "i1", {"choice": "submit again"}), "abandoned", "submit again", "cgt-1"),
        (Event("decided", "a", "i1"), "abandoned", "", "cgt-1"),
        (Event("disowned", "a", "i1", {"task": "cgt-1"}), "in doubt", "", ""),
        (Event("adopted", "a", "i1"), "accepted", "", "cgt-1"),
        (Event("adopted", "a", "i1", {"task": "cgt-2"}), "accepted", "", "cgt-2"),
        (Event("unknown", "a", "i1", {"error": "lost"}), "in doubt", "lost", "cgt-1"),
        (Event("held", "a", "i1", {"why": "it doesn't end"}), "accepted", "it doesn't end", "cgt-1"),
        (Event("held", "a", "i1"), "accepted", "", "cgt-1"),
        (Event("rejected", "a", "i1", {"error": "no"}), "refused", "no", "cgt-1"),
        (Event("seen", "a", "i1", {"error": "what"}), "accepted", "", "cgt-1"),
    ],
)
def test_what_an_event_changes(event: Event, state: AttemptState, error: str, task: str) -> None:
    """State, words and task; a task stays where none is named."""
    found = past(INTENDED, ACCEPTED, event).attempts["i1"]
    assert (found.state, found.error, found.task) == (state, error, task)


def test_an_attempt_remembers_when_its_video_did_not_come() -> None:
    """Each time, by the clock of whoever asked for it."""
    assert past(INTENDED, ACCEPTED, Event("missed", "a", "i1"), Event("missed", "a", "i1")).attempts["i1"].missed == (
        2,
        3,
    )


def test_an_attempt_goes_on_under_a_new_name() -> None:
    """It is the attempt of the scene as it is called now, and no more of the other."""
    found = history(INTENDED, ACCEPTED, Event("renamed", "b", "i1", {"was": "a"}), SUCCEEDED)
    assert (found.attempt("i1").scene, found.attempt("i1").state) == ("b", "made")
    assert [len(found.of("draft", scene).attempts) for scene in ("a", "b")] == [0, 1]


def test_only_what_was_found_by_its_mark_is_adopted() -> None:
    """And no more once it was let go."""
    let_go = Event("disowned", "a", "i1", {"task": "cgt-1"})
    states = [[ACCEPTED], [ADOPTED], [ADOPTED, SUCCEEDED], [ADOPTED, let_go]]
    assert [history(INTENDED, *events).attempt("i1").adopted for events in states] == [False, True, True, False]


def test_whose_word_it_is_that_a_task_is_an_attempt_s_own() -> None:
    """A person's, if the event says so; older ones don't, but without a mark nobody else could have known. What was let
    go and is found later has nobody's word."""
    by_person = Event("adopted", "a", "i1", {"task": "cgt-1", "by": "person"})
    let_go = Event("disowned", "a", "i1", {"task": "cgt-1"})
    marked = Event("intended", "a", "i1", {"profile": "draft", "key": {}, "marker": 170_001})
    found = [
        history(*events).attempt("i1").vouched
        for events in (
            [marked, ACCEPTED],
            [marked, ADOPTED],
            [marked, by_person, SUCCEEDED],
            [marked, by_person, let_go, ADOPTED],
            [INTENDED, ADOPTED],
        )
    ]
    assert found == [False, False, True, False, True]


def test_tasks_that_somebody_has() -> None:
    """Of each attempt that has one, from the moment when it is known."""
    other = [Event("intended", "b", "i2", {"profile": "", "key": {}}), Event("adopted", "b", "i2", {"task": "cgt-2"})]
    owned = [history(*events).owned for events in ([INTENDED], [INTENDED, ACCEPTED], [INTENDED, ACCEPTED, *other])]
    assert owned == [set(), {"cgt-1"}, {"cgt-1", "cgt-2"}]


def test_a_stranger_that_nobody_submitted_is_a_stranger() -> None:
    """Also where its attempt isn't known here; what names none changes nothing but that."""
    assert history(Event("disowned", "a", "i9", {"task": "cgt-9"})).owned == {"cgt-9"}


def test_a_history_of_one_scene() -> None:
    """Its attempts in their order, and nobody else's; of an unknown scene there is none."""
    second = Event("intended", "a", "i2", {"profile": "draft", "key": {}})
    others = [
        Event("intended", "a", "i3", {"profile": "", "key": {}}),
        Event("intended", "b", "i4", {"profile": "draft", "key": {}}),
    ]
    found = history(INTENDED, others[0], second, others[1])
    assert ([*found.of("draft", "a").attempts], found.of("draft", "c")) == (["i1", "i2"], Past())


def test_a_doubt_that_came_back() -> None:
    """A stranger's task was let go: nobody knows what came of the attempt."""
    let_go = Event("disowned", "a", "i1", {"task": "cgt-1"})
    counts = [[ADOPTED], [ADOPTED, let_go], [ADOPTED, let_go, Event("decided", "a", "i1")]]
    assert [len(history(INTENDED, *events).in_doubt) for events in counts] == [0, 1, 0]


def test_a_take_whose_profile_was_not_written_down() -> None:
    """It is the ordinary one's; an attempt that nobody knows of has a take all the same."""
    stored = Event("stored", "a", "i1", {"take": take_value(TAKE)})
    assert past(stored).takes == (("", "a", TAKE),)


@pytest.mark.parametrize("tokens", [10**100, -1, "many"])
def test_a_take_is_ours_whatever_it_was_billed(tokens: object) -> None:
    """A record of before has bills that nobody can count: the take is there, and its tokens are not known."""
    stored = Event("stored", "a", "i1", {"take": {**take_value(TAKE), "tokens": tokens}})
    assert past(stored).takes == (("", "a", replace(TAKE, tokens=None)),)


def test_a_past_is_as_it_was() -> None:
    """What happens later changes nobody's past."""
    found = history(INTENDED)
    before = found.past
    found.add(9.0, ACCEPTED)
    assert (before.attempts["i1"].state, found.past.attempts["i1"].state) == ("in doubt", "accepted")


@pytest.mark.parametrize(
    ("events", "held"),
    [
        ([ACCEPTED], False),
        ([ACCEPTED, Event("held", "a", "i1", {"why": "it doesn't end"})], True),
        ([ACCEPTED, SUCCEEDED, Event("held", "a", "i1", {"why": "it doesn't come"})], True),
        ([ACCEPTED, SUCCEEDED, replace(STORED, body={**STORED.body, "error": "it is shorter"})], False),
        ([Event("unknown", "a", "i1", {"error": "lost"})], False),
    ],
    ids=["on its way", "without an end", "without a video", "stored", "in doubt"],
)
def test_a_task_with_which_a_run_did_not_get_on(events: list[Event], held: bool) -> None:
    """It is there, and a person may decide; what is ours already, or has no task, is no such thing."""
    assert history(INTENDED, *events).attempt("i1").held is held


def test_a_lost_answer_that_was_found_is_no_trouble_any_more() -> None:
    """Its words are forgotten with the doubt."""
    assert history(INTENDED, Event("unknown", "a", "i1", {"error": "lost"}), ADOPTED).attempt("i1").error == ""


def test_what_is_held_without_a_task_keeps_its_words() -> None:
    """Of what was lost more is known than of why nobody found it."""
    events = [Event("unknown", "a", "i1", {"error": "lost"}), Event("held", "a", "i1", {"why": "no trace"})]
    assert history(INTENDED, *events).attempt("i1").error == "lost"
