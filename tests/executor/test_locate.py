"""Search the service's list for tasks of a scene that are missing from the record, before and after paying."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from storyboard.errors import (
    AccountRefused,
    DecisionNeeded,
    NotSent,
    RateLimited,
    Rejected,
    StoryboardError,
    UnknownOutcome,
    Unreachable,
)
from storyboard.executor.context import RunContext
from storyboard.executor.duplicates import settle_late_duplicates
from storyboard.executor.gate import RunStopped
from storyboard.executor.job import Job, Known
from storyboard.executor.locate import LIST_PATIENCE, check_unrecorded, recover
from storyboard.executor.markers import ATTEMPTS_BEFORE, looks_for_version_1, next_marker
from storyboard.executor.reconcile import LISTED, odds
from storyboard.executor.submit import submit
from storyboard.planning import event as happened
from storyboard.planning.attempt import RecordedElsewhere
from storyboard.planning.event import (
    Accepted,
    Adopted,
    Ended,
    Event,
    Imported,
    Intended,
    Notice,
    NotMine,
    RecordTrust,
    RunOpened,
    Waiting,
)
from storyboard.planning.fingerprint import Components
from storyboard.planning.marker import NO_MARKER, Marker, identifier_of, marker_of, marker_of_version_1
from storyboard.providers.provider import EVERYTHING, Task, TaskQuery
from storyboard.testing.clock import VirtualClock
from tests.executor.fake_provider import Bench, Desk, bench

KEY: Components = {"prompt": "words", "duration": 4}
OTHERS: Components = {"prompt": "other words", "duration": 4}
ASKED: Mapping[str, str | int | bool] = {"model": "seedance", "duration": 4}
JOB = Job("dusk", "", KEY, ASKED)
FIXED = replace(JOB, marked=False, life=7200)
"""Its author fixed how long its task lives, so it can't carry a marker there."""
FIRST = marker_of(KEY, 0)
NO_ANSWER = Unreachable("no answer")
LOST = UnknownOutcome("the answer was lost")
UNRECORDED = "was submitted for this scene but is missing from this project's record"
INCOMPLETE = "this project's record may be incomplete"
HINT = (
    "`storyboard recover dusk` takes it as the scene's own, and nothing is submitted\n"
    "`storyboard resolve dusk --not-mine cgt-other` if it belongs to another project; "
    "then the next run submits the scene"
)


async def order(marker: Marker) -> bytes:
    """A request that contains only its marker."""
    return f"{marker.seconds}".encode()


def at_a_desk(folder: Path, **fields: Any) -> Bench:
    """A run context with a provider that answers like this."""
    return bench(folder, Desk(VirtualClock(), **fields))


def task(at: Bench, id: str = "cgt-other", age: float = 30.0, **fields: Any) -> Task:
    """A running task with the marker of the job's first request, created this many seconds ago."""
    created = at.context.clock.now() - age
    known: dict[str, Any] = {"expires_after": FIRST, "created_at": created, "model": "seedance"}
    return Task(**{"id": id, "status": "running", "word": "running", **known, **fields})


def came(work: Awaitable[object]) -> str:
    """The message of the error that a coroutine raises; empty if it raises none."""
    error = error_of(work)
    return error.what if error else ""


def error_of(work: Awaitable[object]) -> StoryboardError | None:
    """The error that a coroutine raises; None if it raises none."""

    async def whole() -> None:
        await work

    try:
        asyncio.run(whole())
    except StoryboardError as error:
        return error
    return None


def intended(attempt_id: str, key: Components = KEY, **fields: Any) -> Intended:
    """An attempt of an earlier run."""
    return Intended("dusk", attempt_id, key=key, **fields)


# the marker of the next request


def test_the_first_request_of_a_key_carries_the_first_marker(tmp_path: Path) -> None:
    """A scene without equal scenes and without attempts uses the first occurrence of its key."""
    assert next_marker(JOB, at_a_desk(tmp_path).context) == (Marker(FIRST), 0)


def test_a_scene_among_equal_ones_carries_the_marker_of_its_rank(tmp_path: Path) -> None:
    """The third of three equal scenes uses the third occurrence."""
    context = at_a_desk(tmp_path).context
    assert next_marker(replace(JOB, rank=2, alike=3), context) == (Marker(marker_of(KEY, 2)), 2)


def test_a_remake_carries_the_marker_after_those_of_all_equal_scenes(tmp_path: Path) -> None:
    """A scene of three equal ones whose first task failed uses the fourth occurrence."""
    at = at_a_desk(tmp_path)
    at.journal.append(intended("i1"))
    at.journal.append(Ended("dusk", "i1", status="failed"))
    assert next_marker(replace(JOB, alike=3), at.context) == (Marker(marker_of(KEY, 3)), 3)


def test_a_request_that_was_refused_leaves_its_marker_free(tmp_path: Path) -> None:
    """It has no task, so the next request carries the same marker."""
    at = at_a_desk(tmp_path)
    at.journal.append(intended("i1"))
    at.journal.append(happened.Rejected("dusk", "i1", error="no"))
    assert next_marker(JOB, at.context) == (Marker(FIRST), 0)


def test_a_marker_of_a_submission_in_doubt_is_passed_over(tmp_path: Path) -> None:
    """The next free marker is used, so that a found task has only one owner."""
    at = at_a_desk(tmp_path)
    at.journal.append(intended("i1", OTHERS, marker=FIRST))
    at.journal.append(intended("i2", OTHERS, marker=None))
    assert next_marker(JOB, at.context) == (Marker(FIRST + 1), 0)


@pytest.mark.parametrize(
    ("job", "carried"),
    [
        (JOB, Marker(identifier=identifier_of(KEY, 0))),
        (FIXED, Marker(identifier=identifier_of(KEY, 0))),
        (replace(JOB, identified=False), Marker(FIRST)),
        (replace(FIXED, identified=False), NO_MARKER),
    ],
    ids=["free", "life fixed", "identifier fixed", "both fixed"],
)
def test_an_identifier_is_the_marker_where_the_settings_say_so(tmp_path: Path, job: Job, carried: Marker) -> None:
    """If the author fixed that field, the life is the marker; if both are fixed, there is none."""
    context = replace(at_a_desk(tmp_path).context, marker="safety_identifier")
    assert next_marker(job, context) == (carried, 0)


