"""A provider's name and an account → an open provider."""

from __future__ import annotations

import pytest

from storyboard.errors import SettingsTrouble
from storyboard.net.client import Net
from storyboard.protocols import Account, PollPolicy, Secret
from storyboard.providers.ark.client import Ark
from storyboard.providers.connect import connect
from storyboard.providers.sites import SITES


@pytest.mark.parametrize("name", SITES)
def test_those_that_come_along_speak_ark_s_words_at_their_own_home(name: str) -> None:
    """One wire and one client serve both."""
    provider = connect(name, Account(SITES[name].address, Secret("a-key"), 3, PollPolicy(5.0, 30.0)), Net())
    assert (type(provider), provider.origin) == (Ark, f"https://{SITES[name].hosts[0]}")


def test_a_name_that_nobody_has_is_refused() -> None:
    """Before the key goes anywhere."""
    with pytest.raises(SettingsTrouble, match='there is no provider "nobody"'):
        connect("nobody", Account("https://nobody.example", Secret("a-key"), 3, PollPolicy(5.0, 30.0)), Net())
