"""Tasks that live by the wire's table on a clock: how one stands is a function of its ledger line and of now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from storyboard.emulator.refusals import ABROAD, MODELS, SIZES, roles_of
from storyboard.providers.ark.wire import ADDRESS_LIVES
from storyboard.providers.provider import Status

FPS = 24
RECORD_LIVES = 7 * 86_400
SECONDS_PER_SECOND = 20.0
"""How long a second of video takes in the making, at speed 1."""
QUEUED_SHARE = 0.1
AUTO_DURATION = 5


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the ledger: a create that was accepted, and would have been paid.

    `inputs` are digests of the media that were fetched, by position in the content; `clock` is where the picture's
    running clock begins, later than 0 for a continuation.
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
    def tokens(self) -> int:
        """What would be billed: ⌊w·h·(24·d + 1)/1024⌋ without a video among the inputs."""
        width, height = self.size
        return width * height * self.frames // 1024


@dataclass(frozen=True, slots=True)
class Standing:
    """How a task stands at a time, and since when."""

    status: Status
    since: float


def standing(line: Line, now: float, speed: float, cancelled_at: float | None = None) -> Standing:
    """How a task stands."""
    whole = SECONDS_PER_SECOND * line.seconds / speed
    starts, ends = line.at + QUEUED_SHARE * whole, line.at + whole
    expires = line.at + float(line.body.get("execution_expires_after") or 172_800)
    if cancelled_at is not None:
        return Standing("cancelled", cancelled_at)
    if expires < min(now, ends):
        return Standing("expired", expires)
    if now < starts:
        return Standing("queued", line.at)
    return Standing("running", starts) if now < ends else Standing("succeeded", ends)


def is_remembered(line: Line, now: float) -> bool:
    """Is the task's record still kept?"""
    return now < line.at + RECORD_LIVES


def address_dies(line: Line, speed: float) -> float:
    """When the addresses of a task's files die."""
    return line.at + SECONDS_PER_SECOND * line.seconds / speed + ADDRESS_LIVES


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


def reply_of(line: Line, now: Standing, video: str, frame: str) -> dict[str, Any]:
    """The body of a get: sparse until the task has succeeded, as the service's is."""
    body: dict[str, Any] = {
        "id": line.task_id,
        "model": line.model if line.model in (*MODELS, *ABROAD) else next(iter(MODELS)),
        "status": now.status,
        "created_at": int(line.at),
        "updated_at": int(now.since),
        "service_tier": "default",
        "execution_expires_after": line.body.get("execution_expires_after") or 172_800,
    }
    if line.body.get("safety_identifier"):
        body["safety_identifier"] = line.body["safety_identifier"]
    if now.status != "succeeded":
        return body
    content = {"video_url": video} | ({"last_frame_url": frame} if line.body.get("return_last_frame") else {})
    seed = line.body.get("seed", -1)
    return body | {
        "content": content,
        "usage": {"completion_tokens": line.tokens, "total_tokens": line.tokens},
        "seed": int(line.text_sha256[:4], 16) if seed in (-1, None) else seed,
        "resolution": str(line.body.get("resolution") or "720p").lower(),
        "ratio": _ratio_of(line),
        "duration": line.seconds,
        "framespersecond": FPS,
        "generate_audio": line.sound,
        "draft": False,
        "priority": 0,
    }


def _ratio_of(line: Line) -> str:
    sizes = SIZES[str(line.body.get("resolution") or "720p").lower()]
    return next(ratio for ratio, size in sizes.items() if size == line.size)
