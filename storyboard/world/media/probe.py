"""The properties of a media file, by its content."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from pathlib import Path

import av
from PIL import Image

from storyboard.errors import MediaTrouble

IMAGE_FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF")


@dataclass(frozen=True, slots=True)
class Measures:
    """Pixels, seconds, number and rate of pictures, and whether there is sound; zero if not applicable."""

    width: int = 0
    height: int = 0
    seconds: float = 0.0
    frames: int = 0
    fps: float = 0.0
    sound: bool = False
    animated: bool = False


LARGEST_SIDE = 8000
"""Pixels beyond which a picture is measured by its header alone: it is refused for its size anyway."""


def image(path: Path) -> Measures:
    """Return a picture's pixels as displayed. It is decoded to its end: a torn picture has a complete header.

    Raise MediaTrouble.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path, formats=IMAGE_FORMATS) as picture:
                found = Measures(picture.width, picture.height, animated=bool(getattr(picture, "is_animated", False)))
                turned = picture.format in ("JPEG", "TIFF", "WEBP") and picture.getexif().get(0x0112) in (5, 6, 7, 8)
                if max(picture.size) <= LARGEST_SIDE:
                    picture.load()
                return replace(found, width=found.height, height=found.width) if turned else found
    except (OSError, ValueError, SyntaxError, Warning, Image.DecompressionBombError) as error:
        raise MediaTrouble(f"{path.name} is not a readable picture", "export it again, as png or jpeg") from error


def video(path: Path) -> Measures:
    """Return a video's pixels and length, counted packet by packet. Raise MediaTrouble."""
    try:
        with av.open(str(path), format="mov") as container:
            stream = container.streams.video[0]
            base = stream.time_base
            times = [(p.pts, p.duration or 0) for p in container.demux(stream) if p.pts is not None]
            if not times or base is None:
                raise MediaTrouble(f"{path.name} has no pictures")
            first, last = min(pts for pts, _ in times), max(pts + duration for pts, duration in times)
            seconds = float((last - first) * base)
            sound = bool(container.streams.audio)
            return Measures(
                stream.width,
                stream.height,
                seconds,
                len(times),
                len(times) / seconds if seconds else 0,
                sound,
            )
    except (av.FFmpegError, IndexError, OSError) as error:
        raise MediaTrouble(f"{path.name} is not a readable video", "export it again, as mp4") from error


def audio(path: Path) -> Measures:
    """Return a sound's length, decoded to its end, since headers may be wrong. Raise MediaTrouble."""
    try:
        with av.open(str(path)) as container:
            stream = container.streams.audio[0]
            samples = sum(frame.samples for frame in container.decode(stream))
            return Measures(seconds=samples / stream.rate, sound=True)
    except (av.FFmpegError, IndexError, OSError, ZeroDivisionError) as error:
        raise MediaTrouble(f"{path.name} is not a readable sound", "export it again, as wav or mp3") from error
