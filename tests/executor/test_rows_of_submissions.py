"""Faults between a paid request and its answer, or a free one and its answer, in a run: the results for the scene, the
others and the money.

The emulator injects the faults over a real socket to the real client, in virtual time. Each test fails if its fault was
not triggered. `tests/providers/test_faults_on_the_wire.py` shows the class of each fault.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from storyboard.emulator.faults import Fault
from storyboard.executor.run import Outcome
from storyboard.planning.decisions import decide, find_unresolved
from storyboard.planning.event import RunClosed
from storyboard.planning.history import past_of
from storyboard.world.journal import Journal
from tests.executor.scenario import CHAIN, HURRIED, ONE, TWO, Stage, played, played_twice, staged, standings

THREE = TWO + "  waves: {prompt: Waves.}\n"


def answered(**words: Any) -> Fault:
    """The first paid request is accepted, and answered like this."""
    return Fault("create", at=1, does="answer", **words)


def refused(**words: Any) -> Fault:
    """The first paid request is answered like this, and never reached the service."""
    return Fault("create", at=1, does="refuse", **words)


TAKEN_ON = {
    "7 no answer": Fault("create", at=1, does="drop"),
    "7 a reset": Fault("create", at=1, does="drop", reset=True),
    "19 408": answered(status=408),
    "19 499": answered(status=499),
    "19 503": answered(status=503, shape="html"),
    "19 504": answered(status=504, shape="empty"),
    "20 409": answered(status=409),
    "26 500": answered(status=500, code="InternalServiceError"),
    "28 a page": answered(status=200, shape="html"),
    "28 no JSON": answered(status=200, shape="malformed"),
    "29 no id": Fault("create", at=1, does="without", fields=["id"]),
    "29 an odd id": Fault("create", at=1, does="set", fields={"id": "../x"}),
    "30 half of it": Fault("create", at=1, does="cut"),
    "33 a huge header": Fault("create", at=1, does="huge_header"),
    "34 a packed bomb": Fault("create", at=1, does="gzip_bomb"),
}


@pytest.mark.row(7, 19, 20, 26, 28, 29, 30, 33, 34)
@pytest.mark.parametrize("case", TAKEN_ON)
def test_a_task_whose_answer_was_lost_is_found_and_fetched(tmp_path: Path, case: str) -> None:
    """It is found by its marker, without a second request; the other scene is made."""
    stage, outcome = played(tmp_path, TAKEN_ON[case])
    assert standings(outcome) == {"dusk": "done", "gulls": "done"}
    assert (outcome.exit_code, stage.tasks, stage.kinds["intended"], stage.kinds["adopted"]) == (0, 2, 2, 1)


def decided(stage: Stage, scene: str, task: str) -> None:
    """A person decides that a task belongs to a scene."""
    journal = Journal(stage.folder, stage.clock, writing=True)
    journal.open_run()
    past = past_of(journal.past)
    journal.append(decide(find_unresolved(past, "", "", scene), task, past))
    journal.append(RunClosed())
    journal.close()


@pytest.mark.parametrize("life", ["", ", execution_expires_after: 7200"], ids=["marked", "unmarked"])
def test_a_person_is_believed_about_a_task_that_came_to_nothing(tmp_path: Path, life: str) -> None:
    """With or without a marker, and however often it is listed: it has failed, nothing is reserved for it any more, and
    the next run makes the scene."""
    outcomes: list[Outcome] = []

    def doing(stage: Stage) -> None:
        stage.text = ONE.replace("duration: 4", f"duration: 4{life}")
        assert standings(stage.runs()) == {"dusk": "held"}
        decided(stage, "dusk", stage.emulated.ledger[0]["task_id"])
        outcomes.extend((stage.runs(), stage.runs()))

    no = Fault("get", at=1, does="stands", status="failed", code="OutputVideoSensitiveContentDetected")
    unlisted = Fault("list", does="refuse", status=403, code="AccessDenied")
    faults = [Fault("create", at=1, does="drop"), no, *([] if life else [unlisted])]
    stage = staged(tmp_path, faults, doing)
    assert [standings(outcome) for outcome in outcomes] == [{"dusk": "failed"}, {"dusk": "done"}]
    assert (stage.states("dusk"), outcomes[0].budget.project.reserved) == (["failed", "stored"], ())


def test_a_task_is_counted_by_the_run_that_submitted_it(tmp_path: Path) -> None:
    """It counts however the run learned of it; a task of an earlier run is not counted again by the run that finds
    it."""
    dropped, unlisted = Fault("create", at=1, does="drop"), Fault("list", at=2, does="refuse", status=403)
    _, outcome = played(tmp_path / "found", dropped)
    _, first, second = played_twice(tmp_path / "later", dropped, unlisted, text=TWO)
    assert (outcome.submitted, first.submitted, second.submitted) == (2, 1, 0)
    assert standings(second) == {"dusk": "done", "gulls": "done"}


NEVER_SEEN = {
    "7 the connection ends": Fault("create", at=1, does="hang_up", reset=True),
    "8 cut off in the body": Fault("create", at=1, does="reset", after=10),
    "19 503": refused(status=503, shape="html"),
    "20 409": refused(status=409),
    "26 500": refused(status=500),
    "28 a sign-in page": refused(status=200, shape="html"),
}


@pytest.mark.row(7, 8, 19, 20, 26, 28)
@pytest.mark.parametrize("case", NEVER_SEEN)
def test_what_may_have_been_taken_on_is_held_and_stays_so(tmp_path: Path, case: str) -> None:
    """No list shows it: a person decides, now and at any later time; the other scene is made, and the money counts."""
    outcomes: list[Outcome] = []

    def runs(stage: Stage) -> None:
        outcomes.append(stage.runs())
        stage.clock.advance(400 * 86_400)
        outcomes.append(stage.runs())

    stage = staged(tmp_path, [NEVER_SEEN[case]], runs)
    for outcome in outcomes:
        assert standings(outcome) == {"dusk": "held", "gulls": "done"}
        assert (outcome.exit_code, "--submit-again" in outcome.result("dusk").hint) == (4, True)
    assert (stage.tasks, stage.kinds["intended"], stage.states("dusk")) == (1, 2, ["in doubt"])
    assert outcomes[0].result("dusk").books.reserved != ()


REFUSALS = {
    "11 a parameter": (refused(status=400, code="InvalidParameter", message="ratio"), "perhaps several"),
    "12 the prompt": (refused(status=400, code="InputTextSensitiveContentDetected"), "word it otherwise"),
    "18 405": (refused(status=405, code="MethodNotAllowed"), "a newer one"),
    "18 415": (refused(status=415, code="UnsupportedMediaType"), "a newer one"),
    "22 413": (refused(status=413, code="RequestTooLarge"), "give an address"),
    "23 422": (refused(status=422, code="UnprocessableEntity"), "perhaps several"),
}


@pytest.mark.row(11, 12, 18, 22, 23)
@pytest.mark.parametrize("case", REFUSALS)
def test_a_scene_that_is_refused_is_sent_once_and_its_branch_ends(tmp_path: Path, case: str) -> None:
    """It fails with the service's reason and what to do; scenes made from it wait, the other branch continues."""
    fault, hint = REFUSALS[case]
    stage, outcome = played(tmp_path, fault, text=CHAIN)
    assert standings(outcome) == {"dusk": "failed", "gulls": "done", "lamp": "blocked"}
    assert (outcome.exit_code, stage.tasks, stage.kinds["rejected"], stage.kinds["intended"]) == (3, 1, 1, 2)
    failed = outcome.result("dusk")
    assert (fault.given["code"] in failed.what, hint in failed.hint, failed.books.spent) == (True, True, ())
    assert outcome.result("lamp").what == "it is made from dusk, which is failed"


