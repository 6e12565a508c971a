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
RATIOS = ("16:9", "4:3", "1:1", "3:4", "9:16", "21:9", "adaptive")
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
MOST = {"image_url": 9, "video_url": 3, "audio_url": 3}
RANGES = {"duration": (4, 15), "seed": (-1, 4294967295), "execution_expires_after": (3600, 259200)}
FLAGS = ("generate_audio", "watermark", "return_last_frame")
UNSUPPORTED = ("frames", "camera_fixed")


@dataclass(frozen=True, slots=True)
class Refusal:
    """A no: HTTP status, the vendor's code, a message, the parameter that is meant."""

    status: int
    code: str
    message: str
    param: str = ""


def refusal_of(body: Any) -> Refusal | None:
    """Why a create is refused; None if it is taken on. One finding only, as the service does."""
    if not isinstance(body, Mapping):
        return Refusal(400, "InvalidParameter", "the request body is not a JSON object")
    body = {key: value for key, value in body.items() if value is not None}
    return _of_model(body) or _of_parameters(body) or _of_content(body)


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


def _of_parameters(body: Mapping[str, Any]) -> Refusal | None:
    for name in UNSUPPORTED:
        if name in body:
            return Refusal(
                400, "InvalidParameter.UnsupportedParameter", f"the parameter `{name}` is not supported", name
            )
    if body.get("service_tier", "default") != "default":
        message = "the parameter `service_tier` is not supported"
        return Refusal(400, "InvalidParameter.UnsupportedParameter", message, "service_tier")
    for name, (lowest, highest) in RANGES.items():
        value = body.get(name)
        if value is not None and not (
            _whole(value) and (lowest <= value <= highest or (name, value) == ("duration", -1))
        ):
            return _bad(name, f"it must be within [{lowest}, {highest}]")
    for name in FLAGS:
        if not isinstance(body.get(name, False), bool):
            return _bad(name, "it must be a boolean")
    if body.get("ratio", "adaptive") not in RATIOS:
        return _bad("ratio", "unknown ratio")
    if str(body.get("resolution", "720p")).lower() not in SIZES:
        return _bad("resolution", "it is not supported by the model")
    return None


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _of_content(body: Mapping[str, Any]) -> Refusal | None:
    content = body["content"]
    if not isinstance(content, list) or not content:
        return _bad("content", "it must be a list of contents")
    for index, item in enumerate(content):
        refused = _of_item(item, f"content[{index}]")
        if refused:
            return refused
    return _of_mode([item for item in content if item["type"] != "text"], body)


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


def _of_mode(media: Sequence[Mapping[str, Any]], body: Mapping[str, Any]) -> Refusal | None:
    for sort, most in MOST.items():
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
