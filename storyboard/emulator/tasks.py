"""Tasks that live by the wire's table on a clock: how one stands is a function of its ledger line and of now."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Any, Literal

from storyboard.emulator import moderation
from storyboard.emulator.validation import ABROAD, MODELS, SIZES, roles_of
from storyboard.providers.ark.wire import ADDRESS_LIVES
from storyboard.providers.provider import Status

FPS = 24
RECORD_LIVES = 7 * 86_400
CANCELLED_LIVES = 86_400
"""Seconds for which a cancelled task's record is kept, counted from when it was cancelled."""
SECONDS_PER_SECOND = 20.0
"""How long a second of video takes in the making, at speed 1."""
QUEUED_SHARE = 0.1
AUTO_DURATION = 5
DEFAULT_EXPIRY = 172_800
Echo = Literal["always", "ended", "never"]
"""When a reply repeats the `safety_identifier` of the create: in every state, or only once the task has ended."""
OWN_SEEDS = 2**31
"""From 0 up to, but not including, this are the seeds that the service chooses."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the ledger: a create that was accepted, and would have been paid.

    `inputs` are digests of the media that were fetched, by position in the content; `clock` is where the picture's
    running clock begins, later than 0 for a continuation. `who` tells keys apart without telling them. `tokens` and
    `price` (CNY) are what will be billed if it succeeds: fixed by now, see `bill`. Whether it does is not in the line.
    """

    task_id: str
    at: float
    model: str
    body_sha256: str
    text_sha256: str
    client_request_id: str
    body: Mapping[str, Any]
    inputs: Mapping[str, str]
    size: tuple[int, int]
    clock: float = 0.0
    who: str = ""
    tokens: int = 0
    price: float = 0.0

    @property
    def seconds(self) -> int:
        """How long the video is."""
        asked = self.body.get("duration")
        return AUTO_DURATION if asked is None or asked == -1 else int(asked)

    @property
    def frames(self) -> int:
        """How many pictures the file holds: one more than the seconds need."""
        return FPS * self.seconds + 1

    @property
    def seed(self) -> int:
        """The seed that it is made with: the one asked for, or one of its own, which follows from its id."""
        asked = self.body.get("seed")
        own = int(hashlib.sha256(self.task_id.encode()).hexdigest()[:8], 16) % OWN_SEEDS
        return own if asked is None or asked == -1 else int(asked)

    @property
    def sound(self) -> bool:
        """Was sound asked for? It is unless somebody says no."""
        return self.body.get("generate_audio") is not False

    @property
    def text(self) -> str:
        """The prompt."""
        return "\n".join(str(item.get("text", "")) for item in self.body["content"] if item.get("type") == "text")

    @property
    def media(self) -> list[tuple[int, Mapping[str, Any], str | None]]:
        """What is in the content besides text: position, item and role."""
        rows = [(index, item) for index, item in enumerate(self.body["content"]) if item.get("type") != "text"]
        roles = roles_of([item for _, item in rows])
        return [(index, item, role) for (index, item), role in zip(rows, roles, strict=True)]

    @property
    def priority(self) -> int:
        """Who of those that wait starts first: 9 before 0."""
        asked = self.body.get("priority")
        return asked if isinstance(asked, int) and 0 <= asked <= 9 else 0

    @property
    def runs(self) -> str:
        """The model that really runs: an endpoint has one behind it."""
        return model_of(self.model)

    @property
    def verdict(self) -> moderation.Verdict | None:
        """What the moderators will say of the video; None if nothing."""
        return moderation.verdict_of(self.text, moderation.OF_OUTPUT)


def model_of(name: str) -> str:
    """The model that a name stands for: itself, or what is behind an endpoint."""
    return name if name in (*MODELS, *ABROAD) else next(iter(MODELS))


@dataclass(frozen=True, slots=True)
class Standing:
    """How a task stands at a time, and since when."""

    status: Status
    since: float


def got_ready(line: Line, speed: float) -> float:
    """From when on a task may start, if there is a free place for it."""
    return line.at + QUEUED_SHARE * _whole(line, speed)


def making(line: Line, speed: float) -> float:
    """How many seconds it runs."""
    return (1 - QUEUED_SHARE) * _whole(line, speed)


def _whole(line: Line, speed: float) -> float:
    return SECONDS_PER_SECOND * line.seconds / speed


