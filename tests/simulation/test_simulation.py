"""A thousand projects of fifty scenes, each with its own bad luck: nothing is paid for twice, and nothing is forgotten.

`make simulate` lives through a million scenes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from storyboard.errors import NotSent, UnknownOutcome
from storyboard.providers.provider import Page
from tests.simulation.run import SCENES, Project, Tally, apart, log_of, tallied, tally_of
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


def test_a_seed_repeats_itself() -> None:
    """To the last event, in another process."""
    assert apart(log_of, 7) == apart(log_of, 7) != apart(log_of, 8)


class Hasty(Api):
    """A client that takes a lost answer for a request that never left, and reads no markers in lists."""

    async def submit(self, body: bytes, intent: str) -> str:
        """Doubt is told as certainty."""
        try:
            return await super().submit(body, intent)
        except UnknownOutcome as error:
            raise NotSent(error.what) from error

    async def list(self, **asked: Any) -> Page:
        """Without the markers, by which what was submitted twice would be seen."""
        page = await super().list(**asked)
        return replace(page, tasks=tuple(replace(task, expires_after=None) for task in page.tasks))


def hasty(project: Project) -> None:
    """Give a project the hasty client."""
    project.api = project.vault.api = Hasty(project.clock, project.dice, known_scenes=project.api.known_scenes)


def test_a_client_that_sends_again_in_doubt_is_caught() -> None:
    """The bug that everybody has: it pays twice within a few seeds."""
    wrong = apart(tally_of, range(10), hasty).wrong
    assert any("was submitted while" in what for what in wrong)