def test_a_request_whose_life_is_fixed_carries_no_marker(tmp_path: Path) -> None:
    """If the author fixed the life, the value stays in the request, which carries no marker."""
    assert next_marker(FIXED, at_a_desk(tmp_path).context) == (NO_MARKER, 0)


def test_two_remakes_at_the_same_time_carry_markers_of_their_own(tmp_path: Path) -> None:
    """Two equal scenes that are remade in one run use the third and the fourth occurrence."""
    at = at_a_desk(tmp_path, slow=1.0)
    for number in (0, 1):
        at.journal.append(intended(f"i{number}", occurrence=number, marker=marker_of(KEY, number)))
        at.journal.append(Accepted("dusk", f"i{number}", task=f"cgt-old-{number}"))
        at.journal.append(Ended("dusk", f"i{number}", status="failed"))
    jobs = [replace(JOB, scene=f"s{number}", rank=number, alike=2) for number in (0, 1)]

    async def both() -> None:
        await asyncio.gather(*(submit(job, at.context, order) for job in jobs))

    asyncio.run(both())
    noted = [event.marker for _, event in at.journal.past if isinstance(event, Intended) and event.body]
    assert noted == [marker_of(KEY, 2), marker_of(KEY, 3)]


# which markers are searched for


def remade(at: Bench) -> None:
    """The record has a first task, which failed: the next one is the second occurrence."""
    at.journal.append(intended("i1", marker=FIRST))
    at.journal.append(Accepted("dusk", "i1", task="cgt-first"))
    at.journal.append(Ended("dusk", "i1", status="failed"))


async def checked(job: Job, context: RunContext) -> None:
    """Check what happens just before a request of the job is sent."""
    await check_unrecorded(job, context, *next_marker(job, context))


@pytest.mark.parametrize(
    ("trust", "occurrence", "held"),
    [
        ("complete", 0, True),
        ("complete", 1, True),
        ("complete", 2, False),
        ("suspect", 2, True),
        ("suspect", ATTEMPTS_BEFORE, True),
        ("suspect", ATTEMPTS_BEFORE + 1, False),
    ],
)
def test_a_record_with_gaps_looks_for_later_markers_too(
    tmp_path: Path, trust: RecordTrust, occurrence: int, held: bool
) -> None:
    """A complete record searches for the markers up to its next one; a record with gaps also for those of five
    remakes."""
    at = at_a_desk(tmp_path)
    remade(at)
    at.desk.listed = [task(at, expires_after=marker_of(KEY, occurrence))]
    said = came(checked(JOB, replace(at.context, trust=trust)))
    assert ("cgt-other" in said) is held


def test_markers_of_all_equal_scenes_are_looked_for(tmp_path: Path) -> None:
    """With two equal scenes and five remakes of each, twelve tasks may be listed."""
    at = at_a_desk(tmp_path)
    context, last = replace(at.context, trust="suspect"), 2 * (1 + ATTEMPTS_BEFORE) - 1
    at.desk.listed = [task(at, expires_after=marker_of(KEY, last))]
    assert "cgt-other" in came(checked(replace(JOB, alike=2), context))


def test_an_identifier_is_looked_for_where_it_is_the_marker(tmp_path: Path) -> None:
    """The message leaves the probability out, because no two identifiers are equal by chance."""
    at = at_a_desk(tmp_path)
    others = [task(at, f"cgt-{number}", expires_after=1) for number in range(500)]
    at.desk.listed = [task(at, expires_after=1, safety_identifier=identifier_of(KEY, 0)), *others]
    context = replace(at.context, marker="safety_identifier")
    assert came(checked(JOB, context)) == f"task cgt-other (30 s old, succeeded) {UNRECORDED}"


@pytest.mark.parametrize(
    ("trust", "may_be", "job", "held"),
    [
        ("suspect", True, JOB, True),
        ("suspect", False, JOB, False),
        ("complete", True, JOB, False),
        ("suspect", True, replace(JOB, marked=False), False),
    ],
    ids=["as long as they are listed", "no longer", "complete", "life fixed"],
)
def test_markers_of_version_1_are_looked_for(
    tmp_path: Path, trust: RecordTrust, may_be: bool, job: Job, held: bool
) -> None:
    """Only a record with gaps searches for them, as long as their tasks may be listed, and only if the request could
    carry a marker."""
    at = at_a_desk(tmp_path)
    last = marker_of_version_1("", "dusk", KEY, ATTEMPTS_BEFORE - 1)
    at.desk.listed = [task(at, expires_after=last)]
    context = replace(at.context, trust=trust, markers_of_version_1=may_be)
    assert ("cgt-other" in came(checked(job, context))) is held


# recovery


def came_to_nothing(at: Bench, number: int) -> Task:
    """A listed task of this occurrence of the key that failed."""
    return task(at, f"cgt-failed-{number}", status="failed", word="failed", expires_after=marker_of(KEY, number))


def recovered(at: Bench, job: Job = JOB, **fields: Any) -> Known:
    """Recover a job's task."""
    context = replace(at.context, **{"trust": "recovering", "began": at.context.clock.now(), **fields})
    return asyncio.run(recover(job, context))


def test_a_recovered_task_is_written_down_with_its_marker(tmp_path: Path) -> None:
    """The record contains its occurrence and creation time, as if it had been recorded at once."""
    at = at_a_desk(tmp_path)
    failed = [came_to_nothing(at, number) for number in range(3)]
    at.desk.listed = [*failed, task(at, expires_after=marker_of(KEY, 3))]
    known = recovered(at)
    assert [event for _, event in at.journal.past] == [
        intended(known.attempt_id, asked=ASKED, marker=marker_of(KEY, 3), occurrence=3, at=at.context.clock.now() - 30),
        Adopted("dusk", known.attempt_id, task="cgt-other"),
    ]


