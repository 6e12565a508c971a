"""Ark's words: Order → request body, reply → Task, a task's life as a table, an error's code → its class.

Pure: bytes and values in, values out. The client observes the life of a task by this table, the emulator performs it.
Facts are from the vendor's API description; what it leaves open is read tolerantly.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, get_args

from storyboard.errors import (
    AccountRefused,
    ProviderError,
    RateLimited,
    Rejected,
    UnknownOutcome,
    Unreachable,
)
from storyboard.promises import Address
from storyboard.providers.provider import Item, Order, Page, Status, Task

TASKS = "/contents/generations/tasks"
ADDRESS_LIVES = 86_400
"""Seconds for which a video's address can be fetched, counted from when the task ended."""

LIFE: Mapping[Status, tuple[Status, ...]] = {
    "queued": ("running", "cancelled", "expired", "failed"),
    "running": ("succeeded", "failed", "expired"),
    "succeeded": (),
    "failed": (),
    "cancelled": (),
    "expired": (),
}
"""What may follow each status; nothing follows an end."""

LONGEST_MESSAGE = 500
"""Characters of what a server says that are worth keeping."""

_FIELD = {"image": "image_url", "video": "video_url", "audio": "audio_url"}


def is_over(status: Status) -> bool:
    """Is a task of this status ended? One that nobody knows is not."""
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


def encoded(order: Order) -> bytes:
    """The body as the bytes that are sent."""
    return json.dumps(body_of(order), ensure_ascii=False, separators=(",", ":")).encode()


def accepted_id(status: int, body: bytes) -> str:
    """The id that a reply to a create gives. Raises Rejected where it is a provable no, else UnknownOutcome."""
    value = _json(body)
    if 200 <= status < 300:
        id = value.get("id") if isinstance(value, dict) else None
        if isinstance(id, str) and re.fullmatch(r"cgt-[A-Za-z0-9-]{1,100}", id):
            return id
        raise UnknownOutcome("the service said yes, but named no task")
    refusal = _refusal(status, value)
    if refusal is not None and status in _PROVABLE and not (status != 429 and refusal.code == ""):
        raise refusal
    raise UnknownOutcome(f"the service answered {status}, which says neither yes nor no")


_PROVABLE = frozenset({400, 401, 402, 403, 404, 405, 413, 415, 422, 429})
"""Statuses of a create after which there is no task, if they come with an error in Ark's shape (429: in any)."""


def task_of(status: int, body: bytes) -> Task:
    """The task that a reply to a get says. Raises Rejected for a provable no, else Unreachable."""
    value = _json(body)
    if 200 <= status < 300 and isinstance(value, dict) and isinstance(value.get("id"), str):
        return _task(value)
    raise _no(status, value)


def page_of(status: int, body: bytes) -> Page:
    """The page that a reply to a list says. Raises Rejected for a provable no, else Unreachable."""
    value = _json(body)
    if 200 <= status < 300 and isinstance(value, dict) and isinstance(value.get("items"), list):
        tasks = tuple(
            _task(item) for item in value["items"] if isinstance(item, dict) and isinstance(item.get("id"), str)
        )
        return Page(tasks, _whole(value.get("total")) or len(tasks))
    raise _no(status, value)


def check_deleted(status: int, body: bytes) -> None:
    """Raise Rejected or Unreachable if a reply to a delete is no yes."""
    if not 200 <= status < 300:
        raise _no(status, _json(body))


def query_of(status: str, tasks: Sequence[str], page: int, size: int) -> list[tuple[str, str]]:
    """The query of a list: several ids are one key, repeated."""
    query = [("page_num", str(page)), ("page_size", str(size))]
    if status:
        query.append(("filter.status", status))
    return query + [("filter.task_ids", task) for task in tasks]


def _json(body: bytes) -> Any:
    """The body as JSON, or None if it is none; half characters become "?", since no file or screen takes them."""
    try:
        value = json.loads(body)
        return json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None


