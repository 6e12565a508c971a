"""Compare a downloaded video with its request and with the data of its task.

A paid video is always kept, and a mismatch is reported. But a video that matches neither the request nor the data of
its own task may be another task's, delivered by mistake. Downloading it again may deliver the right one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from storyboard.providers.provider import Task

Asked = Mapping[str, str | int | bool]
"""What a request fixed of model, duration, ratio, resolution and sound."""
Pixels = Mapping[tuple[str, str], tuple[int, int]]
"""Resolution and ratio → width and height."""


@dataclass(frozen=True, slots=True)
class Measured:
    """The measured length in seconds and size in pixels of a video; 0 for a value that was not measured."""

    seconds: float
    width: int
    height: int


SECONDS = 0.5
"""The tolerance, in seconds, between the measured length and the requested whole seconds."""
SHARE = 0.05
"""The tolerance of width and height, as a fraction of the table's value."""


def reported_mismatch(task: Task, asked: Asked) -> str:
    """Return how the data of a succeeded task differ from the request; empty if they agree."""
    said = {"duration": task.duration, "ratio": task.ratio, "resolution": task.resolution, "sound": task.sound}
    for name, wanted in asked.items():
        value = said.get(name)
        if value not in (None, "") and wanted not in (None, -1, "adaptive") and value != wanted:
            return f"its {name} is {value}, but {wanted} was asked for"
    return ""


def mismatch(task: Task, asked: Asked, came: Measured, pixels: Pixels) -> str:
    """Return how a video differs from the request, by its task's data or its measured values; empty if it matches."""
    return reported_mismatch(task, asked) or _unlike(asked.get("duration"), _size(asked, pixels), came)


def foreign_output(task: Task, asked: Asked, came: Measured, pixels: Pixels) -> str:
    """Return why a video may be another task's: it matches neither the request nor the data of its task. Empty if it
    matches one of them."""
    unlike = _unlike(asked.get("duration"), _size(asked, pixels), came)
    said = {"resolution": task.resolution, "ratio": task.ratio}
    of_its_task = task.duration is not None and not _unlike(task.duration, _size(said, pixels), came)
    return "" if of_its_task else unlike


def _size(of: Mapping[str, object], pixels: Pixels) -> tuple[int, int] | None:
    return pixels.get((str(of.get("resolution")), str(of.get("ratio"))))


def _unlike(duration: object, size: tuple[int, int] | None, came: Measured) -> str:
    """Return how a video differs from a length and a size. An unknown length or size matches everything."""
    if isinstance(duration, int) and duration > 0 and came.seconds and abs(came.seconds - duration) > SECONDS:
        return f"it is {came.seconds:.1f} s long, but {duration} s were asked for"
    if size and came.width and max(abs(came.width / size[0] - 1), abs(came.height / size[1] - 1)) > SHARE:
        return f"it is {came.width}×{came.height}, but {size[0]}×{size[1]} was asked for"
    return ""
