"""Rules about the texts of a prompt."""

from __future__ import annotations

import re
from collections.abc import Iterator

from storyboard.language.capability import Capabilities
from storyboard.language.inputs import inputs_of
from storyboard.language.problem import Problem, nearest
from storyboard.language.prompt import compose, normal, own_words, tongue_of, unknown_names
from storyboard.language.scene import Kind, Scene, Storyboard


def check_placeholders(storyboard: Storyboard) -> Iterator[Problem]:
    """SB601: a name in braces is an input of this scene."""
    for scene in storyboard.scenes.values():
        known = sorted({name for item in inputs_of(scene, storyboard) for name in item.names})
        for name in unknown_names(scene, storyboard):
            hint = nearest(name, known) or (f"its inputs are: {', '.join(known)}" if known else "it has no inputs")
            sentence = f'scene "{scene.id}" speaks of {{{name}}}, which is not one of its inputs'
            place = scene.place_of("environment" if f"{{{name}}}" in scene.environment else "prompt")
            yield Problem("SB601", sentence, place, f"{hint} (a brace itself is written {{{{)")


def words_where_needed(storyboard: Storyboard) -> Iterator[Problem]:
    """SB602: text to video, and an edit, are nothing without words (seed, *Generation Modes*)."""
    for scene in storyboard.scenes.values():
        if scene.mode in ("text", "edit") and not normal(own_words(scene)):
            what = "is made from words alone" if scene.mode == "text" else "is edited by words"
            hint = "add `prompt: >-` and say what happens"
            yield Problem("SB602", f'scene "{scene.id}" {what}, but has no prompt', scene.place_of("prompt"), hint)


def source_named(storyboard: Storyboard) -> Iterator[Problem]:
    """SB603, a warning: an edit's prompt names what is edited, since words make an edit on 2.0."""
    for scene in storyboard.scenes.values():
        if scene.mode != "edit" or not normal(own_words(scene)):
            continue
        source = next((item for item in inputs_of(scene, storyboard) if item.edge == "edit"), None)
        words = own_words(scene).lower()
        if (
            source
            and not any(f"{{{name}}}" in words for name in (n.lower() for n in source.names))
            and not ("video 1" in words or "视频1" in words)
        ):
            name = source.names[0] if source.names else "video 1"
            sentence = f'the prompt of scene "{scene.id}" doesn\'t name the video that it edits'
            hint = f"say it, e.g. `In {{{name}}}, replace …`"
            yield Problem("SB603", sentence, scene.place_of("prompt"), hint, "warning")


def short_enough(storyboard: Storyboard, rows: Capabilities) -> Iterator[Problem]:
    """SB604, a warning: Chinese below 500 characters, English below 1000 words; the service ignores what is over."""
    legends = sum(len(asset.description) + LEGEND for asset in storyboard.assets.values())
    legends += sum(len(member.name) + len(member.description) + LEGEND for member in storyboard.cast.values())
    for scene in storyboard.scenes.values():
        row = rows.get(scene.model.row)
        if row is None:
            continue
        most_characters = _most_characters(scene, legends)
        if most_characters < row.characters:
            continue  # too short for either language, whatever is put around it
        chinese = tongue_of(scene) == "zh"
        if not chinese and most_characters < 2 * row.words:
            continue  # a word and the space after it are two characters at least
        text = compose(scene, storyboard).text
        count = len(re.sub(r"\s", "", text)) if chinese else len(text.split())
        most, unit = (row.characters, "characters") if chinese else (row.words, "words")
        if count >= most:
            sentence = f'the prompt of scene "{scene.id}" has {count} {unit}; what is over {most} is ignored'
            yield Problem("SB604", sentence, scene.place_of("prompt"), "shorten it", "warning")


LEGEND = 150
"""Characters that a legend may add to what its author wrote: the marks of nine images, and what joins them."""


def _most_characters(scene: Scene, legends: int) -> int:
    """A bound of what is sent, which is quicker to have than the text."""
    return len(own_words(scene)) + len(scene.environment) + len(scene.style) + legends + LEGEND


def ordinals_that_exist(storyboard: Storyboard) -> Iterator[Problem]:
    """SB605: `image 2` written by hand is an input that the scene has."""
    for scene in storyboard.scenes.values():
        items = inputs_of(scene, storyboard)
        for kind, name, number in sorted(set(_by_hand(own_words(scene)))):
            count = sum(item.kind == kind for item in items)
            if not 1 <= number <= count:
                sentence = f'scene "{scene.id}" speaks of {name} {number}, but is given {count} of these'
                hint = "name the input in braces: `{name}` becomes its ordinal"
                yield Problem("SB605", sentence, scene.place_of("prompt"), hint)


_ORDINALS: dict[Kind, str] = {"image": r"images?|图片", "video": r"videos?|视频", "audio": r"audios?|音频"}
_COUNTED = ("image", "video", "audio", "图片", "视频", "音频")


def _by_hand(text: str) -> Iterator[tuple[Kind, str, int]]:
    lowered = text.lower()
    if not any(name in lowered for name in _COUNTED):  # most prompts speak of none
        return
    words = re.sub(r"\{[^{}]*\}", "", text)
    for kind, names in _ORDINALS.items():
        for found in re.finditer(rf"(?<![A-Za-z])({names})\s?([0-9]{{1,3}})(?![0-9A-Za-z])", words, re.IGNORECASE):
            yield kind, kind, int(found.group(2))


def speech_with_sound(storyboard: Storyboard) -> Iterator[Problem]:
    """SB606, a warning: dialogue isn't audible without generated sound."""
    for scene in storyboard.scenes.values():
        if scene.parts and scene.parts.dialogue and not scene.parameters.generate_audio:
            sentence = f'scene "{scene.id}" has dialogue, but `generate_audio` is false'
            hint = "remove one of them"
            yield Problem("SB606", sentence, scene.place_of("generate_audio"), hint, "warning")


def check_braces(storyboard: Storyboard) -> Iterator[Problem]:
    """SB608, a warning: an unpaired brace is sent unchanged."""
    for scene in storyboard.scenes.values():
        words = own_words(scene)
        if "{" not in words and "}" not in words:
            continue
        rest = re.sub(r"\{\{|\}\}|\{[^{}]*\}", "", words)
        found = next((char for char in rest if char in "{}"), "")
        if found:
            sentence = f'the prompt of scene "{scene.id}" has an unpaired `{found}`'
            hint = f"write {found * 2} if the brace itself is meant, and {{name}} for an input"
            yield Problem("SB608", sentence, scene.place_of("prompt"), hint, "warning")


RULES = (check_placeholders, words_where_needed, source_named, ordinals_that_exist, speech_with_sound, check_braces)
ROW_RULES = (short_enough,)
