"""A provider's site and models by its name.

The installed distributions are searched only for a name that isn't built in: that takes longer than reading a
storyboard.
"""

from __future__ import annotations

from collections.abc import Mapping

from storyboard.language.capability import Capability
from storyboard.providers.ark.models import ROWS as ARK_ROWS
from storyboard.providers.byteplus.models import ROWS as BYTEPLUS_ROWS
from storyboard.providers.sites import SITES, ProviderSite

_ROWS = {"ark": ARK_ROWS, "byteplus": BYTEPLUS_ROWS}


def capabilities(provider: str = "ark") -> Mapping[str, Capability]:
    """Return the row of each of a provider's models, by its alias and by its ID.

    Of several rows of one model, the ID is that of the first. Raise SettingsTrouble if there is no such provider.
    """
    served = _rows(provider)
    rows = {row.name: row for row in served}
    for row in served:
        rows.setdefault(row.id, row)
    return rows


def site_of(provider: str) -> ProviderSite:
    """Return the site of the provider of that name. Raise SettingsTrouble if there is none."""
    if provider in SITES:
        return SITES[provider]
    from storyboard.providers.plugins import load_plugin

    return load_plugin(provider).site


def _rows(provider: str) -> tuple[Capability, ...]:
    if provider in _ROWS:
        return _ROWS[provider]
    from storyboard.providers.plugins import load_plugin

    return load_plugin(provider).rows
