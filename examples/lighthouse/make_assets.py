"""Create the inputs of this example, so that their origin is known. Run it to create them again."""

from __future__ import annotations

import math
import random
from array import array
from fractions import Fraction
from pathlib import Path

import av
from PIL import Image, ImageDraw, ImageFilter

ASSETS = Path(__file__).parent / "assets"
SEA, NIGHT, GLOW = (24, 44, 66), (18, 28, 52), (244, 178, 96)


def sky(size: tuple[int, int], top: tuple[int, int, int], bottom: tuple[int, int, int]) -> Image.Image:
    """A sky from one colour to another."""
    mask = Image.linear_gradient("L").resize(size)
    return Image.composite(Image.new("RGB", size, bottom), Image.new("RGB", size, top), mask)


def lighthouse(draw: ImageDraw.ImageDraw, x: int, ground: int, height: int) -> None:
    """A lighthouse that stands at x on the ground."""
    wide = height // 6
    foot = [
        (x - wide, ground),
        (x - wide * 2 // 3, ground - height),
        (x + wide * 2 // 3, ground - height),
        (x + wide, ground),
    ]
    draw.polygon(foot, fill=(226, 220, 208))
    for band in (0.2, 0.55):
        low, high = ground - int(height * band), ground - int(height * (band + 0.16))
        draw.rectangle((x - wide + 4, high, x + wide - 4, low), fill=(168, 52, 44))
    draw.rectangle((x - wide // 2, ground - height - wide, x + wide // 2, ground - height), fill=GLOW)
    draw.polygon(
        [(x - wide, ground - height - wide), (x, ground - height - 2 * wide), (x + wide, ground - height - wide)],
        fill=(60, 40, 40),
    )


def quay() -> Image.Image:
    """The quay at dusk, with the lighthouse behind it."""
    picture = sky((1280, 720), NIGHT, (214, 126, 92))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 470, 1280, 720), fill=SEA)
    lighthouse(draw, 930, 480, 280)
    draw.polygon([(0, 720), (0, 560), (760, 600), (900, 720)], fill=(74, 66, 60))
    for post in range(60, 760, 140):
        draw.rectangle((post, 520 + post // 16, post + 22, 600 + post // 16), fill=(52, 44, 40))
    return picture.filter(ImageFilter.GaussianBlur(0.8))


def keeper(side: bool) -> Image.Image:
    """The keeper in his yellow coat: from the front, or from the side."""
    picture = sky((768, 1024), (196, 204, 206), (150, 162, 168))
    draw = ImageDraw.Draw(picture)
    lean = 60 if side else 0
    draw.polygon([(250 + lean, 420), (200, 1024), (570, 1024), (520 - lean, 420)], fill=(226, 182, 44))
    draw.ellipse((290, 190, 478, 420), fill=(222, 178, 150))
    draw.polygon([(296, 330), (384 + 2 * lean, 500), (472, 330)], fill=(172, 172, 170))
    draw.pieslice((250 - lean // 3, 120, 518 + lean, 340), 180, 360, fill=(226, 182, 44))
    for eye in (400,) if side else (340, 412):
        draw.ellipse((eye + lean // 2, 272, eye + 16 + lean // 2, 288), fill=(40, 40, 40))
    return picture.filter(ImageFilter.GaussianBlur(1))


def harbour(path: Path) -> None:
    """Four seconds of boats in a harbour."""
    size = (864, 496)
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        video = container.add_stream("libx264", rate=24, options={"crf": "26", "preset": "medium"})
        video.width, video.height = size
        video.pix_fmt = "yuv420p"
        for number in range(4 * 24 + 1):
            picture = sky(size, (120, 150, 176), (226, 190, 160))
            draw = ImageDraw.Draw(picture)
            draw.rectangle((0, 300, *size), fill=(52, 88, 112))
            for boat, speed in ((80, 1.2), (420, -0.7), (640, 0.5)):
                x = boat + number * speed
                y = 330 + 6 * math.sin((number + boat) / 9)
                draw.polygon([(x, y), (x + 120, y), (x + 96, y + 34), (x + 22, y + 34)], fill=(120, 46, 40))
                draw.polygon([(x + 58, y - 4), (x + 58, y - 96), (x + 112, y - 10)], fill=(236, 230, 216))
            frame = av.VideoFrame.from_image(picture)
            frame.pts, frame.time_base = number, Fraction(1, 24)
            container.mux(video.encode(frame))
        container.mux(video.encode())


def waves(path: Path, seconds: int = 6, rate: int = 44100) -> None:
    """Six seconds of waves: noise that swells and ebbs."""
    dice = random.Random(7)
    low = 0.0
    samples = array("h")
    for number in range(seconds * rate):
        low += 0.06 * (dice.uniform(-1, 1) - low)
        samples.append(int(26000 * low * (0.55 + 0.45 * math.sin(2 * math.pi * number / rate / 3))))
    with av.open(str(path), "w", format="mp3") as container:
        audio = container.add_stream("mp3", rate=rate, layout="mono")
        for start in range(0, len(samples), 1152):
            piece = samples[start : start + 1152]
            frame = av.AudioFrame(format="s16p", layout="mono", samples=len(piece))
            frame.planes[0].update(piece.tobytes().ljust(frame.planes[0].buffer_size, b"\0"))
            frame.sample_rate, frame.pts, frame.time_base = rate, start, Fraction(1, rate)
            container.mux(audio.encode(frame))
        container.mux(audio.encode())


if __name__ == "__main__":
    ASSETS.mkdir(exist_ok=True)
    quay().save(ASSETS / "quay.png", optimize=True)
    keeper(False).save(ASSETS / "keeper-front.png", optimize=True)
    keeper(True).save(ASSETS / "keeper-side.png", optimize=True)
    harbour(ASSETS / "harbour.mp4")
    waves(ASSETS / "waves.mp3")
