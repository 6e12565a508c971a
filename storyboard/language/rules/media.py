"""Rules about the limits of the inputs: each checks one limit of the model's row (seed, *Input Constraints*).

Files below the project's root were measured. For a remote file the author may state length and pixels. The length of
another scene's video is the planned one.
"""

from __future__ import annotations

from collections.abc import Iterator

from storyboard.language.capability import MEGABYTE, ClipLimits, ImageLimits, Range
from storyboard.language.graph import Graph
from storyboard.language.inputs import Input, LocalFile, RemoteFile
from storyboard.language.problem import Problem
from storyboard.language.rules.measured import Handed, Measured
from storyboard.language.scene import Kind


def _each(handed: Handed, kind: Kind) -> Iterator[Measured]:
    yield from (found for found in handed if found.item.kind == kind)


def _outside(value: float, limits: Range, slack: float = 0.0) -> bool:
    return bool(value) and not limits[0] <= value <= limits[1] + slack


def check_formats(handed: Handed, graph: Graph) -> Iterator[Problem]:
    """SB509: a file is in a format that the model takes."""
    for found in handed:
        formats = _limits(found).formats
        if found.fact and found.fact.kind == found.item.kind and found.fact.format not in formats:
            sentence = f"{found.subject} is {found.fact.format}; {found.row.name} takes {', '.join(formats)}"
            yield Problem("SB509", sentence, found.item.place, f"export it as {formats[0]}")


def _limits(found: Measured) -> ClipLimits | ImageLimits:
    match found.item.kind:
        case "image":
            return found.row.image
        case "video":
            return found.row.video
        case _:
            return found.row.audio


def picture_shapes(handed: Handed, graph: Graph) -> Iterator[Problem]:
    """SB511: width divided by height is within 0.4 and 2.5."""
    for found in _each(handed, "image"):
        shape = found.width / found.height if found.height else 0.0
        low, high = found.row.image.shape
        if _outside(shape, (low, high)):
            sentence = f"{found.subject} is {found.width}x{found.height}, {shape:.2f} times as wide as high"
            hint = f"crop it to between {low:g} and {high:g} times"
            yield Problem("SB511", f"{sentence}; it may be {low:g} to {high:g}", found.item.place, hint)


def picture_sides(handed: Handed, graph: Graph) -> Iterator[Problem]:
    """SB512: each side has 300 to 6000 pixels."""
    for found in _each(handed, "image"):
        low, high = found.row.image.side
        if any(_outside(side, (low, high)) for side in (found.width, found.height)):
            sentence = f"{found.subject} is {found.width}x{found.height} pixels; a side may have {low:g} to {high:g}"
            yield Problem("SB512", sentence, found.item.place, f"scale it to {low:g} to {high:g}")


def picture_bytes(handed: Handed, graph: Graph) -> Iterator[Problem]:
    """SB513: a picture is below 30 MB."""
    yield from _too_large(handed, "image", "SB513")


def check_animation(handed: Handed, graph: Graph) -> Iterator[Problem]:
    """SB514, a warning: of an animated picture only one frame is seen."""
    for found in _each(handed, "image"):
        if found.fact and found.fact.animated:
            sentence = f"{found.subject} moves, but a picture is seen as one frame"
            yield Problem("SB514", sentence, found.item.place, "export one frame, or give it as a video", "warning")


def video_seconds(handed: Handed, graph: Graph) -> Iterator[Problem]:
    """SB521: each video has 2 to 15 seconds; another scene's, as many as it is planned to have."""
    yield from _too_long(handed, "video", "SB521")


def videos_together(handed: Handed, graph: Graph) -> Iterator[Problem]:
    """SB522: all videos of a scene together have no more than 15 seconds."""
    yield from _together(handed, "video", "SB522")


def video_areas(handed: Handed, graph: Graph) -> Iterator[Problem]:
    """SB523: a video is 480p to 720p."""
    for found in _each(handed, "video"):
        low, high = found.row.video.area
        if _outside(found.width * found.height, (low, high)):
            sentence = f"{found.subject} is {found.width}x{found.height}, {found.width * found.height} pixels"
            hint = "scale it, e.g. to 1280x720"
            yield Problem("SB523", f"{sentence}; it may have {low:g} to {high:.0f} pixels", found.item.place, hint)


def video_bytes(handed: Handed, graph: Graph) -> Iterator[Problem]:
    """SB524: a video is below 50 MB."""
    yield from _too_large(handed, "video", "SB524")


