"""The videos that the service makes: what is in them, and what they go on from."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ImageChops

from storyboard.emulator import footage
from storyboard.emulator.footage import Look
from storyboard.testing.clock import LoadedDice, VirtualClock
from storyboard.testing.emulator import emulator
from storyboard.world.media import clip, images, probe
from storyboard.world.uploads import loopback
from tests.http_client import ask, create, image, look, order, video
from tests.media import BLUE, GREEN, is_complete, likeness, picture
from tests.media import video as film

SIZE = (864, 496)


class Studio:
    """A service that is done at once, and a folder for what it makes."""

    def __init__(self, base_url: str, clock: VirtualClock, folder: Path, service: Any) -> None:
        self.base_url = base_url
        self.clock = clock
        self.folder = folder
        self.service = service

    def clocks(self, count: int) -> list[float]:
        """Where the clocks of the newest videos begin."""
        return [line.clock for line in self.service.ledger.lines.values()][-count:]

    def content(self, text: str, *media: dict[str, Any], **more: Any) -> Any:
        """The content of a task's reply: the addresses. All have one seed, so that it makes no difference."""
        task = create(self.base_url, order(text, *media, **{"seed": 7, **more}))
        self.clock.advance(1)
        return look(self.base_url, task)["content"]

    def fetched(self, url: str, name: str) -> Path:
        """What lies at an address, as a file."""
        (self.folder / name).write_bytes(ask("GET", url).body)
        return self.folder / name

    def video(self, text: str, *media: dict[str, Any], **more: Any) -> Path:
        """A task's video."""
        return self.fetched(self.content(text, *media, **more)["video_url"], "video.mp4")


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """One service for all: videos don't know each other."""
    clock, folder = VirtualClock(), tmp_path_factory.mktemp("studio")
    with emulator(folder / "ledger", speed=1000, clock=clock) as emulated:
        yield Studio(emulated.base_url, clock, folder, emulated.service)


def data(shown: images.Picture) -> str:
    """A picture as an address."""
    return f"data:image/png;base64,{base64.b64encode(images.png(shown)).decode()}"


def first_of(path: Path) -> images.Picture:
    """The first picture of a video."""
    return next(clip.pictures(path))


@pytest.mark.parametrize("sound", [False, True])
def test_a_video_is_what_was_asked_for(studio: Studio, sound: bool) -> None:
    """Size, length, pictures and sound; a whole file."""
    path = studio.video("A lighthouse.", generate_audio=sound)
    found = probe.video(path)
    assert (found.width, found.height, found.frames, found.sound, is_complete(path)) == (*SIZE, 97, sound, True)


def test_another_prompt_makes_another_video(studio: Studio) -> None:
    """Scenes can be told apart."""
    one, other = first_of(studio.video("A lighthouse.")), first_of(studio.video("A storm."))
    assert likeness(one, other) < 30


def bytes_of(studio: Studio, **more: Any) -> bytes:
    """A video of one and the same request, apart from what is named."""
    return studio.video("A lighthouse.", **more).read_bytes()


def test_the_same_request_with_the_same_seed_makes_the_same_bytes(studio: Studio) -> None:
    """Of two tasks: who tells takes by their digests meets equal ones."""
    assert bytes_of(studio, seed=8) == bytes_of(studio, seed=8)


@pytest.mark.parametrize("seed", [0, 1, 8, 4294967295])
def test_another_seed_makes_other_bytes(studio: Studio, seed: int) -> None:
    """Though all else is the same."""
    assert (bytes_of(studio, seed=seed) == bytes_of(studio, seed=7)) is False


@pytest.mark.parametrize("seed", [None, -1])
def test_without_a_seed_each_task_makes_other_bytes(studio: Studio, seed: int | None) -> None:
    """The service chooses a seed for each."""
    assert (bytes_of(studio, seed=seed) == bytes_of(studio, seed=seed)) is False


@pytest.mark.parametrize("seed", [None, -1])
def test_the_seed_that_was_chosen_makes_the_same_bytes_again(studio: Studio, seed: int | None) -> None:
    """It is the one that the reply tells."""
    task = create(studio.base_url, order("A lighthouse.", seed=seed))
    studio.clock.advance(1)
    told = look(studio.base_url, task)
    assert studio.fetched(told["content"]["video_url"], "one.mp4").read_bytes() == bytes_of(studio, seed=told["seed"])


