"""Faults of an accepted task, or of its video, in a run: the results for its scene, the others and the money.

A paid video is downloaded or reported; nothing is bought again automatically. The emulator injects the faults over a
real socket to the real client, in virtual time. Each test fails if its fault was not triggered.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from storyboard.emulator.faults import Fault
from storyboard.errors import MediaTrouble
from storyboard.executor.context import RunContext
from storyboard.executor.run import Outcome
from storyboard.planning.budget import Cap
from storyboard.planning.decisions import find_unresolved
from storyboard.planning.event import Accepted, Ended, Notice, Seen
from storyboard.planning.history import past_of
from storyboard.planning.money import money_of
from storyboard.world.media import decode_check
from storyboard.world.store import Store
from tests.executor.scenario import HEAD, HURRIED, ONE, TWO, Stage, nobody, played, played_twice, staged, standings

LOOKS = 16
"""How often the first task is polled until it has succeeded: every 5 seconds for 80 seconds."""


@pytest.mark.row(17)
def test_a_task_that_is_not_shown_yet_is_asked_for_again(tmp_path: Path) -> None:
    """A new task may be missing for a minute, and is polled again."""
    stage, outcome = played(tmp_path, Fault("get", does="missing", seconds=50), text=ONE)
    assert (standings(outcome), stage.tasks, stage.states("dusk")) == ({"dusk": "done"}, 1, ["stored"])


@pytest.mark.row(17)
def test_a_task_that_is_not_found_but_listed_is_not_lost(tmp_path: Path) -> None:
    """The run gives it up, and the next one continues with it."""
    no = Fault("get", at="1-8", does="refuse", status=404, code="NotFound.Task")
    stage, first, second = played_twice(tmp_path, no)
    assert [standings(first), standings(second)] == [{"dusk": "failed"}, {"dusk": "done"}]
    assert (stage.tasks, stage.kinds["intended"]) == (1, 1)


@pytest.mark.row(17)
def test_a_task_that_the_service_has_forgotten_is_lost_and_never_bought_again_by_itself(tmp_path: Path) -> None:
    """After eight days, when the service keeps tasks for seven: a person decides, now and in every later run."""
    outcomes: list[Outcome] = []

    def runs(stage: Stage) -> None:
        stage.text = ONE
        stage.hears = _leaves
        outcomes.append(stage.runs())
        stage.clock.advance(8 * 86_400)
        stage.hears = nobody
        outcomes.extend((stage.runs(), stage.runs()))

    stage = staged(tmp_path, [Fault("get", at="1-2", does="drop")], runs)
    assert [outcome.exit_code for outcome in outcomes] == [130, 4, 4]
    assert (stage.tasks, stage.kinds["intended"], stage.states("dusk")) == (1, 1, ["lost"])
    assert "storyboard resolve dusk --submit-again" in outcomes[2].result("dusk").hint


def _leaves(context: RunContext, event: Notice) -> None:
    if isinstance(event, Accepted):
        context.gate.interrupt(2)


BACKWARDS = [
    Fault("get", at=3, does="stands", status="running"),
    Fault("get", at=4, does="stands", status="queued"),
    Fault("get", at=5, does="stands", status="pondering"),
]


@pytest.mark.row(36, 41)
def test_a_status_that_goes_back_or_makes_no_sense_is_told_and_waited_out(tmp_path: Path) -> None:
    """The oddity is recorded, and the scene is made."""
    stage, outcome = played(tmp_path, *BACKWARDS, text=ONE)
    odd = [event.odd for _, event in stage.past if isinstance(event, Seen) and event.odd]
    assert (standings(outcome), outcome.exit_code, stage.tasks) == ({"dusk": "done"}, 0, 1)
    assert odd[:2] == ["it was running before", "this version doesn't know that status"]


@pytest.mark.row(36)
def test_what_has_ended_stays_so_and_what_is_stored_is_not_asked_after(tmp_path: Path) -> None:
    """A task that runs again when its video is to be downloaded is polled again for its address, and then no longer."""
    faults = [
        Fault("file", at=1, does="refuse", status=503),
        Fault("get", at=LOOKS + 1, does="stands", status="running"),
        Fault("get", at=LOOKS + 1, name="nameless", does="set", fields={"content": None}),
    ]
    asked: list[int] = []

    def runs(stage: Stage) -> None:
        stage.text = ONE
        assert stage.runs().exit_code == 0
        asked.append(stage.emulated.service.traffic["GET"].count)
        assert standings(stage.runs()) == {"dusk": "done"}
        asked.append(stage.emulated.service.traffic["GET"].count)

    stage = staged(tmp_path, faults, runs)
    assert (stage.tasks, stage.states("dusk"), asked[1] - asked[0]) == (1, ["stored"], 0)


def ends(status: str, code: str = "") -> Fault:
    """The first task ends like this."""
    return Fault("get", at="1", does="stands", status=status, code=code, message="no")


@pytest.mark.row(37)
def test_an_expired_task_fails_its_scene_and_the_next_attempt_needs_money_of_its_own(tmp_path: Path) -> None:
    """Nothing was billed for it. Without money the next run submits nothing; with enough it submits the scene."""
    outcomes: list[Outcome] = []

    def runs(stage: Stage) -> None:
        stage.text = ONE
        outcomes.append(stage.runs())
        stage.cap = Cap("--max-cost", money_of("0.01 CNY"))
        outcomes.append(stage.runs())
        stage.cap = None
        outcomes.append(stage.runs())

    stage = staged(tmp_path, [ends("expired")], runs)
    assert [(standings(o)["dusk"], o.exit_code) for o in outcomes] == [("failed", 3), ("held", 4), ("done", 0)]
    assert [(o.result("dusk").books.spent != ()) for o in outcomes] == [False, False, True]
    assert (stage.tasks, stage.states("dusk")) == (2, ["failed", "stored"])


@pytest.mark.row(38)
def test_a_task_that_somebody_cancelled_is_held_until_a_person_decides(tmp_path: Path) -> None:
    """There may have been a reason: it isn't submitted again automatically; the other scene is made."""
    stage, first, second = played_twice(tmp_path, ends("cancelled"), text=TWO)
    assert [standings(one)["dusk"] for one in (first, second)] == ["held", "held"]
    assert ([first.exit_code, second.exit_code], stage.kinds["intended"]) == ([4, 4], 2)
    assert (standings(first)["gulls"], first.result("dusk").books.spent) == ("done", ())
    assert find_unresolved(past_of(stage.past), "", "", "dusk").state == "cancelled"