@pytest.mark.parametrize("trust", ["recovering", "suspect"])
def test_a_task_that_is_only_a_remake_s_is_held(tmp_path: Path, trust: RecordTrust) -> None:
    """There is no sign of a first task: among many scenes, another scene's task has this marker by chance."""
    at = at_a_desk(tmp_path)
    at.desk.listed = [task(at, expires_after=marker_of(KEY, 1))]
    assert "cgt-other" in came(submit(JOB, replace(at.context, trust=trust), order))
    assert at.journal.past == []


def test_a_held_remake_names_both_decisions(tmp_path: Path) -> None:
    """The two decisions: the task is the scene's own, or it isn't."""
    at = at_a_desk(tmp_path)
    at.desk.listed = [task(at, expires_after=marker_of(KEY, 1))]
    error = error_of(recover(replace(JOB, profile="tall"), replace(at.context, trust="recovering")))
    assert (error and error.what, error and error.hint) == (
        "task cgt-other (30 s old, running) may be a remake of this scene, or another's that carries the same marker "
        "by chance",
        "`storyboard resolve dusk --adopt cgt-other --profile tall` if it is the scene's own\n"
        "`storyboard resolve dusk --not-mine cgt-other --profile tall` if it isn't; then the next run submits it",
    )


# one task that fits two scenes


def given_to_dawn(at: Bench, storyboard: str = "", by: str = "marker") -> None:
    """Scene dawn, which has a different prompt, got the task that carries the marker of dusk."""
    dawn = Intended("dawn", "i-dawn", key=OTHERS, marker=FIRST, storyboard=storyboard)
    at.journal.append(dawn)
    at.journal.append(Adopted("dawn", "i-dawn", "cgt-other", by, storyboard=storyboard))
    at.desk.listed = [task(at)]


@pytest.mark.parametrize("trust", ["recovering", "suspect", "complete"])
def test_a_task_that_another_scene_was_given_by_its_marker_is_held(tmp_path: Path, trust: RecordTrust) -> None:
    """It matches both scenes: this scene neither gets it nor is submitted again until a person decides."""
    at = at_a_desk(tmp_path)
    given_to_dawn(at)
    error = error_of(submit(JOB, replace(at.context, trust=trust), order))
    assert (error and error.what, error and error.hint, at.desk.bodies) == (
        "task cgt-other carries this scene's marker, but scene dawn was given it, whose marker is the same",
        "look at the video of dawn\n"
        "`storyboard resolve dusk --not-mine cgt-other` if it is right there; then the next run submits this scene\n"
        "`storyboard resolve dusk --adopt cgt-other` if it is this scene's",
        [],
    )


def test_a_task_of_another_storyboard_s_scene_is_not_adopted(tmp_path: Path) -> None:
    """That scene has a different lock: only its own storyboard can give up a take."""
    at = at_a_desk(tmp_path)
    given_to_dawn(at, "trailer")
    error = error_of(submit(JOB, at.context, order))
    assert "--adopt" not in (error.hint if error else "--adopt")


def test_a_task_that_may_be_a_duplicate_of_another_scene_s_is_not_recovered(tmp_path: Path) -> None:
    """Another scene's request carried the same marker: the task may be its twin, which another copy submitted."""
    at = at_a_desk(tmp_path)
    at.journal.append(Intended("dawn", "i-dawn", key=OTHERS, marker=FIRST))
    at.journal.append(Accepted("dawn", "i-dawn", "cgt-dawn"))
    at.desk.listed = [task(at)]
    error = error_of(recover(JOB, replace(at.context, trust="recovering")))
    assert (error and error.what, error and error.hint) == (
        "task cgt-other carries this scene's marker, but scene dawn's marker is the same",
        "`storyboard resolve dusk --not-mine cgt-other` if it is dawn's; then the next run submits this scene\n"
        "`storyboard resolve dusk --adopt cgt-other` if it is this scene's",
    )


def test_a_marker_that_was_passed_over_is_looked_for_one_further(tmp_path: Path) -> None:
    """A copy for which the other scene's attempt was in doubt took the next marker."""
    at = at_a_desk(tmp_path)
    at.journal.append(Intended("dawn", "i-dawn", key=OTHERS, marker=FIRST))
    at.journal.append(Accepted("dawn", "i-dawn", "cgt-dawn"))
    at.desk.listed = [task(at, expires_after=FIRST + 1)]
    assert "cgt-other" in came(checked(JOB, at.context))


def test_a_remake_after_own_and_other_failures_is_looked_for(tmp_path: Path) -> None:
    """This copy's first task failed, another copy's remake failed as well, and its second one is listed."""
    at = at_a_desk(tmp_path)
    remade(at)
    own = task(at, "cgt-first", status="failed", word="failed")
    other = came_to_nothing(at, 1)
    at.desk.listed = [own, other, task(at, expires_after=marker_of(KEY, 2))]
    assert "cgt-other" in came(checked(JOB, at.context))


def test_a_second_task_of_that_marker_is_held_as_well(tmp_path: Path) -> None:
    """Which task belongs to which scene can't be determined here."""
    at = at_a_desk(tmp_path)
    given_to_dawn(at)
    at.desk.listed.append(task(at, "cgt-second"))
    assert "scene dawn was given it" in came(submit(JOB, replace(at.context, trust="recovering"), order))


def test_a_task_that_a_person_gave_the_other_scene_holds_nobody(tmp_path: Path) -> None:
    """If a person gave the task to the other scene, this scene is submitted."""
    at = at_a_desk(tmp_path)
    given_to_dawn(at, by="person")
    assert paid(at) == "cgt-1"


def test_a_task_that_is_not_this_scene_s_is_the_other_one_s(tmp_path: Path) -> None:
    """A person decided so: this scene is submitted, and the other one keeps its task."""
    at = at_a_desk(tmp_path)
    given_to_dawn(at)
    at.journal.append(NotMine(scene="dusk", task="cgt-other"))
    assert (paid(at), at.journal.history.attempt("i-dawn").vouched) == ("cgt-1", True)


