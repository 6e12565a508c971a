"""Small true videos: what a task would have made, drawn.

A scene has a colour of its own, a sun that moves over hills, a running clock and its prompt in the picture. The seed
makes the hills, and stands below the prompt: another seed makes other bytes, the same request with the same seed the
same. A first frame given is really the first picture; a continuation begins with the source's last picture and carries
its clock on; references are shown as small pictures.

What a picture shows is decided first (`shots`); then the scenery is drawn and converted once, and after that only what
moves before it.
"""

from __future__ import annotations

import colorsys
import math
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from storyboard.emulator.ledger import Ledger
from storyboard.emulator.tasks import FPS, Line
from storyboard.errors import MediaTrouble
from storyboard.protocols import Address
from storyboard.world.durable import temporary_name, write_atomically
from storyboard.world.media import clip, images
from storyboard.world.media.images import GLOW, Area, Colour, Picture, Size

STEP = 12
"""Pictures between two changes: the picture moves twice a second."""
TURN = 24
"""Pictures in which a given first frame turns into the scene's own."""
SHOWN = 6
"""References that find room."""
SMALLEST = 12
"""Pixels: letters that can be read."""
RIDGE_POINTS = 96
GOLDEN = (math.sqrt(5) - 1) / 2
"""Its multiples, without their whole parts, lie far apart: the hills of seeds that are neighbours differ."""
CONTINUES = ("extend", "延长", "continue")


@dataclass(frozen=True, slots=True)
class Look:
    """Everything that decides a video's pictures."""

    size: Size
    frames: int
    words: str
    hue: float
    clock: float
    first: Picture | None = None
    last: Picture | None = None
    continues: bool = False
    references: tuple[tuple[str, Picture], ...] = ()
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Shot:
    """What is seen from a frame on, besides the scenery.

    `sun` is where it stands, in shares of the width and height; `gone` is how much of the video has gone by; `of_first`
    and `of_last` are how much of a given first and last picture is seen: from 0, nothing, to 1, nothing else.
    """

    number: int
    clock: str
    sun: tuple[float, float]
    gone: float
    of_first: float
    of_last: float


def make(line: Line, ledger: Ledger) -> None:
    """Make a task's video and last frame, if they aren't there; half-made ones never bear their names."""
    video, frame = ledger.video(line.task_id), ledger.frame(line.task_id)
    if not video.exists():
        part = temporary_name(video)  # several requests may have it drawn at the same moment
        tone = 180 + int(line.text_sha256[:2], 16) if line.sound else None
        clip.write(part, pictures(look_of(line, ledger)), line.frames, line.size, tone)
        part.replace(video)
    if not frame.exists():
        write_atomically(frame, images.png(clip.last_picture(video)), 0o600)


def look_of(line: Line, ledger: Ledger) -> Look:
    """How a task's video looks."""
    given: dict[str, Picture] = {}
    references = []
    seen: Counter[str] = Counter()
    continues = is_continuation(line.text)
    for index, item, role in line.media:
        sort = item["type"].removesuffix("_url")
        seen[sort] += 1
        if sort == "audio":
            continue
        path = ledger.input(line.inputs.get(str(index), ""))
        picture = _paste(path, item["type"], last=continues) or _placeholder(_url(item))
        if role in ("first_frame", "last_frame") or (
            role == "reference_video" and continues and "first_frame" not in given
        ):
            given[role if role == "last_frame" else "first_frame"] = images.fitted(picture, line.size)
        else:
            references.append((f"{sort} {seen[sort]}", picture))
    hue = int(line.text_sha256[:6], 16) / 0xFFFFFF
    first, last = given.get("first_frame"), given.get("last_frame")
    whole = continues and any(role == "reference_video" for _, _, role in line.media)
    shown = tuple(references[:SHOWN])
    return Look(line.size, line.frames, line.text, hue, line.clock, first, last, whole, shown, line.seed)


def is_continuation(text: str) -> bool:
    """Do the words ask to continue a video? On the 2.0 models words make an extension."""
    return any(word in text.lower() for word in CONTINUES)