@pytest.mark.row(39, 40)
@pytest.mark.parametrize(
    ("code", "hint"),
    [
        ("OutputVideoSensitiveContentDetected", "submitting again sometimes passes"),
        ("InvalidParameter.TaskTypeMismatch", "change the scene's mode or its model"),
        ("InvalidParameter.TaskTypeConstraint", "change the scene's mode or its model"),
    ],
)
def test_a_task_that_failed_is_not_submitted_again_by_the_run(tmp_path: Path, code: str, hint: str) -> None:
    """It has no video and costs nothing; the message names what to do, and the other scene is made."""
    stage, outcome = played(tmp_path, ends("failed", code))
    assert (standings(outcome), outcome.exit_code) == ({"dusk": "failed", "gulls": "done"}, 3)
    assert (stage.tasks, stage.kinds["intended"], stage.states("dusk")) == (2, 2, ["failed"])
    failed = outcome.result("dusk")
    assert (hint in failed.hint, "nothing was billed" in failed.hint, failed.books.spent) == (True, True, ())


@pytest.mark.row(42)
@pytest.mark.parametrize("fields", [{"content.video_url": None}, {"content": None}])
def test_a_video_that_is_not_named_is_asked_for_ten_times_and_then_held(
    tmp_path: Path, fields: dict[str, object]
) -> None:
    """It was paid for: the scene is held, a person may decide, and a later run downloads the video once it is named."""
    outcomes: list[Outcome] = []
    asked: list[int] = []

    def runs(stage: Stage) -> None:
        stage.text = ONE
        outcomes.append(stage.runs())
        asked.append(stage.emulated.fired["set"])
        assert find_unresolved(past_of(stage.past), "", "", "dusk").held
        outcomes.append(stage.runs())

    nameless = Fault("get", at=f"{LOOKS}-{LOOKS + 10}", does="set", fields=fields)
    stage = staged(tmp_path, [nameless], runs)
    assert [(standings(o)["dusk"], o.exit_code) for o in outcomes] == [("held", 4), ("done", 0)]
    assert (stage.tasks, stage.kinds["intended"], asked) == (1, 1, [11])
    assert "names no video" in outcomes[0].result("dusk").what