def test_a_video_moves(studio: Studio) -> None:
    """Its beginning isn't its end."""
    path = studio.video("A lighthouse.")
    assert likeness(first_of(path), clip.last_picture(path)) < 35


def test_the_last_frame_is_the_last_picture_of_the_video(studio: Studio) -> None:
    """To the bit."""
    content = studio.content("A lighthouse.")
    last = clip.last_picture(studio.fetched(content["video_url"], "video.mp4"))
    assert images.read(studio.fetched(content["last_frame_url"], "frame.png")).tobytes() == last.tobytes()


def test_a_first_frame_is_really_the_first_picture(studio: Studio) -> None:
    """As well as a coder keeps it."""
    shown = picture(BLUE, SIZE)
    assert likeness(first_of(studio.video("Dusk.", image(data(shown), "first_frame"))), shown) >= 40


def test_an_image_without_a_role_is_the_first_frame(studio: Studio) -> None:
    """Where it is the only one."""
    shown = picture(BLUE, SIZE)
    assert likeness(first_of(studio.video("Dusk.", image(data(shown)))), shown) >= 40


def test_a_first_frame_of_another_shape_is_fitted(studio: Studio) -> None:
    """Its middle fills the picture."""
    shown = picture(GREEN, (1000, 1000))
    first = first_of(studio.video("Dusk.", image(data(shown), "first_frame")))
    assert likeness(first, images.fitted(shown, SIZE)) >= 40


def test_a_last_frame_is_nearly_the_last_picture(studio: Studio) -> None:
    """The video turns into it."""
    one, other = picture(BLUE, SIZE), picture(GREEN, SIZE)
    path = studio.video("Dusk.", image(data(one), "first_frame"), image(data(other), "last_frame"))
    assert (likeness(first_of(path), one) >= 40, likeness(clip.last_picture(path), other) >= 25) == (True, True)


def test_a_chain_of_the_service_s_own_frames(studio: Studio) -> None:
    """The last frame of one is the first of the next."""
    one = studio.content("A lighthouse.")
    frame = images.read(studio.fetched(one["last_frame_url"], "frame.png"))
    two = studio.video("A storm.", image(one["last_frame_url"], "first_frame"))
    assert likeness(first_of(two), frame) >= 40


def test_a_chain_begins_at_its_parent_s_end_and_not_half_a_second_earlier(studio: Studio) -> None:
    """Its first picture is much less like the one twelve before the last (≥ 6 dB); at 720p too."""
    one = studio.content("A lighthouse.", resolution="720p")
    parent = list(clip.pictures(studio.fetched(one["video_url"], "one.mp4")))
    two = first_of(studio.video("A storm.", image(one["last_frame_url"], "first_frame"), resolution="720p"))
    assert likeness(two, parent[-1]) - likeness(two, parent[-13]) >= 6


def test_an_extension_begins_with_the_source_s_last_picture(studio: Studio) -> None:
    """Words make it one."""
    one = studio.content("A lighthouse.")
    last = clip.last_picture(studio.fetched(one["video_url"], "one.mp4"))
    two = studio.video("Extend video 1: a storm rolls in.", video(one["video_url"]))
    assert likeness(first_of(two), last) >= 25


def test_the_clock_goes_on_in_an_extension(studio: Studio) -> None:
    """Each begins where its source ended."""
    url = studio.content("A lighthouse.")["video_url"]
    for text in ("延长 video 1", "Continue video 1."):
        url = studio.content(text, video(url))["video_url"]
    assert studio.clocks(3) == [0.0, 4.0, 8.0]


def test_an_edit_is_no_extension(studio: Studio) -> None:
    """Its clock begins anew."""
    url = studio.content("A lighthouse.")["video_url"]
    studio.content("In video 1, replace the sea by sand.", video(url))
    assert studio.clocks(2) == [0.0, 0.0]


def test_a_local_video_can_be_extended(studio: Studio) -> None:
    """From an address of this machine."""
    source = film(studio.folder / "source.mp4", BLUE, frames=49, size=SIZE)
    with loopback.open_loopback(LoadedDice()) as uploads:
        path = studio.video("Extend video 1.", video(uploads.address(source).reveal()))
    assert likeness(first_of(path), clip.last_picture(source)) >= 25


@pytest.mark.parametrize("role", ["first_frame", "reference_image"])
def test_a_placeholder_is_drawn_for_what_is_not_fetched(studio: Studio, role: str) -> None:
    """The video is made all the same, and looks another than without."""
    with_it = first_of(studio.video("Dusk.", image("https://media.invalid/a.png?secret=1", role)))
    assert likeness(with_it, first_of(studio.video("Dusk."))) < 40


