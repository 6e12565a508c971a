"""Single pictures: reading them safely, drawing, and writing them down."""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TypeAlias

from PIL import Image, ImageDraw, ImageFont

from storyboard.errors import MediaTrouble
from storyboard.world.media.probe import IMAGE_FORMATS

Picture: TypeAlias = Image.Image
Colour: TypeAlias = "tuple[int, int, int]"
Size: TypeAlias = "tuple[int, int]"
Area: TypeAlias = "tuple[int, int, int, int]"
"""Left, top, and where it ends at the right and below."""

_CJK_FONTS = (
    "NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf",
    "/System/Library/Fonts/PingFang.ttc",
)


def read(source: Path | bytes) -> Picture:
    """Return a picture, decoded, in RGB. Raise MediaTrouble if it is not a picture, is torn, or would not fit into
    memory."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(
                io.BytesIO(source) if isinstance(source, bytes) else source, formats=IMAGE_FORMATS
            ) as picture:
                picture.load()
                return picture.convert("RGB")
    except (OSError, ValueError, SyntaxError, Warning, Image.DecompressionBombError) as error:
        raise MediaTrouble("that is not a readable picture") from error


def png(picture: Picture) -> bytes:
    """The picture as a PNG file."""
    out = io.BytesIO()
    picture.save(out, "PNG", compress_level=1)
    return out.getvalue()


def fitted(picture: Picture, size: Size) -> Picture:
    """The middle of a picture, scaled to fill a size."""
    if picture.size == size:
        return picture
    width, height = size
    scale = max(width / picture.width, height / picture.height)
    big = (max(width, round(picture.width * scale)), max(height, round(picture.height * scale)))
    scaled = picture.resize(big, Image.Resampling.LANCZOS)
    left, top = (big[0] - width) // 2, (big[1] - height) // 2
    return scaled.crop((left, top, left + width, top + height))


def blended(one: Picture, other: Picture, share: float) -> Picture:
    """Both pictures, `share` (0 to 1) of it the other."""
    return Image.blend(one, other, share)


def wiped(one: Picture, other: Picture, share: float) -> Picture:
    """Return one picture, with the other moved over its left `share` (0 to 1)."""
    picture = one.copy()
    picture.paste(other.crop((0, 0, round(one.width * share), one.height)), (0, 0))
    return picture


def black(size: Size) -> Picture:
    """Nothing."""
    return Image.new("RGB", size)


def gradient(size: Size, top: Colour, bottom: Colour) -> Picture:
    """One colour above, another below, evenly between them."""
    height = (1, size[1])
    mask = Image.linear_gradient("L").resize(height)
    column = Image.composite(Image.new("RGB", height, bottom), Image.new("RGB", height, top), mask)
    return column.resize(size, Image.Resampling.NEAREST)


def disc(picture: Picture, centre: tuple[float, float], radius: float, colour: Colour) -> None:
    """Draw a disc."""
    x, y = centre
    ImageDraw.Draw(picture).ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)


GLOW = 3
"""The radius of a sun's glow, in radii of its disc."""


def sun(picture: Picture, centre: tuple[int, int], radius: int, colour: Colour, horizon: int) -> None:
    """Draw a disc that shines on what is around it, above the line `horizon`."""
    left, top = centre[0] - GLOW * radius, centre[1] - GLOW * radius
    mask = _shine(radius)
    picture.paste(colour, (left, top), mask.crop((0, 0, mask.width, min(mask.height, horizon - top))))


@cache
def _shine(radius: int) -> Picture:
    """Return a mask of a sun's light: full on the disc, decreasing around it."""

    def seen(step: int) -> int:
        return round(90 * (max(0.0, GLOW - max(1.0, GLOW * step / _EDGE)) / (GLOW - 1)) ** 2)

    side = 4 * GLOW * radius
    mask = Image.radial_gradient("L").resize((side, side)).point([seen(step) for step in range(256)])
    around, within = side // 2 - 2 * radius, side // 2 + 2 * radius
    ImageDraw.Draw(mask).ellipse((around, around, within, within), fill=255)
    return mask.reduce(2)


_EDGE = 181
"""The value of Pillow's radial gradient at the middle of its sides: 128·√2."""


def ridge(picture: Picture, tops: Sequence[float], bottom: int, colour: Colour) -> None:
    """Draw hills from side to side: how far above `bottom` each of their points is, evenly spaced, in pixels."""
    high = math.ceil(max(tops)) + 1
    mask = Image.new("L", (2 * picture.width, 2 * high))
    points = [(2 * picture.width * n / (len(tops) - 1), 2 * (high - top)) for n, top in enumerate(tops)]
    ImageDraw.Draw(mask).polygon([(0, 2 * high), *points, (2 * picture.width, 2 * high)], fill=255)
    picture.paste(colour, (0, bottom - high), mask.reduce(2))


def box(picture: Picture, area: Area, colour: Colour) -> None:
    """Draw a filled rectangle; its last column and line are drawn too."""
    ImageDraw.Draw(picture).rectangle(area, fill=colour)


def paste(picture: Picture, other: Picture, at: tuple[int, int]) -> None:
    """Put another picture into one."""
    picture.paste(other, at)


def write(picture: Picture, text: str, at: tuple[int, int], height: int, colour: Colour = (255, 255, 255)) -> None:
    """Write text; `height` is that of its letters' box, in pixels."""
    ImageDraw.Draw(picture).multiline_text(
        at, text, fill=colour, font=_font(height, text.isascii()), spacing=height // 4
    )


def wrap(text: str, width: int, height: int) -> str:
    """The text in lines no wider than `width` pixels; between Chinese characters it may break anywhere."""
    font = _font(height, text.isascii())
    lines = [""]
    for word in _words(text):
        if word == "\n":
            lines.append("")
        elif font.getlength(lines[-1] + word) <= width or not lines[-1]:
            lines[-1] += word
        else:
            lines.append(word.lstrip())
    return "\n".join(lines)


def _words(text: str) -> list[str]:
    words: list[str] = []
    for char in text:
        if (
            char == "\n"
            or ord(char) > 0x2E7F
            or not words
            or char == " "
            or words[-1] == "\n"
            or ord(words[-1][-1]) > 0x2E7F
        ):
            words.append(char)
        else:
            words[-1] += char
    return words


@cache
def _font(height: int, ascii_only: bool) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Pillow's own font; for other scripts one of the machine's, if it has any."""
    for name in () if ascii_only else _CJK_FONTS:
        try:
            return ImageFont.truetype(name, height)
        except OSError:
            continue
    return ImageFont.load_default(height)