def test_the_likelier_of_two_tasks_is_recovered(tmp_path: Path) -> None:
    """The task with the marker of the first request is preferred to that of a remake."""
    at = at_a_desk(tmp_path)
    at.desk.listed = [task(at, "cgt-remake", expires_after=marker_of(KEY, 1)), task(at)]
    assert recovered(at).task == "cgt-other"


def test_a_task_of_version_1_is_recovered(tmp_path: Path) -> None:
    """It is recorded with the marker that it carries."""
    at = at_a_desk(tmp_path)
    old = marker_of_version_1("", "dusk", KEY, 0)
    at.desk.listed = [task(at, expires_after=old)]
    known = recovered(at, markers_of_version_1=True)
    assert at.journal.history.attempt(known.attempt_id).carried == Marker(old)


def test_a_list_for_a_recovery_is_asked_for_again(tmp_path: Path) -> None:
    """A free request is repeated until it is answered."""
    at = at_a_desk(tmp_path, no_lists=[NO_ANSWER] * 3)
    at.desk.listed = [task(at)]
    assert recovered(at).task == "cgt-other"


def test_a_recovery_that_finds_nothing_says_how_to_go_on(tmp_path: Path) -> None:
    """The message names the command that makes the scene."""
    error = error_of(recover(JOB, replace(at_a_desk(tmp_path).context, trust="recovering")))
    assert (type(error), error and error.what, error and error.hint) == (
        DecisionNeeded,
        "the service lists no task of it",
        "`storyboard run` makes it",
    )


def test_a_recovery_needs_a_list(tmp_path: Path) -> None:
    """A provider without lists can't return what a lost record contained."""
    said = came(recover(JOB, replace(at_a_desk(tmp_path).context, lists=False)))
    assert said == "ark lists no tasks in which it could be looked for"


def test_a_recovery_without_a_marker_says_that_none_like_it_is_listed(tmp_path: Path) -> None:
    """Its author fixed the life of the task, and no listed task has that life."""
    error = error_of(recover(FIXED, replace(at_a_desk(tmp_path).context, trust="recovering")))
    assert (error and error.what, error and error.hint) == (
        "its request carries no marker, so that a task of it can't be identified, and none like it is listed",
        "`storyboard run` makes it",
    )


def test_a_recovery_without_a_marker_names_the_tasks_like_it(tmp_path: Path) -> None:
    """The message names the first three tasks, and the possible decisions about the first."""
    at = at_a_desk(tmp_path)
    at.desk.listed = [task(at, f"cgt-{number}", expires_after=7200) for number in range(4)]
    error = error_of(recover(replace(FIXED, profile="tall"), replace(at.context, trust="recovering")))
    listed = "cgt-0 (30 s old, running), cgt-1 (30 s old, running), cgt-2 (30 s old, running)"
    assert (error and error.what, error and error.hint) == (
        f"{INCOMPLETE}, its request carries no marker, and the service lists 4 like it: {listed}",
        "`storyboard resolve dusk --adopt cgt-0 --profile tall` if it is the scene's own\n"
        "`storyboard resolve dusk --not-mine cgt-0 --profile tall` if it is another scene's or project's",
    )


def test_a_task_that_another_film_has_is_not_recovered(tmp_path: Path) -> None:
    """Another record of this user has it under another key, so it carries the marker by chance."""
    at = at_a_desk(tmp_path)
    at.desk.listed = [task(at)]
    context = replace(
        at.context, trust="recovering", recorded_elsewhere=lambda _: RecordedElsewhere("/films/b", OTHERS)
    )
    assert came(recover(JOB, context)) == "the service lists no task of it"


# before a request is paid for


def paid(at: Bench, job: Job = JOB, **fields: Any) -> str:
    """Submit a job; return the error's message, or its task."""
    context = replace(at.context, **fields)

    async def task_of() -> str:
        return (await submit(job, context, order)).task

    try:
        return asyncio.run(task_of())
    except StoryboardError as error:
        return error.what


def test_a_request_is_paid_for_after_a_list_that_shows_nothing(tmp_path: Path) -> None:
    """One list is enough, and there is no note."""
    at = at_a_desk(tmp_path)
    assert (paid(at), at.desk.listings, at.context.remarks) == ("cgt-1", 1, [])


def test_a_listed_task_that_the_record_lacks_holds_the_scene(tmp_path: Path) -> None:
    """A complete record holds the scene as well, and names the possible decisions."""
    at = at_a_desk(tmp_path)
    at.desk.listed = [task(at)]
    error = error_of(submit(JOB, at.context, order))
    assert (type(error), error and error.what, error and error.hint, at.desk.bodies) == (
        DecisionNeeded,
        f"task cgt-other (30 s old, succeeded) {UNRECORDED}",
        HINT,
        [],
    )


def test_a_held_scene_names_its_profile(tmp_path: Path) -> None:
    """Both commands in the message apply to the scene in that profile only."""
    at = at_a_desk(tmp_path)
    at.desk.listed = [task(at)]
    error = error_of(submit(replace(JOB, profile="tall"), at.context, order))
    assert (error and error.hint.count(" --profile tall`")) == 2


@pytest.mark.parametrize(
    ("age", "said"),
    [
        (0.0, "0 s old, "),
        (119.0, "119 s old, "),
        (120.0, "2 min old, "),
        (7199.0, "120 min old, "),
        (7200.0, "2 h old, "),
        (-1.0, ""),
        (1_780_000_000.0, ""),
    ],
    ids=["new", "seconds", "a minute", "minutes", "hours", "of the future", "not said"],
)
def test_a_task_that_holds_a_scene_is_named_with_its_age(tmp_path: Path, age: float, said: str) -> None:
    """The age has a suitable unit, and is left out if the service gives no creation time."""
    at = at_a_desk(tmp_path)
    at.desk.listed = [task(at, age=age)]
    assert paid(at) == f"task cgt-other ({said}succeeded) {UNRECORDED}"


