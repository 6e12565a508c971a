"""Ark's words: Order → request body, reply → Task, a task's life as a table, an error's code → its class.

Pure: bytes and values in, values out. The client observes the life of a task by this table, the emulator performs it.
Facts are from the vendor's API description; what it leaves open is read tolerantly.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, TypeGuard, get_args

from storyboard.errors import (
    ProviderError,
    UnknownOutcome,
    Unusable,
    UsageError,
)
from storyboard.protocols import Address, is_count
from storyboard.providers.ark.refusals import refusal_of, rejection
from storyboard.providers.ark.safe_text import safe_text
from storyboard.providers.ark.task_id import creation_time, is_task_id
from storyboard.providers.provider import Item, Order, Page, Status, Task, TaskQuery

TASKS = "/contents/generations/tasks"
ADDRESS_LIVES = 86_400
"""Seconds for which a video's address can be fetched, counted from when the task ended."""

LARGEST_BODY = 64 * 1024 * 1024
"""Bytes that a request may have (seed, *Base64*)."""
MOST_LISTED = 500
"""The last page that can be asked for, and the most tasks on one."""

LIFE: Mapping[Status, tuple[Status, ...]] = {
    "queued": ("running", "cancelled", "expired", "failed"),
    "running": ("succeeded", "failed", "expired"),
    "succeeded": (),
    "failed": (),
    "cancelled": (),
    "expired": (),
}
"""The statuses that may follow each status; none follows an end."""


_FIELD = {"image": "image_url", "video": "video_url", "audio": "audio_url"}


def is_over(status: Status) -> bool:
    """Return whether a task of this status has ended. A task of an unknown status has not."""
    return status in LIFE and not LIFE[status]


def body_of(order: Order) -> dict[str, Any]:
    """The request body, in the order in which the vendor's own client sends it."""
    asked = order.parameters
    content: list[dict[str, Any]] = [{"type": "text", "text": order.text}] if order.text else []
    content += [_content(item) for item in order.items]
    body: dict[str, Any] = {"model": order.model, "content": content}
    if asked.callback_url is not None:
        body["callback_url"] = asked.callback_url
    if asked.safety_identifier is not None:
        body["safety_identifier"] = asked.safety_identifier
    body["return_last_frame"] = True
    if asked.execution_expires_after is not None:
        body["execution_expires_after"] = asked.execution_expires_after
    body |= {
        "generate_audio": asked.generate_audio,
        "watermark": asked.watermark,
        "seed": asked.seed,
        "resolution": asked.resolution,
        "ratio": asked.ratio,
        "duration": asked.duration,
    }
    if asked.web_search:
        body["tools"] = [{"type": "web_search"}]
    return body


def _content(item: Item) -> dict[str, Any]:
    field = _FIELD[item.kind]
    return {"type": field, field: {"url": item.address.reveal()}, "role": item.role}


def encode_order(order: Order) -> bytes:
    """The body as the bytes that are sent."""
    return json.dumps(body_of(order), ensure_ascii=False, separators=(",", ":")).encode()


def parse_task_id(status: int, body: bytes, after: float = 0.0) -> str:
    """Return the task ID of a reply to a create request. Raise Rejected for a provable refusal, else UnknownOutcome.

    Here and below, `after` is the reply's Retry-After in seconds.
    """
    value = _json(body)
    if 200 <= status < 300:
        id = value.get("id") if isinstance(value, dict) else None
        if _is_id(id):
            return id
        raise UnknownOutcome("the service said yes, but named no task")
    refusal = rejection(status, value, after)
    if refusal is not None and status in _PROVABLE:
        raise refusal
    hint = "it sends us elsewhere: is its address the right one?" if 300 <= status < 400 else ""
    raise UnknownOutcome(f"the service answered {status}, which says neither yes nor no", hint)


_PROVABLE = frozenset({400, 401, 402, 403, 404, 405, 413, 415, 422, 429})
"""Statuses of a create after which there is no task, if they come with an error in Ark's shape (429: in any)."""


def parse_task(status: int, body: bytes, after: float = 0.0) -> Task:
    """Return the task of a reply to a get request. Raise Rejected for a provable refusal, else Unusable."""
    value = _json(body)
    if 200 <= status < 300 and isinstance(value, dict) and _is_id(value.get("id")):
        return _task(value)
    raise _no(status, value, after)


