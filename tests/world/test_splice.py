"""Many videos into one, by copying or by encoding; and parts of one."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, NamedTuple

import pytest

from storyboard.errors import MediaTrouble
from storyboard.planning.timeline import Shot, Timeline, Transition
from storyboard.world.media import clip, probe, splice
from storyboard.world.media.probe import Measures
from storyboard.world.media.splice import TO_THE_END
from tests.media import SMALL, colour_of, is_complete, same, video

RED, BLUE = (200, 0, 0), (0, 0, 200)


def colours(path: Path) -> list[str]:
    """Which colour each picture of a film mostly is."""
    names = []
    for shown in clip.pictures(path):
        red, _, blue = colour_of(shown)
        names.append("red" if red > 2 * blue + 20 else "blue" if blue > 2 * red + 20 else "both")
    return names


class Piece(NamedTuple):
    """Pictures of a video."""

    path: Path
    first: int = 0
    last: int = TO_THE_END


def timeline(pieces: list[Piece], *transitions: Transition) -> tuple[Timeline, dict[str, Path]]:
    """The timeline of some pieces, and their files."""
    shots = tuple(Shot(str(number), piece.first, piece.last) for number, piece in enumerate(pieces))
    return Timeline(shots, transitions, copied=False), {str(number): piece.path for number, piece in enumerate(pieces)}


def two(folder: Path, *, tone: int | None = None) -> list[Piece]:
    """Two seconds of red and two of blue."""
    return [Piece(same(RED, folder / "red.mp4", tone=tone)), Piece(same(BLUE, folder / "blue.mp4", tone=tone))]


def encoded(pieces: list[Piece], folder: Path, *transitions: Transition, size: tuple[int, int] | None = None) -> Path:
    """The pieces, encoded anew."""
    splice.encode(*timeline(pieces, *transitions), folder / "film.mp4", size)
    return folder / "film.mp4"


def copied(pieces: list[Piece], folder: Path) -> Path:
    """The pieces, copied."""
    splice.copy(*timeline(pieces), folder / "film.mp4")
    return folder / "film.mp4"


def test_copied_pieces_follow_each_other(tmp_path: Path) -> None:
    """Every picture, in order."""
    assert colours(copied(two(tmp_path), tmp_path)) == ["red"] * 48 + ["blue"] * 48


def test_copied_pictures_are_the_same_to_the_bit(tmp_path: Path) -> None:
    """Nothing was encoded."""
    pieces = [Piece(video(tmp_path / "a.mp4")), Piece(video(tmp_path / "b.mp4", BLUE, frames=49))]
    before = [one.tobytes() for piece in pieces for one in clip.pictures(piece.path)]
    assert [one.tobytes() for one in clip.pictures(copied(pieces, tmp_path))] == before


def test_a_copied_piece_may_end_earlier(tmp_path: Path) -> None:
    """By leaving out packets at its end."""
    red, blue = two(tmp_path)
    assert colours(copied([Piece(red.path, 0, 47), blue], tmp_path)) == ["red"] * 47 + ["blue"] * 48


@pytest.mark.parametrize("join_", [copied, encoded])
def test_a_film_has_24_pictures_a_second_without_holes(tmp_path: Path, join_: object) -> None:
    """Its length is that of its pieces."""
    assert callable(join_)
    found = probe.video(join_(two(tmp_path, tone=300), tmp_path))
    assert found == Measures(*SMALL, seconds=4.0, frames=96, fps=24.0, sound=True)


@pytest.mark.parametrize("join_", [copied, encoded])
def test_the_film_s_sound_is_as_long_as_its_pictures(tmp_path: Path, join_: object) -> None:
    """To within 30 ms, after many pieces too: nothing adds up."""
    assert callable(join_)
    pieces = [Piece(same(RED, tmp_path / f"{n}.mp4", 25 + n, tone=200 + n)) for n in range(6)]
    path = join_(pieces, tmp_path)
    assert probe.audio(path).seconds == pytest.approx(probe.video(path).seconds, abs=0.03)


@pytest.mark.parametrize("join_", [copied, encoded])
def test_a_silent_piece_is_silent_in_a_film_with_sound(tmp_path: Path, join_: object) -> None:
    """The sound of the others stays where it was."""
    assert callable(join_)
    pieces = [Piece(same(RED, tmp_path / "silent.mp4")), Piece(same(BLUE, tmp_path / "sound.mp4", tone=400))]
    path = join_(pieces, tmp_path)
    assert probe.audio(path).seconds == pytest.approx(4.0, abs=0.03)


def test_a_film_of_silent_pieces_has_no_sound(tmp_path: Path) -> None:
    """No track is made for nothing."""
    found = [probe.video(join_(two(tmp_path), tmp_path)).sound for join_ in (copied, encoded)]
    assert found == [False, False]


@pytest.mark.parametrize("sort", ["dissolve", "wipe"])
def test_an_overlap_shortens_the_film(tmp_path: Path, sort: Literal["dissolve", "wipe"]) -> None:
    """By as many pictures as it lasts, during which both are seen."""
    film = colours(encoded(two(tmp_path), tmp_path, Transition(1, sort, 12)))
    assert (len(film), film[:36], film[48:]) == (84, ["red"] * 36, ["blue"] * 36)
    assert "both" in film[36:48]


def test_a_wipe_comes_from_the_left(tmp_path: Path) -> None:
    """Half-way the left is new, the right is old."""
    shown = list(clip.pictures(encoded(two(tmp_path), tmp_path, Transition(1, "wipe", 12))))[42]
    left, right = shown.getpixel((20, 50)), shown.getpixel((SMALL[0] - 20, 50))
    assert isinstance(left, tuple)
    assert isinstance(right, tuple)
    assert (left[2] > left[0], right[0] > right[2]) == (True, True)


def test_a_fade_goes_through_black_and_keeps_the_length(tmp_path: Path) -> None:
    """Nothing overlaps."""
    shown = [sum(colour_of(one)) for one in clip.pictures(encoded(two(tmp_path), tmp_path, Transition(1, "fade", 12)))]
    dark = [number for number, light in enumerate(shown) if light < 12]
    assert (len(shown), set(dark) <= set(range(45, 51)), 47 in dark, 48 in dark) == (96, True, True, True)


def test_sound_follows_an_overlap(tmp_path: Path) -> None:
    """Pictures and sound end together."""
    path = encoded(two(tmp_path, tone=300), tmp_path, Transition(1, "dissolve", 24))
    assert probe.audio(path).seconds == pytest.approx(probe.video(path).seconds, abs=0.03)


def test_an_encoded_piece_may_begin_later_and_end_earlier(tmp_path: Path) -> None:
    """Wherever."""
    red, blue = two(tmp_path)
    film = colours(encoded([Piece(red.path, 7, 20), Piece(blue.path, 40)], tmp_path))
    assert film == ["red"] * 13 + ["blue"] * 8


def test_pieces_of_another_size_are_fitted_whole(tmp_path: Path) -> None:
    """With black at the sides."""
    tall = Piece(video(tmp_path / "tall.mp4", BLUE, frames=25, size=(112, 192)))
    path = encoded([two(tmp_path)[0], tall], tmp_path)
    last = clip.last_picture(path)
    assert (last.size, max(last.getpixel((3, 50)) or (255,)) < 12) == (SMALL, True)  # type: ignore[arg-type]  # bands


def test_a_film_may_be_of_another_size(tmp_path: Path) -> None:
    """Both sides become even, as the coder wants."""
    found = probe.video(encoded(two(tmp_path), tmp_path, size=(101, 77)))
    assert (found.width, found.height, found.frames) == (100, 76, 96)


def test_streams_that_can_be_copied_into_one_track_agree(tmp_path: Path) -> None:
    """Same size, same coding: same decoder's parameters."""
    red, blue = (splice.stream_of(piece.path) for piece in two(tmp_path))
    assert red == blue


