"""Keys, addresses and settings: what is allowed, and the messages for the rest."""

from __future__ import annotations

from pathlib import Path

import pytest

from storyboard.errors import SettingsTrouble
from storyboard.protocols import Account, PollPolicy, Secret
from storyboard.world.settings import Settings, account, path_of, read

HOME = "https://ark.example/api/v3"


def asked(settings: Settings | None = None, **environment: str) -> Account:
    """The account of an environment."""
    return account(
        settings or Settings(),
        environment,
        key_name="ARK_API_KEY",
        address_name="ARK_BASE_URL",
        home=HOME,
        hosts=("ark.example",),
    )


def with_text(folder: Path, text: str | bytes) -> Settings:
    """The settings of a file."""
    path = path_of({"XDG_CONFIG_HOME": str(folder)})
    path.parent.mkdir()
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read({"XDG_CONFIG_HOME": str(folder)})


def test_the_vendor_s_address_is_where_nothing_else_is_said() -> None:
    """A key is all that is needed."""
    assert asked(ARK_API_KEY="sk-1") == Account(HOME, Secret("sk-1"), 3, PollPolicy(5.0, 30.0))


@pytest.mark.parametrize("variable", ["ARK_API_KEY", "ANOTHER"])
def test_without_a_key_the_emulator_is_offered(variable: str) -> None:
    """The hint names the way without a key, whether it is empty or missing."""
    with pytest.raises(SettingsTrouble, match="ARK_API_KEY is not set") as caught:
        asked(None, **{variable: ""})
    assert "--emulator" in caught.value.hint


@pytest.mark.parametrize("key", ["sk 1", "sk-1\n", "sk–1", "sk-1\x00", "\tsk"])
def test_a_key_that_was_copied_badly_is_refused(key: str) -> None:
    """And not printed."""
    with pytest.raises(SettingsTrouble, match="characters that no key has") as caught:
        asked(ARK_API_KEY=key)
    assert "sk" not in f"{caught.value.what}{caught.value.hint}"


@pytest.mark.parametrize(
    "url", ["https://evil.example/api/v3", "https://ark.example.evil.com", "https://ark.example@e.com"]
)
def test_a_key_is_not_sent_to_a_host_that_nobody_trusts(url: str) -> None:
    """The hint names the setting that allows it."""
    with pytest.raises(SettingsTrouble, match="which is not one of the vendor's hosts") as caught:
        asked(ARK_API_KEY="sk-1", ARK_BASE_URL=url)
    assert "trusted_hosts" in caught.value.hint


@pytest.mark.parametrize(
    "url", ["http://ark.example/api/v3", "http://10.0.0.1/api/v3", "ftp://ark.example", "ark.example"]
)
def test_a_key_is_never_sent_in_clear(url: str) -> None:
    """Not even to the vendor."""
    with pytest.raises(SettingsTrouble, match=r"is not an https address|can't be read"):
        asked(ARK_API_KEY="sk-1", ARK_BASE_URL=url)


@pytest.mark.parametrize("url", ["https://[", "https://ark.example:port", "http://127.0.0.1:99999"])
def test_an_address_that_cannot_be_read_is_told(url: str) -> None:
    """It is a sentence, not a crash."""
    with pytest.raises(SettingsTrouble, match="ARK_BASE_URL is not a valid address"):
        asked(ARK_API_KEY="sk-1", ARK_BASE_URL=url)


def test_a_loopback_address_is_always_allowed() -> None:
    """In clear, and asked more often."""
    found = asked(ARK_API_KEY="any", ARK_BASE_URL="http://127.0.0.1:8801/api/v3/")
    assert found == Account("http://127.0.0.1:8801/api/v3", Secret("any"), 3, PollPolicy(0.1, 1.0, 3.0))


def test_a_trusted_host_is_allowed() -> None:
    """The user wrote it into his settings, no storyboard can."""
    found = asked(Settings(5, ("gateway.example",)), ARK_API_KEY="k", ARK_BASE_URL="https://gateway.example/v3")
    assert (found.base_url, found.tasks_in_flight) == ("https://gateway.example/v3", 5)


def test_there_are_defaults_without_a_file(tmp_path: Path) -> None:
    """The file is optional."""
    assert read({"HOME": str(tmp_path)}) == Settings(3, ())


def test_settings_are_read(tmp_path: Path) -> None:
    """Both keys."""
    text = 'tasks_in_flight = 10\ntrusted_hosts = ["gateway.example"]\n'
    assert with_text(tmp_path, text) == Settings(10, ("gateway.example",))


@pytest.mark.parametrize("marker", ["execution_expires_after", "safety_identifier"])
def test_the_marker_is_read(tmp_path: Path, marker: str) -> None:
    """One of two fields."""
    assert with_text(tmp_path, f'marker = "{marker}"\n').marker == marker


def test_a_task_is_marked_by_its_life_where_nothing_else_is_said(tmp_path: Path) -> None:
    """The service is known to repeat that."""
    assert with_text(tmp_path, "tasks_in_flight = 5\n").marker == "execution_expires_after"


def test_a_marker_that_is_none_is_told_with_those_that_are(tmp_path: Path) -> None:
    """What may be written, and what is if nothing is."""
    with pytest.raises(SettingsTrouble) as caught:
        with_text(tmp_path, 'marker = "seed"\n')
    hint = "write one of: execution_expires_after, safety_identifier; left out, it is execution_expires_after"
    assert caught.value.hint == hint


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("tasks_in_flight = ", "can't be read"),
        (b"\xff", "can't be read"),
        ("colour = 1", 'has an unknown key "colour"'),
        ('tasks_in_flight = "3"', "has to be a whole number"),
        ("tasks_in_flight = true", "has to be a whole number"),
        ("tasks_in_flight = 0", "it may be 1 to 1000"),
        ("tasks_in_flight = 1001", "it may be 1 to 1000"),
        ('trusted_hosts = "a"', "has to be a list of texts"),
        ("marker = 7", "marker has to be a text"),
        ('marker = "safety"', 'marker is "safety", which names no marker'),
        ('marker = ""', 'marker is "", which names no marker'),
    ],
)
def test_settings_that_make_no_sense_are_told(tmp_path: Path, text: str | bytes, words: str) -> None:
    """With the file's name and what is wrong."""
    with pytest.raises(SettingsTrouble, match=words) as caught:
        with_text(tmp_path, text)
    assert "settings.toml" in caught.value.what


def test_a_folder_in_the_place_of_the_settings_is_told(tmp_path: Path) -> None:
    """It can't be read."""
    path_of({"XDG_CONFIG_HOME": str(tmp_path)}).mkdir(parents=True)
    with pytest.raises(SettingsTrouble, match="can't be read"):
        read({"XDG_CONFIG_HOME": str(tmp_path)})
