"""The text that is sent to the model, from the author's prompt: placeholders become ordinals."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from storyboard.language.inputs import Input, Legend, inputs_of, legends_of
from storyboard.language.scene import Kind, Parts, Scene, Speech, Storyboard

Tongue = Literal["en", "zh"]

_WORDS: dict[tuple[Tongue, Kind], str] = {
    ("en", "image"): "image {}",
    ("en", "video"): "video {}",
    ("en", "audio"): "audio {}",
    ("zh", "image"): "图片{}",
    ("zh", "video"): "视频{}",
    ("zh", "audio"): "音频{}",
}
_HAN = "\u3400-\u9fff\uf900-\ufaff"
_WIDE = f"{_HAN}\u3000-\u303f\uff00-\uffef"
_BETWEEN_HAN = re.compile(f"(?<=[{_WIDE}])\\s+(?=[{_WIDE}])")
_PLACEHOLDER = re.compile(r"\{\{|\}\}|\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Composed:
    """A prompt as it is sent, and the words in it that were put before what its author wrote."""

    text: str
    prefix: str


def tongue_of(scene: Scene) -> Tongue:
    """Return the language of a scene: the one that the author chose, else Chinese if Han characters outnumber Latin
    words."""
    if scene.language:
        return scene.language
    words = re.sub(r"\{[^{}]*\}", "", own_words(scene))
    han = len(re.findall(f"[{_HAN}]", words))
    latin = len(re.findall(r"[A-Za-z]+", words))
    return "zh" if han > latin else "en"


def own_words(scene: Scene) -> str:
    """Everything that the author wrote as the scene's prompt, its parts one after another."""
    if scene.parts is None:
        return "\n\n".join(text for text in (scene.prompt, scene.environment) if text)
    return "\n".join(text for _, text in _pieces(scene.parts, scene.environment))


def _pieces(parts: Parts, environment: str) -> Iterator[tuple[str, str]]:
    """The parts that are there, by name, in the order of the composition; each speech is one."""
    for name in ("subject", "action", "environment", "aesthetics", "camera", "audio", "on_screen_text"):
        text = getattr(parts, name) or (environment if name == "environment" else "")
        if text:
            yield name, text
    for speech in parts.dialogue:
        yield "dialogue", f"{speech.speaker} {speech.delivery} {speech.line}"


def written(scene: Scene, storyboard: Storyboard, tongue: Tongue) -> str:
    """The author's words as one text, names still in braces: a prompt in parts becomes sentences."""
    if scene.parts is None:
        return own_words(scene)
    stop, gap = ("。", "") if tongue == "zh" else (".", " ")
    pieces = {name: text for name, text in _pieces(scene.parts, scene.environment) if name != "dialogue"}
    first = gap.join(pieces.pop(name) for name in ("subject", "action") if name in pieces)
    if "on_screen_text" in pieces:
        pieces["on_screen_text"] = _quote(_ON_SCREEN[tongue], pieces["on_screen_text"], tongue)
    spoken = [_format_speech(speech, storyboard, tongue) for speech in scene.parts.dialogue]
    sentences = [_end(normal(text), stop) for text in (first, *pieces.values())]
    return gap.join([*sentences, *spoken])


_ON_SCREEN: dict[Tongue, str] = {"en": "On-screen text: ", "zh": "画面文字："}


def _end(text: str, stop: str) -> str:
    return text if text.endswith((".", "。", "!", "！", "?", "？", "…", '"', "”")) else text + stop


def _quote(before: str, text: str, tongue: Tongue) -> str:
    opening, closing = ("“", "”") if tongue == "zh" else ('"', '"')
    return f"{before}{opening}{normal(text)}{closing}"


def _format_speech(speech: Speech, storyboard: Storyboard, tongue: Tongue) -> str:
    """Return a line of dialogue: for speech to be generated, the line is in quotes after its speaker (seed, *Prompt
    Tips*)."""
    member = storyboard.cast.get(speech.speaker)
    who = member.name if member else speech.speaker
    if tongue == "zh":
        return _quote(f"{who}{f'（{speech.delivery}）' if speech.delivery else ''}说：", speech.line, tongue)
    return _quote(f"{who} says{f', {speech.delivery}' if speech.delivery else ''}: ", speech.line, tongue)


