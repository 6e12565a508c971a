"""Everything known → one value to look at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, assert_never

from storyboard.planning.attempt import Attempt
from storyboard.planning.plan import Plan, World
from storyboard.planning.reason import Reason
from storyboard.planning.step import Hold, Idle, Keep, Make, Step
from storyboard.planning.take import Take


@dataclass(frozen=True, slots=True)
class Row:
    """One scene: its state (`new`, `stale`, `kept`, `held`, `blocked`, `running`, `failed`), its take, and why."""

    scene: str
    state: str
    take: Take | None
    takes: int
    reasons: tuple[Reason, ...]
    hint: str = ""

    def value(self) -> dict[str, Any]:
        """The row for a program to read."""
        take = self.take
        return {
            "scene": self.scene,
            "state": self.state,
            "takes": self.takes,
            "take": take
            and {
                "id": take.id,
                "digest": take.digest,
                "seconds": take.seconds,
                "task": take.task,
                "tokens": take.tokens,
            },
            "reasons": [reason_value(reason) for reason in self.reasons],
            "hint": self.hint,
        }


def reason_value(reason: Reason) -> dict[str, Any]:
    """A reason for a program to read."""
    place = reason.place
    where = place and {"file": place.file, "line": place.line, "column": place.column}
    return {"kind": reason.kind, "what": reason.what, "place": where, "upstream": reason.upstream}


def rows(plan: Plan, world: World) -> tuple[Row, ...]:
    """Where each scene stands, in the storyboard's order."""
    return tuple(_row(id, plan, world) for id in plan.graph.storyboard.scenes)


def _row(id: str, plan: Plan, world: World) -> Row:
    block = world.lock.block(plan.graph.storyboard.profile, id)
    count = len(block.takes)
    match plan.step(id):
        case Keep(take=take, stale=stale):
            return Row(id, "stale" if stale else "kept", take, max(1, count), stale)
        case Make(reasons=reasons, resumes=resumes):
            return Row(id, _state(reasons, resumes, block.take), block.take, count, reasons)
        case Hold(why=why, hint=hint, reasons=reasons, above=above):
            state = "blocked" if above else "held"
            return Row(id, state, block.take, count, (Reason("missing", why), *reasons), hint)
        case Idle():
            return Row(id, "kept" if block.take else "new", block.take, count, ())
        case step:
            assert_never(step)


def _state(reasons: tuple[Reason, ...], resumes: Attempt | None, take: Take | None) -> str:
    if resumes is not None:
        return "held" if resumes.state == "in doubt" else "running"
    if any(reason.kind == "failed" for reason in reasons):
        return "failed"
    return "new" if take is None else "stale"


def root_causes(id: str, plan: Plan) -> tuple[tuple[str, Reason], ...]:
    """Why a scene is stale, down to the scenes where it began: each with a reason of its own."""
    found: list[tuple[str, Reason]] = []
    seen = {id}
    todo = [(id, reason) for reason in reversed(_own_reasons(plan.step(id)))]
    while todo:
        scene, reason = todo.pop()
        found.append((scene, reason))
        above = reason.upstream
        if above and above not in seen:
            seen.add(above)
            todo.extend((above, own) for own in reversed(_own_reasons(plan.step(above))))
    return tuple(found)


def _own_reasons(step: Step) -> tuple[Reason, ...]:
    match step:
        case Make(reasons=reasons) | Hold(reasons=reasons):
            return reasons
        case Keep(stale=stale):
            return stale
        case _:
            return ()