@pytest.mark.parametrize(("foreign", "told"), [(43, False), (44, True)])
def test_odds_of_chance_are_named_from_one_in_two_thousand_on(tmp_path: Path, foreign: int, told: bool) -> None:
    """The more tasks the service lists, the likelier one of them carries the marker by chance."""
    at = at_a_desk(tmp_path)
    others = [task(at, f"cgt-{number}", expires_after=1) for number in range(foreign - 1)]
    at.desk.listed = [task(at), *others]
    one_in = 1 / odds([Marker(FIRST)], foreign)
    by_chance = f"; or it belongs to another project and carries the scene's marker by chance (1 in {one_in:.0f})"
    assert paid(at) == f"task cgt-other (30 s old, succeeded) {UNRECORDED}" + (by_chance if told else "")


def test_a_task_that_failed_since_it_was_listed_holds_nothing(tmp_path: Path) -> None:
    """It is polled once more, because the list may be out of date."""
    at = at_a_desk(tmp_path, looks=["failed"])
    at.desk.listed = [task(at)]
    assert paid(at) == "cgt-1"


@pytest.mark.parametrize("no", [NO_ANSWER, Rejected("forbidden", status=403)], ids=["no answer", "refused"])
def test_a_task_that_cannot_be_looked_at_holds_the_scene(tmp_path: Path, no: StoryboardError) -> None:
    """If the task can't be polled, its state in the list holds the scene."""
    at = at_a_desk(tmp_path, looks=[no])
    at.desk.listed = [task(at)]
    assert paid(at) == f"task cgt-other (30 s old, running) {UNRECORDED}"


def test_a_task_of_another_film_holds_nothing(tmp_path: Path) -> None:
    """Another record of this user has it under another key, so it carries the marker by chance."""
    at = at_a_desk(tmp_path)
    at.desk.listed = [task(at)]
    assert paid(at, recorded_elsewhere=lambda _: RecordedElsewhere("/films/b", OTHERS)) == "cgt-1"


def test_a_task_of_another_film_does_not_hide_the_next_one(tmp_path: Path) -> None:
    """Every task with the marker is checked, not only the first."""
    at = at_a_desk(tmp_path)
    at.desk.listed = [task(at, "cgt-film"), task(at)]
    film = {"cgt-film": RecordedElsewhere("/films/b", OTHERS)}
    assert paid(at, recorded_elsewhere=film.get) == f"task cgt-other (30 s old, succeeded) {UNRECORDED}"


def test_a_copy_of_the_project_on_this_machine_is_named(tmp_path: Path) -> None:
    """Its record has the task under exactly this key, so chance is excluded."""
    at = at_a_desk(tmp_path)
    at.desk.listed = [task(at), *(task(at, f"cgt-{number}", expires_after=1) for number in range(500))]
    said = paid(at, recorded_elsewhere=lambda _: RecordedElsewhere("/films/b", dict(KEY)))
    assert said == "task cgt-other (30 s old, succeeded) was submitted for this scene, by the project in /films/b"


def test_a_task_that_a_person_disowned_holds_nothing(tmp_path: Path) -> None:
    """A task that a person disowned doesn't hold the scene."""
    at = at_a_desk(tmp_path)
    at.desk.listed = [task(at)]
    at.journal.append(NotMine(scene="dusk", task="cgt-other"))
    assert paid(at) == "cgt-1"


def test_each_scene_is_preceded_by_a_list_of_its_own(tmp_path: Path) -> None:
    """The list of the scene before is too old: a task may have been submitted since."""
    at = at_a_desk(tmp_path, slow=1.0)
    dawn = replace(JOB, scene="dawn", components=OTHERS)
    at.desk.later = [[], [task(at, expires_after=marker_of(OTHERS, 0), age=0.0)]]
    said = [paid(at), paid(at, dawn)]
    assert said[0] == "cgt-1"
    assert UNRECORDED in said[1]


def test_a_list_is_read_again_before_a_request_is_repeated(tmp_path: Path) -> None:
    """Another copy may have submitted the scene during the wait."""
    at = at_a_desk(tmp_path, answers=[NotSent("no way")])
    at.desk.later = [[task(at)]]
    assert (UNRECORDED in paid(at), len(at.desk.bodies)) == (True, 1)


def test_a_service_that_lists_nothing_is_paid_with_a_remark(tmp_path: Path) -> None:
    """There is one note for all scenes, and no list is requested."""
    at = at_a_desk(tmp_path)
    said = [paid(at, lists=False), paid(at, replace(JOB, scene="dawn", components=OTHERS), lists=False)]
    remark = "ark lists no tasks: what another copy of the project submits can't be seen"
    assert (said, at.context.remarks, at.desk.listings) == (["cgt-1", "cgt-2"], [remark], 0)


def test_a_lost_answer_of_a_service_that_lists_nothing_is_held_at_once(tmp_path: Path) -> None:
    """If the service lists nothing, a lost answer is held at once, because waiting could not find anything."""
    at = at_a_desk(tmp_path, answers=[LOST])
    began = at.context.clock.now()
    said = paid(at, lists=False)
    assert (said, at.context.clock.now() - began) == (
        "the answer was lost, and ark lists no tasks in which it could be looked for",
        0.0,
    )


def test_a_request_without_a_marker_of_a_complete_record_needs_no_list(tmp_path: Path) -> None:
    """A request without a marker needs no list, because no list could identify its task."""
    at = at_a_desk(tmp_path)
    at.desk.listed = [task(at, expires_after=7200)]
    assert (paid(at, FIXED), at.desk.listings) == ("cgt-1", 0)