ACCOUNTS: dict[str, dict[str, Any]] = {
    "13 401": {"status": 401, "code": "AuthenticationError"},
    "14 402": {"status": 402, "code": "PaymentRequired"},
    "14 overdue": {"status": 403, "code": "AccountOverdueError"},
    "14 the service is overdue": {"status": 403, "code": "OperationDenied.ServiceOverdue"},
    "25 a limit": {"status": 429, "code": "SetLimitExceeded"},
    "25 the free quota": {"status": 429, "code": "QuotaExceeded", "message": "your free quota is used up"},
}


@pytest.mark.row(13, 14, 25)
@pytest.mark.parametrize("case", ACCOUNTS)
def test_a_no_to_the_account_stops_submissions_and_no_download(tmp_path: Path, case: str) -> None:
    """Of fifty requests one is sent after the refusal arrived; tasks in flight are waited for and downloaded; exit code
    5."""
    many = TWO + "".join(f"  s{n}: {{prompt: Wave {n}.}}\n" for n in range(48))
    no = Fault("create", at="2-", does="refuse", **ACCOUNTS[case])
    stage, outcome = played(tmp_path, no, text=many, slots=1)
    found = standings(outcome)
    assert (found["dusk"], found["gulls"], outcome.exit_code) == ("done", "failed", 5)
    assert set(list(found.values())[2:]) <= {"blocked", "waiting"}
    assert (stage.tasks, stage.kinds["intended"], stage.kinds["stored"]) == (1, 2, 1)
    assert outcome.result("gulls").hint != ""


