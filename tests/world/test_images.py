"""Single pictures: fitted, blended, wiped and written on."""

from __future__ import annotations

import pytest

from storyboard.world.media import images
from tests.media import BLUE, RED, colour_of, likeness, picture


def test_a_picture_of_the_right_size_is_left_as_it_is() -> None:
    """Not a pixel is touched."""
    drawn = picture()
    assert images.fitted(drawn, drawn.size) is drawn


@pytest.mark.parametrize("size", [(100, 100), (300, 100), (64, 400), (1470, 630)])
def test_a_picture_is_fitted_to_any_size(size: tuple[int, int]) -> None:
    """Its middle fills it."""
    assert images.fitted(picture(), size).size == size


def test_the_middle_of_a_picture_is_what_stays() -> None:
    """The sides are cropped."""
    wide = images.black((300, 100))
    images.box(wide, (100, 0, 199, 99), (255, 0, 0))
    assert colour_of(images.fitted(wide, (100, 100))) == (255, 0, 0)


@pytest.mark.parametrize(("share", "colour"), [(0.0, (200, 0, 0)), (0.5, (100, 0, 100)), (1.0, (0, 0, 200))])
def test_a_blend_is_between_both(share: float, colour: tuple[int, int, int]) -> None:
    """By the share of the other."""
    red, blue = images.gradient((8, 8), (200, 0, 0), (200, 0, 0)), images.gradient((8, 8), (0, 0, 200), (0, 0, 200))
    assert colour_of(images.blended(red, blue, share)) == colour


def test_a_wipe_shows_the_other_at_the_left() -> None:
    """And the one at the right."""
    one, other = picture(RED), picture(BLUE)
    wiped = images.wiped(one, other, 0.25)
    assert (wiped.getpixel((47, 5)), wiped.getpixel((48, 5))) == (other.getpixel((47, 5)), one.getpixel((48, 5)))


def test_words_are_seen() -> None:
    """Letters of any script change the picture."""
    for text in ("dusk", "灯塔"):
        drawn = picture()
        images.write(drawn, text, (5, 5), 20)
        assert likeness(drawn, picture()) < 60


def test_long_words_are_wrapped() -> None:
    """No line is wider than it may be, and nothing is lost."""
    text = "A lighthouse at dusk, slow dolly in, gulls in the distance."
    lines = images.wrap(text, 120, 16).split("\n")
    assert (len(lines) > 2, " ".join(line.strip() for line in lines)) == (True, text)


def test_chinese_is_wrapped_between_any_characters() -> None:
    """It has no spaces."""
    lines = images.wrap("黄昏的灯塔海鸥在远处飞过" * 3, 100, 20).split("\n")
    assert (len(lines) > 2, "".join(lines)) == (True, "黄昏的灯塔海鸥在远处飞过" * 3)


def test_a_sun_shines_on_what_is_around_it_and_not_below_the_horizon() -> None:
    """Wholly on its disc, less around it, not at all below."""
    drawn = images.black((200, 100))
    images.sun(drawn, (100, 50), 10, (200, 100, 50), 70)
    disc, near, far, below = (drawn.getpixel(at)[0] for at in ((100, 50), (115, 50), (132, 50), (100, 72)))  # type: ignore[index]  # three bands
    assert (disc, 0 < near < disc, far, below) == (200, True, 0, 0)


def test_hills_are_as_high_as_they_should_be() -> None:
    """From side to side, and nothing below their foot."""
    drawn = images.black((101, 100))
    images.ridge(drawn, [10, 40, 10], 80, (0, 255, 0))
    heights = [sum(drawn.getpixel((x, y)) == (0, 255, 0) for y in range(100)) for x in (1, 50, 99)]
    assert (heights == pytest.approx([10, 40, 10], abs=2), drawn.getpixel((50, 80))) == (True, (0, 0, 0))


def test_a_gradient_goes_evenly_from_colour_to_colour() -> None:
    """From the top to the bottom, the same in every column."""
    drawn = images.gradient((30, 256), (0, 0, 255), (255, 0, 0))
    assert [drawn.getpixel((29, y)) for y in (0, 128, 255)] == [(0, 0, 255), (128, 0, 127), (255, 0, 0)]
