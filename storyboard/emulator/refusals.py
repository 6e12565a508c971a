"""What Ark refuses, typed afresh from the vendor's description: a second table, so that each can catch the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MODELS = {
    "doubao-seedance-2-0-260128": "doubao-seedance-2-0",
    "doubao-seedance-2-0-fast-260128": "doubao-seedance-2-0-fast",
}
ABROAD = tuple(f"dreamina-{name.removeprefix('doubao-')}" for name in MODELS)
"""What BytePlus calls the same models."""
SIZES = {
    "480p": {
        "16:9": (864, 496), "4:3": (752, 560), "1:1": (640, 640),
        "3:4": (560, 752), "9:16": (496, 864), "21:9": (992, 432),
    },
    "720p": {
        "16:9": (1280, 720), "4:3": (1112, 834), "1:1": (960, 960),
        "3:4": (834, 1112), "9:16": (720, 1280), "21:9": (1470, 630),
    },
}  # fmt: skip
ROLES = {
    "image_url": ("first_frame", "last_frame", "reference_image"),
    "video_url": ("reference_video",),
    "audio_url": ("reference_audio",),
}
RANGES = ("duration", "seed", "execution_expires_after")
FLAGS = ("generate_audio", "watermark", "return_last_frame")
MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """What Seedance 2.0 and 2.0 fast take: ranges with both ends, counts, and bytes to stay below.

    Seconds and bytes are of one file, but for those of all `together`; `shape` is width divided by height, `side` and
    `area` are pixels; `slack` is how many seconds a file may be measured over its limit.
    """

    ratios: tuple[str, ...] = ("16:9", "4:3", "1:1", "3:4", "9:16", "21:9", "adaptive")
    resolutions: tuple[str, ...] = ("480p", "720p")
    duration: tuple[int, int] = (4, 15)
    seed: tuple[int, int] = (-1, 4294967295)
    execution_expires_after: tuple[int, int] = (3600, 259200)
    images: int = 9
    videos: int = 3
    audios: int = 3
    image_formats: tuple[str, ...] = ("jpeg", "png", "webp", "bmp", "tiff", "gif")
    image_shape: tuple[float, float] = (0.4, 2.5)
    image_side: tuple[int, int] = (300, 6000)
    image_bytes: int = 30 * MEGABYTE
    video_formats: tuple[str, ...] = ("mp4", "mov")
    video_seconds: tuple[float, float] = (2, 15)
    video_together: float = 15
    video_bytes: int = 50 * MEGABYTE
    video_area: tuple[int, int] = (409600, 927408)
    video_fps: tuple[float, float] = (24, 60)
    audio_formats: tuple[str, ...] = ("wav", "mp3")
    audio_seconds: tuple[float, float] = (2, 15)
    audio_together: float = 15
    audio_bytes: int = 15 * MEGABYTE
    slack: float = 0.2
    body_bytes: int = 64 * MEGABYTE
    unsupported: tuple[str, ...] = ("frames", "camera_fixed")


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Refusal:
    """A no: HTTP status, the vendor's code, a message, the parameter that is meant."""

    status: int
    code: str
    message: str
    param: str = ""


def refusal_of(body: Any, limits: Limits = LIMITS) -> Refusal | None:
    """Why a create is refused by what stands in it; None if it isn't. One finding only, as the service does."""
    if not isinstance(body, Mapping):
        return Refusal(400, "InvalidParameter", "the request body is not a JSON object")
    body = {key: value for key, value in body.items() if value is not None}
    return _of_model(body) or _of_parameters(body, limits) or _of_content(body, limits)


def _bad(param: str, why: str) -> Refusal:
    return Refusal(
        400,
        "InvalidParameter",
        f"The parameter `{param}` specified in the request is not valid: {why}",
        param,
    )


def _of_model(body: Mapping[str, Any]) -> Refusal | None:
    model = body.get("model")
    if model is None or "content" not in body:
        missing = "model" if model is None else "content"
        return Refusal(
            400,
            "MissingParameter",
            f"The request failed because it is missing `{missing}` parameter",
            missing,
        )
    if not isinstance(model, str) or not (model in (*MODELS, *ABROAD) or model.startswith("ep-")):
        return Refusal(404, "InvalidEndpointOrModel.NotFound", f"The model or endpoint {model} does not exist", "model")
    return None


def _of_parameters(body: Mapping[str, Any], limits: Limits) -> Refusal | None:
    for name in limits.unsupported:
        if name in body:
            return Refusal(
                400, "InvalidParameter.UnsupportedParameter", f"the parameter `{name}` is not supported", name
            )
    if body.get("service_tier", "default") != "default":
        message = "the parameter `service_tier` is not supported"
        return Refusal(400, "InvalidParameter.UnsupportedParameter", message, "service_tier")
    for name in RANGES:
        lowest, highest = getattr(limits, name)
        value = body.get(name)
        if value is not None and not (
            _whole(value) and (lowest <= value <= highest or (name, value) == ("duration", -1))
        ):
            return _bad(name, f"it must be within [{lowest}, {highest}]")
    for name in FLAGS:
        if not isinstance(body.get(name, False), bool):
            return _bad(name, "it must be a boolean")
    if body.get("ratio", "adaptive") not in limits.ratios:
        return _bad("ratio", "unknown ratio")
    if str(body.get("resolution", "720p")).lower() not in limits.resolutions:
        return _bad("resolution", "it is not supported by the model")
    return None


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _of_content(body: Mapping[str, Any], limits: Limits) -> Refusal | None:
    content = body["content"]
    if not isinstance(content, list) or not content:
        return _bad("content", "it must be a list of contents")
    for index, item in enumerate(content):
        refused = _of_item(item, f"content[{index}]")
        if refused:
            return refused
    return _of_mode([item for item in content if item["type"] != "text"], body, limits)


