"""What the events of a realm add up to."""

from __future__ import annotations

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
