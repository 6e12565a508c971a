"""Texts of a server are recorded only without secrets and at a limited length."""

from __future__ import annotations

import asyncio
import json

import pytest

from storyboard.errors import Rejected
from storyboard.hosts import is_private
from storyboard.net.client import Net
from storyboard.protocols import Account, Address, PollPolicy, Secret
from storyboard.providers.ark import safe_text, wire
from storyboard.providers.ark.client import Ark

KEY = "CANARY-0123456789"


class Nowhere:
    """A sink that nothing may reach."""

    def write(self, piece: bytes) -> None:
        """Fail."""
        raise AssertionError(piece)


def ark(base: str) -> Ark:
    """A client that never sends anything."""
    return Ark(Account(base, Secret(KEY), 1, PollPolicy(1, 1)), Net())


@pytest.mark.parametrize(
    "message",
    ["Bearer CANARY-0123456789 is wrong", "see https://a.example/v.mp4?X-Tos-Signature=SIG", "X-Tos-Signature=SIG"],
)
def test_a_failed_tasks_message_holds_no_key_and_no_signature(message: str) -> None:
    """A server that echoes what it was sent does not get it into our records."""
    body = {"id": "cgt-1", "status": "failed", "error": {"code": "x", "message": message}}
    said = wire.parse_task(200, json.dumps(body).encode()).error
    assert ("CANARY" in said, "SIG" in said) == (False, False)


def test_a_refusals_message_is_not_a_book() -> None:
    """A few lines of any text are kept."""
    body = json.dumps({"error": {"code": "x", "message": "y" * 5_000_000}}).encode()
    with pytest.raises(Rejected) as refused:
        wire.parse_task_id(400, body)
    assert len(refused.value.what) == safe_text.LONGEST_MESSAGE


@pytest.mark.parametrize(
    ("base", "address", "fetched"),
    [
        ("https://ark.cn-beijing.volces.com/api/v3", "https://bucket.tos-cn-beijing.volces.com/v.mp4", True),
        ("https://ark.cn-beijing.volces.com/api/v3", "http://bucket.tos-cn-beijing.volces.com/v.mp4", False),
        ("https://ark.cn-beijing.volces.com/api/v3", "https://127.0.0.1/v.mp4", False),
        ("https://ark.cn-beijing.volces.com/api/v3", "https://169.254.169.254/latest", False),
        ("https://ark.cn-beijing.volces.com/api/v3", "https://10.0.0.1/v.mp4", False),
        ("https://ark.cn-beijing.volces.com/api/v3", "https://[::ffff:127.0.0.1]/v.mp4", False),
        ("https://ark.cn-beijing.volces.com/api/v3", "https://localhost/v.mp4", False),
        ("https://ark.cn-beijing.volces.com/api/v3", "https://intranet/v.mp4", False),
        ("http://127.0.0.1:8600/api/v3", "http://127.0.0.1:8601/v.mp4", True),
        ("http://127.0.0.1:8600/api/v3", "https://films.example/v.mp4", False),
    ],
)
def test_a_video_is_fetched_from_where_videos_are(base: str, address: str, fetched: bool) -> None:
    """A real one over https from the open net, an emulated one from this machine; all else is refused unasked."""
    assert ark(base)._fetches_from(Address(address)) == fetched


def test_a_refused_address_is_not_asked() -> None:
    """The refusal comes before anything is sent."""
    with pytest.raises(Rejected, match="nothing is fetched"):
        asyncio.run(ark("https://ark.cn-beijing.volces.com/api/v3").fetch(Address("https://10.0.0.1/v.mp4"), Nowhere()))


@pytest.mark.parametrize("url", ["https://[", "https://host:99999999/", "https:///v.mp4", "https://0x7f.1/"])
def test_an_odd_address_is_nobodys(url: str) -> None:
    """What can't be read, or names no host of the open net, counts as private."""
    assert is_private(url)
