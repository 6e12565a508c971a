"""What a file of media is, by its content; and what is none."""

from __future__ import annotations

import struct
import wave
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from storyboard.errors import MediaTrouble
from storyboard.world.media import images, probe
from storyboard.world.media.probe import Measures
from tests.media import SMALL, is_complete, picture, video


def png_that_claims(width: int, height: int) -> bytes:
    """A tiny PNG file whose header claims a huge size."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    )


def sound(path: Path, seconds: float) -> Path:
    """Silence as a WAV file."""
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 44100, 0, "NONE", ""))
        file.writeframes(b"\0\0" * round(44100 * seconds))
    return path


@pytest.mark.parametrize("sort", ["PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF"])
def test_the_pixels_of_a_picture(tmp_path: Path, sort: str) -> None:
    """In each format that the API takes."""
    picture(size=(320, 200)).save(tmp_path / "picture", sort)
    assert probe.image(tmp_path / "picture") == Measures(width=320, height=200)


@pytest.mark.parametrize("tone", [None, 440])
def test_the_measures_of_a_video(tmp_path: Path, tone: int | None) -> None:
    """Pixels, length, pictures, and whether there is sound."""
    found = probe.video(video(tmp_path / "a.mp4", tone=tone))
    assert found == Measures(*SMALL, seconds=97 / 24, frames=97, fps=24.0, sound=tone is not None)


def test_the_length_of_a_sound(tmp_path: Path) -> None:
    """Decoded to its end."""
    assert probe.audio(sound(tmp_path / "a.wav", 2.5)) == Measures(seconds=2.5, sound=True)


def test_the_length_of_a_video_s_sound(tmp_path: Path) -> None:
    """As long as its pictures, to within a coder's frame."""
    path = video(tmp_path / "a.mp4", tone=300)
    assert probe.audio(path).seconds == pytest.approx(97 / 24, abs=0.05)


@pytest.mark.parametrize("measure", [probe.image, probe.video, probe.audio])
@pytest.mark.parametrize("content", [b"", b"only words", b"#EXTM3U\nhttp://127.0.0.1:1/a.ts\n", b"\0" * 5000])
def test_what_is_no_media_is_refused(tmp_path: Path, measure: Callable[[Path], Measures], content: bytes) -> None:
    """For any ending."""
    (tmp_path / "film.mp4").write_bytes(content)
    with pytest.raises(MediaTrouble, match=r"film\.mp4 is no"):
        measure(tmp_path / "film.mp4")


@pytest.mark.parametrize("measure", [probe.image, probe.video, probe.audio])
def test_what_is_missing_is_refused(tmp_path: Path, measure: Callable[[Path], Measures]) -> None:
    """It was deleted since it was inspected."""
    with pytest.raises(MediaTrouble):
        measure(tmp_path / "none.mp4")


def test_a_picture_is_no_video_and_no_sound(tmp_path: Path) -> None:
    """Each kind has its own measure."""
    path = tmp_path / "picture.png"
    path.write_bytes(images.png(picture()))
    for measure in (probe.video, probe.audio):
        with pytest.raises(MediaTrouble):
            measure(path)


def test_a_silent_video_is_no_sound(tmp_path: Path) -> None:
    """There is nothing to measure."""
    with pytest.raises(MediaTrouble, match="is not a readable sound"):
        probe.audio(video(tmp_path / "a.mp4", frames=24))


def test_a_sound_is_no_video(tmp_path: Path) -> None:
    """There are no pictures in it."""
    with pytest.raises(MediaTrouble, match="is not a readable video"):
        probe.video(sound(tmp_path / "a.wav", 0.1))


@pytest.mark.parametrize("side", [10_000, 60_000])
def test_a_picture_that_would_not_fit_into_memory_is_refused(tmp_path: Path, side: int) -> None:
    """A hundred bytes that unpack to gigabytes."""
    (tmp_path / "bomb.png").write_bytes(png_that_claims(side, side))
    with pytest.raises(MediaTrouble):
        probe.image(tmp_path / "bomb.png")
    with pytest.raises(MediaTrouble):
        images.read(tmp_path / "bomb.png")


@pytest.mark.parametrize("sort", ["PNG", "JPEG", "WEBP"])
def test_a_torn_picture_is_refused_when_it_is_read(tmp_path: Path, sort: str) -> None:
    """Its header may still be whole."""
    path = tmp_path / "torn"
    picture(size=(320, 200)).save(path, sort)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(MediaTrouble):
        images.read(path)


def test_a_picture_is_the_same_from_a_file_and_from_bytes(tmp_path: Path) -> None:
    """PNG loses nothing."""
    drawn = picture()
    (tmp_path / "a.png").write_bytes(images.png(drawn))
    found = [images.read(tmp_path / "a.png").tobytes(), images.read(images.png(drawn)).tobytes()]
    assert found == [drawn.tobytes()] * 2


@pytest.mark.parametrize("tone", [None, 440])
def test_a_whole_video_is_whole(tmp_path: Path, tone: int | None) -> None:
    """Its boxes add up."""
    assert is_complete(video(tmp_path / "a.mp4", tone=tone)) is True


def test_a_torn_video_is_never_whole(tmp_path: Path) -> None:
    """Wherever it was cut, at the borders of its boxes too."""
    path = video(tmp_path / "a.mp4", frames=24)
    content = path.read_bytes()
    size = len(content)
    borders = [content.index(name) - 4 for name in (b"ftyp", b"moov", b"mdat")]
    cuts = {*range(0, size, max(1, size // 97)), *borders, *(border + 8 for border in borders), 1, 7, size - 1}
    taken = []
    for cut in sorted(cuts - {size}):
        path.write_bytes(content[:cut])
        if is_complete(path):
            taken.append(cut)
    assert taken == []


def test_a_video_with_something_after_its_end_is_not_whole(tmp_path: Path) -> None:
    """It is not what was sent."""
    path = video(tmp_path / "a.mp4", frames=24)
    path.write_bytes(path.read_bytes() + b"more")
    assert is_complete(path) is False


@pytest.mark.parametrize("content", [b"", b"<html>no</html>", b"\0" * 64, b"\0\0\0\x01mdat" + b"\xff" * 8])
def test_what_is_no_video_is_not_whole(tmp_path: Path, content: bytes) -> None:
    """Nor does looking at it take forever."""
    (tmp_path / "a.mp4").write_bytes(content)
    assert is_complete(tmp_path / "a.mp4") is False
