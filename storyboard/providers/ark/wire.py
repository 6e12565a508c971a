"""Ark's words: Order → request body, reply → Task, a task's life as a table, an error's code → its class.

Pure: bytes and values in, values out. The client observes the life of a task by this table, the emulator performs it.
Facts are from the vendor's API description; what it leaves open is read tolerantly.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard, get_args

from storyboard.errors import (
    KeyRefused,
    ModelRefused,
    Moderated,
    NotFound,
    Overdue,
    ProviderError,
    QuotaUsedUp,
    RateLimited,
    Rejected,
    UnknownOutcome,
    Unusable,
    UsageError,
)
from storyboard.promises import Address, is_count
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


def accepted_id(status: int, body: bytes, after: float = 0.0) -> str:
    """The id that a reply to a create gives. Raises Rejected where it is a provable no, else UnknownOutcome.

    Here as below, `after` is for how many seconds the reply asks us to stay away.
    """
    value = _json(body)
    if 200 <= status < 300:
        id = value.get("id") if isinstance(value, dict) else None
        if _is_id(id):
            return id
        raise UnknownOutcome("the service said yes, but named no task")
    refusal = _refusal(status, value, after)
    if refusal is not None and status in _PROVABLE:
        raise refusal
    hint = "it sends us elsewhere: is its address the right one?" if 300 <= status < 400 else ""
    raise UnknownOutcome(f"the service answered {status}, which says neither yes nor no", hint)


_PROVABLE = frozenset({400, 401, 402, 403, 404, 405, 413, 415, 422, 429})
"""Statuses of a create after which there is no task, if they come with an error in Ark's shape (429: in any)."""


def task_of(status: int, body: bytes, after: float = 0.0) -> Task:
    """The task that a reply to a get says. Raises Rejected for a provable no, else Unusable."""
    value = _json(body)
    if 200 <= status < 300 and isinstance(value, dict) and _is_id(value.get("id")):
        return _task(value)
    raise _no(status, value, after)


