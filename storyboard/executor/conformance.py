"""Is what came what was asked for, and is it what its task says that it is?

What was paid for is kept however it turned out, and its author told. But a video that is like neither the request nor
what its own task says may be another task's, handed out by mistake: asked for again, the right one may come.
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
    """What a video is by its own measure; 0 for what wasn't measured."""

    seconds: float
    width: int
    height: int


SECONDS = 0.5
"""By which a video may be longer or shorter than the whole seconds that were asked for."""
SHARE = 0.05
"""By which its sides may differ from the table's."""


def reported_mismatch(task: Task, asked: Asked) -> str:
    """Where a task that has succeeded says other than was asked for; empty if nowhere."""
    said = {"duration": task.duration, "ratio": task.ratio, "resolution": task.resolution, "sound": task.sound}
    for name, wanted in asked.items():
        value = said.get(name)
        if value not in (None, "") and wanted not in (None, -1, "adaptive") and value != wanted:
            return f"its {name} is {value}, but {wanted} was asked for"
    return ""


def mismatch(task: Task, asked: Asked, came: Measured, pixels: Pixels) -> str:
    """Where a video is other than was asked for, by its task's own word or by its measures; empty if nowhere."""
    return reported_mismatch(task, asked) or _unlike(asked.get("duration"), _size(asked, pixels), came)


def foreign_output(task: Task, asked: Asked, came: Measured, pixels: Pixels) -> str:
    """Why a video may be another task's: it is like neither the request nor what its task says; empty if it is."""
    unlike = _unlike(asked.get("duration"), _size(asked, pixels), came)
    said = {"resolution": task.resolution, "ratio": task.ratio}
    of_its_task = task.duration is not None and not _unlike(task.duration, _size(said, pixels), came)
    return "" if of_its_task else unlike


def _size(of: Mapping[str, object], pixels: Pixels) -> tuple[int, int] | None:
    return pixels.get((str(of.get("resolution")), str(of.get("ratio"))))


def _unlike(duration: object, size: tuple[int, int] | None, came: Measured) -> str:
    """Where a video differs from a length and a size; what isn't known of either is like anything."""
    if isinstance(duration, int) and duration > 0 and came.seconds and abs(came.seconds - duration) > SECONDS:
        return f"it is {came.seconds:.1f} s long, but {duration} s were asked for"
    if size and came.width and max(abs(came.width / size[0] - 1), abs(came.height / size[1] - 1)) > SHARE:
        return f"it is {came.width}×{came.height}, but {size[0]}×{size[1]} was asked for"
    return ""