def ordinals(inputs: Sequence[Input], tongue: Tongue) -> tuple[str, ...]:
    """Return the name of each input in a prompt, counted per kind in the order of the content (seed, *Prompt Tips*)."""
    counts: dict[Kind, int] = {}
    names = []
    for item in inputs:
        counts[item.kind] = counts.get(item.kind, 0) + 1
        names.append(_WORDS[tongue, item.kind].format(counts[item.kind]))
    return tuple(names)


def placeholders(text: str) -> tuple[str, ...]:
    """The names in braces, in the order of the text."""
    return tuple(match.group(1) for match in _PLACEHOLDER.finditer(text) if match.group(1) is not None)


def compose(scene: Scene, storyboard: Storyboard) -> Composed:
    """The text of a scene's request: legends, the author's words with ordinals for names, the style."""
    inputs = inputs_of(scene, storyboard)
    tongue = tongue_of(scene)
    called = ordinals(inputs, tongue)
    legends = legends_of(scene, storyboard)
    body = _fill(written(scene, storyboard, tongue), inputs, called, tongue, storyboard)
    prefix = _source_words(scene, body, called, tongue)
    parts = [_legends(legends, called, tongue), prefix + body, scene.style]
    return Composed(normal("\n\n".join(part for part in parts if part)), prefix)


def _fill(
    text: str,
    inputs: Sequence[Input],
    called: Sequence[str],
    tongue: Tongue,
    storyboard: Storyboard,
) -> str:
    members = {id: member.name for id, member in storyboard.cast.items()}

    def word(match: re.Match[str]) -> str:
        if match.group(1) is None:
            return match.group()[0]
        name = match.group(1)
        if name in members and any(name in item.names for item in inputs):
            return members[name]
        hits = [ordinal for item, ordinal in zip(inputs, called, strict=True) if name in item.names]
        return ("、" if tongue == "zh" else " and ").join(hits) or match.group()

    return _PLACEHOLDER.sub(word, text)


def _source_words(scene: Scene, body: str, called: Sequence[str], tongue: Tongue) -> str:
    """Return the text before an `extend` prompt that doesn't name its source: on 2.0, words make an extension."""
    if scene.mode != "extend":
        return ""
    count = sum(dependency.edge == "extend" for dependency in scene.dependencies)
    sources = called[:count]
    if any(source.lower() in body.lower() for source in sources):
        return ""
    if tongue == "zh":
        way = "后" if scene.direction == "forward" else "前"
        return f"向{way}延长{'、'.join(sources)}：" if body else f"向{way}延长{'、'.join(sources)}"
    sentence = f"Extend {' and '.join(sources)} {scene.direction}"
    return f"{sentence}: " if body else sentence


def _legends(legends: Sequence[Legend], called: Sequence[str], tongue: Tongue) -> str:
    return " ".join(_legend(legend, called, tongue) for legend in legends)


def _legend(legend: Legend, called: Sequence[str], tongue: Tongue) -> str:
    marks = " ".join(f"[{called[position]}]" for position in legend.positions)
    colon, stop = ("：", "。") if tongue == "zh" else (": ", ".")
    says = colon.join(part for part in (legend.name, legend.description) if part)
    return f"{marks} {says}" + ("" if says.endswith((".", "。", "!", "?")) else stop)


def normal(text: str) -> str:
    """NFC, trimmed, white space folded: so that re-wrapping a prompt changes nothing.

    A run of white space is one space (none between two Chinese characters), a blank line is one newline.
    """
    text = unicodedata.normalize("NFC", text).replace("\r\n", "\n")
    paragraphs = (_fold(paragraph) for paragraph in re.split(r"\n[^\S\n]*(?:\n[^\S\n]*)+", text))
    return "\n".join(paragraph for paragraph in paragraphs if paragraph)


def _fold(text: str) -> str:
    return re.sub(r"\s+", " ", _BETWEEN_HAN.sub("", text.strip()))


def unknown_names(scene: Scene, storyboard: Storyboard) -> Iterator[str]:
    """Names in braces that are no input of the scene."""
    known = {name for item in inputs_of(scene, storyboard) for name in item.names}
    yield from (name for name in placeholders(own_words(scene)) if name not in known)
