"""Where each scene of a storyboard stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, assert_never

from storyboard.planning.attempt import Attempt
from storyboard.planning.plan import Plan, PlanInputs
from storyboard.planning.reason import Reason
from storyboard.planning.step import Hold, Idle, Keep, Make
from storyboard.planning.take import Take

SceneState = Literal["new", "stale", "kept", "pinned", "blocked", "held", "running", "failed"]
"""new: it has no take; stale: its take was made from other inputs than today's; kept: its take is good; pinned: its
take is never remade (selections know the word; no scene is in this state yet); blocked: a scene that it is made from is
held; held: a person has to decide; running: the provider has a task for it; failed: its last attempt failed."""


@dataclass(frozen=True, slots=True)
class SceneStatus:
    """One scene: its state, its take, how many takes it has, and why it is in that state."""

    scene: str
    state: SceneState
    take: Take | None
    takes: int
    reasons: tuple[Reason, ...]
    hint: str = ""


def statuses_of(plan: Plan, inputs: PlanInputs) -> tuple[SceneStatus, ...]:
    """Return the status of each scene, in the storyboard's order."""
    return tuple(_status(id, plan, inputs) for id in plan.graph.storyboard.scenes)


def _status(id: str, plan: Plan, inputs: PlanInputs) -> SceneStatus:
    block = inputs.lock.block(plan.graph.storyboard.profile, id)
    count = len(block.takes)
    match plan.step(id):
        case Keep(take=take, stale=stale):
            return SceneStatus(id, "stale" if stale else "kept", take, max(1, count), stale)
        case Make(reasons=reasons, resumes=resumes):
            return SceneStatus(id, _state(reasons, resumes, block.take), block.take, count, reasons)
        case Hold(why=why, hint=hint, reasons=reasons, above=above):
            state: SceneState = "blocked" if above else "held"
            return SceneStatus(id, state, block.take, count, (Reason("missing", why), *reasons), hint)
        case Idle():
            return SceneStatus(id, "kept" if block.take else "new", block.take, count, ())
        case step:
            assert_never(step)


def _state(reasons: tuple[Reason, ...], resumes: Attempt | None, take: Take | None) -> SceneState:
    if resumes is not None:
        return "held" if resumes.state == "in doubt" else "running"
    if any(reason.kind == "failed" for reason in reasons):
        return "failed"
    return "new" if take is None else "stale"