def _url(item: object) -> str:
    assert isinstance(item, dict)  # noqa: S101 - the refusals looked
    return str(item[item["type"]]["url"])


def _paste(path: Path, sort: str, *, last: bool) -> Picture | None:
    """A picture of some media; none if there are none or they can't be read."""
    with suppress(MediaTrouble, OSError):
        if sort == "image_url":
            return images.read(path)
        if sort == "video_url":
            return clip.last_picture(path) if last else clip.picture_at(path, 0)
    return None


def _placeholder(url: str) -> Picture:
    """What stands for media that the emulator doesn't fetch: their address, readable."""
    picture, bare = images.gradient((1280, 720), (70, 74, 82), (38, 40, 46)), Address(url).bare[:100]
    images.write(picture, "\n".join(bare[at : at + 20] for at in range(0, len(bare), 20)), (60, 40), 100)
    return picture


def shots(look: Look) -> Iterator[Shot]:
    """What each picture shows that isn't the same as the one before it."""
    for number in range(0, look.frames, STEP):
        seconds = look.clock + number / FPS
        way = (seconds * 0.06 + look.hue) % 1
        begun, left = number + look.continues, look.frames - 1 - number
        yield Shot(
            number,
            f"{int(seconds) // 60:02d}:{seconds % 60:04.1f}",
            (1.1 * way - 0.05, 0.5 - 0.18 * (1 - (2 * way - 1) ** 2)),
            number / (look.frames - 1),
            max(0.0, 1 - begun / TURN) if look.first is not None else 0.0,
            max(0.0, 1 - left / TURN) if look.last is not None else 0.0,
        )


def pictures(look: Look) -> Iterator[tuple[int, Picture | clip.Frame]]:
    """The pictures that change, with the number of the frame from which on they are seen.

    Next to the scenery only small areas change, so that no more than these is made anew for most of the pictures.
    """
    references = references_of(look)
    scenery = scenery_of(look, references)
    frame = clip.to_frame(scenery)
    for shot in shots(look):
        own, areas = drawn(scenery, references, look, shot)
        if shot.of_first or shot.of_last:
            yield shot.number, _draw_turning(look, own, shot)
        else:
            yield shot.number, clip.patch(frame, own, areas)


def _draw_turning(look: Look, own: Picture, shot: Shot) -> Picture:
    """A given first picture turning into the scene's own, and that into a given last one."""
    if look.first is not None and shot.of_first:
        own = images.blended(own, look.first, shot.of_first)
    if look.last is not None and shot.of_last:
        own = images.blended(own, look.last, shot.of_last)
    return own


def _colour(hue: float, light: float, depth: float = 0.55) -> Colour:
    red, green, blue = colorsys.hls_to_rgb(hue % 1, light, depth)
    return round(red * 255), round(green * 255), round(blue * 255)


def _horizon(look: Look) -> int:
    """Above it is the picture, below it are the words."""
    return look.size[1] // 3 * 2  # even, as the edges of areas are


