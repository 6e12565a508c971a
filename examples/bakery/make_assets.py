"""Draw the pictures of this example, so that their origin is known. Run it to draw them again."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter

ASSETS = Path(__file__).parent / "assets"
NIGHT, DUSK, GLOW = (20, 24, 48), (66, 62, 96), (250, 196, 108)


def gradient(size: tuple[int, int], top: tuple[int, int, int], bottom: tuple[int, int, int]) -> Image.Image:
    """Return a picture that fades from one colour at the top to another at the bottom."""
    mask = Image.linear_gradient("L").resize(size)
    return Image.composite(Image.new("RGB", size, bottom), Image.new("RGB", size, top), mask)


def shop() -> Image.Image:
    """Draw a street at night with one lit shop window."""
    picture = gradient((1280, 720), NIGHT, DUSK)
    draw = ImageDraw.Draw(picture)
    for x, height in ((0, 420), (220, 520), (860, 470), (1080, 560)):
        draw.rectangle((x, 600 - height, x + 210, 600), fill=(40, 38, 56))
    draw.rectangle((430, 180, 860, 600), fill=(104, 66, 52))
    draw.polygon([(400, 180), (645, 70), (890, 180)], fill=(70, 42, 40))
    draw.rectangle((470, 330, 700, 540), fill=GLOW)
    draw.rectangle((740, 360, 820, 600), fill=(58, 38, 34))
    for stripe in range(8):
        colour = (190, 62, 52) if stripe % 2 else (236, 226, 208)
        draw.rectangle((450 + stripe * 34, 286, 483 + stripe * 34, 326), fill=colour)
    for loaf in (500, 570, 640):
        draw.ellipse((loaf, 480, loaf + 56, 520), fill=(150, 92, 44))
    draw.rectangle((0, 600, 1280, 720), fill=(44, 44, 58))
    draw.polygon([(470, 600), (700, 600), (800, 720), (370, 720)], fill=(120, 98, 76))
    return picture.filter(ImageFilter.GaussianBlur(0.8))


def baker() -> Image.Image:
    """Draw the baker in her apron and headscarf."""
    picture = gradient((768, 1024), (214, 200, 184), (176, 158, 144))
    draw = ImageDraw.Draw(picture)
    draw.polygon([(240, 450), (170, 1024), (600, 1024), (530, 450)], fill=(92, 116, 138))
    draw.polygon([(300, 480), (260, 1024), (510, 1024), (470, 480)], fill=(242, 238, 230))
    draw.ellipse((290, 200, 480, 430), fill=(214, 166, 134))
    draw.pieslice((268, 140, 502, 380), 180, 360, fill=(184, 52, 48))
    for eye in (342, 412):
        draw.ellipse((eye, 292, eye + 16, 308), fill=(40, 36, 36))
    draw.arc((350, 340, 420, 390), 20, 160, fill=(150, 70, 62), width=5)
    return picture.filter(ImageFilter.GaussianBlur(1))


if __name__ == "__main__":
    ASSETS.mkdir(exist_ok=True)
    shop().save(ASSETS / "shop.png", optimize=True)
    baker().save(ASSETS / "baker.png", optimize=True)