def _of_item(item: Any, where: str) -> Refusal | None:
    sort = item.get("type") if isinstance(item, Mapping) else None
    if sort == "text":
        return None if isinstance(item.get("text"), str) else _bad(f"{where}.text", "it must be a string")
    if not isinstance(sort, str) or sort not in ROLES:
        return _bad(f"{where}.type", "supported are text, image_url, audio_url and video_url")
    inner = item.get(sort)
    url = inner.get("url") if isinstance(inner, Mapping) else None
    if not isinstance(url, str) or not url:
        return _bad(f"{where}.{sort}.url", "it must be an address")
    if sort == "video_url" and url.startswith("data:"):
        return _bad(f"{where}.{sort}.url", "reference_video must be provided as a web url")
    if item.get("role") is not None and item["role"] not in ROLES[sort]:
        return _bad(f"{where}.role", "invalid role specified")
    return None


def _of_mode(media: Sequence[Mapping[str, Any]], body: Mapping[str, Any], limits: Limits) -> Refusal | None:
    for sort, most in (("image_url", limits.images), ("video_url", limits.videos), ("audio_url", limits.audios)):
        if sum(item["type"] == sort for item in media) > most:
            return _bad("content", f"expected at most {most} contents of type {sort}")
    roles = roles_of(media)
    frames = [role for role in roles if role in ("first_frame", "last_frame")]
    if frames and len(frames) < len(roles):
        return _bad("content", "first/last frame content cannot be mixed with reference media content")
    if None in roles:
        return _bad("content", "role must be specified for image contents")
    if frames.count("first_frame") > 1 or frames.count("last_frame") > 1:
        return _bad("content", "expected at most one first frame image content")
    if frames == ["last_frame"]:
        return _bad("content", "last frame image content wants a first frame")
    if roles and set(roles) == {"reference_audio"}:
        return _bad("content", "audio cannot be the sole input")
    if body.get("tools") and media:
        return _bad("tools", "web search only works with text-only input")
    if not media and not any(item.get("text") for item in body["content"]):
        return _bad("content", "the text is empty")
    return None


def roles_of(media: Sequence[Mapping[str, Any]]) -> list[str | None]:
    """Each item's role; a single image without one is the first frame."""
    if len(media) == 1 and media[0]["type"] == "image_url":
        return [media[0].get("role") or "first_frame"]
    return [item.get("role") or (None if item["type"] == "image_url" else ROLES[item["type"]][0]) for item in media]


@dataclass(frozen=True, slots=True)
class Handed:
    """A file that came with a create, as far as it was measured: zeros and an empty format where it wasn't.

    `at` is its position in the content.
    """

    sort: str
    at: int = 0
    format: str = ""
    size: int = 0
    width: int = 0
    height: int = 0
    seconds: float = 0.0
    fps: float = 0.0


def refusal_of_media(handed: Sequence[Handed], limits: Limits = LIMITS) -> Refusal | None:
    """Why a create is refused by the files that came with it; None if it isn't."""
    for file in handed:
        why = {"image_url": _of_image, "video_url": _of_video, "audio_url": _of_audio}[file.sort](file, limits)
        if why:
            return _bad(f"content[{file.at}].{file.sort}.url", why)
    for sort, most in (("video_url", limits.video_together), ("audio_url", limits.audio_together)):
        several = [file.seconds for file in handed if file.sort == sort]
        if len(several) > 1 and sum(several) > most + limits.slack:
            return _bad("content", f"the total duration of contents of type {sort} must not exceed {most} s")
    return None


def refusal_of_size(size: int, limits: Limits = LIMITS) -> Refusal | None:
    """Why a create is refused by the bytes of its body; None if it isn't."""
    return Refusal(413, "InvalidParameter", "the request body is too large") if size > limits.body_bytes else None


def _of_image(file: Handed, limits: Limits) -> str:
    sides = [side for side in (file.width, file.height) if side]
    shape = file.width / file.height if file.height else 0.0
    return (
        _of_file(file, limits.image_formats, limits.image_bytes)
        or ("the image size is out of range" if any(_outside(side, limits.image_side) for side in sides) else "")
        or ("the aspect ratio is out of range" if _outside(shape, limits.image_shape) else "")
    )


def _of_video(file: Handed, limits: Limits) -> str:
    return (
        _of_file(file, limits.video_formats, limits.video_bytes)
        or ("the duration is out of range" if _outside(file.seconds, limits.video_seconds, limits.slack) else "")
        or ("the pixel count is out of range" if _outside(file.width * file.height, limits.video_area) else "")
        or ("the fps is out of range" if _outside(round(file.fps, 2), limits.video_fps, 0.01) else "")
    )


def _of_audio(file: Handed, limits: Limits) -> str:
    return _of_file(file, limits.audio_formats, limits.audio_bytes) or (
        "the duration is out of range" if _outside(file.seconds, limits.audio_seconds, limits.slack) else ""
    )


def _of_file(file: Handed, formats: tuple[str, ...], below: int) -> str:
    if file.format and file.format not in formats:
        return f"the format {file.format} is not supported"
    return "the file is too large" if file.size >= below else ""


def _outside(value: float, bounds: tuple[float, float], slack: float = 0.0) -> bool:
    return bool(value) and not bounds[0] <= value <= bounds[1] + slack
