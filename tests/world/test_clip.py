"""One video: making it of pictures, and taking pictures out of it."""

from __future__ import annotations

from array import array
from itertools import pairwise
from pathlib import Path

import av
import pytest
from PIL import Image, ImageChops

from storyboard.errors import MediaTrouble
from storyboard.world.media import clip, images, probe, splice
from tests.media import BLUE, GREEN, RED, SMALL, is_complete, likeness, picture, same, video


@pytest.mark.parametrize("seconds", [4, 15])
def test_a_video_has_as_many_pictures_as_it_should(tmp_path: Path, seconds: int) -> None:
    """24·d + 1 packets, and as many decoded pictures, at 24 a second."""
    path = video(tmp_path / "a.mp4", frames=24 * seconds + 1)
    found, frames = probe.video(path), 24 * seconds + 1
    assert (found.frames, sum(1 for _ in clip.pictures(path)), round(found.fps, 6)) == (frames, frames, 24.0)


@pytest.mark.parametrize("size", [(864, 496), (496, 864), (1112, 834), (1470, 630)])
def test_a_video_has_the_size_that_was_asked_for(tmp_path: Path, size: tuple[int, int]) -> None:
    """In every ratio of the vendor's table."""
    found = probe.video(video(tmp_path / "a.mp4", frames=13, size=size))
    assert (found.width, found.height) == size


def test_sound_is_as_long_as_the_pictures(tmp_path: Path) -> None:
    """To within 30 ms."""
    path = video(tmp_path / "a.mp4", tone=440)
    assert probe.audio(path).seconds == pytest.approx(probe.video(path).seconds, abs=0.03)


def test_without_a_tone_there_is_no_track_of_sound(tmp_path: Path) -> None:
    """Silence is none."""
    assert splice.stream_of(video(tmp_path / "a.mp4")).sound is False


def test_pictures_that_do_not_change_are_the_same_to_the_bit(tmp_path: Path) -> None:
    """They hold nothing of their own."""
    shown = list(clip.pictures(video(tmp_path / "a.mp4", frames=49, every=12)))
    changed = [number for number, (one, other) in enumerate(pairwise(shown), 1) if one.tobytes() != other.tobytes()]
    assert changed == [12, 24, 36, 48]


def test_a_picture_can_stay_for_a_quarter_of_a_minute(tmp_path: Path) -> None:
    """One that changes, 360 that don't."""
    shown = list(clip.pictures(same(RED, tmp_path / "a.mp4", 361)))
    assert len({one.tobytes() for one in shown}) == 1


def test_the_pictures_are_those_that_were_given(tmp_path: Path) -> None:
    """Each from its number on."""
    path = tmp_path / "a.mp4"
    clip.write(path, [(0, picture(RED)), (5, picture(BLUE)), (30, picture(GREEN))], 40, SMALL, None)
    shown = list(clip.pictures(path))
    best = [
        likeness(shown[number], picture(c)) for number, c in ((0, RED), (4, RED), (5, BLUE), (29, BLUE), (30, GREEN))
    ]
    assert min(best) > 35


def test_the_last_picture_is_the_last_that_is_decoded(tmp_path: Path) -> None:
    """To the bit, though only the end is read."""
    path = video(tmp_path / "a.mp4", tone=300)
    assert clip.last_picture(path).tobytes() == list(clip.pictures(path))[-1].tobytes()


def test_the_last_picture_of_a_video_that_was_encoded_anew(tmp_path: Path) -> None:
    """There the last packet isn't the last picture."""
    path = tmp_path / "b.mp4"
    splice.cut(video(tmp_path / "a.mp4", every=1), path, 0, None)
    assert clip.last_picture(path).tobytes() == list(clip.pictures(path))[-1].tobytes()


@pytest.mark.parametrize(("seconds", "number"), [(0, 0), (1.0, 24), (2.5, 60), (4.0, 96), (1 / 24, 1)])
def test_the_picture_at_a_time(tmp_path: Path, seconds: float, number: int) -> None:
    """That which is seen then."""
    path = video(tmp_path / "a.mp4", every=1)
    assert clip.picture_at(path, seconds).tobytes() == list(clip.pictures(path))[number].tobytes()


def test_there_is_no_picture_after_the_end(tmp_path: Path) -> None:
    """The error has a hint."""
    with pytest.raises(MediaTrouble, match="has no picture at 5 s: it is shorter"):
        clip.picture_at(video(tmp_path / "a.mp4"), 5)


