"""Opens the provider of a name for an account."""

from __future__ import annotations

from storyboard.net.client import Net
from storyboard.protocols import Account
from storyboard.providers.ark.client import Ark
from storyboard.providers.provider import Provider
from storyboard.providers.sites import SITES


def connect(name: str, account: Account, net: Net) -> Provider:
    """Return the provider of that name: one of the `SITES`, which all have Ark's API, or that of a plug-in.

    Raise SettingsTrouble if there is none or it can't be opened.
    """
    if name in SITES:
        return Ark(account, net)
    from storyboard.providers.plugins import connect_plugin

    return connect_plugin(name, account, net)
