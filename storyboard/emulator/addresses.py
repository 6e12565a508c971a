"""Signed addresses of what was made: they open a file to a GET, for a day, and to nobody who changed a letter of them.

Since they are signed for the time at which the task ended, asking for the task again gives the same ones.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime
from urllib.parse import urlencode

from storyboard.providers.ark.wire import ADDRESS_LIVES

VIDEO, FRAME = "video.mp4", "last_frame.png"
FILES = {VIDEO: "video/mp4", FRAME: "image/png"}
"""The names under which files are served, with what they are."""


def signed(key: bytes, task: str, name: str, ended: float) -> str:
    """The path and query of one file of a task that ended then."""
    query = {
        "X-Tos-Algorithm": "TOS4-HMAC-SHA256",
        "X-Tos-Credential": "emulated/cn-beijing/tos/request",
        "X-Tos-Date": f"{datetime.fromtimestamp(ended, UTC):%Y%m%dT%H%M%SZ}",
        "X-Tos-Expires": str(ADDRESS_LIVES),
        "X-Tos-Signature": _signature(key, task, name),
        "X-Tos-SignedHeaders": "host",
    }
    return f"/files/{task}/{name}?{urlencode(query)}"


def is_genuine(key: bytes, task: str, name: str, signature: str) -> bool:
    """Was this file's address signed by us?"""
    return hmac.compare_digest(signature.encode(), _signature(key, task, name).encode())


def refusal(why: str) -> bytes:
    """What a store of objects says, with 403."""
    return f"<Error><Code>AccessDenied</Code><Message>{why}</Message></Error>".encode()


def _signature(key: bytes, task: str, name: str) -> str:
    return hmac.new(key, f"{task}/{name}".encode(), hashlib.sha256).hexdigest()
