"""Large storyboards, made up: valid, every mode in turn, no local media.

`python benchmarks/storyboards.py 10000 > FILE`
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

SCENES = 10_000
HEAD = """\
storyboard: 1
title: The Long Lighthouse
model: seedance-2.0
style: 35mm film, muted colours
defaults: {ratio: adaptive, resolution: 720p, duration: 5}
assets:
  quay: {image: https://example.com/quay.png, size: 1280x720}
  harbour: {video: https://example.com/harbour.mp4, duration: 5, size: 1280x720}
  waves: {audio: https://example.com/waves.mp3, duration: 6}
cast:
  keeper:
    name: the keeper
    images: [https://example.com/front.png, https://example.com/side.png]
    description: an old man in a yellow oilskin coat, grey beard
scenes:
"""
WORDS = """\
      The lighthouse stands against a slate sky, gulls wheel over the breakers, and the camera dollies in
      past wet rocks towards the lamp room, where a warm light begins to turn; take number {number}."""


def _mode(number: int) -> tuple[list[str], str]:
    """The keys of a mode, and the words with which its prompt begins."""
    before = f"scene-{number - 1:05}"
    match number % 6:
        case 0:
            return ["first_frame: quay"], ""
        case 1:
            return [f"chain: {before}"], ""
        case 2:
            return [f"extend: {{scene: {before}, tail: 3}}"], f"Extend {{{before}}} forward:"
        case 3:
            return [
                "references: [keeper, quay, harbour, waves]"
            ], "{keeper} walks along {quay} as in {harbour}, {waves}:"
        case 4:
            return ["edit: harbour"], "In {harbour}, replace the sky:"
        case _:
            return [], "Wide shot:"


def _scene(number: int) -> Iterator[str]:
    keys, words = _mode(number)
    yield f"  scene-{number:05}:"
    yield f"    title: The {number}th of many scenes"
    yield f"    tags: [act-{number // 1000}, reel-{number // 100}]"
    yield from (f"    {key}" for key in keys)
    yield "    prompt: >-"
    if words:
        yield f"      {words}"
    yield WORDS.format(number=number)
    yield from (f"    {key}" for key in ("ratio: adaptive", "resolution: 480p", f"duration: {4 + number % 5}"))
    yield f"    seed: {number * 7919 % 2**32}"
    yield from (f"    {key}" for key in ("generate_audio: true", "watermark: false", "language: en"))
    yield from (f"    {key}" for key in ("takes: 1", "audition: true", "execution_expires_after: 86400"))
    yield f"    notes: shot list row {number}, see the binder"


def text(scenes: int = SCENES) -> str:
    """A valid storyboard of so many scenes, about 15 keys and 550 bytes each."""
    return HEAD + "\n".join(line for number in range(scenes) for line in _scene(number)) + "\n"


if __name__ == "__main__":
    sys.stdout.write(text(int(sys.argv[1]) if len(sys.argv) > 1 else SCENES))