def page_of(status: int, body: bytes, after: float = 0.0) -> Page:
    """The page that a reply to a list says. Raises Rejected for a provable no, else Unusable."""
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
    """Return the query string of a list: only what is set, and several ids as one key, repeated.

    Raises UsageError if the service doesn't accept the page's number or size.
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
    """The body as JSON, or None if it is none; half characters become "?", since no file or screen takes them."""
    try:
        value = json.loads(body)
        return json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None


def _task(value: Mapping[str, Any]) -> Task:
    word = _fit(str(value.get("status") or ""))
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
        hint=refused_as(str(error.get("code") or "")).hint if isinstance(error, Mapping) else "",
        tokens=tokens,
        created_at=_instant(value.get("created_at")),
        id_time=creation_time(value["id"]),
        updated_at=updated,
        expires_after=_whole(value.get("execution_expires_after")),
        model=_fit(str(value.get("model") or "")),
        duration=_whole(value.get("duration")),
        ratio=_fit(str(value.get("ratio") or "")),
        resolution=_fit(str(value.get("resolution") or "")).lower(),
        sound=_flag(value.get("generate_audio")),
        safety_identifier=_fit(str(value.get("safety_identifier") or "")),
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
    """A task's id is of Ark's shape: whatever else stands there is written nowhere."""
    return is_task_id(value)


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _instant(value: Any) -> float:
    """Unix seconds; 0 for what no clock ever said."""
    return float(_whole(value) or 0)


def _fit(text: str) -> str:
    """What a server said, fit to be written down: no key, no signature, and not a book."""
    text = re.sub(r"(?i)bearer\s+\S+", "Bearer …", re.sub(r"\?\S*", "?…", text) if "://" in text else text)
    text = re.sub(r"X-Tos-[A-Za-z-]+=\S+", "X-Tos-…", text)
    return text if len(text) <= LONGEST_MESSAGE else text[: LONGEST_MESSAGE - 1] + "…"


def _error_text(value: Any) -> str:
    if not isinstance(value, Mapping):
        return _fit(value) if isinstance(value, str) else ""
    return _fit(": ".join(part for part in (str(value.get("code") or ""), str(value.get("message") or "")) if part))


def _no(status: int, value: Any, after: float) -> ProviderError:
    odd = f"the service answered {status}, in no shape that can be read"
    return _refusal(status, value, after) or Unusable(odd, "a proxy or a sign-in page may be answering in its place")


@dataclass(frozen=True, slots=True)
class No:
    """A row of the table of refusals: what a code that begins so, or an answer of this status, means.

    `code` is a pattern for the beginning of the code, `status` 0 for any; `words` are those of which the message has
    to hold one, where the code alone doesn't say; `after`, for how many seconds to stay away if the answer doesn't say.
    """

    code: str
    sort: type[Rejected]
    hint: str = ""
    status: int = 0
    words: str = ""
    after: float = 0.0


_CONTENT = r"(Sensitive|Risk)"
_FACES = "real faces are: use an asset:// avatar, or a segment of your own"
_OPENS = "activate the model in the vendor's console"
_PAYS = "pay the account's debt, then run again"
_RIGHTS = "the key may not do this: look at its rights in the vendor's console"
_RAISES = "raise the limit in the vendor's console, or wait"
_FIRST = "change the scene: what is named is the first of perhaps several mistakes"
_OTHER_KIND = "the model makes no task of this kind: change the scene's mode or its model"
_STRANGE = "this program and the service don't speak the same language: is there a newer one?"
_MINUTE = 60.0
"""Seconds over which the service counts requests and tokens (its limits are so many a minute)."""

REFUSALS: tuple[No, ...] = (
    No(r"InputText.*" + _CONTENT, Moderated, "the prompt was refused: word it otherwise"),
    No(r"InputImage.*" + _CONTENT, Moderated, f"an image was refused; {_FACES}"),
    No(r"InputVideo.*" + _CONTENT, Moderated, f"a video was refused; {_FACES}"),
    No(r"InputAudio.*" + _CONTENT, Moderated, "a sound was refused: use another"),
    No(
        r"Output.*(" + _CONTENT + "|DeepFake)",
        Moderated,
        "what was made was refused, and is not billed; submitting again sometimes passes",
    ),
    No(r".*(SensitiveContent|RiskDetection)", Moderated, "the content was refused: change it"),
    No(r"AuthenticationError", KeyRefused, "check ARK_API_KEY"),
    No(r"InvalidAccountStatus", KeyRefused, "look at the account in the vendor's console"),
    No(r"AccountOverdueError|OperationDenied\.ServiceOverdue", Overdue, _PAYS),
    No(r"OperationDenied\.ServiceNotOpen|ModelNotOpen", ModelRefused, _OPENS),
    No(r"InvalidEndpointOrModel", ModelRefused, "look at the model's name; an endpoint of your own is `ep-…`"),
    No(r"AccessDenied|OperationDenied", ModelRefused, _RIGHTS),
    No(r"InvalidParameter\.TaskType", Rejected, _OTHER_KIND),
    No(r"InvalidParameter|MissingParameter", Rejected, _FIRST),
    No(r".*[RTI][Pp][Mm](RateLimit|Exceeded)", RateLimited, status=429, after=_MINUTE),
    No(r"SetLimitExceeded|InflightBatchsizeExceeded", QuotaUsedUp, _RAISES, status=429),
    No(r"QuotaExceeded", QuotaUsedUp, _RAISES, status=429, words=r"free|trial|plan|package|used up|exhaust"),
    No(r"", KeyRefused, "check ARK_API_KEY", status=401),
    No(r"", Overdue, _PAYS, status=402),
    No(r"", NotFound, status=404),
    No(r"", RateLimited, status=429),
    No(r"", Rejected, _STRANGE, status=405),
    No(r"", Rejected, "give an address for a large picture or sound, instead of the file", status=413),
    No(r"", Rejected, _STRANGE, status=415),
    No(r"", Rejected, _FIRST, status=422),
    No(r"", Rejected),
)
"""What each refusal is: the first row that fits, by the vendor's list of codes (one code means several things: what
`QuotaExceeded` means, only its message says; a queue that is full is a no for now)."""


def refused_as(code: str, message: str = "", status: int = 0) -> No:
    """The row of a refusal."""
    return next(
        no
        for no in REFUSALS
        if re.match(no.code, code)
        and no.status in (0, status)
        and (not no.words or re.search(no.words, message, re.IGNORECASE))
    )


def _refusal(status: int, value: Any, after: float) -> Rejected | None:
    """A no in Ark's shape (nested, or flat as some gateways make it), or a bare 429."""
    error = (value.get("error") or value) if isinstance(value, dict) else None
    code = _fit(str(error.get("code") or "")) if isinstance(error, dict) else ""
    message = str(error.get("message") or "") if isinstance(error, dict) else ""
    if not 400 <= status < 500 or not (code or status == 429):
        return None
    what = _fit(f"the service said no: {code or status}" + (f": {message}" if message else ""))
    no = refused_as(code, message, status)
    if issubclass(no.sort, RateLimited):
        return no.sort(what, no.hint, code=code, status=status, after=after or no.after)
    return no.sort(what, no.hint, code=code, status=status)
