"""What a provider's name stands for: its home, and its models by every name that a storyboard may use for them.

Only a name that is none of ours has the distributions searched: that takes longer than reading a storyboard.
"""

from __future__ import annotations

from collections.abc import Mapping

from storyboard.language.capability import Capability
from storyboard.providers.ark.models import ROWS as ARK_ROWS
from storyboard.providers.byteplus.models import ROWS as BYTEPLUS_ROWS
from storyboard.providers.homes import HOMES, Home

_ROWS = {"ark": ARK_ROWS, "byteplus": BYTEPLUS_ROWS}


def capabilities(provider: str = "ark") -> Mapping[str, Capability]:
    """The row of each of a provider's models, by its alias and by its id; of several rows of one model, the first is
    by its id. Raises SettingsTrouble."""
    served = _served(provider)
    rows = {row.name: row for row in served}
    for row in served:
        rows.setdefault(row.id, row)
    return rows


def home_of(provider: str) -> Home:
    """Where the provider of that name lives. Raises SettingsTrouble."""
    if provider in HOMES:
        return HOMES[provider]
    from storyboard.providers.joined import offer_of

    return offer_of(provider).home


def _served(provider: str) -> tuple[Capability, ...]:
    if provider in _ROWS:
        return _ROWS[provider]
    from storyboard.providers.joined import offer_of

    return offer_of(provider).rows
