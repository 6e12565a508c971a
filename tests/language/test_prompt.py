"""The text that is sent to the model, from the author's prompt."""

from __future__ import annotations

import pytest

from storyboard.language.prompt import Composed, compose, ordinals, placeholders
from tests.builders import graph_of

BEFORE = """\
storyboard: 1
assets:
  quay: {image: quay.png}
  pier: {image: pier.png, description: a pier of black stone}
  harbour: {video: harbour.mp4}
  waves: {audio: waves.mp3}
cast:
  keeper: {name: the keeper, images: [front.png, side.png], description: an old man}
  boy: {name: the boy, images: [boy.png], legend: false}
  守护者: {name: 守护者, images: [a.png], description: 穿黄色雨衣的老人}
scenes:
  dusk: {prompt: A lighthouse at dusk.}
  dawn: {prompt: The sun comes up.}
  it:
"""


def composed(*keys: str) -> Composed:
    """What is sent for a scene with these keys."""
    graph = graph_of(BEFORE + "".join(f"    {key}\n" for key in keys))
    return compose(graph.scene("it"), graph.storyboard)


def sent(*keys: str) -> str:
    """Its text."""
    return composed(*keys).text


def test_names_become_ordinals() -> None:
    """A name in braces becomes an ordinal, counted per kind in the order of the content."""
    actual = sent("references: [quay, harbour, waves, dusk]", 'prompt: "{quay}, {harbour}, {waves}, {dusk}, {quay}"')
    assert actual == "image 1, video 1, audio 1, video 2, image 1"


def test_names_become_chinese_ordinals() -> None:
    """In a Chinese prompt the ordinals are Chinese."""
    actual = sent("references: [quay, harbour, waves]", "prompt: 在{quay}上，如{harbour}，音乐是{waves}。")
    assert actual == "在图片1上，如视频1，音乐是音频1。"


def test_the_author_decides_the_language() -> None:
    """`language` wins over what the words look like."""
    assert sent("references: [quay]", "language: zh", 'prompt: "At {quay}."') == "At 图片1."


def test_names_in_braces_decide_no_language() -> None:
    """A Chinese name in an English prompt doesn't make it a Chinese one."""
    actual = sent("references: [quay, 守护者]", 'prompt: "{守护者} waits at {quay}."')
    assert actual.endswith("守护者 waits at image 1.")


def test_frames_are_images() -> None:
    """First and last frame may be spoken of as pictures."""
    assert sent("bridge: [quay, dawn]", 'prompt: "From {quay} to {dawn}."') == "From image 1 to image 2."


def test_an_input_is_called_by_its_other_name() -> None:
    """`as` is the name that a prompt uses."""
    assert sent("references: [{scene: dusk, at: out, as: sea}]", 'prompt: "In {sea}."') == "In image 1."


def test_a_doubled_brace_is_a_brace() -> None:
    """`{{` and `}}` are braces, and name nothing."""
    assert (sent('prompt: "A sign: {{open}}."'), placeholders("{{open}} {sea}")) == ("A sign: {open}.", ("sea",))


def test_a_member_of_the_cast_is_called_by_name_and_explained_first() -> None:
    """`{keeper}` becomes the member's name; a legend names the pictures that show it."""
    actual = sent("references: [quay, keeper]", 'prompt: "{keeper} walks along {quay}."')
    assert actual == "[image 2] [image 3] the keeper: an old man.\nthe keeper walks along image 1."


def test_a_chinese_legend() -> None:
    """In a Chinese scene the legend is Chinese, down to its colon and stop."""
    actual = sent("references: [守护者]", "prompt: 海边，{守护者}点亮了灯。")
    assert actual == "[图片1] 守护者：穿黄色雨衣的老人。\n海边，守护者点亮了灯。"


def test_a_described_asset_has_a_legend() -> None:
    """A description of an asset is before the prompts of the scenes that use it."""
    assert sent("references: [pier]", 'prompt: "Fog on {pier}."') == "[image 1] a pier of black stone.\nFog on image 1."