def test_a_stream_without_reordering_may_end_anywhere(tmp_path: Path) -> None:
    """After each of its packets."""
    assert splice.stream_of(video(tmp_path / "a.mp4")).endings == tuple(range(1, 98))


def test_a_stream_with_reordering_may_not_end_anywhere(tmp_path: Path) -> None:
    """A picture may be decoded before one that is seen earlier."""
    splice.cut(video(tmp_path / "a.mp4", every=1), tmp_path / "b.mp4", 0, None)
    stream = splice.stream_of(tmp_path / "b.mp4")
    assert (stream.frames, stream.endings[-1], len(stream.endings) < 97) == (97, 97, True)


def test_a_cut_is_a_part(tmp_path: Path) -> None:
    """From a time to a time."""
    path = video(tmp_path / "a.mp4", tone=300)
    splice.cut(path, tmp_path / "b.mp4", 1.0, 3.0)
    assert (probe.video(tmp_path / "b.mp4").frames, is_complete(tmp_path / "b.mp4")) == (48, True)


def test_a_cut_without_an_end_goes_to_the_end(tmp_path: Path) -> None:
    """97 pictures less a second."""
    splice.cut(video(tmp_path / "a.mp4"), tmp_path / "b.mp4", 1.0, None)
    assert probe.video(tmp_path / "b.mp4").frames == 73


@pytest.mark.parametrize("content", [b"", b"words", None])
def test_what_is_no_video_is_not_joined(tmp_path: Path, content: bytes | None) -> None:
    """The file is named."""
    path = tmp_path / "broken.mp4"
    if content is not None:
        path.write_bytes(content)
    red = Piece(same(RED, tmp_path / "red.mp4"))
    for made in (splice.stream_of, lambda at: encoded([red, Piece(at)], tmp_path), lambda at: splice.cut(at, at, 0, 1)):
        with pytest.raises(MediaTrouble, match=r"broken\.mp4"):
            made(path)
