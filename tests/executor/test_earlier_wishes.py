"""Submissions for a scene that was renamed, changed or removed later: they continue, or they are reported."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from storyboard.emulator.faults import Fault
from storyboard.executor.run import Outcome
from storyboard.planning.attempt import Attempt
from storyboard.planning.decisions import decide, find_unresolved
from storyboard.planning.event import Accepted, Notice, RunClosed
from storyboard.planning.history import past_of
from storyboard.planning.lock import Lockfile
from storyboard.planning.lock_update import with_salvaged
from storyboard.planning.past import Past
from storyboard.world.journal import Journal
from tests.executor.scenario import HEAD, ONE, TWO, Stage, nobody, staged, standings
from tests.planning.values import plan_inputs, take

RENAMED = ONE.replace("dusk:", "evening:")
OTHER = HEAD + "  gulls: {prompt: Gulls.}\n"
UNMARKED = ONE.replace("A lighthouse.", "A lighthouse., execution_expires_after: 7200")
LOST = Fault("create", at=1, does="drop")
AWAY = Fault("get", at="1-2", does="drop")
UNKNOWN = Fault("list", at="1-8", does="without", fields=["execution_expires_after"])


def leaves(context: object, event: Notice) -> None:
    """Interrupt the run as soon as the first task is accepted."""
    if isinstance(event, Accepted):
        context.gate.interrupt(2)  # type: ignore[attr-defined]  # it is the context of a run


def lived(
    folder: Path, *texts: str, faults: tuple[Fault, ...] = (), leaving: bool = False
) -> tuple[Stage, list[Outcome]]:
    """Run a project whose storyboard differs in each run; the first run may be interrupted at once."""
    outcomes: list[Outcome] = []

    def runs(stage: Stage) -> None:
        stage.hears = leaves if leaving else nobody
        for text in texts:
            stage.text = text
            outcomes.append(stage.runs())
            stage.hears = nobody

    return staged(folder, faults, runs), outcomes


def test_what_is_in_the_making_goes_on_under_a_new_name(tmp_path: Path) -> None:
    """There is one task, and its video becomes the take of the renamed scene."""
    stage, (_, second, third) = lived(tmp_path, ONE, RENAMED, RENAMED, faults=(AWAY,), leaving=True)
    assert (standings(second), standings(third)) == ({"evening": "done"}, {"evening": "done"})
    assert (stage.tasks, stage.kinds["stored"], stage.states("evening"), stage.states("dusk")) == (1, 1, ["stored"], [])


CAT, DOG = HEAD + "  dusk: {prompt: A cat.}\n", HEAD + "  dusk: {prompt: A dog.}\n"


def test_a_name_that_was_used_before_takes_the_attempt_along_too(tmp_path: Path) -> None:
    """An earlier attempt of the scene with the old name had a different request."""
    outcomes: list[Outcome] = []

    def runs(stage: Stage) -> None:
        for text in (CAT, DOG.replace("dusk:", "evening:"), DOG):
            stage.text = text
            stage.hears = leaves if "evening" in text else nobody
            outcomes.append(stage.runs())

    stage = staged(tmp_path, [Fault("get", at="17-18", does="drop")], runs)
    assert (standings(outcomes[2]), stage.tasks) == ({"dusk": "done"}, 2)


def test_a_name_that_was_used_before_takes_the_take_along_too(tmp_path: Path) -> None:
    """However often the name changes back and forth, nothing is made twice."""
    cat, dog = (text.replace("dusk:", "evening:") for text in (CAT, DOG))
    stage, outcomes = lived(tmp_path, CAT, cat, cat, dog, cat, CAT, DOG, cat)
    assert [outcome.submitted for outcome in outcomes] == [1, 0, 0, 1, 0, 0, 0, 0]
    assert (stage.tasks, [outcome.exit_code for outcome in outcomes]) == (2, [0] * 8)


def test_a_lost_answer_is_found_under_a_new_name(tmp_path: Path) -> None:
    """The marker stays the same as in the sent request."""
    faults = (LOST, UNKNOWN)
    stage, (first, *_, last) = lived(tmp_path, ONE, *[RENAMED] * 9, faults=faults)
    assert (standings(first), standings(last)) == ({"dusk": "held"}, {"evening": "done"})
    assert (stage.tasks, stage.states("evening")) == (1, ["stored"])


def test_a_submission_in_doubt_is_told_though_its_scene_is_gone(tmp_path: Path) -> None:
    """The scene is reported as held in every run, with the possible decisions, until a person decides; other scenes are
    made."""
    stage, (_, second, third) = lived(tmp_path, ONE, OTHER, OTHER, faults=(LOST, UNKNOWN))
    for outcome in (second, third):
        (told,) = outcome.earlier
        assert (standings(outcome), outcome.exit_code, told.scene, told.state) == (
            {"gulls": "done"},
            4,
            "dusk",
            "held",
        )
        assert "storyboard resolve dusk --abandon" in told.hint
    assert stage.tasks == 2


def test_a_submission_without_a_mark_is_told_though_its_wish_was_changed(tmp_path: Path) -> None:
    """No list can identify it, and it counts against every cap."""
    changed = UNMARKED.replace("A lighthouse.", "A windmill.")
    _, (first, second, third) = lived(tmp_path, UNMARKED, changed, changed, faults=(LOST,))
    assert (standings(first), first.earlier, first.exit_code) == ({"dusk": "held"}, [], 4)
    for outcome in (second, third):
        assert (standings(outcome), outcome.exit_code) == ({"dusk": "done"}, 4)
        assert [told.scene for told in outcome.earlier] == ["dusk"]


def decided(stage: Stage, scene: str, adopt: str = "", *, abandon: bool = False) -> None:
    """A person decides between two runs."""
    journal = Journal(stage.folder, stage.clock, writing=True)
    past = past_of(journal.past)
    journal.open_run(provider="ark")
    journal.append(decide(find_unresolved(past, "", "", scene, adopt), adopt, past, abandon=abandon))
    journal.append(RunClosed())
    journal.close()


@pytest.mark.parametrize("text", [ONE, UNMARKED], ids=["marked", "unmarked"])
def test_what_was_decided_about_is_told_no_more(tmp_path: Path, text: str) -> None:
    """An attempt that a person gave up is not reported again."""
    outcomes: list[Outcome] = []

    def runs(stage: Stage) -> None:
        stage.text = text
        stage.runs()
        decided(stage, "dusk", abandon=True)
        stage.text = OTHER
        outcomes.append(stage.runs())

    staged(tmp_path, [LOST] if text == UNMARKED else [LOST, UNKNOWN], runs)
    assert (outcomes[0].exit_code, outcomes[0].earlier) == (0, [])


def test_a_video_of_an_earlier_wish_that_does_not_come_is_told(tmp_path: Path) -> None:
    """The run does not succeed completely while a paid video is unavailable."""
    forbidden = Fault("get", at="3-8", does="refuse", status=403, code="Forbidden")
    _, (_, second) = lived(tmp_path, ONE, OTHER, faults=(AWAY, forbidden), leaving=True)
    assert ([told.scene for told in second.earlier], second.exit_code != 0) == (["dusk"], True)


def test_a_task_that_shows_itself_after_all_is_fetched(tmp_path: Path) -> None:
    """It was submitted again because its task was not found. Both were paid for, so its video becomes a take that is
    not selected."""

    def runs(stage: Stage) -> None:
        stage.text = ONE
        stage.runs()
        decided(stage, "dusk")
        stage.runs()
        decided(stage, "dusk", adopt=str(stage.emulated.ledger[0]["task_id"]))
        stage.runs()

    stage = staged(tmp_path, [LOST, UNKNOWN], runs)
    assert (stage.tasks, stage.kinds["stored"], stage.states("dusk")) == (2, 2, ["stored", "stored"])


def test_two_scenes_of_one_run_are_two(tmp_path: Path) -> None:
    """A scene that was not renamed does not use another scene's attempt."""
    stage, (_, second) = lived(tmp_path, TWO, TWO, faults=(AWAY,), leaving=True)
    assert (standings(second), stage.tasks) == ({"dusk": "done", "gulls": "done"}, 2)


SPARE, USED = take("spare", {"prompt": "Waves."}), take("used", {"prompt": "Waves."})
FETCHED = Attempt("i1", "a", "", SPARE.components, "stored", task=SPARE.task, storyboard="film")


@pytest.mark.parametrize(
    ("lock", "selected"),
    [
        (Lockfile(), SPARE.id),
        (Lockfile().with_take("", "a", USED, select=True), USED.id),
        (Lockfile().with_take("draft", "a", USED, select=True), ""),
        (Lockfile().with_take("", "b", take("other", {"prompt": "Gulls."}), select=True), SPARE.id),
    ],
    ids=["nothing", "another take of the scene", "another take of the key, elsewhere", "another key"],
)
def test_what_was_only_fetched_is_selected_where_nothing_else_serves(lock: Lockfile, selected: str) -> None:
    """Chained scenes were made from the take that was used: the next run has to find it first."""
    found = with_salvaged(replace(plan_inputs(lock), storyboard="film"), FETCHED, SPARE, Past())
    assert (found.block("", "a").selected, SPARE.id in found.block("", "a").takes) == (selected, True)
