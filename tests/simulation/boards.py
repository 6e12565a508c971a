"""The storyboard of the simulation under changing names of scenes, file and profile; the prompts never change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from storyboard.language.graph import Graph
from tests.builders import graph_of

SCENES = 50
NAMES: tuple[Mapping[int, str], ...] = (
    {},
    {7: "quay"},
    {0: "opening"},
    {49: "finale"},
    {7: "s8", 8: "s7"},
    {0: "s3", 3: "s0"},
    {20: "s31", 31: "s20"},
)
"""The renamed scenes by number: one at a time, or two that swap their names (a scene and the one chained to it, two
that begin a chain, two in the middle)."""
STEMS = ("film", "cut", "reel")
"""Names of the storyboard's file."""
PROFILES = ("", "x", "y")
"""Profiles that change nothing."""


def prompt_of(number: int) -> str:
    """Return the prompt of the scene with a number, whatever its name."""
    return f"scene number {number}"


PARENTS: Mapping[str, str] = {prompt_of(number): prompt_of(number - 1) for number in range(SCENES) if number % 3}
"""The prompt of each chained scene → the prompt of the scene before it."""


@dataclass(frozen=True, slots=True)
class Board:
    """A storyboard as it is read, and the prompt of each of its scenes."""

    graph: Graph
    prompts: Mapping[str, str]


@cache
def board_of(naming: int, profile: str) -> Board:
    """Return fifty scenes, two of three chained to the one before, under one of the `NAMES`."""
    names = {number: NAMES[naming].get(number, f"s{number}") for number in range(SCENES)}
    head = "defaults: {ratio: 16:9, resolution: 480p, duration: 5}"
    lines = ["storyboard: 1", head, "profiles: {x: {}, y: {}}", "scenes:"]
    for number, name in names.items():
        chain = f"chain: {names[number - 1]}, " if number % 3 else ""
        lines.append(f"  {name}: {{{chain}prompt: {prompt_of(number)}}}")
    graph = graph_of("\n".join(lines) + "\n", *((profile,) if profile else ()))
    return Board(graph, {name: prompt_of(number) for number, name in names.items()})