@pytest.mark.row(14)
def test_what_is_in_the_making_when_the_account_falls_behind_is_fetched(tmp_path: Path) -> None:
    """Two tasks run when the third request is refused: both become takes."""
    no = Fault("create", at="3-", does="refuse", status=403, code="AccountOverdueError")
    stage, outcome = played(tmp_path, no, text=THREE, slots=3)
    assert sorted(standings(outcome).values()) == ["done", "done", "failed"]
    assert (outcome.exit_code, stage.tasks, stage.kinds["stored"]) == (5, 2, 2)


@pytest.mark.row(13)
def test_a_key_that_is_refused_while_one_waits_loses_no_task(tmp_path: Path) -> None:
    """Polling stops, and the same command with a valid key continues with the paid tasks."""
    no = Fault("get", at=1, does="refuse", status=401, code="AuthenticationError")
    stage, first, second = played_twice(tmp_path, no, text=TWO)
    assert (standings(first)["dusk"], first.exit_code, "ARK_API_KEY" in first.result("dusk").hint) == (
        "failed",
        5,
        True,
    )
    assert (standings(second), second.exit_code) == ({"dusk": "done", "gulls": "done"}, 0)
    assert (stage.tasks, stage.kinds["accepted"]) == (2, 2)


MODELS = """\
storyboard: 1
defaults: {ratio: 16:9, resolution: 480p, duration: 4}
scenes:
  dusk: {model: seedance-2.0-fast, prompt: A lighthouse.}
  gulls: {model: seedance-2.0-fast, prompt: Gulls.}
  waves: {model: seedance-2.0, prompt: Waves.}
"""


@pytest.mark.row(15, 16)
@pytest.mark.parametrize(
    ("status", "code"), [(403, "AccessDenied"), (404, "ModelNotOpen"), (404, "InvalidEndpointOrModel.NotFound")]
)
def test_a_model_that_is_refused_stops_its_scenes_and_no_other(tmp_path: Path, status: int, code: str) -> None:
    """One request detects it; the other model's scene is made."""
    stage, outcome = played(tmp_path, refused(status=status, code=code), text=MODELS)
    assert standings(outcome) == {"dusk": "failed", "gulls": "blocked", "waves": "done"}
    assert (outcome.exit_code, stage.tasks, stage.kinds["intended"]) == (5, 1, 2)


@pytest.mark.row(16)
def test_a_place_that_is_not_found_is_asked_for_once(tmp_path: Path) -> None:
    """A 404 to a paid request is a mistake, not a delay as it may be for a task."""
    stage, outcome = played(tmp_path, refused(status=404, code="NotFound.Path"))
    assert (standings(outcome), outcome.exit_code) == ({"dusk": "failed", "gulls": "done"}, 3)
    assert (stage.kinds["rejected"], stage.kinds["intended"]) == (1, 2)


LOOKS = {
    "9 no answer": Fault("get", at="1-3", does="drop"),
    "27 503": Fault("get", at="1-3", does="refuse", status=503),
    "28 a page": Fault("get", at="1-3", does="answer", status=200, shape="html"),
    "30 half of it": Fault("get", at="1-3", does="cut"),
    "32 it drips": Fault("get", at=1, does="drip", bytes=1, every=0.05),
    "33 no end": Fault("get", at=1, does="endless"),
    "33 a huge header": Fault("get", at="1-3", does="huge_header"),
    "34 a packed bomb": Fault("get", at="1-3", does="gzip_bomb"),
    "24 too often": Fault("get", at="1-3", does="refuse", status=429, code="AccountRateLimitExceeded"),
}


@pytest.mark.row(9, 24, 27, 28, 30, 32, 33, 34)
@pytest.mark.parametrize("case", LOOKS)
def test_a_look_that_fails_changes_nothing_and_is_made_again(tmp_path: Path, case: str) -> None:
    """The task continues, and so does the wait for it."""
    hurry = {"patience": HURRIED} if LOOKS[case].does in ("drip", "endless") else {}
    stage, outcome = played(tmp_path, LOOKS[case], text=ONE, **hurry)
    assert (standings(outcome), outcome.exit_code, stage.tasks) == ({"dusk": "done"}, 0, 1)
    assert stage.told("again in") > 0


