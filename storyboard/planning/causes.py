"""Why a scene is stale, traced to the scenes where the change began."""

from __future__ import annotations

from typing import assert_never

from storyboard.planning.plan import Plan
from storyboard.planning.reason import Reason
from storyboard.planning.step import Hold, Idle, Keep, Make, Step


def root_causes(id: str, plan: Plan) -> tuple[tuple[str, Reason], ...]:
    """Return the reasons why a scene is stale, each with its scene, from the scene itself up to where they began.

    Each scene above is visited once.
    """
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
        case Idle():
            return ()
        case _:
            assert_never(step)
