"""Which pictures make the film, and whether they can be copied."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from storyboard.planning.timeline import Shot, Timeline, Transition, scenes_of, timeline_of
from tests.builders import graph_of

SCENES = """\
storyboard: 1
scenes:
  dusk: {prompt: A lighthouse at dusk.}
  lamp: {chain: dusk}
  quay: {prompt: The empty quay.}
"""


@dataclass(frozen=True, slots=True)
class Stream:
    """What is known of a take: five seconds, and one picture more, that may be cut short by one."""

    codec: str = "h264"
    size: tuple[int, int] = (1280, 720)
    pixels: str = "yuv420p"
    head: bytes = b"avcC"
    frames: int = 121
    endings: tuple[int, ...] = (120, 121)


def cut(text: str, **others: Stream) -> Timeline:
    """The film of a storyboard, all of whose takes are alike but those of `others`."""
    graph = graph_of(text)
    return timeline_of(graph, {id: others.get(id, Stream()) for id in graph.order})


def filmed(items: str, scenes: str = SCENES) -> Timeline:
    """The film of a cut."""
    return cut(f"{scenes}film: {{cut: [{items}]}}\n")


def test_the_doubled_picture_of_a_chain_is_dropped() -> None:
    """A chained scene begins with the last picture of the one before, which is shown once."""
    assert cut(SCENES).shots == (Shot("dusk", 0, 120), Shot("lamp", 0, 121), Shot("quay", 0, 121))


@pytest.mark.parametrize("first_frame", ["dusk", "{scene: dusk, at: out}"])
def test_a_chain_may_be_written_in_full(first_frame: str) -> None:
    """`chain: dusk` is short for a first frame: the film is the same."""
    text = SCENES.replace("chain: dusk", f"first_frame: {first_frame}")
    assert cut(text) == cut(SCENES)


def test_a_bridge_doubles_a_picture_at_either_end() -> None:
    """A bridge begins with the last picture of one scene and ends with the first of another: each is shown once."""
    found = filmed("dusk, over, quay", f"{SCENES}  over: {{bridge: [dusk, quay]}}\n")
    assert found.shots == (Shot("dusk", 0, 120), Shot("over", 0, 120), Shot("quay", 0, 121))


def test_a_bridge_the_other_way_round_doubles_nothing() -> None:
    """A bridge from the later scene to the earlier one shares no picture with its neighbours."""
    found = filmed("dusk, over, quay", f"{SCENES}  over: {{bridge: [quay, dusk]}}\n")
    assert {shot.last for shot in found.shots} == {121}


def test_a_film_is_as_long_as_its_shots() -> None:
    """Three scenes of 121 pictures, one of them shown once only."""
    assert cut(SCENES).frames == 362


def test_without_a_chain_nothing_is_dropped() -> None:
    """Two unrelated neighbours are shown whole."""
    assert filmed("dusk, quay").shots == (Shot("dusk", 0, 121), Shot("quay", 0, 121))


def test_out_of_order_nothing_is_dropped() -> None:
    """A chained scene that doesn't follow its parent begins with a picture of its own."""
    assert filmed("lamp, dusk").shots == (Shot("lamp", 0, 121), Shot("dusk", 0, 121))


def test_a_chain_to_another_moment_doubles_nothing() -> None:
    """A scene that starts in the middle of another repeats no picture of its end."""
    text = SCENES.replace("chain: dusk", "chain: {scene: dusk, at: 2}")
    assert cut(text).shots[0] == Shot("dusk", 0, 121)


def test_where_the_film_leaves_early_nothing_is_doubled() -> None:
    """With `out` the parent's last shown picture is the one before that on which the child begins."""
    text = SCENES.replace("at dusk.}", "at dusk., out: 4.5}")
    assert cut(text).shots[:2] == (Shot("dusk", 0, 108), Shot("lamp", 0, 121))


@pytest.mark.parametrize(
    ("item", "shot"),
    [
        ("quay", Shot("quay", 0, 121)),
        ("{scene: quay, in: 1}", Shot("quay", 24, 121)),
        ("{scene: quay, out: 2.5}", Shot("quay", 0, 60)),
        ("{scene: quay, in: 1, out: 2}", Shot("quay", 24, 48)),
        ("{scene: quay, out: 60}", Shot("quay", 0, 121)),
        ("{scene: quay, in: 60}", Shot("quay", 120, 121)),
        ("{scene: quay, out: 0.01}", Shot("quay", 0, 1)),
    ],
)
def test_what_is_shown_of_a_scene(item: str, shot: Shot) -> None:
    """A cut is counted in pictures, 24 a second, and shows one at least."""
    scenes = SCENES.replace("quay.}", "quay., duration: -1}")
    assert filmed(item, scenes).shots == (shot,)


