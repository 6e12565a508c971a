"""What Ark refuses, typed afresh from the vendor's description: a second table, so that each can catch the other."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MODELS = {
    "doubao-seedance-2-0-260128": "doubao-seedance-2-0",
    "doubao-seedance-2-0-fast-260128": "doubao-seedance-2-0-fast",
}
ABROAD = tuple(f"dreamina-{name.removeprefix('doubao-')}" for name in MODELS)
"""What BytePlus calls the same models."""
NOT_OPEN = (
    "doubao-seedance-2-5-260628",
    "doubao-seedance-2-0-mini-260615",
    "doubao-seedance-1-5-pro-251215",
    "doubao-seedance-1-0-pro-250528",
    "doubao-seedance-1-0-pro-fast-251015",
    "doubao-seedance-1-0-lite-t2v-250428",
    "doubao-seedance-1-0-lite-i2v-250428",
    "dreamina-seedance-2-5-260628",
    "dreamina-seedance-2-0-mini-260615",
)
"""Models that the service has, and this account hasn't activated: the emulator makes none of them."""
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
ADDRESSES = {
    "image_url": r"(?i:https?|asset)://.|data:image/[a-z0-9.+-]+;base64,",
    "video_url": r"(?i:https?|asset)://.",
    "audio_url": r"(?i:https?|asset)://.|data:audio/[a-z0-9.+-]+;base64,",
}
"""How an address of each kind begins: only pictures and sounds may come as data, their sort in lower case."""
RANGES = ("duration", "seed", "execution_expires_after")
PRIORITY = (0, 9)
FLAGS = ("generate_audio", "watermark", "return_last_frame")
MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """What Seedance 2.0 and 2.0 fast take: ranges with both ends, counts, and bytes to stay below.

    Seconds and bytes are of one file, but for those of all `together`; `shape` is width divided by height, `side` and
    `area` are pixels; `slack` is how many seconds a file may be measured over its limit. A `safety_identifier` has so
    many characters; the `unsupported` parameters are other models'.
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
    safety_identifier: int = 64
    unsupported: tuple[str, ...] = ("frames", "camera_fixed", "draft", "output_format", "omni_reference_task_type")


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
    """The model comes first: a create of nothing else is how people ask, for nothing, whether they may use one."""
    model = body.get("model")
    if model is None:
        return _check_missing("model")
    if model in NOT_OPEN:
        why = f"Your account has not activated the model {model}. Activate it in the console"
        return Refusal(404, "ModelNotOpen", why, "model")
    if not isinstance(model, str) or not (model in (*MODELS, *ABROAD) or model.startswith("ep-")):
        return Refusal(404, "InvalidEndpointOrModel.NotFound", f"The model or endpoint {model} does not exist", "model")
    return None if "content" in body else _check_missing("content")


def _check_missing(name: str) -> Refusal:
    why = f"The request failed because it is missing `{name}` parameter"
    return Refusal(400, "MissingParameter", why, name)


def _of_parameters(body: Mapping[str, Any], limits: Limits) -> Refusal | None:
    """The message names the model and the mode, as the service's does: another mode of another model may take it."""
    place = f"for model {_family(body['model'])} in {_mode(body['content'])}"
    for name in limits.unsupported:
        if name in body:
            return _check_supported(name, place)
    if body.get("service_tier", "default") != "default":
        return _check_supported("service_tier", place)
    unfit = _unfit(body, limits)
    if unfit is None:
        return None
    name, why = unfit
    return Refusal(
        400, "InvalidParameter", f"the parameter `{name}` specified in the request is not valid {place}: {why}", name
    )


def _check_supported(name: str, place: str) -> Refusal:
    why = f"the parameter `{name}` specified in the request is not supported {place}"
    return Refusal(400, "InvalidParameter.UnsupportedParameter", why, name)


def _family(model: str) -> str:
    """A model's name without its date; of an endpoint, the model's that is behind it."""
    return re.sub(r"-[0-9]{6}$", "", model if model in (*MODELS, *ABROAD) else next(iter(MODELS)))


def _mode(content: Any) -> str:
    """What the service calls the mode of a request, as far as it can be seen."""
    items = [item for item in content if isinstance(item, Mapping)] if isinstance(content, list) else []
    media = [item for item in items if str(item.get("type")) in ROLES]
    if not media:
        return "t2v"
    frames = all(item["type"] == "image_url" and item.get("role") != "reference_image" for item in media)
    return "i2v" if frames else "r2v"


def _unfit(body: Mapping[str, Any], limits: Limits) -> tuple[str, str] | None:
    """The first parameter whose value can't be, and why."""
    for name, bounds in (*((name, getattr(limits, name)) for name in RANGES), ("priority", PRIORITY)):
        value = body.get(name)
        if value is not None and not (
            _whole(value) and (bounds[0] <= value <= bounds[1] or (name, value) == ("duration", -1))
        ):
            return name, f"it must be within [{bounds[0]}, {bounds[1]}]"
    for name in FLAGS:
        if not isinstance(body.get(name, False), bool):
            return name, "it must be a boolean"
    if body.get("ratio", "adaptive") not in limits.ratios:
        return "ratio", "unknown ratio"
    if str(body.get("resolution", "720p")).lower() not in limits.resolutions:
        return "resolution", "it is not supported by the model"
    return _unfit_words(body, limits)


def _unfit_words(body: Mapping[str, Any], limits: Limits) -> tuple[str, str] | None:
    safety, called, tools = body.get("safety_identifier", ""), body.get("callback_url"), body.get("tools", [])
    if not isinstance(safety, str) or len(safety) > limits.safety_identifier:
        return "safety_identifier", f"it must be a string of at most {limits.safety_identifier} characters"
    if called is not None and not (isinstance(called, str) and re.match(r"(?i)https?://.", called)):
        return "callback_url", "it must be an http or https address"
    if not isinstance(tools, list) or any(tool != {"type": "web_search"} for tool in tools):
        return "tools", "web_search is the only tool"
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
    if sort == "video_url" and isinstance(url, str) and url.startswith("data:"):
        return _bad(f"{where}.{sort}.url", "reference_video must be provided as a web url")
    if not isinstance(url, str) or not re.match(ADDRESSES[sort], url):
        return _bad(f"{where}.{sort}.url", "it must be an address")
    if item.get("role") is not None and item["role"] not in ROLES[sort]:
        return _bad(f"{where}.role", _WRONG_ROLE[sort])
    return None


_WRONG_ROLE = {
    "image_url": "invalid role specified for image content",
    "video_url": "reference media mode requires video role to be reference_video",
    "audio_url": "reference media mode requires audio role to be reference_audio",
}


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
    for role in ("first_frame", "last_frame"):
        if frames.count(role) > 1:
            words = f"expected at most one {role.replace('_', ' ')} image content but got {frames.count(role)}"
            return _bad("content", words)
    if frames == ["last_frame"]:
        words = "last frame image content cannot be mixed with first frame or reference image content"
        return _bad("content", words)  # so says the service of one that is alone
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
    if file.size and file.format not in formats:
        return f"the format {file.format or 'of the file'} is not supported"
    return "the file is too large" if file.size >= below else ""


def _outside(value: float, bounds: tuple[float, float], slack: float = 0.0) -> bool:
    return bool(value) and not bounds[0] <= value <= bounds[1] + slack
