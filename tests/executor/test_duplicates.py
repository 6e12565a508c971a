"""Two copies of a project submit the same scene at the same moment, in a complete run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from storyboard.executor.run import Outcome
from storyboard.planning.history import past_of
from storyboard.providers.provider import Provider, Task
from tests.executor.scenario import ONE, Stage, staged, standings


@dataclass
class Copy:
    """Another copy's request, two seconds before or after ours; `cancels` is whether it cancels its own task when we
    poll for the first time."""

    provider: Provider
    stage: Stage
    before: bool
    cancels: bool = False
    other: str = ""

    def __getattr__(self, name: str) -> Any:
        return getattr(self.provider, name)

    async def submit(self, body: bytes, attempt_id: str) -> str:
        """Accept both requests."""
        if self.before:
            await self.provider.submit(body, "another")
            self.stage.clock.advance(2.0)
        own = await self.provider.submit(body, attempt_id)
        if not self.before:
            self.stage.clock.advance(2.0)
            self.other = await self.provider.submit(body, "another")
        return own

    async def get_task(self, task: str) -> Task:
        """Poll after the other copy has acted."""
        if self.cancels:
            self.cancels = False
            await self.provider.cancel(self.other)
        return await self.provider.get_task(task)


def doubled(folder: Path, before: bool, cancels: bool = False) -> tuple[Stage, Outcome]:
    """A run of one scene that another copy submits as well."""
    outcomes: list[Outcome] = []

    def doing(stage: Stage) -> None:
        stage.text = ONE
        stage.instead = lambda provider: Copy(provider, stage, before, cancels)
        outcomes.append(stage.runs())

    return staged(folder, [], doing), outcomes[0]


def takes(stage: Stage) -> list[str]:
    """The tasks of the scene's takes in the lock, the selected one first."""
    block = stage.lock.block("", "dusk")
    return sorted((take.task for take in block.takes.values()), key=lambda task: f"ark:{task}" != block.selected)


def test_the_video_of_a_later_twin_is_kept_as_a_take(tmp_path: Path) -> None:
    """Our own take is selected, and the message only names both tasks."""
    stage, outcome = doubled(tmp_path, before=False)
    own, other = (row["task_id"] for row in stage.emulated.ledger)
    remark = f"dusk: another copy submitted task {other} as well; its video is kept as a take"
    assert (standings(outcome), outcome.exit_code, outcome.remarks) == ({"dusk": "done"}, 0, [remark])
    assert takes(stage) == [own, other]


def test_a_twin_that_its_own_copy_cancels_needs_no_decision(tmp_path: Path) -> None:
    """If the other copy cancels its task, the run succeeds without a decision, and there is one take."""
    stage, outcome = doubled(tmp_path, before=False, cancels=True)
    own = stage.emulated.ledger[0]["task_id"]
    assert (standings(outcome), outcome.exit_code, outcome.earlier) == ({"dusk": "done"}, 0, [])
    assert takes(stage) == [own]


def test_our_own_twin_is_cancelled_and_the_earlier_one_is_the_take(tmp_path: Path) -> None:
    """If our task is the later one, it is cancelled and not billed, and the earlier task becomes the take."""
    stage, outcome = doubled(tmp_path, before=True)
    other, own = (row["task_id"] for row in stage.emulated.ledger)
    states = {attempt.task: attempt.state for attempt in past_of(stage.past).attempts.values()}
    assert (standings(outcome), outcome.exit_code, states) == (
        {"dusk": "done"},
        0,
        {own: "cancelled", other: "stored"},
    )
    assert takes(stage) == [other]
