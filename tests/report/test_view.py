"""Statuses of scenes as JSON values."""

from __future__ import annotations

import json

from storyboard.planning.planner import plan
from storyboard.planning.status import statuses_of
from storyboard.report.view import status_value
from tests.builders import graph_of
from tests.planning.values import digest, made, plan_inputs

FILM = """\
storyboard: 1
scenes:
  storm: {extend: lamp}
  lamp: {chain: dusk}
  dusk: {prompt: A lighthouse at dusk., duration: 5}
"""
CHANGED = FILM.replace("duration: 5", "duration: 8")


def test_a_row_is_readable_by_programs() -> None:
    """A status can be written as JSON, its reasons with their places."""
    known = plan_inputs(made(graph_of(FILM)))
    value = json.loads(json.dumps(status_value(statuses_of(plan(graph_of(CHANGED), known), known)[2])))
    assert value == {
        "scene": "dusk",
        "state": "stale",
        "takes": 1,
        "take": {"id": "ark:cgt-dusk", "digest": digest("dusk"), "seconds": 5.04, "task": "cgt-dusk", "tokens": 108900},
        "reasons": [
            {
                "kind": "parameter",
                "what": "duration 5 → 8",
                "place": {"file": "storyboard.yaml", "line": 5, "column": 51},
                "upstream": "",
            }
        ],
        "hint": "",
    }
