"""A thousand projects of fifty scenes, each with its own bad luck: nothing is paid for twice, and nothing is forgotten.

`make simulate` lives through a million scenes.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from storyboard.errors import NotSent, UnknownOutcome
from storyboard.executor import run as execution
from storyboard.planning import fingerprint
from storyboard.planning import planner as planning
from storyboard.planning.fingerprint import Components
from storyboard.providers.provider import EVERYTHING, Page, TaskQuery
from tests.simulation.run import SCENES, SECOND, Project, Tally, apart, log_of, tallied, tally_of
from tests.simulation.world import Api

SEEDS = 1000
FAULTS = {
    *("500 after", "500 before", "late", "limited", "lost after", "lost before", "not sent", "odd", "refused"),
    *("clock set", "collision", "download", "odd status", "unreachable"),
}


@pytest.fixture(scope="module")
def found() -> Tally:
    """What a thousand seeds come to."""
    return tallied(0, SEEDS, 2)


@pytest.mark.row(61)
def test_nothing_is_paid_for_twice_or_forgotten(found: Tally) -> None:
    """No second submission of what may be good, no stranger's task, none of ours without its video, all settled."""
    assert (found.wrong, found.scenes) == ([], SEEDS * SCENES)


def test_everything_went_wrong_somewhere(found: Tally) -> None:
    """Each fault fired, and runs ended in the middle."""
    assert (set(found.fired), found.crashes > SEEDS) == (FAULTS, True)


def test_everything_got_another_name_somewhere(found: Tally) -> None:
    """Scenes, pairs of them, files and profiles; one seed in five had a second copy, and some doubled in the window."""
    assert (set(found.renames), found.copies) == ({"scene", "swapped", "file", "profile"}, SEEDS // SECOND)
    assert found.doubles["in the window"] > 0


@pytest.mark.parametrize("seed", [7, 9])
def test_a_seed_repeats_itself(seed: int) -> None:
    """To the last event, in another process; with a second copy as well."""
    assert apart(log_of, seed) == apart(log_of, seed) != apart(log_of, seed + SECOND)


class Hasty(Api):
    """A client that takes a lost answer for a request that never left, and reads no markers in lists."""

    async def submit(self, body: bytes, attempt_id: str) -> str:
        """Doubt is told as certainty."""
        try:
            return await super().submit(body, attempt_id)
        except UnknownOutcome as error:
            raise NotSent(error.what) from error

    async def list(self, query: TaskQuery = EVERYTHING) -> Page:
        """Without the markers, by which what was submitted twice would be seen."""
        return _unmarked(await super().list(query))


class Unmarked(Api):
    """A client that reads no markers in lists, so that no copy sees what the other one has submitted."""

    async def list(self, query: TaskQuery = EVERYTHING) -> Page:
        """Without the markers."""
        return _unmarked(await super().list(query))


def _unmarked(page: Page) -> Page:
    return replace(page, tasks=tuple(replace(task, expires_after=None) for task in page.tasks))


class Twins(Api):
    """A service on which strangers ask for the same as we do, so that only chance tells their tasks from ours."""

    def strangers(self, count: int) -> None:
        """Each has the mark of one of ours whose answer was lost, and was made at the same time."""
        before = set(self.tasks)
        super().strangers(count)
        lost = [one for one in self.coming if one.task == ""]
        for made in [self.tasks[id] for id in self.tasks if id not in before]:
            if lost:
                asked = json.loads(self.dice.choice(lost).body)
                made.expires_after, made.model, made.at = (
                    asked["execution_expires_after"],
                    asked["model"],
                    self.clock.true,
                )
                made.asked, made.shows = {name: asked[name] for name in made.asked}, self.clock.true


def hasty(project: Project) -> None:
    """Give a project the hasty client."""
    project.ask(Hasty(project.clock, project.dice))


def unmarked(project: Project) -> None:
    """Give a project the client that reads no markers."""
    project.ask(Unmarked(project.clock, project.dice))


def twins(project: Project) -> None:
    """Give a project the service with the strangers that ask for the same."""
    project.ask(Twins(project.clock, project.dice))


def named(project: Project) -> None:
    """Let the names of a scene, its profile and its file be parts of its key."""
    true_key, copy = fingerprint.components_of, project.copies[0]

    def key(id: str, *given: Any) -> Components:
        return {**true_key(id, *given), "name": f"{copy.stem} {copy.profile} {id}"}

    vars(planning)["components_of"] = vars(execution)["components_of"] = key


def test_a_client_that_sends_again_in_doubt_is_caught() -> None:
    """The bug that everybody has: it pays twice within a few seeds."""
    wrong = apart(tally_of, range(10), hasty).wrong
    assert any("was submitted while" in what for what in wrong)


def test_a_copy_that_sees_nothing_of_the_other_is_caught() -> None:
    """It pays for what the other one was seen to have long ago."""
    wrong = apart(tally_of, range(SECOND - 1, 3 * SECOND, SECOND), unmarked).wrong
    assert any("was submitted by another copy" in what for what in wrong)


def test_an_executor_that_goes_by_names_is_caught() -> None:
    """It pays for a scene that has nothing but another name."""
    wrong = apart(tally_of, range(3), named).wrong
    assert any("was submitted while" in what for what in wrong)


def test_a_strangers_task_that_is_stored_is_caught() -> None:
    """One that can't be told from ours is taken for it."""
    wrong = apart(tally_of, range(40), twins).wrong
    assert any("is a stranger's" in what for what in wrong)
