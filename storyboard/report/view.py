"""Statuses of scenes as JSON values."""

from __future__ import annotations

from typing import Any

from storyboard.planning.reason import Reason
from storyboard.planning.status import SceneStatus


def status_value(status: SceneStatus) -> dict[str, Any]:
    """Return a scene's status as a JSON value."""
    take = status.take
    return {
        "scene": status.scene,
        "state": status.state,
        "takes": status.takes,
        "take": take
        and {
            "id": take.id,
            "digest": take.digest,
            "seconds": take.seconds,
            "task": take.task,
            "tokens": take.tokens,
        },
        "reasons": [reason_value(reason) for reason in status.reasons],
        "hint": status.hint,
    }


def reason_value(reason: Reason) -> dict[str, Any]:
    """Return a reason as a JSON value."""
    place = reason.place
    where = place and {"file": place.file, "line": place.line, "column": place.column}
    return {"kind": reason.kind, "what": reason.what, "place": where, "upstream": reason.upstream}
