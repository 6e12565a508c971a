"""A reply as a value, and what each fault makes of it: pure functions from reply to reply.

A reply is what goes over the wire, lies included: the length that is declared, how much is sent, how fast, and how the
connection ends. Chance is drawn from the script's seed and the request, so that the same script does the same again.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http import HTTPStatus
from typing import Any

from storyboard.emulator.validation import MODELS

JSON, HTML, XML, TEXT = "application/json", "text/html; charset=utf-8", "application/xml", "text/plain"
PIECE = 64 * 1024
"""Bytes that are written at once where nothing else is asked for."""
_SPACES = b" " * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Reply:
    """What is sent: `length` is the Content-Length that is declared (None: none, the connection's end ends the body).

    `wait` are seconds before the first byte; `silent` sends none at all; `sent` are the bytes of the body that are
    sent (None: all); `pace` are bytes at once and the seconds between them; `endless` never ends the body; `reset`
    ends the connection with a reset, `after` that many bytes of the request's body.
    """

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    length: int | None = 0
    wait: float = 0.0
    silent: bool = False
    sent: int | None = None
    pace: tuple[int, float] = (PIECE, 0.0)
    endless: bool = False
    reset: bool = False
    after: int | None = None

    @property
    def head(self) -> bytes:
        """Status and headers as bytes."""
        length = () if self.length is None else (("content-length", str(self.length)),)
        phrases = {status.value: status.phrase for status in HTTPStatus}
        lines = [f"HTTP/1.1 {self.status} {phrases.get(self.status, '')}"]
        lines += [f"{name}: {value}" for name, value in (*self.headers, *length, ("connection", "close"))]
        return "\r\n".join([*lines, "", ""]).encode("utf-8")

    @property
    def pieces(self) -> Iterator[bytes]:
        """The body as it is sent, bit by bit; of an endless one there is always more."""
        size, _ = self.pace
        body = self.body[: self.sent]
        yield from (body[start : start + size] for start in range(0, len(body), size))
        while self.endless:
            yield _SPACES[:size]


@dataclass(frozen=True, slots=True)
class Seen:
    """What a fault may know of the request: when, which page of a list, and whether a list is filtered.

    `salt` is the request's and the fault's own, `seed` the script's.
    """

    now: float = 0.0
    page: int = 1
    filtered: bool = False
    seed: int = 0
    salt: str = ""


def draw(*words: object) -> float:
    """A number from 0 up to, but not including, 1: always the same for the same words."""
    digest = hashlib.sha256("/".join(map(str, words)).encode()).digest()
    return int.from_bytes(digest[:6]) / 2**48


def date_of(now: float) -> str:
    """A time as HTTP writes it."""
    return format_datetime(datetime.fromtimestamp(now, UTC), usegmt=True)


def with_header(reply: Reply, name: str, value: str) -> Reply:
    """The reply with that header, in place of any of that name."""
    kept = tuple(row for row in reply.headers if row[0].lower() != name.lower())
    return replace(reply, headers=(*kept, (name.lower(), value)))


def with_body(reply: Reply, body: bytes) -> Reply:
    """The reply with that body; a length is right if there was one."""
    return replace(reply, body=body, length=None if reply.length is None else len(body))


# The answer as a whole.


def told(
    reply: Reply, seen: Seen, *, status: int, shape: str, code: str, message: str, body: str | None, retry_after: str
) -> Reply:
    """Another answer: status and code, in one of the shapes that services, gateways and portals have."""
    del seen
    code = code or CODES.get(status, "InternalServiceError" if status >= 500 else "InvalidParameter")
    kind, content = _SHAPES[shape](code, message) if body is None else (JSON, body)
    reply = with_header(replace(reply, status=status), "content-type", kind)
    reply = with_header(reply, "retry-after", retry_after) if retry_after else reply
    return replace(reply, body=content.encode(), length=len(content.encode()))


CODES = {
    401: "AuthenticationError",
    403: "AccessDenied",
    404: "NotFound",
    409: "InvalidAction",
    429: "ServerOverloaded",
}
"""The code that an answer of that status gets if none is given."""

_PAGE = "<!doctype html><html><title>Log in</title><body>Log in to use this network.</body></html>"
_SHAPES: Mapping[str, Callable[[str, str], tuple[str, str]]] = {
    "ark": lambda code, message: (JSON, json.dumps({"error": {"code": code, "message": message, "param": ""}})),
    "flat": lambda code, message: (JSON, json.dumps({"code": code, "message": message})),
    "html": lambda _code, _message: (HTML, _PAGE),
    "xml": lambda code, message: (XML, f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"),
    "text": lambda _code, message: (TEXT, message),
    "empty": lambda _code, _message: (JSON, ""),
    "malformed": lambda _code, _message: (JSON, '{"id": cgt-2026, }'),
}
SHAPES = tuple(_SHAPES)


def redirect(reply: Reply, seen: Seen, *, status: int, to: str) -> Reply:
    """Go elsewhere."""
    del seen
    return with_header(replace(reply, status=status), "location", to)


def drop_fields(reply: Reply, seen: Seen, *, reset: bool) -> Reply:
    """No answer: the connection ends."""
    del seen
    return replace(reply, silent=True, reset=reset)


def reset(reply: Reply, seen: Seen, *, after: int) -> Reply:
    """The connection is reset while the request is being read."""
    del seen
    return replace(reply, silent=True, reset=True, after=after)


def late(reply: Reply, seen: Seen, *, seconds: float) -> Reply:
    """The answer is held back."""
    del seen
    return replace(reply, wait=reply.wait + seconds)


# The way it is sent.


def cut(reply: Reply, seen: Seen, *, keep: float, length: str, reset: bool) -> Reply:
    """Only the beginning arrives: a share below 1, or so many bytes."""
    del seen
    kept = int(len(reply.body) * keep) if keep < 1 else min(int(keep), len(reply.body))
    if length == "short":
        return replace(reply, body=reply.body[:kept], length=kept, reset=reset)
    return replace(reply, sent=kept, length=None if length == "none" else reply.length, reset=reset)


def without_length(reply: Reply, seen: Seen) -> Reply:
    """No length is declared; the end of the connection is the end of the body."""
    del seen
    return replace(reply, length=None)


def drip(reply: Reply, seen: Seen, *, bytes: int, every: float) -> Reply:
    """A few bytes at a time."""
    del seen
    return replace(reply, pace=(bytes, every))


def endless(reply: Reply, seen: Seen) -> Reply:
    """After the body come spaces, for as long as somebody reads them."""
    del seen
    return replace(reply, endless=True, length=None)


def header(reply: Reply, seen: Seen, *, header: str, value: str) -> Reply:
    """One header says something else."""
    del seen
    return with_header(reply, header, value)


def huge_header(reply: Reply, seen: Seen, *, bytes: int) -> Reply:
    """A header that nobody should read to its end."""
    del seen
    return with_header(reply, "x-huge", "x" * bytes)


def skew_clock(reply: Reply, seen: Seen, *, seconds: float) -> Reply:
    """The service's clock, as the Date header tells it, is wrong."""
    return with_header(reply, "date", date_of(seen.now + seconds))


def bomb(reply: Reply, seen: Seen, *, bytes: int) -> Reply:
    """The body, then spaces without number, packed by gzip."""
    del seen
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    packed = [packer.compress(reply.body)]
    packed += [packer.compress(_SPACES[: min(len(_SPACES), bytes - n)]) for n in range(0, bytes, len(_SPACES))]
    return with_header(with_body(reply, b"".join([*packed, packer.flush()])), "content-encoding", "gzip")


def flip_bytes(reply: Reply, seen: Seen, *, count: int) -> Reply:
    """Some bits are the other way round: in the pictures and sounds of an MP4, else anywhere."""
    body = bytearray(reply.body)
    where = _media(reply.body)
    for number in range(count if where else 0):
        bit = int(draw(seen.salt, number) * len(where) * 8)
        body[where[bit // 8]] ^= 1 << bit % 8
    return replace(reply, body=bytes(body))


def _media(body: bytes) -> range:
    """Where the media data of an MP4 lie; the whole of what is none."""
    found = body.find(b"mdat")
    if found < 4:
        return range(len(body))
    return range(found + 4, min(len(body), found - 4 + int.from_bytes(body[found - 4 : found])))


# What the body says. Of a list, each item says it.


def of_tasks(change: Callable[..., dict[str, Any]]) -> Callable[..., Reply]:
    """A change of one task's object as a change of every reply that tells of tasks."""

    def changed(reply: Reply, seen: Seen, **given: Any) -> Reply:
        value = value_of(reply)
        if value is None:
            return reply
        if isinstance(value.get("items"), list):
            new = value | {"items": [change(item, seen, **given) for item in value["items"]]}
        else:
            new = change(value, seen, **given)
        return reply if new == value and json.dumps(new) == json.dumps(value) else with_value(reply, new)

    return changed


def value_of(reply: Reply) -> dict[str, Any] | None:
    """The object that a good answer holds."""
    try:
        value = json.loads(reply.body) if reply.status == 200 else None
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def with_value(reply: Reply, value: Mapping[str, Any]) -> Reply:
    """The reply with that object."""
    return with_body(reply, json.dumps(value, separators=(",", ":")).encode())


def put(task: dict[str, Any], seen: Seen, *, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Fields say something else; `content.video_url` is a field of a field."""
    del seen
    for path, value in fields.items():
        task = _set_field(task, path.split("."), value)
    return task


def _set_field(task: Mapping[str, Any], path: Sequence[str], value: Any) -> dict[str, Any]:
    first, *rest = path
    if not rest:
        return {**task, first: value}
    inner = task.get(first)
    return {**task, first: _set_field(inner, rest, value)} if isinstance(inner, dict) else dict(task)


def without(task: dict[str, Any], seen: Seen, *, fields: Sequence[str]) -> dict[str, Any]:
    """Fields are missing."""
    for path in fields:
        first, _, rest = path.partition(".")
        inner = task.get(first)
        if not rest:
            task = {name: value for name, value in task.items() if name != first}
        elif isinstance(inner, dict):
            task = {**task, first: without(inner, seen, fields=[rest])}
    return task


def numbers_as_text(value: Any, seen: Seen) -> Any:
    """Every number is a string."""
    if isinstance(value, dict):
        return {name: numbers_as_text(inner, seen) for name, inner in value.items()}
    if isinstance(value, list):
        return [numbers_as_text(inner, seen) for inner in value]
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def failure_reason(task: dict[str, Any], seen: Seen) -> dict[str, Any]:
    """What failed stands under `failure_reason`, as other descriptions of the service have it."""
    del seen
    return {"failure_reason" if name == "error" else name: value for name, value in task.items()}


_SPARSE = (
    "id", "model", "status", "created_at", "updated_at", "service_tier", "execution_expires_after", "safety_identifier",
)  # fmt: skip


def stands(task: dict[str, Any], seen: Seen, *, status: str, code: str, message: str) -> dict[str, Any]:
    """The task stands otherwise; but for a success the object is sparse, as the service's is."""
    del seen
    kept = task if status == "succeeded" else {name: task[name] for name in _SPARSE if name in task}
    error = {"error": {"code": code, "message": message}} if code else {}
    return {**kept, "status": status} | error


def missing(reply: Reply, seen: Seen, *, seconds: float) -> Reply:
    """A task that young isn't found yet."""
    value = value_of(reply)
    if value is None or seen.now - value.get("created_at", 0) >= seconds:
        return reply
    message = f"The task {value.get('id')} is not found"
    error = {"status": 404, "shape": "ark", "code": "NotFound.Task", "message": message}
    return told(reply, seen, **error, body=None, retry_after="")  # type: ignore[arg-type]  # a row of one call


# What a list holds: all of it, before a page is cut out.


def lag(items: list[dict[str, Any]], seen: Seen, *, seconds: float) -> list[dict[str, Any]]:
    """Tasks that young aren't listed yet."""
    return [item for item in items if seen.now - item["created_at"] >= seconds]


def shuffle_tasks(items: list[dict[str, Any]], seen: Seen) -> list[dict[str, Any]]:
    """In no order; the same for all pages, so that a reader of all of them misses none."""
    return sorted(items, key=lambda item: draw(seen.seed, item["id"]))


def foreign(items: list[dict[str, Any]], seen: Seen, *, count: int, twins: bool) -> list[dict[str, Any]]:
    """Tasks of others stand before ours; twins say of themselves what our newest does."""
    if seen.filtered:
        return items
    like = items[0] if twins and items else {}
    return [_foreign(number, seen, like) for number in range(count)] + items


def drift(items: list[dict[str, Any]], seen: Seen, *, by: int) -> list[dict[str, Any]]:
    """From page to page tasks of others come in before ours; below 0, as many have gone."""
    moved = by * (seen.page - 1)
    return foreign(items, seen, count=moved, twins=False) if moved > 0 else items[-moved:]


def _foreign(number: int, seen: Seen, like: Mapping[str, Any]) -> dict[str, Any]:
    at = int(like.get("created_at", seen.now // 3600 * 3600 - number))
    beijing = datetime.fromtimestamp(at, UTC) + timedelta(hours=8)
    return {
        "id": f"cgt-{beijing:%Y%m%d%H%M%S}-{int(draw(seen.seed, 'foreign', number) * 16**5):05x}",
        "model": like.get("model", next(iter(MODELS))),
        "status": "running",
        "created_at": at,
        "updated_at": at,
        "service_tier": "default",
        "execution_expires_after": like.get("execution_expires_after", 172_800),
    }


def page_of(items: Sequence[Mapping[str, Any]], page: int, size: int) -> dict[str, Any]:
    """One page of them, as a list answers."""
    return {"total": len(items), "items": list(items[(page - 1) * size : page * size])}