@pytest.mark.row(28)
def test_twenty_answers_in_a_row_that_make_no_sense_may_be_a_sign_in_page(tmp_path: Path) -> None:
    """The message names the possible cause; the run continues."""
    portal = Fault("get", at="1-21", does="answer", status=200, shape="html")
    stage, outcome = played(tmp_path, portal, text=ONE)
    assert (standings(outcome), stage.told("a sign-in page may be answering")) == ({"dusk": "done"}, 2)
    assert stage.told("without a usable answer for") > 0


@pytest.mark.row(27)
def test_a_list_that_fails_is_made_again_and_no_faster_than_once_a_second(tmp_path: Path) -> None:
    """Until the task whose answer was lost is found."""
    faults = [Fault("create", at=1, does="drop"), Fault("list", at="1-4", does="refuse", status=500)]
    stage, outcome = played(tmp_path, *faults, text=ONE)
    assert (standings(outcome), stage.tasks) == ({"dusk": "done"}, 1)
    assert stage.emulated.service.traffic["LIST"].most <= 1


@pytest.mark.row(27)
def test_a_list_that_is_forbidden_leaves_the_scene_in_doubt(tmp_path: Path) -> None:
    """A key without permission to list learns nothing: the scene is held, not failed, and its money counts."""
    faults = [
        Fault("create", at=1, does="drop"),
        Fault("list", does="refuse", status=403, code="AccessDenied"),
    ]
    stage, outcome = played(tmp_path, *faults)
    assert (standings(outcome), outcome.exit_code) == ({"dusk": "held", "gulls": "done"}, 4)
    assert ("can't be looked for" in outcome.result("dusk").what, stage.states("dusk")) == (True, ["in doubt"])


PATIENT: dict[str, tuple[dict[str, Any], float, float]] = {
    "30 s": ({"retry_after": "30", "code": "ServerOverloaded"}, 30, 31),
    "ten minutes, not years": ({"retry_after": "99999999", "code": "RequestBurstTooFast"}, 600, 601),
    "a date that is over": ({"retry_after": "Thu, 01 Jan 1970 00:00:00 GMT", "code": "ServerOverloaded"}, 0.5, 3),
    "less than nothing": ({"retry_after": "-5", "code": "ServerOverloaded"}, 0.5, 3),
    "no number": ({"retry_after": "NaN", "code": "RequestBurstTooFast"}, 0.5, 3),
    "nothing said": ({"code": "ServerOverloaded"}, 0.5, 3),
    "too many a minute": ({"code": "RateLimitExceeded.EndpointRPMExceeded"}, 60, 61),
    "too many tokens a minute": ({"code": "ModelAccountTpmRateLimitExceeded"}, 60, 61),
}


@pytest.mark.row(24)
@pytest.mark.parametrize("case", PATIENT)
def test_a_no_for_now_is_waited_out(tmp_path: Path, case: str) -> None:
    """For as long as the answer requests, within bounds, or as the limit lasts; then the same scene is submitted."""
    words, least, most = PATIENT[case]
    stage, outcome = played(tmp_path, refused(status=429, **words), text=ONE)
    times = [at for at, event in stage.past if event.kind in ("rejected", "intended")]
    assert (standings(outcome), outcome.exit_code, stage.tasks) == ({"dusk": "done"}, 0, 1)
    assert (len(times), least <= times[2] - times[1] <= most) == (3, True)


@pytest.mark.row(11)
@pytest.mark.parametrize(("fail_fast", "others"), [(True, "blocked"), (False, "done")])
def test_a_failure_ends_the_run_only_where_one_is_enough(tmp_path: Path, fail_fast: bool, others: str) -> None:
    """With `--fail-fast` nothing new is started, and the reason is given; otherwise every branch that can continues."""
    no = refused(status=400, code="InvalidParameter")
    _, outcome = played(tmp_path, no, text=THREE, fail_fast=fail_fast)
    found = standings(outcome)
    assert (found["dusk"], outcome.exit_code) == ("failed", 3)
    assert (found["gulls"], found["waves"]) in ((others, others), ("blocked", "waiting"))
    assert all(outcome.result(id).what for id in found if found[id] != "done")
