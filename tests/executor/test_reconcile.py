"""A submission in doubt and a list of tasks: adopt, hold, or look again."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import pytest

from storyboard.errors import UsageError
from storyboard.executor.reconcile import (
    Adopt,
    Hold,
    LookAgain,
    Scan,
    Verdict,
    disagreement,
    find_unrecorded,
    trust_of_events,
    verdict,
)
from storyboard.planning.attempt import Attempt, AttemptState
from storyboard.planning.decisions import decide, find_unresolved, give_back
from storyboard.planning.event import Accepted, Adopted, Decided, Disowned, Event, RunClosed, RunOpened, Stored
from storyboard.planning.marker import Marker
from storyboard.planning.past import Past
from storyboard.providers.provider import Status, Task
from tests.planning.values import take

AT = 1_780_000_000.0
MARK = 200_000
GRACE = 180.0
MODEL = "doubao-seedance-2-0-260128"
NO_TRACE = Hold("the service lists no task that carries its marker")


def attempt(**fields: Any) -> Attempt:
    """A submission whose result is unknown."""
    asked = {"model": MODEL, "duration": 8, "ratio": "16:9", "resolution": "720p", "sound": True}
    known: dict[str, Any] = {"at": AT, "marker": MARK, "asked": asked}
    return Attempt("i1", "dusk", "", {}, "in doubt", **{**known, **fields})


def task(id: str = "cgt-20260528212640-aaaaa", status: Status = "queued", **fields: Any) -> Task:
    """A task of the list that would match."""
    known: dict[str, Any] = {"created_at": AT + 1, "expires_after": MARK, "model": MODEL}
    return Task(id, status, status, **{**known, **fields})


def said(*tasks: Task, began: float = AT + 10, owned: Collection[str] = (), looks: int = 0, **fields: Any) -> Verdict:
    """The verdict on such a list."""
    return verdict(attempt(**fields), Scan(began, tasks), owned, GRACE, looks)


def test_the_one_task_with_its_mark_is_adopted() -> None:
    """Its status doesn't matter: its video may be finished already."""
    assert {said(task(status=status)) for status in ("queued", "running", "succeeded", "failed")} == {
        Adopt("cgt-20260528212640-aaaaa")
    }


def test_two_tasks_with_its_mark_are_for_a_person() -> None:
    """Two tasks with the marker need a decision, and the message names both."""
    assert said(task("cgt-20260528212640-aaaaa"), task("cgt-20260528212641-bbbbb")) == Hold(
        "2 tasks carry its marker", ("cgt-20260528212640-aaaaa", "cgt-20260528212641-bbbbb")
    )


def test_a_task_that_somebody_has_is_not_taken_from_him() -> None:
    """If another attempt has one of two tasks, the other task is adopted."""
    twin = task("cgt-20260528212641-bbbbb")
    assert said(task(), twin, owned={task().id}) == Adopt(twin.id)


@pytest.mark.parametrize(
    "other",
    [
        task(expires_after=MARK + 1),
        task(expires_after=None),
        task(created_at=AT - 6),
        task(created_at=AT + GRACE + 6),
        task("cgt-20260101000000-aaaaa", created_at=0.0, id_time=AT - 600.0),
        task(model="doubao-seedance-1-5-pro-251215"),
    ],
    ids=["mark", "no mark", "too early", "too late", "too early by its id", "model"],
)
def test_a_task_that_differs_in_anything_is_not_it(other: Task) -> None:
    """A different marker, time or model means another owner."""
    assert said(other, began=AT + GRACE) == NO_TRACE


def test_a_task_without_a_time_is_known_by_its_id() -> None:
    """IDs contain the time of their creation in Beijing."""
    assert said(task("cgt-20260529042641-aaaaa", created_at=0.0)) == Adopt("cgt-20260529042641-aaaaa")


def test_a_task_of_no_time_at_all_may_be_it() -> None:
    """A missing creation time does not exclude a task."""
    assert said(task("cgt-x", created_at=0.0)) == Adopt("cgt-x")


def test_an_endpoint_is_answered_by_a_model_of_another_name() -> None:
    """For `ep-…` the service names the model behind it."""
    assert said(task(), asked={"model": "ep-2026"}) == Adopt(task().id)


def test_what_bears_no_mark_is_for_a_person() -> None:
    """The time alone could pick the wrong one of two equal submissions."""
    assert said(task(), marker=None) == Hold("its request carried no marker, so its task can't be identified")


