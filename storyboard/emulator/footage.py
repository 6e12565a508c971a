"""Small true videos: what a task would have made, drawn.

A scene has a colour of its own, a sun that moves over a sea, a running clock and its prompt in the picture. A first
frame given is really the first picture; a continuation begins with the source's last picture and carries its clock on;
references are shown as small pictures.
"""

from __future__ import annotations

import colorsys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from storyboard.emulator.ledger import Ledger
from storyboard.emulator.tasks import FPS, Line
from storyboard.errors import MediaTrouble
from storyboard.promises import Address
from storyboard.world.files import write_in_one_stroke
from storyboard.world.media import clip, still
from storyboard.world.media.still import Colour, Picture, Size

STEP = 12
"""Pictures between two changes: the picture moves twice a second."""
TURN = 24
"""Pictures in which a given first frame turns into the scene's own."""
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
    thumbnails: tuple[Picture, ...] = ()


def make(line: Line, ledger: Ledger) -> None:
    """Make a task's video and last frame, if they aren't there; half-made ones never bear their names."""
    video, frame = ledger.video(line.task_id), ledger.frame(line.task_id)
    if not video.exists():
        part = video.with_suffix(".part")
        tone = 180 + int(line.text_sha256[:2], 16) if line.sound else None
        clip.write(part, pictures(look_of(line, ledger)), line.frames, line.size, tone)
        part.replace(video)
    if not frame.exists():
        write_in_one_stroke(frame, still.png(clip.last_picture(video)), 0o600)


def look_of(line: Line, ledger: Ledger) -> Look:
    """How a task's video looks."""
    given: dict[str, Picture] = {}
    thumbnails = []
    continues = is_continuation(line.text)
    for index, item, role in line.media:
        path = ledger.input(line.inputs.get(str(index), ""))
        picture = _shown(path, item["type"], last=continues) or _placeholder(_url(item))
        if role in ("first_frame", "last_frame") or (
            role == "reference_video" and continues and "first_frame" not in given
        ):
            given[role if role == "last_frame" else "first_frame"] = still.fitted(picture, line.size)
        elif item["type"] != "audio_url":
            thumbnails.append(picture)
    hue = int(line.text_sha256[:6], 16) / 0xFFFFFF
    first, last = given.get("first_frame"), given.get("last_frame")
    whole = continues and any(role == "reference_video" for _, _, role in line.media)
    return Look(line.size, line.frames, line.text, hue, line.clock, first, last, whole, tuple(thumbnails[:6]))


def is_continuation(text: str) -> bool:
    """Do the words ask to continue a video? On the 2.0 models words make an extension."""
    return any(word in text.lower() for word in CONTINUES)


def _url(item: object) -> str:
    assert isinstance(item, dict)  # noqa: S101 - the refusals looked
    return str(item[item["type"]]["url"])


def _shown(path: Path, sort: str, *, last: bool) -> Picture | None:
    """A picture of some media; none if there are none or they can't be read."""
    with suppress(MediaTrouble, OSError):
        if sort == "image_url":
            return still.read(path)
        if sort == "video_url":
            return clip.last_picture(path) if last else clip.picture_at(path, 0)
    return None


def _placeholder(url: str) -> Picture:
    """What stands for media that the emulator doesn't fetch: their address, readable."""
    picture = still.gradient((1280, 720), (70, 74, 82), (38, 40, 46))
    still.write(picture, still.wrapped(Address(url).bare, 1160, 44), (60, 300), 44)
    return picture


def pictures(look: Look) -> Iterator[tuple[int, Picture]]:
    """The pictures that change, with the number of the frame from which on they are seen."""
    sky = _sky(look)
    for number in range(0, look.frames, STEP):
        own = _drawn(sky, look, number)
        yield number, _towards(look, own, number)


def _towards(look: Look, own: Picture, number: int) -> Picture:
    """A given first picture turning into the scene's own, and that into a given last one."""
    if look.first is not None and number < TURN:
        own = still.blended(look.first, own, (number + (1 if look.continues else 0)) / TURN)
    left = look.frames - 1 - number
    if look.last is not None and left < TURN:
        own = still.blended(look.last, own, left / TURN)
    return own


def _colour(hue: float, light: float, depth: float = 0.55) -> Colour:
    red, green, blue = colorsys.hls_to_rgb(hue % 1, light, depth)
    return round(red * 255), round(green * 255), round(blue * 255)


def _sky(look: Look) -> Picture:
    """What stays the same: sky and sea in the scene's colour, its prompt, its references."""
    width, height = look.size
    picture = still.gradient(look.size, _colour(look.hue, 0.28), _colour(look.hue + 0.08, 0.62))
    still.box(picture, (0, height * 2 // 3, width, height), _colour(look.hue + 0.02, 0.17))
    letters = max(18, height // 26)
    words = still.wrapped(look.words, width - 2 * letters, letters).split("\n")[:7]
    still.write(picture, "\n".join(words), (letters, height * 2 // 3 + letters // 2), letters)
    side = height // 6
    for index, thumbnail in enumerate(look.thumbnails):
        small = still.fitted(thumbnail, (side * 4 // 3, side))
        still.paste(picture, small, (width - (side * 4 // 3 + 12) * (index + 1), 12))
    return picture


def _drawn(sky: Picture, look: Look, number: int) -> Picture:
    """The picture at one frame: the sun on its way, and the clock."""
    width, height = look.size
    picture = sky.copy()
    seconds = look.clock + number / FPS
    way = (seconds * 0.06 + look.hue) % 1
    radius = height / 11
    still.disc(picture, (way * width, height * (0.52 - 0.25 * (1 - (2 * way - 1) ** 2))), radius, (255, 236, 170))
    still.box(picture, (0, height * 2 // 3 - 3, width, height * 2 // 3), _colour(look.hue, 0.75))
    letters = height // 11
    still.write(picture, f"{int(seconds) // 60:02d}:{seconds % 60:04.1f}", (letters // 3, letters // 4), letters)
    return picture
