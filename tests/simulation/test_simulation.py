"""Four hundred projects of fifty scenes, each with different faults: nothing is paid for twice, and nothing is lost.

`make simulate` simulates a million scenes.
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

SEEDS = 400
FAULTS = {
    *("500 after", "500 before", "late", "limited", "lost after", "lost before", "not sent", "odd", "refused"),
    *("clock set", "collision", "download", "odd status", "unreachable"),
}


@pytest.fixture(scope="module")
def found() -> Tally:
    """The totals of these seeds."""
    return tallied(0, SEEDS, 2)


@pytest.mark.row(61)
def test_nothing_is_paid_for_twice_or_forgotten(found: Tally) -> None:
    """There is no second submission while a task may be good, no stranger's task, no own task without its video, and
    all is settled."""
    assert (found.wrong, found.scenes) == ([], SEEDS * SCENES)


def test_everything_went_wrong_somewhere(found: Tally) -> None:
    """Every fault was triggered, and runs ended in the middle."""
    assert (set(found.fired), found.crashes > SEEDS) == (FAULTS, True)


def test_everything_got_another_name_somewhere(found: Tally) -> None:
    """Scenes, pairs of scenes, files and profiles were renamed; one seed in five had a second copy, and some duplicated
    within the period."""
    assert (set(found.renames), found.copies) == ({"scene", "swapped", "file", "profile"}, SEEDS // SECOND)
    assert found.doubles["in the window"] > 0


@pytest.mark.parametrize("seed", [7, 9])
def test_a_seed_repeats_itself(seed: int) -> None:
    """Down to the last event, in another process; with a second copy as well."""
    assert apart(log_of, seed) == apart(log_of, seed) != apart(log_of, seed + SECOND)


class Hasty(Api):
    """A client that treats a lost answer as a request that was never sent, and reads no markers in lists."""

    async def submit(self, body: bytes, attempt_id: str) -> str:
        """Report an unknown outcome as a certain one."""
        try:
            return await super().submit(body, attempt_id)
        except UnknownOutcome as error:
            raise NotSent(error.what) from error

    async def list(self, query: TaskQuery = EVERYTHING) -> Page:
        """Return the list without the markers, which would reveal duplicates."""
        return _unmarked(await super().list(query))


class Unmarked(Api):
    """A client that reads no markers in lists, so that no copy sees the submissions of the other."""

    async def list(self, query: TaskQuery = EVERYTHING) -> Page:
        """Return the list without the markers."""
        return _unmarked(await super().list(query))


def _unmarked(page: Page) -> Page:
    return replace(page, tasks=tuple(replace(task, expires_after=None) for task in page.tasks))


class Twins(Api):
    """A service on which strangers make the same requests as we do, so that only chance separates their tasks from
    ours."""

    def strangers(self, count: int) -> None:
        """Return tasks that have the marker and the time of one of ours whose answer was lost."""
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
    """Give a project the service with equal requests of strangers."""
    project.ask(Twins(project.clock, project.dice))


def named(project: Project) -> None:
    """Make the names of a scene, its profile and its file parts of its key."""
    true_key, copy = fingerprint.components_of, project.copies[0]

    def key(id: str, *given: Any) -> Components:
        return {**true_key(id, *given), "name": f"{copy.stem} {copy.profile} {id}"}

    vars(planning)["components_of"] = vars(execution)["components_of"] = key


def test_a_client_that_sends_again_in_doubt_is_caught() -> None:
    """This common bug pays twice within a few seeds."""
    wrong = apart(tally_of, range(10), hasty).wrong
    assert any("was submitted while" in what for what in wrong)


def test_a_copy_that_sees_nothing_of_the_other_is_caught() -> None:
    """It pays for tasks that a list had shown long before."""
    wrong = apart(tally_of, range(SECOND - 1, 3 * SECOND, SECOND), unmarked).wrong
    assert any("was submitted by another copy" in what for what in wrong)


def test_an_executor_that_goes_by_names_is_caught() -> None:
    """It pays for a scene that was only renamed."""
    wrong = apart(tally_of, range(3), named).wrong
    assert any("was submitted while" in what for what in wrong)


def test_a_strangers_task_that_is_stored_is_caught() -> None:
    """A task that can't be distinguished from ours is adopted."""
    wrong = apart(tally_of, range(40), twins).wrong
    assert any("is a stranger's" in what for what in wrong)