@pytest.mark.parametrize(("looks", "after"), [(0, 15.0), (1, 30.0), (2, 60.0), (9, 170.0)])
def test_an_empty_list_proves_nothing_before_the_grace_is_over(looks: int, after: float) -> None:
    """The list is requested again at growing intervals, and once right after the grace period."""
    assert said(looks=looks) == LookAgain(after)


def test_only_a_list_asked_for_after_the_grace_proves_absence() -> None:
    """A list that began a moment earlier doesn't, whenever it arrived."""
    assert (said(began=AT + GRACE - 0.5), said(began=AT + GRACE)) == (LookAgain(0.5), NO_TRACE)


def test_an_adopted_task_that_was_made_as_asked_stays_ours() -> None:
    """A task stays adopted if its data agree with the request; missing data are no mismatch."""
    made = task(status="succeeded", duration=8, ratio="16:9", resolution="720p", sound=True)
    assert (disagreement(made, attempt()), disagreement(task(), attempt())) == ("", "")


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"duration": 5}, "its duration is 5, but 8 was asked for"),
        ({"ratio": "1:1"}, "its ratio is 1:1, but 16:9 was asked for"),
        ({"sound": False}, "its sound is False, but True was asked for"),
    ],
)
def test_a_stranger_is_known_when_it_is_made(fields: dict[str, Any], why: str) -> None:
    """The marker was equal by chance; the requested parameters are not."""
    assert disagreement(task(status="succeeded", **fields), attempt()) == why


def test_what_was_left_to_the_model_cannot_disagree() -> None:
    """An adaptive ratio and a duration of -1 accept every result."""
    open_to_all = attempt(asked={"duration": -1, "ratio": "adaptive"})
    assert disagreement(task(status="succeeded", duration=7, ratio="4:3"), open_to_all) == ""


def test_a_resolution_may_tell_a_stranger() -> None:
    """A different resolution is a mismatch, like any other requested parameter."""
    made = task(status="succeeded", resolution="480p")
    assert disagreement(made, attempt()) == "its resolution is 480p, but 720p was asked for"


@pytest.mark.parametrize(
    ("created", "ours"),
    [(AT - 5, True), (AT - 5.01, False), (AT + GRACE + 5, True), (AT + GRACE + 5.01, False)],
)
def test_clocks_may_differ_by_five_seconds(created: float, ours: bool) -> None:
    """This applies to both ends of the period in which a request may arrive, and not beyond."""
    found = said(task(created_at=created), began=AT + GRACE)
    assert found == (Adopt(task().id) if ours else NO_TRACE)


@pytest.mark.parametrize(("ahead", "ours"), [(3600.0, True), (0.0, False), (-3600.0, False)])
def test_a_clock_that_is_known_to_be_ahead_is_reckoned_with(ahead: float, ours: bool) -> None:
    """The service gives the times of its tasks by its own clock."""
    scan = Scan(AT + GRACE, (task(created_at=AT + 3601),), ahead)
    assert (verdict(attempt(), scan, (), GRACE) == Adopt(task().id)) is ours


@pytest.mark.parametrize(("said_model", "asked"), [("", {"model": MODEL}), (MODEL, {}), ("", {})])
def test_a_model_that_nobody_names_tells_nothing(said_model: str, asked: dict[str, Any]) -> None:
    """If either side names no model, the model does not exclude the task."""
    assert said(task(model=said_model), asked=asked) == Adopt(task().id)


def test_a_first_look_is_the_first() -> None:
    """Without a count the look is the first one."""
    assert verdict(attempt(), Scan(AT + 10, ()), (), GRACE) == LookAgain(15.0)


MARKERS = (Marker(MARK), Marker(MARK + 1))
ASKED: dict[str, str | int | bool] = {"model": MODEL, "duration": 8}


@pytest.mark.parametrize(
    ("other", "found"),
    [
        (task(), True),
        (task(expires_after=MARK + 1), True),
        (task(model=""), True),
        (task(expires_after=MARK + 2), False),
        (task("cgt-ours"), False),
        (task(model="doubao-seedance-1-5-pro-251215"), False),
        (task(status="succeeded"), True),
        (task(status="succeeded", duration=8), True),
        (task(status="succeeded", duration=5), False),
        (task(duration=5), True),
        (task(status="failed"), False),
        (task(status="cancelled"), False),
        (task(status="expired"), False),
    ],
    ids=[
        "mark",
        "another",
        "no model",
        "no mark",
        "owned",
        "model",
        "made",
        "made as asked",
        "made otherwise",
        "not made yet",
        "failed",
        "cancelled",
        "expired",
    ],
)
def test_a_task_that_somebody_submitted_for_this_very_request(other: Task, found: bool) -> None:
    """It carries one of the scene's markers, belongs to no attempt here, has its model, and may have a video."""
    assert find_unrecorded(Scan(AT, (other,)), MARKERS, ASKED, {"cgt-ours"}) == ((other,) if found else ())