@pytest.mark.parametrize(
    ("fields", "held"),
    [
        ({}, True),
        ({"status": "succeeded", "duration": 4}, True),
        ({"status": "succeeded", "duration": 5}, False),
        ({"status": "expired"}, False),
        ({"model": "another"}, False),
        ({"expires_after": 7201}, False),
        ({"expires_after": None}, False),
        ({"id": "cgt-known"}, False),
    ],
    ids=["runs", "made as asked", "made otherwise", "expired", "model", "life", "no life", "known"],
)
def test_a_record_with_gaps_is_held_by_a_task_like_a_request_without_a_marker(
    tmp_path: Path, fields: dict[str, Any], held: bool
) -> None:
    """It has the same model and life, its data don't contradict the request, and it is missing from the record."""
    at = at_a_desk(tmp_path)
    at.journal.append(intended("i1", OTHERS))
    at.journal.append(Accepted("dusk", "i1", task="cgt-known"))
    at.desk.listed = [replace(task(at, expires_after=7200), **fields)]
    assert (INCOMPLETE in paid(at, FIXED, trust="suspect")) is held


def test_a_request_without_marker_and_life_is_like_no_other(tmp_path: Path) -> None:
    """A request without a marker and a life is compared with no task."""
    at = at_a_desk(tmp_path)
    at.desk.listed = [task(at, expires_after=None)]
    assert paid(at, replace(FIXED, life=None), trust="suspect") == "cgt-1"


# where two scenes of one run have an equal key


@dataclass(slots=True)
class Listing(Desk):
    """A provider that lists a task from the moment it accepts the request, before it answers."""

    async def submit(self, body: bytes, attempt_id: str) -> str:
        """A list requested during the answer contains the task."""
        number = len(self.bodies) + 1
        seconds = int(body) if body else None
        row = Task(f"cgt-{number}", "running", "running", created_at=self.clock.now(), expires_after=seconds)
        self.listed.append(row)
        return await Desk.submit(self, body, attempt_id)


def test_a_task_whose_answer_is_under_way_holds_no_equal_scene(tmp_path: Path) -> None:
    """The record has its intent already, so the task is not missing from it."""
    at = bench(tmp_path, Listing(VirtualClock(), slow=5.0))
    equal = [replace(JOB, scene=f"s{number}", rank=number, alike=2) for number in (0, 1)]

    async def three() -> list[str]:
        await submit(replace(JOB, scene="dawn", components=OTHERS), at.context, order)
        return [one.task for one in await asyncio.gather(*(submit(job, at.context, order) for job in equal))]

    assert asyncio.run(three()) == ["cgt-2", "cgt-3"]


def test_a_task_whose_answer_was_lost_holds_no_equal_scene(tmp_path: Path) -> None:
    """The record has its intent, and the task is being searched for."""
    at = bench(tmp_path, Listing(VirtualClock(), answers=["cgt-1", LOST]))
    at.journal.append(intended("i0", marker=FIRST))
    at.desk.listed = [task(at, age=0.0)]
    assert paid(at, replace(JOB, scene="dawn", rank=1, alike=2)) == "cgt-1"


# where no list is available


def failing(no: StoryboardError, times: int = 1000) -> Desk:
    """A provider whose first lists fail like this."""
    return Desk(VirtualClock(), no_lists=[no] * times)


WITHOUT = (
    "the service's list of tasks can't be read (no answer); scenes are submitted without it, since this project's "
    "record is complete"
)


def test_a_list_that_fails_for_a_minute_is_done_without(tmp_path: Path) -> None:
    """After that a complete record continues, and adds a note."""
    at = bench(tmp_path, failing(NO_ANSWER))
    began = at.context.clock.now()
    said = paid(at)
    assert (said, at.context.remarks, at.context.clock.now() - began >= LIST_PATIENCE) == ("cgt-1", [WITHOUT], True)


def test_a_list_that_fails_for_less_is_waited_for(tmp_path: Path) -> None:
    """A list that fails for less than a minute is waited for, and then holds the scene."""
    at = bench(tmp_path, failing(NO_ANSWER, 4))
    at.desk.listed = [task(at)]
    assert (UNRECORDED in paid(at), at.context.remarks) == (True, [])


def test_the_next_scene_does_not_wait_for_a_list_that_keeps_failing(tmp_path: Path) -> None:
    """The list is requested once more, and the note is added once."""
    at = bench(tmp_path, failing(NO_ANSWER))
    paid(at)
    before = at.desk.listings
    said = paid(at, replace(JOB, scene="dawn", components=OTHERS))
    assert (said, at.context.remarks) == ("cgt-2", [WITHOUT])
    assert at.desk.listings - before <= 2  # before the request and after it


def test_a_record_with_gaps_is_not_paid_for_without_a_list(tmp_path: Path) -> None:
    """With gaps in the record nothing is submitted before the list is read."""
    at = bench(tmp_path, failing(NO_ANSWER))
    error = error_of(submit(JOB, replace(at.context, trust="suspect"), order))
    assert (type(error), error and error.what, error and error.hint, at.desk.bodies) == (
        DecisionNeeded,
        "the service's list of tasks can't be read (no answer), and this project's record may be incomplete",
        "`storyboard run` tries again: nothing is submitted before the list was read",
        [],
    )


@pytest.mark.parametrize("trust", ["complete", "suspect"])
def test_a_list_that_is_refused_for_now_is_waited_for(tmp_path: Path, trust: RecordTrust) -> None:
    """However long it takes: the service answers, and gives the time."""
    at = bench(tmp_path, failing(RateLimited("slowly", after=30.0), 10))
    began = at.context.clock.now()
    said = paid(at, trust=trust)
    assert (said, at.context.remarks, at.context.clock.now() - began >= 300.0) == ("cgt-1", [], True)


@pytest.mark.parametrize(
    ("trust", "said", "remarks"),
    [
        ("complete", "cgt-1", [WITHOUT.replace("no answer", "forbidden")]),
        (
            "suspect",
            "the service's list of tasks can't be read (forbidden), and this project's record may be incomplete",
            [],
        ),
    ],
)
def test_a_list_that_is_refused_for_good_is_not_waited_for(
    tmp_path: Path, trust: RecordTrust, said: str, remarks: list[str]
) -> None:
    """It would be refused again: a complete record continues without it, a record with gaps does not."""
    at = bench(tmp_path, failing(Rejected("forbidden", status=403)))
    began = at.context.clock.now()
    told = paid(at, trust=trust)
    assert (told, at.context.remarks, at.desk.listings <= 2, at.context.clock.now() - began < 2.0) == (
        said,
        remarks,
        True,
        True,
    )