@pytest.mark.row(43)
@pytest.mark.parametrize(
    ("fault", "known"),
    [
        (Fault("get", does="without", fields=["usage"]), False),
        (Fault("get", does="set", fields={"usage": "lots"}), False),
        (Fault("get", does="numbers_as_text"), True),
    ],
)
def test_a_bill_that_nobody_names_counts_what_was_reserved(tmp_path: Path, fault: Fault, *, known: bool) -> None:
    """The run continues; a number written as text counts as a number."""
    stage, outcome = played(tmp_path, fault, text=ONE)
    take = outcome.takes["dusk"]
    assert (outcome.exit_code, stage.tasks, take.tokens is not None) == (0, 1, known)
    assert outcome.result("dusk").books.spent != ()


@pytest.mark.row(44)
@pytest.mark.parametrize(
    ("fields", "said"),
    [({"duration": 9}, "its duration is 9, but 4"), ({"ratio": "1:1"}, "its ratio is 1:1, but 16:9")],
)
def test_what_was_made_otherwise_is_kept_and_told(tmp_path: Path, fields: dict[str, object], said: str) -> None:
    """It is paid for and ours, and the difference is reported."""
    stage, outcome = played(tmp_path, Fault("get", does="set", fields=fields), text=ONE)
    assert (standings(outcome), outcome.exit_code, stage.tasks) == ({"dusk": "done"}, 0, 1)
    assert (said in outcome.result("dusk").what, stage.kinds["stored"]) == (True, 1)


FILES = {
    "30 broken off": (Fault("file", at=1, does="cut"), 1),
    "31 no length": (Fault("file", at=1, does="cut", length="none"), 1),
    "32 it drips": (Fault("file", at=1, does="drip", bytes=64, every=0.05), 1),
    "33 no end": (Fault("file", at=1, does="endless"), 1),
    "34 a packed bomb": (Fault("file", at=1, does="gzip_bomb"), 1),
    "45 a stray 403": (Fault("file", at="1-2", does="refuse", status=403, shape="xml"), 2),
    "47 503": (Fault("file", at="1-4", does="refuse", status=503), 4),
    "47 no answer": (Fault("file", at="1-2", does="drop"), 2),
    "48 a page": (Fault("file", at="1-2", does="answer", status=200, shape="html"), 2),
    "48 a page that says it is a video": (
        Fault("file", at=1, does="answer", status=200, shape="text", body="<html>not found</html>"),
        1,
    ),
    "49 cut at the service": (Fault("file", at="1-2", does="cut", length="short"), 2),
}


@pytest.mark.row(30, 31, 32, 33, 34, 45, 47, 48, 49)
@pytest.mark.parametrize("case", FILES)
def test_a_video_that_does_not_come_whole_is_fetched_again(tmp_path: Path, case: str) -> None:
    """Only a complete file gets a name in the store; nothing is bought again, and each attempt is counted."""
    fault, missed = FILES[case]
    hurry = {"patience": HURRIED} if fault.does in ("drip", "endless") else {}
    stage, outcome = played(tmp_path, fault, text=ONE, **hurry)
    assert (standings(outcome), outcome.exit_code, stage.tasks) == ({"dusk": "done"}, 0, 1)
    missed = max(missed, stage.kinds["missed"]) if hurry else missed  # a busy machine may exceed short timeouts
    assert (stage.kinds["missed"], stage.kinds["stored"]) == (missed, 1)
    assert outcome.takes["dusk"].digest in Store(stage.folder / "store").digests()


