"""Keys and signed addresses are never printed; addresses of this machine are recognised."""

from __future__ import annotations

import pytest

from storyboard.hosts import is_loopback
from storyboard.protocols import Account, Address, PollPolicy, Secret, is_count

SIGNED = "https://user:word@files.example:8443/a/video.mp4?X-Tos-Signature=abcdef#part"


@pytest.mark.parametrize("shown", [repr, str, "{}".format, "{!r}".format, "%s".__mod__])
def test_a_secret_is_masked_wherever_it_is_printed(shown: object) -> None:
    """However a key is converted to text, the text contains no key."""
    assert callable(shown)
    assert shown(Secret("sk-1234")) == "Secret(…)"


def test_a_secret_is_revealed_on_request() -> None:
    """The code that sends a secret gets it unmasked."""
    assert Secret("sk-1234").reveal() == "sk-1234"


def test_an_account_that_is_printed_shows_no_key() -> None:
    """A value that contains a key masks it too."""
    assert "sk-1234" not in repr(Account("https://a.example", Secret("sk-1234"), 3, PollPolicy(1, 2)))


@pytest.mark.parametrize("shown", [repr, str, "{}".format, "{!r}".format])
def test_an_address_is_printed_without_its_signature(shown: object) -> None:
    """Neither the query nor a user name and password are shown."""
    assert callable(shown)
    assert shown(Address(SIGNED)) == "Address(https://files.example:8443/a/video.mp4)"


def test_an_address_is_revealed_on_request() -> None:
    """The code that downloads it gets all of it."""
    assert Address(SIGNED).reveal() == SIGNED


def test_the_origin_is_scheme_host_and_port() -> None:
    """The common part of two addresses of one service."""
    assert Address(SIGNED).origin == "https://files.example:8443"


def test_data_are_shown_by_their_sort_alone() -> None:
    """An image that is embedded in an address is not printed."""
    assert Address("data:image/png;base64,AAAA").bare == "data:image/png;base64,…"


@pytest.mark.parametrize("broken", ["http://[", "http://host:port/x", "http://host:99999/x"])
def test_an_address_that_cannot_be_read_can_still_be_shown(broken: str) -> None:
    """An invalid address of a service leads to a message, not a crash."""
    assert Address(broken).bare == "an address that can't be read"


@pytest.mark.parametrize(
    "near",
    [
        "http://127.0.0.1",
        "http://127.0.0.1:8801/api/v3",
        "http://127.255.0.9/x",
        "http://localhost:1",
        "http://LOCALHOST/",
        "http://[::1]:8801/api/v3",
        "https://user@127.0.0.1/",
    ],
)
def test_spellings_of_this_machine(near: str) -> None:
    """These addresses can't leave this machine."""
    assert is_loopback(near) is True


@pytest.mark.parametrize(
    "far",
    [
        "http://127.0.0.1.evil.com/",
        "http://127.0.0.1@evil.com/",
        "http://evil.com/127.0.0.1",
        "http://evil.com?127.0.0.1",
        "http://evil.com#@127.0.0.1",
        "http://localhost.evil.com/",
        "http://0.0.0.0/",
        "http://10.0.0.1/",
        "http://127.0.0.256/",
        "http://127.1/",
        "http://128.0.0.1/",
        "http://[::2]/",
        "http://[",
        "127.0.0.1:8801",
        "",
    ],
)
def test_spellings_that_are_not_this_machine(far: str) -> None:
    """These only look as if they stayed on this machine, or can't be read."""
    assert is_loopback(far) is False


def test_an_account_at_a_loopback_address_is_of_the_emulated_realm() -> None:
    """An account at a loopback address belongs to the emulated realm, whatever else it contains."""
    realms = [
        Account(url, Secret("k"), 1, PollPolicy(1, 1)).realm for url in ("http://127.0.0.1:1", "https://ark.example")
    ]
    assert realms == ["emulated", "real"]


@pytest.mark.parametrize(
    ("number", "counts"),
    [(0, True), (2**53 - 1, True), (2**53, False), (-1, False), (1.0, False), (float("nan"), False), ("1", False)],
)
def test_what_something_can_be_counted_by(number: object, counts: bool) -> None:
    """Integers, not negative, and no larger than JSON represents exactly."""
    assert is_count(number) is counts
