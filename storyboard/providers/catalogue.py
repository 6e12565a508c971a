"""Which models there are, by every name that a storyboard may use for them."""

from __future__ import annotations

from collections.abc import Mapping

from storyboard.language.capability import Capability
from storyboard.providers.ark.models import ROWS as ARK_ROWS
from storyboard.providers.byteplus.models import ROWS as BYTEPLUS_ROWS

_ROWS = {"ark": ARK_ROWS, "byteplus": BYTEPLUS_ROWS}


def capabilities(provider: str = "ark") -> Mapping[str, Capability]:
    """The row of each of a provider's models, by its alias and by its id; of several rows of one model, the first is
    by its id. Raises SettingsTrouble."""
    served = _served(provider)
    rows = {row.name: row for row in served}
    for row in served:
        rows.setdefault(row.id, row)
    return rows


def _served(provider: str) -> tuple[Capability, ...]:
    if provider in _ROWS:
        return _ROWS[provider]
    from storyboard.providers.joined import offer_of

    return offer_of(provider).rows
