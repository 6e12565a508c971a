"""A provider's name and an account → an open provider."""

from __future__ import annotations

from storyboard.net import Net
from storyboard.promises import Account
from storyboard.providers.ark.client import Ark
from storyboard.providers.homes import HOMES
from storyboard.providers.provider import Provider


def connect(name: str, account: Account, net: Net) -> Provider:
    """The provider of that name, for one of the `HOMES`."""
    assert name in HOMES  # noqa: S101 - no storyboard names it
    return Ark(account, net)