def test_the_cut_wins_over_the_scene() -> None:
    """A scene's own `in` and `out` apply if the cut has none."""
    scenes = SCENES.replace("quay.}", "quay., in: 1, out: 4}")
    found = filmed("quay, {scene: quay, out: 2}", scenes).shots
    assert found == (Shot("quay", 24, 96), Shot("quay", 24, 48))


def test_what_is_not_meant_for_the_film_stays_out() -> None:
    """Without a cut the film leaves out scenes that another edits and those of `film: false`."""
    text = (
        SCENES
        + '  night: {edit: quay, prompt: "In {quay}, let it be night."}\n  test: {prompt: A test., film: false}\n'
    )
    assert scenes_of(graph_of(text)) == ("dusk", "lamp", "night")


def test_a_cut_may_show_what_it_likes() -> None:
    """A cut that is written may show a scene twice, or one that is edited by another."""
    graph = graph_of(SCENES + "film: {cut: [quay, dusk, quay]}\n")
    assert (scenes_of(graph), len(timeline_of(graph, {id: Stream() for id in graph.order}).shots)) == (
        ("quay", "dusk"),
        3,
    )


@pytest.mark.parametrize(("sort", "frames"), [("dissolve", 230), ("wipe", 230), ("fade", 242)])
def test_what_overlaps_shortens_the_film(sort: str, frames: int) -> None:
    """A dissolve and a wipe show two shots at once, a fade goes through black."""
    found = filmed(f"dusk, {{{sort}: 0.5}}, quay")
    assert (
        [(transition.at, transition.kind, transition.frames) for transition in found.transitions],
        found.frames,
    ) == ([(1, sort, 12)], frames)


def test_a_join_is_never_longer_than_half_a_shot() -> None:
    """A long dissolve between short shots is shortened."""
    found = filmed("{scene: dusk, out: 1}, {dissolve: 5}, quay")
    assert found.transitions == (Transition(1, "dissolve", 12),)


def test_a_dissolve_keeps_the_doubled_picture() -> None:
    """If two shots overlap, no picture is dropped."""
    assert filmed("dusk, {dissolve: 0.5}, lamp").shots == (Shot("dusk", 0, 121), Shot("lamp", 0, 121))


def test_takes_that_agree_are_copied() -> None:
    """Whole shots of one sort of stream are put together without encoding a picture."""
    assert cut(SCENES).copied is True


@pytest.mark.parametrize(
    "other",
    [
        replace(Stream(), codec="hevc"),
        replace(Stream(), codec="unsteady"),
        replace(Stream(), size=(720, 1280)),
        replace(Stream(), pixels="yuv444p"),
        replace(Stream(), head=b"other"),
    ],
)
def test_takes_that_differ_are_encoded(other: Stream) -> None:
    """Streams that need different decoder parameters can't share one track."""
    assert cut(SCENES, quay=other).copied is False


@pytest.mark.parametrize(("size", "copied"), [("1280x720", True), ("640x360", False)])
def test_a_film_of_another_size_is_encoded(size: str, copied: bool) -> None:
    """Where the film has a size of its own, only takes of that size can be copied."""
    assert cut(f"{SCENES}film: {{size: {size}}}\n").copied is copied


def test_another_codec_is_encoded() -> None:
    """Takes that agree, but in a codec that isn't copied, are encoded."""
    other = replace(Stream(), codec="hevc")
    assert cut(SCENES, dusk=other, lamp=other, quay=other).copied is False


@pytest.mark.parametrize(
    ("items", "copied"),
    [
        ("dusk, quay", True),
        ("dusk, {dissolve: 0.5}, quay", False),
        ("{scene: dusk, in: 1}, quay", False),
        ("{scene: dusk, out: 5}, quay", True),
        ("{scene: dusk, out: 3}, quay", False),
    ],
)
def test_only_whole_pictures_in_a_row_are_copied(items: str, copied: bool) -> None:
    """A transition, a late beginning, or an end that needs decoding makes a film that is encoded."""
    assert filmed(items).copied is copied