def test_a_legend_may_be_left_to_the_author() -> None:
    """`legend: false` puts nothing before the prompt."""
    assert sent("references: [boy]", 'prompt: "{boy} runs."') == "the boy runs."


def test_the_style_stands_last() -> None:
    """The style is appended on a line of its own."""
    assert sent("prompt: Waves.", "style: 35mm film") == "Waves.\n35mm film"


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (("extend: dusk", "prompt: A storm."), "Extend video 1 forward: A storm."),
        (("extend: dusk", "direction: backward", "prompt: Calm."), "Extend video 1 backward: Calm."),
        (("extend: [dusk, dawn]", "prompt: A storm."), "Extend video 1 and video 2 forward: A storm."),
        (("extend: dusk", "prompt: 暴风雨来了。"), "向后延长视频1：暴风雨来了。"),
        (("extend: dusk", "direction: backward", "prompt: 风平浪静。"), "向前延长视频1：风平浪静。"),
        (("extend: dusk",), "Extend video 1 forward"),
    ],
)
def test_an_extension_says_that_it_is_one(keys: tuple[str, ...], expected: str) -> None:
    """Words make an extension: where the prompt doesn't name its source, they are put before it, and that is known."""
    found = composed(*keys)
    assert (found.text, bool(found.prefix), found.text.startswith(found.prefix)) == (expected, True, True)


@pytest.mark.parametrize("prompt", ["Go on from {dusk}: a storm.", "Go on from Video 1: a storm."])
def test_an_extension_that_names_its_source_is_left_alone(prompt: str) -> None:
    """A prompt that names its source gets no words before it."""
    assert composed("extend: dusk", f'prompt: "{prompt}"').prefix == ""


def test_the_source_stands_before_the_references() -> None:
    """The source of an extension is the first video, whatever the order of the keys."""
    actual = sent(
        "references: [harbour, quay]", "extend: dusk", 'prompt: "Go on from {dusk} to the boats of {harbour}."'
    )
    assert actual == "Go on from video 1 to the boats of video 2."


def test_ordinals_are_counted_per_kind() -> None:
    """Pictures, videos and sounds are counted apart."""
    graph = graph_of(BEFORE + "    references: [keeper, harbour, quay, waves]\n")
    assert ordinals(graph.inputs["it"], "en") == ("image 1", "image 2", "video 1", "image 3", "audio 1")


PARTS = (
    "prompt: {subject: the keeper, action: lights the lamp, environment: on the cliff, camera: slow dolly in,"
    " on_screen_text: Hold on, dialogue: [{speaker: keeper, line: 'Who is there?', delivery: softly},"
    " {speaker: a boy, line: Me.}]}"
)
TEILE = (
    "prompt: {subject: 老人, action: 点灯, camera: 慢慢推近！, on_screen_text: 坚持,"
    " dialogue: [{speaker: 守护者, line: 谁在那里？, delivery: 轻声}, {speaker: 男孩, line: 我。}]}"
)


def test_a_prompt_in_parts_becomes_sentences() -> None:
    """Parts are composed in one order, with full stops, on-screen words in quotes, and dialogue with its speakers."""
    assert sent(PARTS) == (
        "the keeper lights the lamp. on the cliff. slow dolly in. "
        'On-screen text: "Hold on" the keeper says, softly: "Who is there?" a boy says: "Me."'
    )


def test_a_chinese_prompt_in_parts() -> None:
    """In Chinese without gaps, with Chinese quotes and stops."""
    assert sent(TEILE) == "老人点灯。慢慢推近！画面文字：“坚持”守护者（轻声）说：“谁在那里？”男孩说：“我。”"


def test_an_action_alone() -> None:
    """Only the action has to be there."""
    assert sent("prompt: {action: It rains.}") == "It rains."
