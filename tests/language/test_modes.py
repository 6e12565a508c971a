"""The mode of a scene by its keys, and the order of its inputs."""

from __future__ import annotations

import pytest

from storyboard.language.inputs import Input, LocalFile, RemoteFile, SceneVideo
from storyboard.language.scene import Window
from tests.builders import graph_of

BEFORE = """\
storyboard: 1
assets:
  quay: {image: quay.png}
  pier: {image: "https://films.example/pier.png"}
  harbour: {video: harbour.mp4}
  waves: {audio: waves.mp3}
cast:
  keeper: {name: the keeper, images: [front.png, side.png]}
scenes:
  dusk: {prompt: A lighthouse at dusk.}
  dawn: {prompt: The sun comes up.}
  it:
"""


def given(keys: str) -> tuple[str, tuple[Input, ...]]:
    """The mode and the inputs of a scene with these keys, among a few other things."""
    prompt = "In video 1, add {{gulls}}." if "edit:" in keys else "Add {{gulls}}."
    graph = graph_of(BEFORE + f"    prompt: {prompt}\n" + "".join(f"    {line}\n" for line in keys.split("\n") if line))
    return graph.scene("it").mode, graph.inputs["it"]


@pytest.mark.parametrize(
    ("keys", "mode", "roles"),
    [
        ("", "text", []),
        ("first_frame: quay", "first_frame", ["first_frame"]),
        ("first_frame: dusk", "first_frame", ["first_frame"]),
        ("chain: dusk", "first_frame", ["first_frame"]),
        ("first_frame: quay\nlast_frame: pier", "first_last", ["first_frame", "last_frame"]),
        ("last_frame: pier\nchain: dusk", "first_last", ["first_frame", "last_frame"]),
        ("bridge: [dusk, dawn]", "first_last", ["first_frame", "last_frame"]),
        ("bridge: [quay, dawn]", "first_last", ["first_frame", "last_frame"]),
        ("references: [quay, dusk, waves]", "reference", ["reference_image", "reference_video", "reference_audio"]),
        ("references: [keeper]", "reference", ["reference_image", "reference_image"]),
        ("references: [{scene: dusk, at: out}]", "reference", ["reference_image"]),
        ("references: [still.jpg, sound.wav]", "reference", ["reference_image", "reference_audio"]),
        ("edit: harbour", "edit", ["reference_video"]),
        ("references: [quay]\nedit: dusk", "edit", ["reference_video", "reference_image"]),
        ("extend: dusk", "extend", ["reference_video"]),
        ("extend: [dusk, harbour, dawn]", "extend", ["reference_video"] * 3),
        ("references: [waves]\nextend: clip.mov", "extend", ["reference_video", "reference_audio"]),
    ],
)
def test_each_mode_is_read(keys: str, mode: str, roles: list[str]) -> None:
    """A scene's keys decide its mode, and the role of each input; sources come before references."""
    found, inputs = given(keys)
    assert (found, [item.role for item in inputs]) == (mode, roles)


@pytest.mark.parametrize(
    ("keys", "moments"),
    [
        ("chain: dusk", ["out"]),
        ("chain: {scene: dusk}", ["out"]),
        ("chain: {scene: dusk, at: 3}", [3.0]),
        ("first_frame: {scene: dusk, at: first}", ["first"]),
        ("bridge: [dusk, dawn]", ["out", "first"]),
        ("bridge: [{scene: dusk, at: 2}, quay]", [2.0, None]),
        ("references: [{asset: harbour, at: 1.5}]", [1.5]),
        ("references: [dusk]", [None]),
    ],
)
def test_which_frame_is_meant(keys: str, moments: list[object]) -> None:
    """A chain begins where the film leaves a scene, a bridge ends where the next begins, or at `at`."""
    assert [item.moment for item in given(keys)[1]] == moments


@pytest.mark.parametrize(
    ("keys", "window"),
    [
        ("extend: dusk", None),
        ("extend: {scene: dusk, tail: 3}", Window(tail=3.0)),
        ("extend: {scene: dusk, from: 1, to: 3.5}", Window(start=1.0, end=3.5)),
        ("edit: {asset: harbour, head: 2}", Window(head=2.0)),
        ("edit: {asset: clips/harbour.mp4, from: 0}", Window(start=0.0)),
    ],
)
def test_which_part_is_meant(keys: str, window: Window | None) -> None:
    """A long form names the part of a video that is used."""
    assert given(keys)[1][0].window == window


@pytest.mark.parametrize(
    ("keys", "origin"),
    [
        ("first_frame: quay", LocalFile("quay.png")),
        ("first_frame: stills/quay.png", LocalFile("stills/quay.png")),
        ("first_frame: pier", RemoteFile("https://films.example/pier.png")),
        ('first_frame: "data:image/png;base64,AAAA"', RemoteFile("data:image/png;base64,AAAA")),
        ("first_frame: dusk", SceneVideo("dusk")),
        ("edit: {asset: clip.mp4}", LocalFile("clip.mp4")),
    ],
)
def test_where_an_input_comes_from(keys: str, origin: object) -> None:
    """An ID, a path and an address are distinguished."""
    assert given(keys)[1][0].origin == origin


def test_references_keep_the_authors_order() -> None:
    """References are sent as the author wrote them, a member's pictures together."""
    _, inputs = given("references: [waves, keeper, quay]")
    assert [item.names[0] for item in inputs] == ["waves", "keeper", "keeper", "quay"]


def test_an_input_may_have_another_name() -> None:
    """`as` names an input for the prompt."""
    assert given("references: [{scene: dusk, at: out, as: sea}]")[1][0].names == ("sea",)


def test_an_asset_of_an_address_may_state_what_it_is() -> None:
    """A digest and a length that an author gives for an address come with it."""
    digest = "0" * 64
    graph = graph_of(
        "storyboard: 1\nassets:\n"
        f'  far: {{video: "https://films.example/far.mp4", sha256: "{digest}", duration: 4}}\n'
        "scenes: {it: {extend: far}}\n"
    )
    assert graph.inputs["it"][0].origin == RemoteFile("https://films.example/far.mp4", digest, 4.0)