def video_rates(handed: Handed, graph: Graph) -> Iterator[Problem]:
    """SB525: a video has 24 to 60 pictures a second."""
    for found in _each(handed, "video"):
        low, high = found.row.video.fps
        if _outside(round(found.fps, 2), (low, high), 0.01):
            sentence = f"{found.subject} has {found.fps:.4g} pictures a second; it may have {low:g} to {high:g}"
            yield Problem("SB525", sentence, found.item.place, "export it with 24")


def sound_seconds(handed: Handed, graph: Graph) -> Iterator[Problem]:
    """SB531: each sound has 2 to 15 seconds."""
    yield from _too_long(handed, "audio", "SB531")


def sounds_together(handed: Handed, graph: Graph) -> Iterator[Problem]:
    """SB532: all sounds of a scene together have no more than 15 seconds."""
    yield from _together(handed, "audio", "SB532")


def sound_bytes(handed: Handed, graph: Graph) -> Iterator[Problem]:
    """SB533: a sound is below 15 MB."""
    yield from _too_large(handed, "audio", "SB533")


def _too_large(handed: Handed, kind: Kind, code: str) -> Iterator[Problem]:
    for found in _each(handed, kind):
        most = _limits(found).below_bytes
        if found.size >= most:
            sentence = f"{found.subject} has {found.size / MEGABYTE:.1f} MB; it has to be below {most // MEGABYTE} MB"
            yield Problem(code, sentence, found.item.place, "export it smaller")


def _clips(found: Measured) -> ClipLimits:
    return found.row.video if found.item.kind == "video" else found.row.audio


def _too_long(handed: Handed, kind: Kind, code: str) -> Iterator[Problem]:
    for found in _each(handed, kind):
        limits = _clips(found)
        low, high = limits.seconds
        if found.seconds is not None and found.seconds > 0 and not low <= found.seconds <= high + limits.tolerance:
            sentence = f"{found.subject} has {found.seconds:.4g} s; it may have {low:g} to {high:g} s"
            hint = _shorter(found.item) if found.seconds > high else "hand over a longer one"
            yield Problem(code, sentence, found.item.place, hint)


def _together(handed: Handed, kind: Kind, code: str) -> Iterator[Problem]:
    sums: dict[str, list[Measured]] = {}
    for found in _each(handed, kind):
        sums.setdefault(found.scene.id, []).append(found)
    for several in sums.values():
        limits = _clips(several[0])
        whole = sum(found.seconds or 0.0 for found in several)
        if len(several) > 1 and whole > limits.together + limits.tolerance:
            what = "videos" if kind == "video" else "sounds"
            sentence = f'the {what} of scene "{several[0].scene.id}" have {whole:.4g} s together'
            sentence += f"; they may have {limits.together:g} s"
            yield Problem(code, sentence, several[-1].item.place, _shorter(several[-1].item))


def _shorter(item: Input) -> str:
    whole = item.kind != "video" or isinstance(item.origin, RemoteFile)
    return "export it shorter" if whole else "hand over a part: `{…, tail: 5}`"


def body_size(handed: Handed, graph: Graph) -> Iterator[Problem]:
    """SB541: pictures and sounds that are sent as data make a request of at most 64 MB."""
    sums: dict[str, int] = {}
    for found in handed:
        if found.item.kind != "video":
            local = found.size if isinstance(found.item.origin, LocalFile) else 0
            sums[found.scene.id] = sums.get(found.scene.id, 0) + (local + 2) // 3 * 4 + _data_bytes(found.item)
    mosts = {found.scene.id: found.row.body_bytes for found in handed}
    for id, size in sums.items():
        scene, most = graph.scene(id), mosts[id]
        if size > most - MEGABYTE // 16:
            sentence = f'what scene "{id}" is given makes a request of {size / MEGABYTE:.1f} MB'
            place = min((scene.place_of(key) for key in scene.mode_keys), default=scene.place)
            yield Problem("SB541", f"{sentence}; it may have {most // MEGABYTE} MB", place, "export the files smaller")


def _data_bytes(item: Input) -> int:
    """Return the bytes that an author's own data address adds to the request."""
    is_data = isinstance(item.origin, RemoteFile) and item.origin.address.lower().startswith("data:")
    return len(item.origin.address) if is_data and isinstance(item.origin, RemoteFile) else 0


RULES = (
    check_formats,
    picture_shapes,
    picture_sides,
    picture_bytes,
    check_animation,
    video_seconds,
    videos_together,
    video_areas,
    video_bytes,
    video_rates,
    sound_seconds,
    sounds_together,
    sound_bytes,
    body_size,
)
