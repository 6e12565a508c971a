"""Small true pictures and videos, and how alike two pictures are."""

from __future__ import annotations

import math
from pathlib import Path

from PIL import Image, ImageChops, ImageStat

from storyboard.errors import MediaTrouble
from storyboard.world.media import clip, images, mp4
from storyboard.world.media.images import Colour, Picture, Size

SMALL = (192, 112)
RED, BLUE, GREEN = (200, 40, 40), (40, 60, 200), (40, 170, 70)


def picture(colour: Colour = RED, size: Size = SMALL) -> Picture:
    """A picture with some shape in it."""
    drawn = images.gradient(size, colour, (30, 30, 40))
    images.disc(drawn, (size[0] / 3, size[1] / 2), size[1] / 5, (240, 220, 160))
    return drawn


def video(
    path: Path, colour: Colour = RED, *, frames: int = 97, size: Size = SMALL, tone: int | None = None, every: int = 12
) -> Path:
    """A video whose pictures change every few frames: a bar grows from left to right."""

    def drawn(number: int) -> Picture:
        one = picture(colour, size)
        images.box(one, (0, 0, size[0] * (number + 1) // (frames + 1), 8), (255, 255, 255))
        return one

    clip.write(path, ((number, drawn(number)) for number in range(0, frames, every)), frames, size, tone)
    return path


def same(colour: Colour, path: Path, frames: int = 48, *, tone: int | None = None) -> Path:
    """A video of one colour."""
    clip.write(path, [(0, Image.new("RGB", SMALL, colour))], frames, SMALL, tone)
    return path


def likeness(one: Picture, other: Picture) -> float:
    """The peak signal-to-noise ratio of two pictures, in decibels; infinite if they are the same."""
    assert one.size == other.size
    channels = ImageStat.Stat(ImageChops.difference(one, other)).rms
    error = sum(rms**2 for rms in channels) / len(channels)
    return math.inf if error == 0 else 10 * math.log10(255**2 / error)


def colour_of(one: Picture) -> tuple[int, ...]:
    """The mean colour."""
    return tuple(round(mean) for mean in ImageStat.Stat(one).mean)


def is_complete(path: Path) -> bool:
    """Return whether the boxes of an MP4 file add up to its size, with all that a player needs among them."""
    try:
        mp4.check(path)
    except MediaTrouble:
        return False
    return True
