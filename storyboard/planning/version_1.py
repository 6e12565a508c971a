"""Events of version 1 of the journal → today's events. Goes once no project of that version is left."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from storyboard.planning.event import Recorded
from storyboard.planning.event_codec import Encoded, decode
from storyboard.planning.take import id_of

NOT_SAID = "ark"
"""The provider of what was submitted before a journal named one."""


class Translator:
    """Translates the events of one storyboard's record, in their order: each run begins with the provider it asks."""

    def __init__(self, storyboard: str) -> None:
        self.storyboard = storyboard
        self._provider = ""
        self._asked: dict[str, str] = {}
        self._profiles: dict[str, str] = {}

    def translated(self, kind: str, scene: str, attempt_id: str, body: Mapping[str, Any]) -> Recorded:
        """One event. Raises ValueError, KeyError or TypeError if it says none."""
        if kind == "run_opened":
            self._provider = str(body.get("provider", ""))
        if kind == "intended":
            self._asked[attempt_id] = self._provider
            self._profiles[attempt_id] = str(body.get("profile", ""))
        if kind == "renamed":
            kind, body = "assigned", {"profile": self._profiles.get(attempt_id, "")}
        if kind == "stored":
            body = {**body, "take": self._take(body["take"], attempt_id)}
        said = {name: value for name, value in body.items() if value is not None}  # it wrote null for what there isn't
        return decode(Encoded(kind, self.storyboard, scene, attempt_id, said))

    def _take(self, row: Mapping[str, Any], attempt_id: str) -> dict[str, Any]:
        """A take as it is written today: known by its task, and not by its bytes."""
        provider = self._asked.get(attempt_id) or NOT_SAID
        kept = {name: value for name, value in row.items() if name not in ("digest", "task")}
        return {"id": id_of(provider, row["task"]), "take": 1, "video": row["digest"], **kept}
