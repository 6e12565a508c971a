"""The limits of one model, as values that the rules check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Range = tuple[float, float]
"""The least and the most that may be, both included."""

MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Price:
    """Money for a million tokens, without and with a video among the inputs."""

    currency: str
    plain: float
    with_video: float
    dated: str


@dataclass(frozen=True, slots=True)
class ImageLimits:
    """Of one picture: formats, width divided by height, pixels a side, and bytes that it must stay below."""

    formats: tuple[str, ...]
    shape: Range
    side: Range
    below_bytes: int


@dataclass(frozen=True, slots=True)
class ClipLimits:
    """Of videos or sounds: formats, seconds of each, seconds of all together, and bytes that each must stay below.

    `tolerance` is how many seconds a file may be measured over `seconds[1]` and `together` and still be taken.
    `area` (pixels in all) and `fps` are of videos.
    """

    formats: tuple[str, ...]
    seconds: Range
    together: float
    below_bytes: int
    tolerance: float = 0.0
    area: Range = (0, 0)
    fps: Range = (0, 0)


@dataclass(frozen=True, slots=True)
class Capability:
    """One dated row of limits. Durations are in seconds; `pixels` are width and height by (resolution, ratio).

    `verified` is False if the source is not the vendor's description but third parties' notes.
    """

    name: str
    id: str
    dated: str
    source: str
    verified: bool
    modes: tuple[str, ...]
    ratios: tuple[str, ...]
    resolutions: tuple[str, ...]
    shortest: int
    longest: int
    auto_duration: bool
    seeds: Range
    expiry: Range
    images: int
    videos: int
    audios: int
    image: ImageLimits
    video: ClipLimits
    audio: ClipLimits
    sound_alone: bool
    """Whether sound may be the only input."""
    words: int
    """English words that a prompt should stay below; more are ignored."""
    characters: int
    """Chinese characters that a prompt should stay below; more are ignored."""
    body_bytes: int
    pixels: Mapping[tuple[str, str], tuple[int, int]]
    prices: Mapping[str, Price]
    """Prices by resolution."""
    note: str = ""
    """A note for authors that use the model."""
    counts_as: str = ""
    """The id by which a take's key names the model, where another provider serves the same one under another id."""


Capabilities = Mapping[str, Capability]
"""Rows by every name that a storyboard may use for them: alias and id."""
