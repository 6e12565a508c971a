"""Which models there are, by every name that a storyboard may use for them."""

from __future__ import annotations

from collections.abc import Mapping

from storyboard.language.capability import Capability
from storyboard.providers.ark.models import ROWS


def capabilities() -> Mapping[str, Capability]:
    """The row of each model, by its alias and by its id; of several rows of one model, the first is by its id."""
    rows = {row.name: row for row in ROWS}
    for row in ROWS:
        rows.setdefault(row.id, row)
    return rows