@pytest.mark.parametrize("content", [b"", b"words", None])
def test_what_is_no_video_has_no_pictures(tmp_path: Path, content: bytes | None) -> None:
    """Nor a last one."""
    path = tmp_path / "a.mp4"
    if content is not None:
        path.write_bytes(content)
    for taken in (clip.last_picture, lambda at: clip.picture_at(at, 0), lambda at: list(clip.pictures(at))):
        with pytest.raises(MediaTrouble):
            taken(path)


def test_colours_survive(tmp_path: Path) -> None:
    """A red that goes in comes out red, whatever a player guesses."""
    path = same((200, 40, 40), tmp_path / "a.mp4", 3)
    red, green, blue = clip.last_picture(path).getpixel((50, 50))  # type: ignore[misc]  # three bands
    assert (red, green, blue) == (pytest.approx(200, abs=4), pytest.approx(40, abs=4), pytest.approx(40, abs=4))


def test_a_video_can_be_made_over_a_broken_one(tmp_path: Path) -> None:
    """What a killed process left is overwritten."""
    path = tmp_path / "a.mp4"
    path.write_bytes(b"broken" * 10_000)
    clip.write(path, [(0, images.black(SMALL))], 25, SMALL, None)
    assert is_complete(path) is True


def samples(path: Path) -> array[float]:
    """A video's sound."""
    found = array("f")
    with av.open(str(path)) as container:
        for frame in container.decode(container.streams.audio[0]):
            found.frombytes(bytes(frame.planes[0])[: 4 * frame.samples])
    return found


@pytest.mark.parametrize("tone", [180, 300, 435])
def test_a_tone_has_the_pitch_that_was_asked_for(tmp_path: Path, tone: int) -> None:
    """Give or take 22 hertz: so many times a second it rises through nothing."""
    sound = samples(video(tmp_path / "a.mp4", tone=tone))
    rises = sum(one < 0 <= other for one, other in pairwise(sound[: 4 * clip.RATE]))
    assert rises / 4 == pytest.approx(tone, abs=22)


def test_a_tone_lasts_without_a_hole_or_a_click(tmp_path: Path) -> None:
    """Its packets fit together: no 20 ms are quieter or louder than others after its beginning."""
    sound = samples(video(tmp_path / "a.mp4", frames=361, tone=300))
    loud = [max(sound[start : start + 882]) for start in range(2048, 15 * clip.RATE, 882)]
    assert [min(loud), max(loud)] == pytest.approx([0.08, 0.08], abs=0.004)


def planes(frame: clip.Frame) -> list[Image.Image]:
    """A frame's light and colours, each as a grey picture."""
    return [
        Image.frombuffer("L", (plane.width, plane.height), bytes(plane), "raw", "L", plane.line_size, 1)
        for plane in frame.planes
    ]


def within(area: images.Area, index: int) -> images.Area:
    """The area in a plane: colours have half as many columns and lines."""
    left, top, right, bottom = area
    return (left // 2, top // 2, right // 2, bottom // 2) if index else area


@pytest.mark.parametrize("area", [(0, 0, 192, 112), (20, 30, 60, 80), (150, 0, 192, 40), (0, 108, 192, 112)])
def test_a_patched_frame_is_the_new_picture_within_the_area_and_the_old_elsewhere(area: images.Area) -> None:
    """As if all of it had been converted, and to the bit what it was; the old frame stays."""
    old, new = clip.to_frame(picture(BLUE)), clip.to_frame(picture(RED))
    patched = clip.patch(old, picture(RED), [area])
    for index, (shown, before, after) in enumerate(zip(*map(planes, (patched, old, new)), strict=True)):
        place = within(area, index)
        differs = ImageChops.difference(shown.crop(place), after.crop(place))
        assert differs.getextrema()[1] <= (3 if index else 1)  # type: ignore[operator]  # one band
        before.paste(shown.crop(place), place)
        assert before.tobytes() == shown.tobytes()
    assert planes(old)[0].tobytes() == planes(clip.to_frame(picture(BLUE)))[0].tobytes()


def test_frames_and_pictures_make_the_same_video(tmp_path: Path) -> None:
    """A picture that was converted before is taken as it is."""
    for name, shown in (("a.mp4", picture(RED)), ("b.mp4", clip.to_frame(picture(RED)))):
        clip.write(tmp_path / name, [(0, shown)], 25, SMALL, None)
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


def test_noise_too_is_kept(tmp_path: Path) -> None:
    """A picture of nothing but noise comes out as it went in (≥ 40 dB), colours aside that share their place."""
    noise = Image.effect_noise(SMALL, 40).convert("RGB")
    clip.write(tmp_path / "a.mp4", [(0, noise)], 3, SMALL, None)
    assert likeness(clip.last_picture(tmp_path / "a.mp4"), noise) >= 40