def _task(value: Mapping[str, Any]) -> Task:
    word = str(value.get("status", ""))
    content = value.get("content")
    content = content if isinstance(content, Mapping) else {}
    usage = value.get("usage")
    tokens = usage.get("completion_tokens", usage.get("total_tokens")) if isinstance(usage, Mapping) else None
    updated = _instant(value.get("updated_at"))
    return Task(
        id=value["id"],
        status=word if word in get_args(Status) else "unknown",  # type: ignore[arg-type]  # just looked up
        word=word,
        video=_address(content.get("video_url")),
        frame=_address(content.get("last_frame_url")),
        expires=updated + ADDRESS_LIVES,
        error=_error_text(value.get("error") or value.get("failure_reason")),
        tokens=_whole(tokens),
        created_at=_instant(value.get("created_at")),
        updated_at=updated,
        expires_after=_whole(value.get("execution_expires_after")),
        model=str(value.get("model", "")),
        duration=_whole(value.get("duration")),
        ratio=str(value.get("ratio") or ""),
        resolution=str(value.get("resolution") or "").lower(),
        sound=sound if isinstance(sound := value.get("generate_audio"), bool) else None,
    )


def _address(value: Any) -> Address | None:
    return Address(value) if isinstance(value, str) and value.startswith(("https://", "http://")) else None


def _whole(value: Any) -> int | None:
    """A whole number, also where the service wrote it as text."""
    try:
        return int(value) if not isinstance(value, bool) and value is not None else None
    except (TypeError, ValueError, OverflowError):
        return None


def _instant(value: Any) -> float:
    """Unix seconds; 0 for what no clock ever said."""
    seconds = _whole(value) or 0
    return float(seconds) if abs(seconds) < 2**53 else 0.0


def _fit(text: str) -> str:
    """What a server said, fit to be written down: no key, no signature, and not a book."""
    text = re.sub(r"(?i)bearer\s+\S+", "Bearer …", re.sub(r"\?\S*", "?…", text) if "://" in text else text)
    text = re.sub(r"X-Tos-[A-Za-z-]+=\S+", "X-Tos-…", text)
    return text if len(text) <= LONGEST_MESSAGE else text[: LONGEST_MESSAGE - 1] + "…"


def _error_text(value: Any) -> str:
    if not isinstance(value, Mapping):
        return ""
    return _fit(": ".join(part for part in (str(value.get("code") or ""), str(value.get("message") or "")) if part))


def _no(status: int, value: Any) -> ProviderError:
    return _refusal(status, value) or Unreachable(f"the service answered {status}, in no shape that can be read")


def _refusal(status: int, value: Any) -> Rejected | None:
    """A no in Ark's shape (nested, or flat as some gateways make it), or a bare 429."""
    error = value.get("error", value) if isinstance(value, dict) else None
    code = str(error.get("code") or "") if isinstance(error, dict) else ""
    message = str(error.get("message") or "") if isinstance(error, dict) else ""
    if not 400 <= status < 500 or not (code or status == 429):
        return None
    what = _fit(f"the service said no: {code or status}" + (f": {message}" if message else ""))
    for prefix, hint in _ACCOUNT:
        if code.startswith(prefix):
            return AccountRefused(what, hint, code=code, status=status)
    if status in (401, 402):
        return AccountRefused(what, "check ARK_API_KEY", code=code, status=status)
    if status == 429:
        if code.startswith(_NOT_FOR_LONG):
            return AccountRefused(what, "raise the limit in the vendor's console, or wait", code=code, status=status)
        return RateLimited(what, code=code, status=status)
    return Rejected(what, _hint(code), code=code, status=status)


_ACCOUNT = (
    ("AuthenticationError", "check ARK_API_KEY"),
    ("InvalidAccountStatus", "look at the account in the vendor's console"),
    ("AccountOverdueError", "pay the account's debt, then run again"),
    ("OperationDenied.ServiceOverdue", "pay the account's debt, then run again"),
    ("OperationDenied.ServiceNotOpen", "activate the model in the vendor's console"),
    ("AccessDenied", "the key may not do this: look at its rights in the vendor's console"),
    ("ModelNotOpen", "activate the model in the vendor's console"),
)
_NOT_FOR_LONG = ("SetLimitExceeded", "InflightBatchsizeExceeded")

_HINTS = (
    ("InputText", "the prompt was refused: word it otherwise"),
    ("InputImage", "an image was refused; real faces are: use an asset:// avatar, or a segment of your own"),
    ("InputVideo", "a video was refused; real faces are: use an asset:// avatar, or a segment of your own"),
    ("InputAudio", "a sound was refused: use another"),
    ("Output", "what was made was refused, and is not billed; submitting again sometimes passes"),
)


def _hint(code: str) -> str:
    return next((hint for prefix, hint in _HINTS if code.startswith(prefix) and "Sensitive" in code), "")
