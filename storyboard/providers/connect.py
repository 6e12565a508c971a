"""A provider's name and an account → an open provider."""

from __future__ import annotations

from storyboard.net import Net
from storyboard.promises import Account
from storyboard.providers.ark.client import Ark
from storyboard.providers.homes import HOMES
from storyboard.providers.provider import Provider


def connect(name: str, account: Account, net: Net) -> Provider:
    """The provider of that name: one of the `HOMES`, which all speak Ark's words, or one that joined.

    Raises SettingsTrouble.
    """
    if name in HOMES:
        return Ark(account, net)
    from storyboard.providers.joined import opened

    return opened(name, account, net)
