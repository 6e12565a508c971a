"""The examples of the API description: the call as it stands there, and the order that we would send for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from storyboard.language.scene import Kind, Parameters, Role
from storyboard.protocols import Address
from storyboard.providers.provider import Item, Order

MODEL = "doubao-seedance-2-0-260128"
LAST_FRAME = "https://example.com/last-frame.png"
DEFAULTS: dict[str, Any] = {
    "ratio": "adaptive",
    "duration": 5,
    "resolution": "720p",
    "generate_audio": True,
    "watermark": False,
    "seed": -1,
    "return_last_frame": False,
}
"""What a call means that says nothing (*Request Parameters*)."""


@dataclass(frozen=True, slots=True)
class Example:
    """A call, and our order."""

    call: dict[str, Any]
    order: Order


def text(words: str) -> dict[str, Any]:
    """Words among the contents."""
    return {"type": "text", "text": words}


def media(kind: str, url: str, role: str = "") -> dict[str, Any]:
    """An image, a video or a sound among the contents."""
    return {"type": f"{kind}_url", f"{kind}_url": {"url": url}, **({"role": role} if role else {})}


def item(kind: Kind, role: Role, url: str) -> Item:
    """The same in our words."""
    return Item(kind, role, Address(url))


def _order(words: str, *items: Item, **parameters: Any) -> Order:
    return Order(MODEL, words, items, Parameters(**parameters))


def _call(*content: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"model": MODEL, "content": list(content), **more}


YAWN = "A cat yawning at the camera, soft lighting, close-up shot"
GIRL = "The girl opens her eyes and looks at the camera gently"
TEA = "Use video 1's first-person perspective, use audio 1 as background music. A fruit tea commercial..."
OASIS = "Extend video 1 forward, the car drives into a desert oasis"
CONTINUES = "Scene 2 continues from where scene 1 left off..."
PLAIN: dict[str, Any] = {"generate_audio": True, "watermark": False}

EXAMPLES = {
    "text to video": Example(
        _call(text(YAWN), ratio="16:9", duration=5, **PLAIN),
        _order(YAWN, ratio="16:9"),
    ),
    "first frame": Example(
        _call(text(GIRL), media("image", "https://example.com/first-frame.png"), ratio="adaptive", duration=5, **PLAIN),
        _order(GIRL, item("image", "first_frame", "https://example.com/first-frame.png")),
    ),
    "full workflow": Example(
        _call(
            text("A cat yawning at the camera"),
            media("image", "https://example.com/cat.png"),
            ratio="adaptive",
            duration=5,
            **PLAIN,
        ),
        _order("A cat yawning at the camera", item("image", "first_frame", "https://example.com/cat.png")),
    ),
    "multimodal reference": Example(
        _call(
            text(TEA),
            media("image", "https://example.com/tea1.jpg", "reference_image"),
            media("image", "https://example.com/tea2.jpg", "reference_image"),
            media("video", "https://example.com/reference.mp4", "reference_video"),
            media("audio", "https://example.com/bgm.mp3", "reference_audio"),
            ratio="16:9",
            duration=11,
            **PLAIN,
        ),
        _order(
            TEA,
            item("image", "reference_image", "https://example.com/tea1.jpg"),
            item("image", "reference_image", "https://example.com/tea2.jpg"),
            item("video", "reference_video", "https://example.com/reference.mp4"),
            item("audio", "reference_audio", "https://example.com/bgm.mp3"),
            ratio="16:9",
            duration=11,
        ),
    ),
    "video extension": Example(
        _call(
            text(OASIS),
            media("video", "https://example.com/clip.mp4", "reference_video"),
            ratio="16:9",
            duration=8,
            **PLAIN,
        ),
        _order(OASIS, item("video", "reference_video", "https://example.com/clip.mp4"), ratio="16:9", duration=8),
    ),
    "chaining, first segment": Example(
        _call(text("Scene 1 description..."), return_last_frame=True, duration=5),
        _order("Scene 1 description..."),
    ),
    "chaining, second segment": Example(
        _call(text(CONTINUES), media("image", LAST_FRAME, "first_frame"), return_last_frame=True, duration=5),
        _order(CONTINUES, item("image", "first_frame", LAST_FRAME)),
    ),
}

IMAGE, VIDEO = "https://example.com/a.png", "https://example.com/a.mp4"
MODES = {
    "first and last frame": _call(
        text("Dusk falls."), media("image", IMAGE, "first_frame"), media("image", IMAGE, "last_frame")
    ),
    "first frame without words": _call(media("image", IMAGE, "first_frame")),
    "edit": _call(text("Replace the perfume with a cream jar."), media("video", VIDEO, "reference_video")),
    "three videos stitched": _call(text("Join them."), *[media("video", VIDEO, "reference_video")] * 3),
    "nine images": _call(text("All of them."), *[media("image", IMAGE, "reference_image")] * 9),
    "an avatar": _call(text("She smiles."), media("image", "asset://asset-1", "reference_image")),
    "an image in the request": _call(text("It moves."), media("image", "data:image/png;base64,iVBORw0KGgo=")),
    "web search": _call(text("The weather of today."), tools=[{"type": "web_search"}]),
    "automatic duration": _call(text("A wave."), duration=-1),
    "the fast model": _call(text("A wave.")) | {"model": "doubao-seedance-2-0-fast-260128"},
    "every parameter": _call(
        text("A wave."),
        safety_identifier="viewer-1",
        return_last_frame=True,
        execution_expires_after=3600,
        generate_audio=False,
        watermark=True,
        seed=4294967295,
        resolution="480p",
        ratio="21:9",
        duration=4,
    ),
}
"""What else the description says a create may be, beyond its examples."""
