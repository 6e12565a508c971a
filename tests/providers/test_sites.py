"""The sites of the providers, and which key is sent to which host."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from storyboard import project
from storyboard.errors import SettingsTrouble
from storyboard.providers.sites import SITES


def test_no_two_providers_share_a_variable() -> None:
    """Neither for the key nor for the address: no provider gets another's key."""
    names = [name for site in SITES.values() for name in (site.key_name, site.address_name)]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("name", SITES)
def test_a_home_is_an_https_address_at_one_of_its_own_hosts(name: str) -> None:
    """The key is sent there without further settings."""
    parts = urlsplit(SITES[name].address)
    assert (parts.scheme, parts.hostname in SITES[name].hosts) == ("https", True)


@pytest.mark.parametrize("name", SITES)
def test_an_account_is_of_the_provider_s_own_variables(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With every key set, each provider gets its own, for its own host."""
    for other, site in SITES.items():
        monkeypatch.setenv(site.key_name, f"key-of-{other}")
    account = project.account(name)
    assert (account.base_url, account.key.reveal()) == (SITES[name].address, f"key-of-{name}")


def test_another_s_key_is_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ark's key alone doesn't open BytePlus."""
    monkeypatch.setenv("ARK_API_KEY", "key-of-ark")
    with pytest.raises(SettingsTrouble, match="BYTEPLUS_API_KEY is not set"):
        project.account("byteplus")


def test_one_provider_s_host_is_not_another_s(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ark's key isn't sent to BytePlus because of an address alone."""
    monkeypatch.setenv("ARK_API_KEY", "key-of-ark")
    monkeypatch.setenv("ARK_BASE_URL", SITES["byteplus"].address)
    with pytest.raises(SettingsTrouble, match="not one of the vendor's hosts"):
        project.account("ark")


def test_left_alone_it_is_ark() -> None:
    """Without settings and without a word."""
    assert project.chosen() == "ark"


def test_the_settings_choose_and_a_word_overrules_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`provider` in the settings, `--provider` on the command line."""
    (tmp_path / "storyboard").mkdir()
    (tmp_path / "storyboard" / "settings.toml").write_text('provider = "byteplus"\n', "utf-8")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert (project.chosen(), project.chosen("ark")) == ("byteplus", "ark")