def test_an_account_that_is_refused_a_list_pays_for_nothing(tmp_path: Path) -> None:
    """The request would be refused with the same key, so no scene submits anything new."""
    error = AccountRefused("no such key")
    at = bench(tmp_path, failing(error))
    assert (paid(at), at.context.gate.why, at.desk.bodies) == ("no such key", error, [])


def test_a_wait_for_a_list_ends_when_the_run_is_interrupted(tmp_path: Path) -> None:
    """Nothing is submitted, and the scene needs no decision."""
    at = bench(tmp_path, failing(NO_ANSWER))

    def interrupting(event: Notice) -> None:
        if isinstance(event, Waiting):
            at.context.gate.interrupt(2)

    error = error_of(submit(JOB, replace(at.context, trust="suspect", tell=interrupting), order))
    assert (type(error), at.desk.bodies) == (RunStopped, [])


def test_a_run_that_was_interrupted_meanwhile_asks_for_no_second_list(tmp_path: Path) -> None:
    """A list that fails after the signal is the last one."""

    class Leaving(Desk):
        async def list(self, query: TaskQuery = EVERYTHING) -> Any:
            at.context.gate.interrupt(2)
            return await super().list(query)

    at = bench(tmp_path, Leaving(VirtualClock(), no_lists=[NO_ANSWER]))
    assert (paid(at), at.desk.listings) == ("not submitted: the run was interrupted", 1)


# after a request was accepted


def accepted(at: Bench, **fields: Any) -> Task:
    """The job's own task, as it is listed after it was accepted."""
    return task(at, "cgt-1", **{"age": -1.0, **fields})


def doubled(folder: Path, age: float, *looks: Any, **fields: Any) -> Bench:
    """A run context where another copy's task of that age is listed beside the job's own after it was accepted."""
    at = at_a_desk(folder, slow=1.0, looks=list(looks), **fields)
    at.desk.later = [[task(at, age=age), accepted(at)]]
    return at


EARLIER, LATER = 1.0, -2.0


def test_a_task_that_is_listed_alone_is_no_duplicate(tmp_path: Path) -> None:
    """One more list is read, and there is no message."""
    at = at_a_desk(tmp_path, slow=1.0)
    at.desk.later = [[accepted(at)]]
    assert (paid(at), at.desk.listings, at.context.duplicates, at.context.remarks) == ("cgt-1", 2, [], [])


def test_the_later_of_two_tasks_is_cancelled_while_it_is_queued(tmp_path: Path) -> None:
    """Cancelling is free, and the earlier task replaces it."""
    at = doubled(tmp_path, EARLIER, "queued")
    said = paid(at)
    remark = "dusk: task cgt-1 duplicated cgt-other, and was cancelled before it cost anything"
    assert (said, at.desk.cancelled, at.context.remarks, at.context.duplicates) == (
        "cgt-other",
        ["cgt-1"],
        [remark],
        [],
    )


def test_a_cancelled_duplicate_and_its_substitute_are_written_down(tmp_path: Path) -> None:
    """The first attempt ends, and a second one begins that has the other copy's task."""
    at = doubled(tmp_path, EARLIER, "queued")
    paid(at)
    first, second = at.journal.history.past.attempts.values()
    assert [event for _, event in at.journal.past][2:] == [
        Ended("dusk", first.attempt_id, "cancelled", "it duplicated another task"),
        intended(second.attempt_id, asked=ASKED, marker=FIRST, at=VirtualClock().now() - EARLIER),
        Adopted("dusk", second.attempt_id, task="cgt-other"),
    ]


KEPT = "dusk: another copy submitted task cgt-other as well; its video is kept as a take"


@pytest.mark.parametrize(
    ("looks", "no_cancels"),
    [
        (["running"], []),
        ([NO_ANSWER], []),
        ([Rejected("forbidden", status=403)], []),
        (["queued"], [Rejected("it runs", status=409)]),
        (["queued"], [NO_ANSWER]),
    ],
    ids=["it runs", "no answer to the look", "look refused", "it runs by now", "no answer to the cancel"],
)
def test_the_later_of_two_tasks_is_kept_where_it_cannot_be_cancelled(
    tmp_path: Path, looks: list[Any], no_cancels: list[StoryboardError]
) -> None:
    """Both are billed, and the other copy's is downloaded as well."""
    at = doubled(tmp_path, EARLIER, *looks, no_cancels=[*no_cancels])
    said = paid(at)
    others = [at.journal.history.attempt(attempt_id).task for attempt_id in at.context.duplicates]
    assert (said, at.desk.cancelled, at.context.remarks, others) == ("cgt-1", [], [KEPT], ["cgt-other"])


def test_the_earlier_of_two_tasks_is_never_cancelled(tmp_path: Path) -> None:
    """The other copy cancels its own task. If both copies cancelled, no task would be left."""
    at = doubled(tmp_path, LATER, "queued")
    said = paid(at)
    assert (said, at.desk.cancelled, at.context.remarks) == ("cgt-1", [], [KEPT])


@pytest.mark.parametrize(("id", "kept"), [("cgt-0", "cgt-0"), ("cgt-9", "cgt-1")])
def test_of_two_tasks_of_the_same_second_the_first_by_its_id_stays(tmp_path: Path, id: str, kept: str) -> None:
    """Of two tasks of the same second, both copies keep the one with the first ID."""
    at = at_a_desk(tmp_path, slow=1.0, looks=["queued"])
    at.desk.later = [[accepted(at), accepted(at)]]
    at.desk.later[0][1] = replace(at.desk.later[0][1], id=id)
    assert paid(at) == kept