def test_the_likelier_mark_comes_first() -> None:
    """The marker of the first attempt comes first, wherever it is in the list: the others may match by chance."""
    first, other = task(), task("cgt-other", expires_after=MARK + 1)
    assert find_unrecorded(Scan(AT, (other, first)), MARKERS, ASKED, ()) == (first, other)


@pytest.mark.parametrize(
    ("events", "trust"),
    [
        ([], "suspect"),
        ([RunOpened()], "suspect"),
        ([RunOpened(), RunClosed()], "complete"),
        ([RunOpened(), RunClosed(), RunOpened(), RunClosed()], "complete"),
        ([RunOpened(), Stored("dusk", "i1", take=take("dusk", {})), RunClosed(), Decided("dusk", "i1")], "complete"),
        ([RunOpened(), RunClosed(), RunOpened(), Accepted("dusk", "i1", task="cgt-1")], "suspect"),
    ],
)
def test_a_record_is_whole_if_its_last_run_came_to_its_end(events: list[Event], trust: str) -> None:
    """Events between its runs don't matter; a record that begins today may have lost its past."""
    assert trust_of_events([(AT, event) for event in events], AT) == trust


WEEK = 7 * 86_400.0


@pytest.mark.parametrize(
    ("now", "trust"),
    [(AT + WEEK - 1, "suspect"), (AT + WEEK, "complete"), (AT - WEEK + 1, "suspect"), (AT - WEEK, "complete")],
    ids=["within the week", "after it", "by a clock that was set back", "by one that was set far back"],
)
def test_what_was_missing_once_matters_as_long_as_it_is_listed(now: float, trust: str) -> None:
    """A run that began in doubt and finished leaves a record that may have gaps, for a week."""
    events: list[tuple[float, Event]] = [(AT, RunOpened(trust="suspect")), (AT + 9, RunClosed())]
    assert trust_of_events(events, now) == trust


def past(*attempts: Attempt) -> Past:
    """A past with these attempts."""
    return Past({one.attempt_id: one for one in attempts})


def other(attempt_id: str, state: AttemptState, **fields: Any) -> Attempt:
    """Another attempt."""
    known: dict[str, Any] = {"scene": "dusk", "profile": "tall"}
    return Attempt(**{**known, "attempt_id": attempt_id, "components": {}, "state": state, **fields})


@pytest.mark.parametrize("state", ["in doubt", "lost", "given up", "cancelled"])
def test_what_a_person_may_decide(state: AttemptState) -> None:
    """The latest attempt that only a person ends, of this scene and profile."""
    wanted = other("i2", state)
    rest = (
        other("i0", state),
        other("i1", state),
        other("i3", "stored"),
        other("i4", state, scene="dawn"),
        other("i5", state, profile=""),
    )
    assert find_unresolved(past(*rest[:2], wanted, *rest[2:]), "", "tall", "dusk") == wanted


def test_a_scene_that_has_nothing_to_decide() -> None:
    """For a scene without a pending decision the error names the command to look with."""
    with pytest.raises(UsageError) as caught:
        find_unresolved(past(other("i1", "stored")), "", "tall", "dusk")
    assert (caught.value.what, caught.value.hint) == (
        'scene "dusk" has no submission in doubt',
        "`storyboard status` shows how scenes stand",
    )


def test_the_task_of_what_was_made_anew_may_show_itself_after_all() -> None:
    """It can be adopted then; no other decision about it changes."""
    anew = other("i1", "abandoned")
    assert find_unresolved(past(anew, other("i2", "stored")), "", "tall", "dusk", "cgt-9") == anew
    with pytest.raises(UsageError):
        find_unresolved(past(anew, other("i2", "stored")), "", "tall", "dusk")


@pytest.mark.parametrize(
    ("task", "wanted"),
    [("cgt-2", "i2"), ("cgt-4", "i4"), ("cgt-9", "i3")],
    ids=["its own", "its own, made anew", "nobody's"],
)
def test_a_task_is_adopted_by_whom_it_may_belong_to(task: str, wanted: str) -> None:
    """Its own attempt gets it, or one that has none; another attempt whose task may still be downloaded keeps its
    task."""
    attempts = (
        other("i1", "abandoned"),
        other("i2", "lost", task="cgt-2"),
        other("i3", "in doubt"),
        other("i4", "abandoned", task="cgt-4"),
        other("i5", "accepted", task="cgt-5", error="too old"),
    )
    assert find_unresolved(past(*attempts), "", "tall", "dusk", task).attempt_id == wanted