def scenery_of(look: Look, references: Picture) -> Picture:
    """What stays the same: sky, hills and sea in the scene's colour, its prompt, its seed, its references."""
    (width, height), horizon = look.size, _horizon(look)
    picture = images.black(look.size)
    sky = images.gradient((width, horizon), _colour(look.hue, 0.3), _colour(look.hue + 0.1, 0.8, 0.7))
    images.paste(picture, sky, (0, 0))
    sea = images.gradient((width, height - horizon), _colour(look.hue, 0.15, 0.5), _colour(look.hue, 0.07, 0.5))
    images.paste(picture, sea, (0, horizon))
    phase = look.hue * 40 + look.seed * GOLDEN % 1 * math.tau
    for number, (high, light) in enumerate(((0.1, 0.46), (0.07, 0.35), (0.045, 0.25))):
        tops = [height * high * share for share in _ridge(phase + number * 2.1)]
        images.ridge(picture, tops, horizon, _colour(look.hue + 0.06 - 0.02 * number, light, 0.4))
    margin = min(look.size) // 20
    words, letters = fit(look.words, (width - 2 * margin, height - horizon - margin - margin // 2))
    images.write(picture, words, (margin, horizon + margin * 3 // 4), letters)
    images.write(picture, f"seed {look.seed}", (margin, height - margin * 2 // 3), margin // 2)
    images.paste(picture, references, (width - references.width, 0))
    return picture


def _ridge(phase: float) -> list[float]:
    """How high hills are, from left to right, in shares of their highest."""
    return [
        0.55 + 0.27 * math.sin(phase + 0.11 * n) + 0.18 * math.sin(2.7 * phase + 0.29 * n) for n in range(RIDGE_POINTS)
    ]


def fit(words: str, room: Size) -> tuple[str, int]:
    """The words in lines, and the height of the letters: as large as lets them all find room; the rest is cut off."""
    width, height = room
    for letters in range(max(SMALLEST, height // 5), SMALLEST - 1, -2):
        if len(words) <= _most(room, letters):
            lines = images.wrap(words, width, letters).split("\n")
            if len(lines) <= _lines_in(height, letters):
                return "\n".join(lines), letters
    lines = images.wrap(words[: _most(room, SMALLEST)], width, SMALLEST).split("\n")
    return "\n".join(lines[: _lines_in(height, SMALLEST)]) + " ...", SMALLEST


def _lines_in(height: int, letters: int) -> int:
    return max(1, height * 10 // (letters * 14))


def _most(room: Size, letters: int) -> int:
    """How many letters find room at most: in a text they are, evened out, more than two fifths as wide as high."""
    return _lines_in(room[1], letters) * (room[0] * 5 // (letters * 2))


def references_of(look: Look) -> Picture:
    """The references side by side, each with the name a prompt calls it by; an empty picture if there are none."""
    wide = min(look.size[1] // 4, look.size[0] // (SHOWN + 2))
    high, gap, strip = wide * 9 // 16, wide // 16, wide // 5
    if not look.references:
        return images.black((0, 0))
    picture = images.black((gap + (wide + gap) * len(look.references), high + strip + gap))
    for index, (name, reference) in enumerate(look.references):
        left = gap + (wide + gap) * index
        images.paste(picture, images.fitted(reference, (wide, high)), (left, gap))
        images.write(picture, name, (left, high + gap), strip * 3 // 4)
    return picture


def drawn(scenery: Picture, references: Picture, look: Look, shot: Shot) -> tuple[Picture, list[Area]]:
    """The picture of a shot, and the areas in which it isn't the scenery: the sun, the clock, how much has gone by."""
    (width, height), horizon = look.size, _horizon(look)
    picture = scenery.copy()
    radius, letters = min(look.size) // 14, min(look.size) // 11
    x, y = round(shot.sun[0] * width), round(shot.sun[1] * height)
    images.sun(picture, (x, y), radius, (255, 240, 196), horizon)
    images.paste(picture, references, (width - references.width, 0))
    line = max(4, height // 180 // 2 * 2)
    images.box(picture, (0, horizon, width - 1, horizon + line - 1), _colour(look.hue, 0.32))
    images.box(picture, (0, horizon, round(shot.gone * (width - 1)), horizon + line - 1), _colour(look.hue, 0.8, 0.9))
    images.write(picture, shot.clock, (letters // 3, letters // 4), letters)
    around = GLOW * radius
    return picture, [
        _even((x - around, y - around, x + around, min(y + around, horizon)), look.size),
        _even((0, 0, letters * 5, letters * 3 // 2), look.size),
        _even((0, horizon, width, horizon + line), look.size),
    ]


def _even(area: Area, size: Size) -> Area:
    """The area with even edges, as far as it lies within a picture."""
    left, top, right, bottom = area
    return (
        max(0, left) // 2 * 2,
        max(0, top) // 2 * 2,
        (min(size[0], right) + 1) // 2 * 2,
        (min(size[1], bottom) + 1) // 2 * 2,
    )
