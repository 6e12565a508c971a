"""For each limit, scenes at its edge: what is just taken, and what is just not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from tests.agreement.cases import MB, Case, file

FIRST = file("image", "first_frame")


def keyed(key: str) -> Callable[[Any], Case]:
    """A text scene with a value of a key."""
    return lambda value: Case({key: value})


def measured(kind: str, measure: str) -> Callable[[Any], Case]:
    """A scene with a reference of a kind that measures so much; beside a picture, since sound may not be alone."""
    beside = (file("image"),) if kind == "audio" else ()
    return lambda value: Case(files=(*beside, file(kind, **{measure: value})))


def counted(kind: str) -> Callable[[Any], Case]:
    """So many references of a kind, short enough for all together."""
    short: dict[str, Any] = {} if kind == "image" else {"seconds": 2.0}
    beside = (file("image"),) if kind == "audio" else ()
    return lambda count: Case(files=(*beside, *(file(kind, **short) for _ in range(count))))


def together(kind: str) -> Callable[[Any], Case]:
    """Two references that have so many seconds together."""
    beside = (file("image"),) if kind == "audio" else ()
    return lambda seconds: Case(files=(*beside, file(kind, seconds=7.0), file(kind, seconds=seconds - 7.0)))


def shaped(value: Any) -> Case:
    """A picture so many times as wide as it is high, of 1000 pixels."""
    return Case(files=(file("image", width=round(1000 * value), height=1000),))


def sided(value: Any) -> Case:
    """A square picture of so many pixels a side."""
    return Case(files=(file("image", width=value, height=value),))


def large(value: Any) -> Case:
    """A video of so many pixels in all."""
    return Case(files=(file("video", width=value, height=1),))


def heavy(value: Any) -> Case:
    """Pictures that come to a body of so many bytes."""
    each = (value - 1000) // 4 // 3 * 3
    return Case(files=tuple(file("image", size=each) for _ in range(3)))


EDGES: dict[str, tuple[Callable[[Any], Case], tuple[Any, ...], tuple[Any, ...]]] = {
    "duration": (keyed("duration"), (-1, 4, 5, 14, 15), (-2, 0, 1, 2, 3, 16, 17, 60)),
    "seed": (keyed("seed"), (-1, 0, 4294967295), (-3, -2, 4294967296, 2**33)),
    "execution_expires_after": (keyed("execution_expires_after"), (3600, 259200), (0, 3599, 259201, 10**6)),
    "ratios": (
        keyed("ratio"),
        ("16:9", "4:3", "1:1", "3:4", "9:16", "21:9", "adaptive"),
        ("2:1", "9:21", "16:10", "1.78", "wide", "", "Adaptive"),
    ),
    "resolutions": (keyed("resolution"), ("480p", "720p"), ("240p", "1080p", "4k", "720", "HD", "")),
    "images": (counted("image"), (1, 2, 8, 9), (10, 11, 20)),
    "videos": (counted("video"), (1, 2, 3), (4, 5)),
    "audios": (counted("audio"), (1, 2, 3), (4, 5)),
    "image_formats": (
        measured("image", "format"), ("jpeg", "png", "webp", "bmp", "tiff", "gif"), ("heic", "avif")),
    "image_shape": (shaped, (0.4, 0.401, 1.0, 2.499, 2.5), (0.3, 0.399, 2.501, 3.0)),
    "image_side": (sided, (300, 301, 5999, 6000), (1, 100, 299, 6001, 8000)),
    "image_bytes": (measured("image", "size"), (1, 30 * MB - 1), (30 * MB, 30 * MB + 1, 40 * MB)),
    "video_formats": (measured("video", "format"), ("mp4", "mov"), ("mp3", "png")),
    "video_seconds": (measured("video", "seconds"), (2.0, 15.0, 15.2), (1.0, 1.9, 15.3, 16.0, 60.0)),
    "video_together": (together("video"), (9.0, 15.0, 15.2), (15.3, 16.0, 22.0)),
    "video_bytes": (measured("video", "size"), (1, 50 * MB - 1), (50 * MB, 50 * MB + 1, 60 * MB)),
    "video_area": (large, (409600, 409601, 927407, 927408), (1, 409599, 927409, 2073600)),
    "video_fps": (measured("video", "fps"), (24.0, 30.0, 60.0), (12.0, 23.0, 23.976, 61.0, 120.0)),
    "audio_formats": (measured("audio", "format"), ("wav", "mp3"), ("mp4", "gif")),
    "audio_seconds": (measured("audio", "seconds"), (2.0, 15.0, 15.2), (1.0, 1.9, 15.3, 16.0, 60.0)),
    "audio_together": (together("audio"), (9.0, 15.0, 15.2), (15.3, 16.0, 22.0)),
    "audio_bytes": (measured("audio", "size"), (1, 15 * MB - 1), (15 * MB, 15 * MB + 1, 20 * MB)),
    "safety_identifier": (keyed("safety_identifier"), ("x", "x" * 63, "x" * 64, "灯" * 64), ("x" * 65, "灯" * 65)),
    "body_bytes": (heavy, (MB, 63 * MB), (65 * MB, 70 * MB)),
}  # fmt: skip
"""By limit: a scene for a value, values that both take, values that both refuse."""

ODD: dict[str, Case] = {
    **{f"{key}: {value!r}": Case({key: value}) for key in ("generate_audio", "watermark", "return_last_frame")
       for value in ("yes", 1, 0, "true")},
    **{f"duration: {value!r}": Case({"duration": value}) for value in (4.5, "long", "5", True)},
    **{f"seed: {value!r}": Case({"seed": value}) for value in (1.5, "lucky")},
    **{f"{key}: unsupported": Case({key: value}) for key, value in (
        ("frames", 57), ("camera_fixed", True), ("draft", True), ("output_format", "mov"),
        ("omni_reference_task_type", "edit"),
    )},
    "service_tier: flex": Case({"service_tier": "flex"}),
    **{f"model: {name}": Case({"model": name}) for name in ("seedance-9", "doubao-seedance-9-260101", "gpt")},
    "no words": Case(prompt=""),
    "only a last frame": Case(files=(file("image", "last_frame"),)),
    "sound alone": Case(files=(file("audio"),)),
    "three sounds alone": Case(files=tuple(file("audio", seconds=2.0) for _ in range(3))),
    "web search with a picture": Case({"tools": [{"type": "web_search"}]}, (FIRST,)),
    "web search with a reference": Case({"tools": [{"type": "web_search"}]}, (file("image"),)),
    "web search with a video": Case({"tools": [{"type": "web_search"}]}, (file("video"),)),
    **{f"a first frame and a reference {kind}": Case(files=(FIRST, file(kind)))
       for kind in ("image", "video", "audio")},
    **{f"two frames and a reference {kind}": Case(files=(FIRST, file("image", "last_frame"), file(kind)))
       for kind in ("image", "video", "audio")},
    **{f"a last frame and a reference {kind}": Case(files=(file("image", "last_frame"), file(kind)))
       for kind in ("image", "video", "audio")},
}  # fmt: skip
"""What both refuse, without a number."""


def refused() -> Iterator[tuple[str, Case]]:
    """Every scene that both have to refuse, by its name: the edges of each limit in each place where it counts."""
    yield from ODD.items()
    for limit, (make, _, beyond) in EDGES.items():
        for value in beyond:
            yield f"{limit} {value!r}", make(value)
    for limit in ("duration", "seed", "execution_expires_after", "ratios", "resolutions"):
        key = limit.removesuffix("s") if limit in ("ratios", "resolutions") else limit
        for value in EDGES[limit][2]:
            yield f"{limit} {value!r} with a first frame", Case({key: value}, (FIRST,))
            yield f"{limit} {value!r} with a reference", Case({key: value}, (file("video"),))
    for limit, measure in (("image_bytes", "size"), ("image_side", "both")):
        for value in EDGES[limit][2]:
            sizes = {"size": value} if measure == "size" else {"width": value, "height": value}
            yield f"{limit} {value!r} as a first frame", Case(files=(file("image", "first_frame", **sizes),))
            last = file("image", "last_frame", **sizes)
            yield f"{limit} {value!r} as a last frame", Case(files=(FIRST, last))
    # (a video that is too long is no mistake to extend: its tail is handed over)
    for limit, measure in (("video_seconds", "seconds"), ("video_bytes", "size"), ("video_fps", "fps")):
        for value in EDGES[limit][2]:
            for edge in ("edit",) if limit == "video_seconds" else ("extend", "edit"):
                words = "In video 1, replace the sea." if edge == "edit" else "Extend video 1."
                yield f"{limit} {value!r} to {edge}", Case({}, (file("video", **{measure: value}),), words, edge)