@pytest.mark.parametrize(
    ("rest", "wanted"),
    [(["abandoned"], "i1"), (["lost"], "i1"), ([], None)],
    ids=["one that was made anew", "one whose task is lost", "nobody"],
)
def test_a_held_task_is_not_put_out_by_another(rest: list[AttemptState], wanted: str | None) -> None:
    """It was paid for, and the next run may download it."""
    held = other("i9", "accepted", task="cgt-5", error="too old")
    attempts = past(*(other("i1", state, task="cgt-1" if state == "lost" else "") for state in rest), held)
    if wanted is not None:
        assert find_unresolved(attempts, "", "tall", "dusk", "cgt-9").attempt_id == wanted
        return
    with pytest.raises(UsageError):
        find_unresolved(attempts, "", "tall", "dusk", "cgt-9")


def test_of_several_that_is_decided_which_the_plan_waits_for() -> None:
    """The latest one if the plan waits for none of them."""
    attempts = past(other("i1", "lost"), other("i2", "lost"))
    assert find_unresolved(attempts, "", "tall", "dusk", "", {"i1"}).attempt_id == "i1"
    assert find_unresolved(attempts, "", "tall", "dusk", "", {"i7"}).attempt_id == "i2"


@pytest.mark.parametrize("state", ["lost", "given up", "cancelled"])
def test_its_own_task_can_be_taken_up_again(state: AttemptState) -> None:
    """A task that seemed lost is polled once more, and a task that was given up is downloaded after all, without
    another payment."""
    ended = other("i1", state, task="cgt-1")
    adopted = Adopted("dusk", "i1", task="cgt-1", by="person")
    assert decide(ended, "cgt-1", past(ended)) == adopted


def test_a_person_has_it_submitted_again() -> None:
    """By default a person's decision is to submit again."""
    assert decide(attempt(), "", past()) == Decided("dusk", "i1", choice="submit again")


def test_a_person_wants_no_more_of_it() -> None:
    """A submission that a person gave up is never submitted again automatically."""
    assert decide(attempt(), "", past(), abandon=True) == Decided("dusk", "i1", choice="abandon")


def test_a_person_knows_its_task() -> None:
    """From then on it is waited for and downloaded."""
    known = past(other("i9", "accepted", task="cgt-9"))
    assert decide(attempt(), "cgt-1", known) == Adopted("dusk", "i1", task="cgt-1", by="person")


def test_a_task_that_another_scene_was_given_by_its_marker_alone_may_be_given_away() -> None:
    """A person decides which of the two scenes it belongs to: the other one is in doubt again."""
    dawn = replace(other("i9", "stored", task="cgt-9", scene="dawn"), adopted=True)
    known = past(dawn)
    assert decide(attempt(), "cgt-9", known) == Adopted("dusk", "i1", task="cgt-9", by="person")
    why = "a person decided that it belongs to scene dusk"
    assert give_back(attempt(), "cgt-9", known) == Disowned("dawn", "i9", "cgt-9", why, ambiguous=True)


@pytest.mark.parametrize(
    "owner",
    [
        other("i9", "stored", task="cgt-9", scene="dawn"),
        replace(other("i9", "stored", task="cgt-9", scene="dawn"), adopted=True, vouched=True),
        replace(other("i9", "stored", task="cgt-9", scene="dawn"), adopted=True, storyboard="trailer"),
        other("i1", "lost", task="cgt-9"),
        other("i9", "in doubt"),
    ],
    ids=["named in an answer", "by a person", "another storyboard's", "its own", "none"],
)
def test_any_other_task_is_taken_from_nobody(owner: Attempt) -> None:
    """It is the other scene's for certain, or another lock would have to change, or it has no owner."""
    assert give_back(attempt(), "cgt-9", past(owner)) is None


def test_a_task_that_another_attempt_has_is_not_given_away() -> None:
    """A task of another attempt is not given away, because two scenes would show the same video."""
    with pytest.raises(UsageError) as caught:
        decide(attempt(), "cgt-9", past(other("i9", "accepted", task="cgt-9", scene="dawn")))
    assert (caught.value.what, caught.value.hint) == (
        'task cgt-9 belongs to scene "dawn" already',
        "look again with `storyboard tasks list`",
    )