def test_each_of_several_other_tasks_is_kept(tmp_path: Path) -> None:
    """Each of several other tasks is kept, because three copies may have submitted the same scene."""
    at = doubled(tmp_path, LATER)
    at.desk.later[0].append(task(at, "cgt-third", LATER))
    paid(at)
    assert [at.journal.history.attempt(one).task for one in at.context.duplicates] == ["cgt-other", "cgt-third"]


@pytest.mark.parametrize(("age", "kept"), [(180.0, 1), (180.5, 0)])
def test_a_task_from_before_the_grace_is_no_duplicate(tmp_path: Path, age: float, kept: int) -> None:
    """A duplicate was submitted at most as long ago as a task may be listed late."""
    at = doubled(tmp_path, age, "running")
    paid(at)
    assert len(at.context.duplicates) == kept


def test_a_task_that_is_not_listed_yet_is_left_as_it_is(tmp_path: Path) -> None:
    """If our own task can't be compared with it, the other copy decides."""
    at = doubled(tmp_path, EARLIER, "queued")
    del at.desk.later[0][1]
    assert (paid(at), at.desk.cancelled, at.context.duplicates) == ("cgt-1", [], [])


@pytest.mark.parametrize("no", [NO_ANSWER, Rejected("forbidden", status=403)], ids=["no answer", "refused"])
def test_a_list_that_fails_after_a_request_changes_nothing(tmp_path: Path, no: StoryboardError) -> None:
    """If the list after a request fails, the task continues."""

    class Deaf(Desk):
        async def submit(self, body: bytes, attempt_id: str) -> str:
            self.no_lists = [no]
            return await super().submit(body, attempt_id)

    at = bench(tmp_path, Deaf(VirtualClock(), slow=1.0))
    assert (paid(at), at.desk.listings, at.context.remarks) == ("cgt-1", 2, [])


@pytest.mark.parametrize(
    ("job", "lists"), [(FIXED, True), (JOB, False)], ids=["no marker", "a service that lists nothing"]
)
def test_no_duplicate_is_looked_for_where_none_can_be_found(tmp_path: Path, job: Job, lists: bool) -> None:
    """No list is requested after a request whose duplicates can't be found."""
    at = doubled(tmp_path, EARLIER, "queued")
    assert (paid(at, job, lists=lists), at.desk.listings) == ("cgt-1", 0)


def test_no_duplicate_is_looked_for_by_a_run_that_was_interrupted(tmp_path: Path) -> None:
    """An interrupted run requests only the list before the request."""

    class Leaving(Desk):
        async def submit(self, body: bytes, attempt_id: str) -> str:
            at.context.gate.interrupt(2)
            return await super().submit(body, attempt_id)

    at = bench(tmp_path, Leaving(VirtualClock(), slow=1.0))
    assert (paid(at), at.desk.listings) == ("cgt-1", 1)


# records of version 1


@pytest.mark.parametrize(
    ("age", "may_be"), [(0.0, True), (LISTED - 1, True), (LISTED, False), (1 - LISTED, True), (-LISTED, False)]
)
def test_tasks_of_version_1_may_be_listed_for_seven_days(age: float, may_be: bool) -> None:
    """Counted from the import of their record, however the clock was changed since."""
    moment = 1_780_000_000.0
    assert looks_for_version_1([(0.0, RunOpened()), (moment, Imported())], moment + age) is may_be


def test_a_project_without_a_record_of_version_1_looks_for_none_of_its_tasks() -> None:
    """Without an imported record of version 1 none of its tasks are searched for."""
    assert not looks_for_version_1([(0.0, RunOpened())], 0.0)


@pytest.mark.parametrize(
    ("ended", "held"), [(1, True), (2, True), (ATTEMPTS_BEFORE, True), (ATTEMPTS_BEFORE + 1, False)]
)
def test_a_remake_of_another_copy_holds_the_scene(tmp_path: Path, ended: int, held: bool) -> None:
    """A complete record that sees its first task fail searches for the next one, up to five remakes."""
    at = at_a_desk(tmp_path)
    failed = [
        task(at, f"cgt-{number}", status="failed", expires_after=marker_of(KEY, number)) for number in range(ended)
    ]
    at.desk.listed = [*failed, task(at, expires_after=marker_of(KEY, ended))]
    assert ("cgt-other" in came(checked(JOB, at.context))) is held


def test_a_remake_is_looked_for_after_a_task_that_failed_since_it_was_listed(tmp_path: Path) -> None:
    """A list may be older than the failure; the task is polled individually, and then the next marker is searched
    for."""
    at = at_a_desk(tmp_path, looks=["failed", "running"])
    first = task(at, "cgt-first", status="running", expires_after=marker_of(KEY, 0))
    at.desk.listed = [first, task(at, expires_after=marker_of(KEY, 1))]
    assert "cgt-other" in came(checked(JOB, at.context))


# another copy's task that was found first


@pytest.mark.parametrize(
    ("body", "event", "kept"),
    [
        ("sha256:1", Adopted("dusk", "i1", "cgt-own"), ["cgt-other"]),
        ("sha256:1", Accepted("dusk", "i1", "cgt-own"), []),
        ("", Adopted("dusk", "i1", "cgt-own"), []),
    ],
    ids=["its answer was lost", "named in an answer", "of a lost record"],
)
def test_a_task_whose_answer_was_lost_is_looked_for_once_more(
    tmp_path: Path, body: str, event: Event, kept: list[str]
) -> None:
    """The adopted task may be another copy's, while our own is listed by now: both are kept."""
    at = at_a_desk(tmp_path)
    at.journal.append(intended("i1", marker=FIRST, body=body))
    at.journal.append(event)
    at.desk.listed = [task(at, "cgt-own"), task(at, "cgt-other", age=0.0)]
    asyncio.run(settle_late_duplicates(JOB, at.context, "cgt-own"))
    history = at.journal.history
    assert [history.attempt(attempt_id).task for attempt_id in at.context.duplicates] == kept
