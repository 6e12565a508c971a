"""Signed addresses of what was made: they open a file to a GET, for a day, and to nobody who changed a letter of them.

They are signed for the time at which the task ended, so that asking for the task again gives the same ones (unless the
service is told to sign anew).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import urlencode

from storyboard.providers.ark.wire import ADDRESS_LIVES

VIDEO, FRAME = "video.mp4", "last_frame.png"
FILES = {VIDEO: "video/mp4", FRAME: "image/png"}
"""The names under which files are served, with what they are."""
_DATE = "%Y%m%dT%H%M%SZ"


def signed(key: bytes, task: str, name: str, at: float) -> str:
    """The path and query of one file of a task, signed at that time."""
    date = f"{datetime.fromtimestamp(at, UTC):{_DATE}}"
    query = {
        "X-Tos-Algorithm": "TOS4-HMAC-SHA256",
        "X-Tos-Credential": "emulated/cn-beijing/tos/request",
        "X-Tos-Date": date,
        "X-Tos-Expires": str(ADDRESS_LIVES),
        "X-Tos-Signature": _signature(key, task, name, date),
        "X-Tos-SignedHeaders": "host",
    }
    return f"/files/{task}/{name}?{urlencode(query)}"


def sign_at(key: bytes, task: str, name: str, query: Mapping[str, str]) -> float | None:
    """When this file's address was signed; None if it wasn't by us, or says something else than what we signed."""
    try:
        at = datetime.strptime(query.get("X-Tos-Date", ""), _DATE).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None
    ours = _signature(key, task, name, query["X-Tos-Date"])
    genuine = hmac.compare_digest(query.get("X-Tos-Signature", "").encode(), ours.encode())
    return at if genuine and query.get("X-Tos-Expires") == str(ADDRESS_LIVES) else None


def refusal(why: str) -> bytes:
    """What a store of objects says, with 403."""
    return f"<Error><Code>AccessDenied</Code><Message>{why}</Message></Error>".encode()


def _signature(key: bytes, task: str, name: str, date: str) -> str:
    return hmac.new(key, f"{task}/{name}/{date}".encode(), hashlib.sha256).hexdigest()