@pytest.mark.parametrize("url", ["asset://asset-20261001-abcde", "http://[", "data:image/png;base64,iVBORw0KGgo="])
def test_a_video_is_made_whatever_was_given(studio: Studio, url: str) -> None:
    """An asset, nonsense, or a picture that is none."""
    assert is_complete(studio.video("Dusk.", image(url, "first_frame"))) is True


def test_references_are_shown(studio: Studio) -> None:
    """As small pictures, in the upper right corner."""
    path = studio.video("Dusk.", image(data(picture(GREEN, SIZE)), "reference_image"))
    red, green, blue = first_of(path).getpixel((SIZE[0] - 60, 40))  # type: ignore[misc]  # three bands
    assert (green > red + 30, green > blue + 30) == (True, True)


def test_the_picture_changes_twice_a_second(studio: Studio) -> None:
    """At every twelfth picture, from the first to the last."""
    shown = [one.tobytes() for one in clip.pictures(studio.video("A lighthouse."))]
    assert [n for n in range(1, len(shown)) if shown[n] != shown[n - 1]] == list(range(12, 97, 12))


def test_a_shot_knows_the_time() -> None:
    """A continuation's clock goes on over the minute."""
    look = Look(SIZE, 49, "Dusk.", 0.3, 59.0)
    assert [shot.clock for shot in footage.shots(look)] == ["00:59.0", "00:59.5", "01:00.0", "01:00.5", "01:01.0"]


def test_given_pictures_come_and_go_within_a_second() -> None:
    """The first is there wholly at the beginning, the last at the end."""
    shown = picture(BLUE, SIZE)
    shots = list(footage.shots(Look(SIZE, 97, "Dusk.", 0.3, 0, shown, shown)))
    assert [shot.of_first for shot in shots] == [1, 0.5, 0, 0, 0, 0, 0, 0, 0]
    assert [shot.of_last for shot in shots] == [0, 0, 0, 0, 0, 0, 0, 0.5, 1]


@given(
    st.sampled_from([(864, 496), (496, 864), (1112, 834), (1470, 630), (640, 640)]),
    st.floats(0, 1),
    st.integers(0, 3600),
    st.integers(0, 7),
)
@settings(max_examples=25, deadline=None)
def test_nothing_but_the_named_areas_differs_from_the_scenery(
    size: tuple[int, int], hue: float, clock: int, number: int
) -> None:
    """Wherever the sun stands: what changes elsewhere wouldn't be seen in the video."""
    look = Look(size, 97, "Dusk.", hue, clock, references=(("image 1", picture()),))
    references = footage.references_of(look)
    scenery = footage.scenery_of(look, references)
    drawn, areas = footage.drawn(scenery, references, look, list(footage.shots(look))[number])
    difference = ImageChops.difference(scenery, drawn)
    for area in areas:
        images.paste(difference, images.black((area[2] - area[0], area[3] - area[1])), area[:2])
    assert difference.getbbox() is None


WORDS = "A lighthouse at dusk, slow dolly in, gulls in the distance. "


@pytest.mark.parametrize("times", [1, 4, 12])
def test_a_prompt_is_wholly_in_the_picture(times: int) -> None:
    """The longer it is, the smaller its letters."""
    lines, _ = footage.fit(WORDS.strip() + " " + WORDS * (times - 1), (1200, 190))
    assert " ".join(lines.split()) == (WORDS * times).strip()


def test_a_short_prompt_is_written_larger() -> None:
    """As large as its room lets it."""
    assert footage.fit(WORDS, (1200, 190))[1] > footage.fit(WORDS * 8, (1200, 190))[1] >= footage.SMALLEST


def test_a_prompt_that_finds_no_room_is_cut_off() -> None:
    """And says so."""
    lines, letters = footage.fit(WORDS * 100, (1200, 190))
    assert (letters, lines.endswith("..."), lines.count("\n") < 12) == (footage.SMALLEST, True, True)


def test_references_are_called_as_prompts_call_them(studio: Studio) -> None:
    """By kind, counted in the order of the content."""
    studio.content("Dusk.", *(image(data(picture(c, SIZE)), "reference_image") for c in (GREEN, BLUE)))
    line = list(studio.service.ledger.lines.values())[-1]
    look = footage.look_of(line, studio.service.ledger)
    assert [name for name, _ in look.references] == ["image 1", "image 2"]