def expires(line: Line) -> float:
    """When it is given up, if it hasn't ended by then."""
    return line.at + float(line.body.get("execution_expires_after") or DEFAULT_EXPIRY)


def history(
    line: Line, now: float, speed: float, starts: float | None, cancelled_at: float | None = None
) -> tuple[Standing, ...]:
    """How a task has stood until now, each time since when, if it started at `starts` (None: it waits)."""
    queued = Standing("queued", line.at)
    if cancelled_at is not None:
        return queued, Standing("cancelled", cancelled_at)
    ends = inf if starts is None else starts + making(line, speed)
    been = (queued,) if starts is None or now < starts else (queued, Standing("running", starts))
    if expires(line) <= now and expires(line) < ends:  # from that instant on its place is another's
        return *been, Standing("expired", expires(line))
    if now < ends:
        return been
    return *been, Standing("failed" if line.verdict else "succeeded", ends)


def next_change(line: Line, now: float, speed: float, starts: float | None, next_start: float) -> float:
    """When a task that isn't over will stand differently, at the earliest; nobody starts before `next_start`."""
    change = max(next_start, got_ready(line, speed)) if starts is None or now < starts else starts + making(line, speed)
    return min(change, expires(line))


def is_remembered(line: Line, now: float, cancelled_at: float | None = None) -> bool:
    """Is the task's record still kept?"""
    forgotten = cancelled_at is not None and now >= cancelled_at + CANCELLED_LIVES
    return now - RECORD_LIVES <= line.at and not forgotten


def address_dies(ended: float) -> float:
    """When the addresses of a task's files die, a task that ended then."""
    return ended + ADDRESS_LIVES


def size_of(body: Mapping[str, Any], shape: tuple[int, int] | None) -> tuple[int, int]:
    """The video's pixels: as asked, or of the listed ratio nearest to `shape`, that of the first visual input."""
    sizes = SIZES[str(body.get("resolution") or "720p").lower()]
    ratio = body.get("ratio") or "adaptive"
    if ratio != "adaptive":
        return sizes[ratio]
    if shape is None:
        return sizes["16:9"]
    wanted = shape[0] / shape[1]
    return min(sizes.values(), key=lambda size: abs(size[0] / size[1] - wanted))


def reply_of(line: Line, now: Standing, content: Mapping[str, str], echo: Echo = "ended") -> dict[str, Any]:
    """The body of a get, in the order of the vendor's sample: sparse until the task has ended, as the service's is.

    `content` are the addresses of what was made; `echo` is when the `safety_identifier` is repeated.
    """
    head = {"id": line.task_id, "model": line.runs, "status": now.status}
    times = {"created_at": int(line.at), "updated_at": int(now.since)}
    terms = {
        "service_tier": "default",
        "execution_expires_after": line.body.get("execution_expires_after") or DEFAULT_EXPIRY,
    }
    safety = line.body.get("safety_identifier")
    echoed = safety and (echo == "always" or (echo == "ended" and now.status not in ("queued", "running")))
    end: dict[str, Any] = {"safety_identifier": safety} if echoed else {}
    if now.status == "failed" and line.verdict is not None:
        error = {"code": line.verdict.code, "message": line.verdict.message}
        return {**head, "error": error, **times, **terms, **end}
    if now.status != "succeeded":
        return {**head, **times, **terms, **end}
    made = {"content": dict(content), "usage": _usage_of(line)}
    extras = {"generate_audio": line.sound, "draft": False, "priority": line.priority}
    return {**head, **made, **times, **_shape_of(line), **terms, **extras, **end}


def _usage_of(line: Line) -> dict[str, Any]:
    usage: dict[str, Any] = {"completion_tokens": line.tokens, "total_tokens": line.tokens}
    return usage | ({"tool_usage": {"web_search": 1}} if line.body.get("tools") else {})


def _shape_of(line: Line) -> dict[str, Any]:
    return {
        "seed": line.seed,
        "resolution": str(line.body.get("resolution") or "720p").lower(),
        "ratio": _ratio_of(line),
        "duration": line.seconds,
        "framespersecond": FPS,
    }


def _ratio_of(line: Line) -> str:
    sizes = SIZES[str(line.body.get("resolution") or "720p").lower()]
    return next(ratio for ratio, size in sizes.items() if size == line.size)