@pytest.mark.row(46)
def test_a_video_is_fetched_five_times_an_hour_and_forty_times_in_all(tmp_path: Path) -> None:
    """Then the scene is held, because it was paid for; the next run does not request it again, and a person may
    decide."""
    cap = Fault("file", name="cap", does="refuse", status=403, shape="xml")
    stage, first, second = played_twice(tmp_path, cap)
    times = [at for at, event in stage.past if event.kind == "missed"]
    assert [(standings(one)["dusk"], one.exit_code) for one in (first, second)] == [("held", 4)] * 2
    assert (len(times), stage.emulated.fired["cap"], stage.tasks) == (40, 40, 1)
    assert all(later - at >= 3600 for at, later in zip(times, times[5:], strict=False))
    assert find_unresolved(past_of(stage.past), "", "", "dusk").held


def _sleeps(context: RunContext, event: Notice) -> None:
    if isinstance(event, Ended):
        context.clock.advance(25 * 3600)  # type: ignore[attr-defined]  # it is a virtual clock


@pytest.mark.row(45)
def test_an_address_that_has_died_is_asked_for_once_more_and_then_lost(tmp_path: Path) -> None:
    """After a day of sleep the task is polled again and names no valid address: a person decides."""
    stage, first, second = _slept(tmp_path)
    assert [(standings(one)["dusk"], one.exit_code) for one in (first, second)] == [("held", 4)] * 2
    assert (stage.tasks, stage.kinds["missed"], stage.states("dusk")) == (1, 2, ["lost"])


def _slept(folder: Path) -> tuple[Stage, Outcome, Outcome]:
    outcomes: list[Outcome] = []

    def runs(stage: Stage) -> None:
        stage.text, stage.hears = ONE, _sleeps
        outcomes.extend((stage.runs(), stage.runs()))

    return staged(folder, (), runs), outcomes[0], outcomes[1]


@pytest.mark.row(50)
def test_bits_that_rotted_are_found_by_a_deep_look(tmp_path: Path) -> None:
    """The file's boxes are valid, so it is stored; decoding it to the end shows the difference from a valid one."""
    stage, outcome = played(tmp_path, Fault("file", at=1, does="flip", count=3000), text=ONE)
    path = Store(stage.folder / "store").find(outcome.takes["dusk"].digest)
    assert (standings(outcome), stage.tasks, path is not None) == ({"dusk": "done"}, 1, True)
    assert path is not None
    with pytest.raises(MediaTrouble):
        decode_check.check(path)


LONGER = HEAD + "  dusk: {prompt: A lighthouse.}\n  gulls: {prompt: Gulls., duration: 6, after: dusk}\n"


@pytest.mark.row(51)
def test_another_tasks_video_is_sent_back(tmp_path: Path) -> None:
    """It has the length of another scene: downloading again delivers the right one."""
    stage, outcome = played(tmp_path, Fault("file", at=3, does="other_video"), text=LONGER)
    assert (standings(outcome), stage.tasks, stage.kinds["missed"]) == ({"dusk": "done", "gulls": "done"}, 2, 1)
    assert [round(outcome.takes[id].seconds) for id in ("dusk", "gulls")] == [4, 6]


@pytest.mark.row(51)
def test_another_tasks_video_that_keeps_coming_is_kept_and_told(tmp_path: Path) -> None:
    """A paid video is not discarded, and the difference is reported."""
    stage, outcome = played(tmp_path, Fault("file", at="3-6", does="other_video"), text=LONGER)
    assert (standings(outcome)["gulls"], outcome.exit_code, stage.kinds["missed"]) == ("done", 0, 3)
    assert "but 6 s were asked for" in outcome.result("gulls").what
