"""Translates events of version 1 of the journal. To be removed once no project of that version is left."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from storyboard.planning.event import Recorded
from storyboard.planning.event_codec import Encoded, decode
from storyboard.planning.take import id_of

DEFAULT_PROVIDER = "ark"
"""The provider of what was submitted before a journal named one."""


class Translator:
    """Translates the events of one storyboard's record, in their order: each run begins with the provider it uses."""

    def __init__(self, storyboard: str) -> None:
        self.storyboard = storyboard
        self._provider = ""
        self._asked: dict[str, str] = {}
        self._profiles: dict[str, str] = {}

    def translate(self, kind: str, scene: str, attempt_id: str, body: Mapping[str, Any]) -> Recorded:
        """Return one event. Raise ValueError, KeyError or TypeError if it isn't valid."""
        if kind == "run_opened":
            self._provider = str(body.get("provider", ""))
        if kind == "intended":
            self._asked[attempt_id] = self._provider
            self._profiles[attempt_id] = str(body.get("profile", ""))
        if kind == "renamed":
            kind, body = "assigned", {"profile": self._profiles.get(attempt_id, "")}
        if kind == "stored":
            body = {**body, "take": self._take(body["take"], attempt_id)}
        row = {
            name: value for name, value in body.items() if value is not None
        }  # version 1 wrote null for missing values
        return decode(Encoded(kind, self.storyboard, scene, attempt_id, row))

    def _take(self, row: Mapping[str, Any], attempt_id: str) -> dict[str, Any]:
        """Return a take in its current form: identified by its task, not by its bytes."""
        provider = self._asked.get(attempt_id) or DEFAULT_PROVIDER
        kept = {name: value for name, value in row.items() if name not in ("digest", "task")}
        return {"id": id_of(provider, row["task"]), "take": 1, "video": row["digest"], **kept}