def parse_page(status: int, body: bytes, after: float = 0.0) -> Page:
    """Return the page of a reply to a list request. Raise Rejected for a provable refusal, else Unusable."""
    value = _json(body)
    if 200 <= status < 300 and isinstance(value, dict) and isinstance(value.get("items"), list):
        tasks = tuple(_task(item) for item in value["items"] if isinstance(item, dict) and _is_id(item.get("id")))
        return Page(tasks, _whole(value.get("total")) or len(tasks))
    raise _no(status, value, after)


def check_deleted(status: int, body: bytes, after: float = 0.0) -> None:
    """Raise Rejected or Unusable if a reply to a delete is no yes."""
    if not 200 <= status < 300:
        raise _no(status, _json(body), after)


def query_of(query: TaskQuery) -> list[tuple[str, str]]:
    """Return the query string of a list: only the fields that are set, and several IDs as one key, repeated.

    Raise UsageError if the service doesn't accept the page's number or size.
    """
    for name, value in (("page", query.page), ("size", query.size)):
        if not 1 <= value <= MOST_LISTED:
            raise UsageError(f"a list's {name} is within [1, {MOST_LISTED}], not {value}")
    filters = (("status", query.status), ("model", query.model), ("service_tier", query.service_tier))
    return [
        ("page_num", str(query.page)),
        ("page_size", str(query.size)),
        *((f"filter.{name}", value) for name, value in filters if value),
        *(("filter.task_ids", task) for task in query.tasks),
    ]


def _json(body: bytes) -> Any:
    """Return the body as JSON, or None; lone surrogates become "?", since files and terminals can't contain them."""
    try:
        value = json.loads(body)
        return json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None


def _task(value: Mapping[str, Any]) -> Task:
    word = safe_text(str(value.get("status") or ""))
    content = value.get("content")
    content = content if isinstance(content, Mapping) else {}
    usage = value.get("usage")
    usage = usage if isinstance(usage, Mapping) else {}
    tokens = next(
        (n for n in map(_whole, map(usage.get, ("completion_tokens", "total_tokens"))) if n is not None), None
    )
    error = value.get("error") or value.get("failure_reason")
    updated = _instant(value.get("updated_at"))
    return Task(
        id=value["id"],
        status=word if word in get_args(Status) else "unknown",  # type: ignore[arg-type]  # just looked up
        word=word,
        video=_address(content.get("video_url")),
        frame=_address(content.get("last_frame_url")),
        expires=updated + ADDRESS_LIVES if updated > 0 else 0.0,
        error=_error_text(error),
        hint=refusal_of(str(error.get("code") or "")).hint if isinstance(error, Mapping) else "",
        tokens=tokens,
        created_at=_instant(value.get("created_at")),
        id_time=creation_time(value["id"]),
        updated_at=updated,
        expires_after=_whole(value.get("execution_expires_after")),
        model=safe_text(str(value.get("model") or "")),
        duration=_whole(value.get("duration")),
        ratio=safe_text(str(value.get("ratio") or "")),
        resolution=safe_text(str(value.get("resolution") or "")).lower(),
        sound=_flag(value.get("generate_audio")),
        safety_identifier=safe_text(str(value.get("safety_identifier") or "")),
    )


def _address(value: Any) -> Address | None:
    return Address(value) if isinstance(value, str) and value.startswith(("https://", "http://")) else None


def _whole(value: Any) -> int | None:
    """A whole number, also where the service wrote it as text; one that nothing is counted by was not given."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = value if isinstance(value, int) else math.floor(float(value))
    except (ValueError, OverflowError):
        return None
    return number if is_count(number) else None


def _is_id(value: Any) -> TypeGuard[str]:
    """Return whether a value has the form of a task ID; any other value is not recorded."""
    return is_task_id(value)


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _instant(value: Any) -> float:
    """Return Unix seconds; 0 for an implausible time."""
    return float(_whole(value) or 0)


def _error_text(value: Any) -> str:
    if not isinstance(value, Mapping):
        return safe_text(value) if isinstance(value, str) else ""
    return safe_text(
        ": ".join(part for part in (str(value.get("code") or ""), str(value.get("message") or "")) if part)
    )


def _no(status: int, value: Any, after: float) -> ProviderError:
    odd = f"the service answered {status}, in no shape that can be read"
    return rejection(status, value, after) or Unusable(odd, "a proxy or a sign-in page may be answering in its place")
